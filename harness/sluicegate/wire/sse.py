"""Server-sent events: a strict decoder of the WHATWG event stream format, and an encoder."""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

RETRY_MAX = 2**63 - 1
"""The longest reconnection time kept, in milliseconds; a longer one on the wire counts as this."""

_ESSENCE = "text/event-stream"
_HTTP_WHITESPACE = "\t\n\r "
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event; `id` is the last event ID at its dispatch, set by it or before it."""

    event: str = "message"
    data: str = ""
    id: str = ""


class Decoder:
    """Decode the bytes of one event stream, wherever they are cut (WHATWG HTML 9.2.6).

    `last_event_id` is the ID that the latest blank line committed. `retry` is the latest
    reconnection time in milliseconds, in force from its own line on; `None` before the first.
    """

    __slots__ = (
        "_after_cr",
        "_at_start",
        "_data",
        "_ended",
        "_event",
        "_id",
        "_partial",
        "last_event_id",
        "retry",
    )

    def __init__(self) -> None:
        self.last_event_id = ""
        self.retry: int | None = None
        self._data: list[str] = []
        self._event = ""
        self._id = ""
        self._partial = bytearray()
        self._at_start = True
        self._after_cr = False
        self._ended = False

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that these bytes complete.

        No content of `data` raises. `ValueError` is misuse: the stream was ended by `flush()`,
        and the next stream takes a new decoder, since no buffer outlives its stream.
        """
        if self._ended:
            raise ValueError(
                f"expected no bytes after flush(), got {data[:40]!r}: use a new Decoder per stream"
            )
        events = map(self._interpret, self._complete_lines(data))
        return [event for event in events if event is not None]

    def flush(self) -> list[Event]:
        """End the stream: drop the unfinished line and the event it left open, return no event.

        `last_event_id` and `retry` stay readable. Ending twice is harmless.
        """
        self._ended = True
        self._partial.clear()
        self._data.clear()
        return []

    def _complete_lines(self, data: bytes) -> list[bytes]:
        # A line ends at its CR, without waiting; an LF that follows is the rest of that line end.
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if not data:
            return []
        self._after_cr = data.endswith(b"\r")
        # Bytes, unlike str, split at CRLF, CR and LF only.
        lines = data.splitlines()
        rest = b"" if data.endswith((b"\r", b"\n")) else lines.pop()
        if lines:
            lines[0] = self._first_line(lines[0])
        self._partial += rest
        return lines

    def _first_line(self, line: bytes) -> bytes:
        if self._partial:
            line = bytes(self._partial + line)
            self._partial.clear()
        if self._at_start:
            line = line.removeprefix(BOM_UTF8)
            self._at_start = False
        return line

    def _interpret(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        # No UTF-8 sequence spans a line end, valid or not: lines decode as the whole would.
        name, _, value = line.decode("utf-8", "replace").partition(":")
        # A comment's name is empty, which is no field's.
        if field := self._FIELDS.get(name):
            field(self, value.removeprefix(" "))
        return None

    def _dispatch(self) -> Event | None:
        self.last_event_id = self._id
        name, self._event = self._event, ""
        # Each data field appends its value and an LF: the data buffer is empty without a field,
        # not with an empty value.
        if not self._data:
            return None
        data, self._data = "\n".join(self._data), []
        return Event(event=name or "message", data=data, id=self._id)

    def _on_data(self, value: str) -> None:
        self._data.append(value)

    def _on_event(self, value: str) -> None:
        self._event = value

    def _on_id(self, value: str) -> None:
        if "\0" not in value:
            self._id = value

    def _on_retry(self, value: str) -> None:
        if value.isascii() and value.isdigit():
            # int() refuses long numerals; 20 significant digits are already above the maximum.
            digits = value.lstrip("0")[:20] or "0"
            self.retry = min(int(digits), RETRY_MAX)

    _FIELDS: ClassVar[Mapping[str, Callable[["Decoder", str], None]]] = {
        "data": _on_data,
        "event": _on_event,
        "id": _on_id,
        "retry": _on_retry,
    }


def is_event_stream(content_type: str) -> bool:
    """Tell whether a Content-Type is an event stream's (WHATWG MIME Sniffing 4.4).

    Only the essence counts: parameters, even broken ones, never make it invalid.
    """
    essence, _, _ = content_type.strip(_HTTP_WHITESPACE).partition(";")
    return essence.rstrip(_HTTP_WHITESPACE).lower() == _ESSENCE


def encode(
    data: str,
    *,
    event: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's name, as in Event
    retry: int | None = None,
) -> bytes:
    """Encode one event with the blank line that dispatches it; `retry` is in milliseconds.

    Each line of `data` is a field of its own. CRLF, CR and LF all end a line, so a receiver gets
    every one of them as LF. An empty `event` is received as `message`.

    Raises `ValueError` for what the format cannot carry: CR or LF in `event` or `id`, U+0000 in
    `id`, a negative `retry`, a lone surrogate anywhere (`UnicodeEncodeError`).
    """
    fields = (_line_field("event", event), _id_field(id), _retry_field(retry))
    head = [field for field in fields if field is not None]
    body = [f"data: {line}" for line in _LINE_END.split(data)]
    return _block(head + body)


def comment(text: str) -> bytes:
    """Encode a comment, each line of `text` its own, with a blank line after it.

    Put it between events: inside of one, the blank line would dispatch what stands before it.
    Raises `UnicodeEncodeError`, a `ValueError`, for a lone surrogate.
    """
    return _block([f": {line}" for line in _LINE_END.split(text)])


def _block(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n\n").encode()


def _line_field(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    if _LINE_END.search(value):
        raise ValueError(f"expected one line as the {name} of an event, got {value!r}")
    return f"{name}: {value}"


def _id_field(value: str | None) -> str | None:
    if value is not None and "\0" in value:
        raise ValueError(f"expected no U+0000 in the id of an event, got {value!r}")
    return _line_field("id", value)


def _retry_field(value: int | None) -> str | None:
    if value is None:
        return None
    if value < 0:
        raise ValueError(f"expected 0 ms or more as the retry of an event, got {value!r}")
    return f"retry: {value}"
