"""One exchange as the client saw it: what it sent, and every byte that came back, with its time."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sluicegate.errors import NotJudgedError, SluicegateError
from sluicegate.provider.journal import Entry, mask_query
from sluicegate.wire.sse import Decoder, Event

from .coding import decoded

Ending = Literal["complete", "broken", "refused", "given up", "left"]
"""How the exchange ended for the client.

The body was whole, the transport broke, the client took the answer for none that it can read, it
had waited long enough, or it went away as it was told to.
"""

Break = Literal["reset", "early end"]
"""How a transport broke: by a reset, or by an end of the connection before that of the answer."""


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """What a client sends: method, path with query, headers and body; as text without secrets.

    Raises SluicegateError for what is no method, and for a path that leaves the system under test.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z]+", self.method):
            raise SluicegateError(f"expected a method such as GET, got {json.dumps(self.method)}")
        if not re.fullmatch(r"/(?!/)[^#]*", self.target) or not self.target.isprintable():
            got = json.dumps(self.target)
            raise SluicegateError(f"expected a path such as /v1/models, got {got}")

    def __str__(self) -> str:
        path, mark, query = self.target.partition("?")
        return f"{self.method} {path}{mark}{mask_query(query)}"

    def __repr__(self) -> str:
        # A traceback shows it, too.
        return f"<{self}>"


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


@dataclass(frozen=True, slots=True)
class Provided:
    """What a provider noted of a request that an exchange led to; `by` names the provider."""

    by: str
    entry: Entry


@dataclass(frozen=True)
class Exchange:
    """A request and all that came of it; times are seconds on the clock.

    `status` is 0 and `headers_at` None where no answer began. `cause` is how the transport broke,
    if it did and that is known. `heard` holds what an ordinary client made of the stream; it is
    None for the raw client, whose bytes the judge decodes itself. `provided` is the provider's
    side, None where nobody can know it. The exchange is the one with that `number` of `total` in
    its scenario.
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
    cause: Break | None = None
    provided: tuple[Provided, ...] | None = None
    number: int = 1
    total: int = 1

    @property
    def body(self) -> bytes:
        """The bytes of the body, as far as they came."""
        if self.heard is not None:
            raise NotJudgedError(
                'this sentence is about bytes, and the client was "httpx-sse", which shows events '
                'only: write `Given the client is "raw"`'
            )
        return b"".join(data for _, data in self.pieces)

    @cached_property
    def pieces(self) -> list[tuple[float, bytes]]:
        """The pieces in which the body came, each with its time, without their gzip."""
        return decoded(self.headers, ((read.at, read.data) for read in self.reads))

    @cached_property
    def events(self) -> tuple[Heard, ...]:
        """The server-sent events, decoded strictly unless an ordinary client did it."""
        if self.heard is not None:
            return self.heard
        decoder = Decoder()
        return tuple(Heard(at, e) for at, data in self.pieces for e in decoder.feed(data))

    def header(self, name: str) -> str | None:
        """Return a header's value, several of one name joined by ", ", or None."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None
