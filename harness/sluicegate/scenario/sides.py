"""The two sides of an exchange, each as a list of timed marks: what was sent, and what arrived."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

import httpx

from sluicegate.provider.journal import Entry, Outcome
from sluicegate.wire.sse import Decoder, Event, is_event_stream

from .checks.differences import difference
from .checks.values import MISSING, at, parsed, quoted, show
from .coding import decoded
from .exchange import Ending, Exchange

DONE = "[DONE]"
"""The data of the event that says that a stream is complete."""

STOP = "message_stop"
"""The name of the event that says it in the Anthropic format."""

MESSAGES = "/v1/messages"
"""The path of the Anthropic format."""

AGENTS = "/stream"
"""The path of the agents' format, whose streams are complete with the event `done`."""

Kind = Literal["head", "chunk", "done", "broken", "stray", "body", "end"]
"""What a mark stands for.

`broken` is an event that is no JSON, `stray` what is no event, `body` bytes of a plain answer.
"""

_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}\Z")


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened, when (seconds on the clock), and what it says to a reader.

    `size` is the number of bytes where `text` is them, and not what they mean. `data` is what
    the two sides must have in common.
    """

    at: float
    kind: Kind
    text: str
    size: int | None = None
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Side:
    """An answer as one side knows it; `status` is 0 where none began.

    `pieces` are what the answer carried. `is_whole` tells whether it ended as it should, `marker`
    by which event a stream of its format says that it is complete.
    """

    status: int
    is_stream: bool
    marks: tuple[Mark, ...]
    is_whole: bool
    marker: str

    @property
    def pieces(self) -> tuple[Mark, ...]:
        """The marks between the head and the end."""
        return tuple(mark for mark in self.marks if mark.kind not in ("head", "end"))

    def count(self, kind: Kind) -> int:
        """Count the marks of a kind."""
        return sum(mark.kind == kind for mark in self.marks)

    def carried(self) -> tuple[tuple[bytes, ...], bytes]:
        """Return the events and the bytes of the body, however they were cut."""
        body = (mark.data for mark in self.pieces if mark.kind == "body")
        return tuple(mark.data for mark in self.events()), b"".join(body)

    def events(self) -> tuple[Mark, ...]:
        """Return the marks of the events."""
        return tuple(mark for mark in self.marks if mark.kind in ("chunk", "done", "broken"))

    def strays(self) -> tuple[bytes, ...]:
        """Return what was no event: comments, unknown fields, an unfinished end."""
        return tuple(mark.data for mark in self.pieces if mark.kind == "stray")


def parting(client: Side, provider: Side) -> int | None:
    """Return the index of the first event that says something else on one side, or is not there.

    None where all say the same, and where the sides are no two streams of one format.
    """
    if not client.is_stream or not provider.is_stream or client.marker != provider.marker:
        return None
    pairs = zip_longest(client.carried()[0], provider.carried()[0])
    return next((place for place, pair in enumerate(pairs) if _is_parted(*pair)), None)


def _is_parted(got: bytes | None, sent: bytes | None) -> bool:
    return got is None or sent is None or bool(departure(got, sent))


def departure(got: bytes, sent: bytes) -> str:
    """Return, in words, how an event departs from one that was sent: by its name, or what it says.

    Both are as a side carries them: a line with the name, then the data.
    """
    (name, _, said), (wanted, _, given) = got.partition(b"\n"), sent.partition(b"\n")
    if name != wanted:
        return f"its name is {quoted(name)}, and {quoted(wanted)} was sent"
    return difference(said, given)


def client_side(exchange: Exchange) -> Side:
    """Return what the client got."""
    kind = exchange.header("content-type")
    is_stream = is_event_stream(kind or "")
    if exchange.heard is not None:
        pieces = _heard_pieces((heard.at, heard.event) for heard in exchange.heard)
    else:
        pieces = _pieces(exchange.pieces, is_stream=is_stream)
    end = Mark(exchange.ended, "end", f"({end_of(exchange)})")
    head = _head(exchange.headers_at, exchange.status, kind)
    marks = (*head, *pieces, end)
    marker = _marker(exchange.request.target)
    return Side(exchange.status, is_stream, marks, exchange.ending == "complete", marker)


def provider_side(entry: Entry, until: float) -> Side:
    """Return what a provider sent; `until` is the time of the end where it has not ended."""
    kind = next((value for name, value in entry.response_headers if _is_content_type(name)), None)
    is_stream = is_event_stream(kind or "")
    writes = decoded(entry.response_headers, ((write.at, write.data) for write in entry.writes))
    pieces = _pieces(writes, is_stream=is_stream)
    ended = until if entry.ended is None else entry.ended
    end = Mark(ended, "end", f"({_OUTCOMES[entry.outcome]})")
    status = entry.status or 0
    marks = (*_head(entry.headers_at, status, kind), *pieces, end)
    return Side(status, is_stream, marks, entry.outcome == "finished", _marker(entry.path))


def _marker(target: str) -> str:
    found = (marker for path, marker in _MARKERS.items() if target.startswith(path))
    return next(found, DONE)


_MARKERS = {MESSAGES: STOP, AGENTS: "done"}


def end_of(exchange: Exchange) -> str:
    """Say how an exchange ended for its client."""
    said = _ENDINGS[exchange.ending]
    return f"{said} {exchange.trouble}" if exchange.trouble else said.removesuffix(":")


_ENDINGS: dict[Ending, str] = {
    "complete": "the body is complete",
    "broken": "the transport broke:",
    "refused": "the client refused the answer:",
    "given up": "the client gave up",
    "left": "the client went away",
}
_OUTCOMES: dict[Outcome, str] = {
    "open": "not finished yet",
    "finished": "finished",
    "client went away": "the client went away",
    "server stopped": "the provider was stopped",
    "failed": "the provider failed, which is a bug in it",
    "reset": "the provider reset the connection",
    "cut": "the provider ended the connection",
}


def _is_content_type(name: str) -> bool:
    return name.lower() == "content-type"


def _head(time: float | None, status: int, kind: str | None) -> Iterator[Mark]:
    if time is not None:
        phrase = f"{status} {httpx.codes.get_reason_phrase(status)}".strip()
        yield Mark(time, "head", f"{phrase}, {kind or 'no content type'}")


def _pieces(writes: list[tuple[float, bytes]], *, is_stream: bool) -> Iterator[Mark]:
    return _Stream().read(writes) if is_stream else _body(writes)


def _body(writes: Iterable[tuple[float, bytes]]) -> Iterator[Mark]:
    instants: dict[float, bytes] = {}
    for time, data in writes:
        instants[time] = instants.get(time, b"") + data
    return (Mark(time, "body", legible(data), len(data), data) for time, data in instants.items())


def legible(data: bytes) -> str:
    """Write bytes in one line: what is no UTF-8 and what cannot be printed as escapes."""
    text = data.decode(errors="backslashreplace")
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


@dataclass(slots=True)
class _Stream:
    """A reader of server-sent events that loses nothing: what is no event becomes a stray mark."""

    chunks: int = 0
    _decoder: Decoder = field(default_factory=Decoder)
    _pending: bytes = b""

    def read(self, writes: Iterable[tuple[float, bytes]]) -> Iterator[Mark]:
        time = 0.0
        for time, data in writes:
            for line in data.splitlines(keepends=True):
                yield from self._line(time, line)
        if self._pending:
            yield _stray(time, "unfinished", self._pending)

    def _line(self, time: float, line: bytes) -> Iterator[Mark]:
        self._pending += line
        events = self._decoder.feed(line)
        for event in events:
            yield self.event(time, event, self._pending)
        is_blank = not self._pending.strip(b"\r\n")
        is_over = is_blank or _BLANK_LINE.search(self._pending[-4:]) is not None
        if is_over and not events and not is_blank:
            yield _stray(time, "no event", self._pending)
        if is_over or events:
            self._pending = b""

    def event(self, time: float, event: Event, raw: bytes | None) -> Mark:
        kind, text = self._meaning(event)
        data = f"{event.event}\n{event.data}".encode(errors="backslashreplace")
        if kind == "broken" or (raw is not None and not _is_ordinary(raw, event)):
            shown = raw.strip(b"\r\n") if raw is not None else event.data.encode()
            return Mark(time, kind, f"{text}  {legible(shown)}", len(shown), data)
        return Mark(time, kind, text, None, data)

    def _meaning(self, event: Event) -> tuple[Kind, str]:
        if event.data == DONE or event.event == STOP:
            return "done", DONE if event.data == DONE else STOP
        try:
            document = parsed(event.data)
        except ValueError:
            return "broken", "no JSON"
        if at(document, "$.type") == "done" and at(document, "$.partial") is not MISSING:
            return "done", _agents_gist("done", document)
        self.chunks += 1
        return "chunk", f"chunk {self.chunks}  {_gist(document)}"


def _heard_pieces(events: Iterable[tuple[float, Event]]) -> Iterator[Mark]:
    stream = _Stream()
    return (stream.event(time, event, None) for time, event in events)


def _stray(time: float, label: str, raw: bytes) -> Mark:
    shown = raw.strip(b"\r\n")
    return Mark(time, "stray", f"{label}  {legible(shown)}", len(shown), shown)


def _is_ordinary(raw: bytes, event: Event) -> bool:
    lines = [f"data: {event.data}"]
    if event.event != "message":
        lines = [f"event: {event.event}", *lines]
    written = "\n".join(lines)
    return raw.strip(b"\r\n") in (written.encode(), written.replace(": ", ":", len(lines)).encode())


def _gist(document: object) -> str:
    """Write what sets a chunk apart from its neighbours; of any other document all of it."""
    kind, choices = at(document, "$.type"), at(document, "$.choices")
    if isinstance(kind, str) and at(document, "$.partial") is not MISSING:
        return _agents_gist(kind, document)
    if isinstance(kind, str) and choices is MISSING:
        return _event_gist(kind, document)
    if not isinstance(choices, list) or len(choices) > 1:
        return show(document)
    delta, finish = at(document, "$.choices[0].delta"), at(document, "$.choices[0].finish_reason")
    members = dict(delta) if isinstance(delta, dict) else {}
    members |= {"finish_reason": finish, "usage": at(document, "$.usage")}
    told = [_told(name, value) for name, value in members.items() if _is_told(value)]
    return "  ".join(told) or show(document)


def _event_gist(kind: str, document: object) -> str:
    """Write what sets an event of the Anthropic format apart from its neighbours."""
    members = at(document, "$.delta")
    pairs = members.items() if isinstance(members, dict) else ()
    told = [show(value) for name, value in pairs if name != "type" and value is not None]
    return "  ".join([kind, *told]) if told else show(document)


def _agents_gist(kind: str, document: object) -> str:
    """Write what an event of the agents' format adds to the message, or how it ends."""
    paths = ("$.delta", "$.partial.stop_reason", "$.partial.error_message")
    values = [at(document, path) for path in paths]
    return "  ".join([kind, *(show(each) for each in values if each not in (MISSING, None, ""))])


def _told(name: str, value: object) -> str:
    counts = [at(value, f"$.{part}_tokens") for part in ("prompt", "completion", "total")]
    if name == "usage" and all(isinstance(count, int) for count in counts):
        return "usage {} + {}, total {}".format(*counts)
    return show(value) if name == "content" else f"{name} {show(value)}"


def _is_told(value: object) -> bool:
    return value is not MISSING and value is not None and value != ""
