"""Server-sent events as a client of providers reads them.

The judge has a decoder of its own: were it this one, a mistake in it would be in the evidence, too,
and never show. The two share no code, and agree on all bytes.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Final

from sluicegate.wire.sse import Event

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of one event; a larger one is no event."""

_BLANK: Final = b"\n\n"


class TooLargeError(ValueError):
    """An event is larger than `LARGEST`."""


class Events:
    """Reads the events of one stream, wherever its bytes are cut; only data and names matter.

    `any` tells whether there was one.
    """

    __slots__ = ("_after_cr", "_begun", "_buffer", "_searched", "any")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._after_cr = False
        self._begun = False
        self.any = False

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that these bytes complete; raises TooLargeError."""
        if not data:
            return
        # A line ends at its CR, without waiting; an LF that follows is the rest of that line end.
        if self._after_cr:
            data = data.removeprefix(b"\n")
        self._after_cr = data.endswith(b"\r")
        self._buffer += data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        while block := self._block():
            event = _event(block)
            if event is not None:
                self.any = True
                yield event
        if len(self._buffer) > LARGEST:
            raise TooLargeError

    def _block(self) -> bytes | None:
        """Take the next lines that a blank one ends, from the buffer."""
        end = self._buffer.find(_BLANK, self._searched)
        if end < 0:
            self._searched = max(0, len(self._buffer) - 1)
            return None
        block = bytes(self._buffer[:end]) + _BLANK
        del self._buffer[: end + len(_BLANK)]
        self._searched = 0
        if self._begun:
            return block
        self._begun = True
        return block.removeprefix(BOM_UTF8)


def _event(block: bytes) -> Event | None:
    name, data = "", []
    for line in block.decode("utf-8", "replace").split("\n"):
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
    return Event(name or "message", "\n".join(data)) if data else None
