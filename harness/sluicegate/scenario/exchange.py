"""One exchange as the client saw it: what it sent, and every byte that came back, with its time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import httpx

from sluicegate.errors import NotJudgedError, SluicegateError
from sluicegate.wire.sse import Decoder, Event

Ending = Literal["complete", "broken", "given up"]
"""How the transport ended: the body was whole, it broke off, or the client waited long enough."""

_SHOWN_READS = 12
_SHOWN_BYTES = 160


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends: method, path with query, headers and body.

    Raises SluicegateError for what is no method, and for a path that leaves the system under test.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z]+", self.method):
            raise SluicegateError(f"expected a method such as GET, got {self.method!r}")
        if not re.fullmatch(r"/(?!/).*", self.target) or not self.target.isprintable():
            raise SluicegateError(f"expected a path such as /v1/models, got {self.target!r}")

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True)
class Read:
    """Bytes of the body that arrived together, and when (seconds on the clock)."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """A server-sent event, and when the client had the whole of it (seconds on the clock)."""

    at: float
    event: Event


@dataclass(frozen=True)
class Exchange:
    """A request and all that came of it; times are seconds on the clock.

    `status` is 0 and `headers_at` None where no answer began. `heard` holds what an ordinary
    client made of the stream; it is None for the raw client, whose bytes the judge decodes itself.
    """

    request: Request
    started: float
    ended: float
    ending: Ending
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    headers_at: float | None = None
    reads: tuple[Read, ...] = ()
    heard: tuple[Heard, ...] | None = None
    trouble: str = ""

    @property
    def body(self) -> bytes:
        """The bytes of the body, as far as they came."""
        if self.heard is not None:
            raise NotJudgedError(
                "this sentence is about bytes, and the client was 'httpx-sse', which shows events "
                'only: write `Given the client is "raw"`'
            )
        return b"".join(read.data for read in self.reads)

    @cached_property
    def events(self) -> tuple[Heard, ...]:
        """The server-sent events, decoded strictly unless an ordinary client did it."""
        if self.heard is not None:
            return self.heard
        decoder = Decoder()
        return tuple(Heard(read.at, e) for read in self.reads for e in decoder.feed(read.data))

    def header(self, name: str) -> str | None:
        """Return a header's value, several of one name joined by ", ", or None."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def transcript(self) -> str:
        """Describe the exchange in lines, the last reads with their times since the request."""
        return "\n".join([*self._sent(), "the client received", *self._received()])

    def _sent(self) -> Iterator[str]:
        yield "the client sent"
        yield f"  {self.request}"
        if self.request.body:
            yield f"  {_shorten(self.request.body)}"

    def _received(self) -> Iterator[str]:
        if self.headers_at is not None:
            kind = self.header("content-type") or "no content type"
            yield self._line(
                self.headers_at,
                f"{self.status} {httpx.codes.get_reason_phrase(self.status)}, {kind}",
            )
        shown = [(heard.at, heard.event.data.encode()) for heard in self.heard or ()]
        shown = shown or [(read.at, read.data) for read in self.reads]
        if len(shown) > _SHOWN_READS:
            yield f"  ({len(shown) - _SHOWN_READS} earlier reads are not shown)"
        for at, data in shown[-_SHOWN_READS:]:
            yield self._line(at, _shorten(data))
        yield self._line(self.ended, _ENDINGS[self.ending] + self.trouble)

    def _line(self, at: float, text: str) -> str:
        return f"  {at - self.started:9.3f} s  {text}"


_ENDINGS: dict[Ending, str] = {
    "complete": "(the body is complete)",
    "broken": "(the transport broke) ",
    "given up": "(the client gave up) ",
}


def _shorten(data: bytes) -> str:
    text = data.decode(errors="backslashreplace").replace("\r", "\\r").replace("\n", "\\n")
    return text if len(text) <= _SHOWN_BYTES else f"{text[:_SHOWN_BYTES]}... ({len(data)} bytes)"
