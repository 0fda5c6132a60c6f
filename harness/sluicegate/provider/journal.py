"""The witness: what the provider was asked, what it sent and when, and how each exchange ended."""

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

MASK = "***"

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of one request's body that are remembered."""

Headers = tuple[tuple[str, str], ...]

Outcome = Literal["open", "finished", "client went away", "server stopped", "failed"]
"""How an exchange ended.

`open`: it has not. `finished`: every byte was handed to the connection. `client went away`: the
connection was gone before. `server stopped`: the provider was. `failed`: it broke, which is a bug.
"""

_SECRET_HEADER = re.compile(r"authorization|cookie|(?:key|token|secret|password)$", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(
    r"((?:^|&)(?:[^=&]*[-_])?(?:key|apikey|token|secret|password)=)[^&]*", re.IGNORECASE
)
_SCHEME = re.compile(r"(?:basic|bearer|digest) ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes of a body, handed to the connection at the time `at`."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer, as they stood when the journal was read.

    Times are in seconds on the event loop's clock: `started` is the arrival of the request's head,
    `headers_at` the sending of the answer's head, `ended` the end. Secrets are masked.
    """

    number: int
    started: float
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes = b""
    status: int | None = None
    headers_at: float | None = None
    response_headers: Headers = ()
    writes: tuple[Write, ...] = ()
    outcome: Outcome = "open"
    ended: float | None = None


class Recording:
    """One exchange while it happens; what is recorded after its end changes nothing."""

    def __init__(self, head: Entry) -> None:
        self._head = head
        self._body = bytearray()
        self._status: int | None = None
        self._headers_at: float | None = None
        self._response_headers: Headers = ()
        self._writes: list[Write] = []
        self._outcome: Outcome = "open"
        self._ended: float | None = None
        self.size = 0

    @property
    def is_open(self) -> bool:
        """Tell whether the exchange has not ended."""
        return self._outcome == "open"

    def received(self, data: bytes) -> None:
        """Record bytes of the request's body, of which the first `LARGEST_BODY` are kept."""
        if self.is_open:
            kept = data[: LARGEST_BODY - len(self._body)]
            self._body += kept
            self.size += len(kept)

    def answered(self, time: float, status: int, headers: Headers) -> None:
        """Record the head of the answer."""
        self._headers_at, self._status = time, status
        self._response_headers = mask_headers(headers)

    def wrote(self, time: float, data: bytes) -> None:
        """Record one write of the answer's body."""
        if self.is_open:
            self._writes.append(Write(time, data))
            self.size += len(data)

    def ended(self, time: float, outcome: Outcome) -> None:
        """Record the end; the first one counts."""
        if self.is_open:
            self._ended, self._outcome = time, outcome

    def entry(self) -> Entry:
        """Return the exchange as it stands."""
        return replace(
            self._head,
            body=bytes(self._body),
            status=self._status,
            headers_at=self._headers_at,
            response_headers=self._response_headers,
            writes=tuple(self._writes),
            outcome=self._outcome,
            ended=self._ended,
        )


class Journal:
    """Every exchange of a provider, in the order in which the requests arrived.

    The oldest ended exchanges are forgotten once there are more than `entries` of them, or
    once all bodies together are larger than `size` bytes; `forgotten` counts them. `on_end` is
    called with each exchange that has ended.
    """

    def __init__(
        self,
        *,
        entries: int = 10_000,
        size: int = 64 * 1024 * 1024,
        on_end: Callable[[Entry], None] | None = None,
    ) -> None:
        self.forgotten = 0
        self._limits = (entries, size)
        self._on_end = on_end
        self._recordings: deque[Recording] = deque()
        self._opened = 0
        self._size = 0

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return all exchanges that are remembered, open ones included."""
        return tuple(recording.entry() for recording in self._recordings)

    def open(self, time: float, method: str, path: str, query: str, headers: Headers) -> Recording:
        """Begin to record an exchange whose request arrived at `time`."""
        self._opened += 1
        query, headers = mask_query(query), mask_headers(headers)
        recording = Recording(Entry(self._opened, time, method, path, query, headers))
        self._recordings.append(recording)
        return recording

    def close(self, recording: Recording, time: float, outcome: Outcome) -> None:
        """End a recording; ending it again changes nothing."""
        if not recording.is_open:
            return
        recording.ended(time, outcome)
        self._size += recording.size
        self._forget()
        if self._on_end is not None:
            self._on_end(recording.entry())

    def clear(self) -> None:
        """Forget every exchange that has ended."""
        self._recordings = deque(each for each in self._recordings if each.is_open)
        self._size = 0

    def _forget(self) -> None:
        most, largest = self._limits
        while len(self._recordings) > most or self._size > largest:
            oldest = next((each for each in self._recordings if not each.is_open), None)
            if oldest is None:
                break
            self._recordings.remove(oldest)
            self._size -= oldest.size
            self.forgotten += 1


def mask_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Replace the values of headers that hold secrets; an authentication scheme stays."""
    return tuple((name, _masked(name, value)) for name, value in headers)


def mask_query(query: str) -> str:
    """Replace the values of query parameters that hold secrets."""
    return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", query)


def _masked(name: str, value: str) -> str:
    if not _SECRET_HEADER.search(name):
        return value
    scheme = _SCHEME.match(value)
    return f"{scheme.group() if scheme else ''}{MASK}"
