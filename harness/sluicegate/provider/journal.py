"""The witness: what the provider was asked, what it sent and when, and how each exchange ended."""

import re
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

MASK = "***"

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of one request's body that are remembered."""

MOST_WRITES = 100_000
"""Writes of one answer that are remembered: some go on for ever."""

WRITE_SIZE = 150
"""Bytes of memory that a write takes beside its data, about."""

Headers = tuple[tuple[str, str], ...]

Outcome = Literal[
    "open", "finished", "client went away", "server stopped", "failed", "reset", "cut"
]
"""How an exchange ended.

`open`: it has not. `finished`: every byte was handed to the connection. `client went away`: the
connection was gone before. `server stopped`: the provider was. `failed`: it broke, which is a bug.
As planned, the provider `reset` the connection, or `cut` it off in the middle.
"""

_SECRET_HEADER = re.compile(r"authorization|cookie|(?:key|token|secret|password)$", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(
    r"((?:^|&)(?:[^=&]*[-_])?(?:key|apikey|token|secret|password)=)[^&]*", re.IGNORECASE
)
_SCHEME = re.compile(r"(?:basic|bearer|digest) ", re.IGNORECASE)
_FINGERPRINT = 16


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes of a body, handed to the connection at the time `at`."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer, as they stood when the journal was read.

    Times are in seconds on the event loop's clock: `started` is the arrival of the request's head,
    `headers_at` the sending of the answer's head, `ended` the end. Secrets are masked;
    `fingerprints` tell those of the request apart. `token` is what the application filed
    the exchange under. `unrecorded` counts the bytes of the writes that came after the last one
    that is remembered.
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
    token: str | None = None
    unrecorded: int = 0
    fingerprints: tuple[str, ...] = ()


class Recording:
    """One exchange while it happens; what is recorded after its end changes nothing."""

    def __init__(self, head: Entry) -> None:
        self._head = head
        self._body = bytearray()
        self._status: int | None = None
        self._headers_at: float | None = None
        self._response_headers: Headers = ()
        # Plain tuples: the garbage collector has nothing to follow in them.
        self._writes: list[tuple[float, bytes]] = []
        self._outcome: Outcome = "open"
        self._ended: float | None = None
        self._token: str | None = None
        self._unrecorded = 0
        self.size = 0

    @property
    def number(self) -> int:
        """Which exchange of the journal it is."""
        return self._head.number

    @property
    def token(self) -> str | None:
        """The token that the exchange belongs to, if any."""
        return self._token

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
        if self.is_open:
            self._headers_at, self._status = time, status
            self._response_headers = mask_headers(headers)

    def wrote(self, time: float, data: bytes) -> None:
        """Record one write of the answer's body, of which the first `MOST_WRITES` are kept."""
        if self.is_open and len(self._writes) < MOST_WRITES:
            self._writes.append((time, data))
            self.size += len(data) + WRITE_SIZE
        elif self.is_open:
            self._unrecorded += len(data)

    def filed(self, token: str) -> None:
        """Record the token that the exchange belongs to."""
        if self.is_open:
            self._token = token

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
            writes=tuple(Write(*each) for each in self._writes),
            outcome=self._outcome,
            ended=self._ended,
            token=self._token,
            unrecorded=self._unrecorded,
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

    def select(self, token: str | None = None, since: int = 0) -> tuple[Entry, ...]:
        """Return the exchanges of a token, or of all, whose number is larger than `since`."""
        return tuple(
            recording.entry()
            for recording in self._recordings
            if recording.number > since and token in (None, recording.token)
        )

    def open(self, time: float, method: str, path: str, query: str, headers: Headers) -> Recording:
        """Begin to record an exchange whose request arrived at `time`."""
        self._opened += 1
        head = Entry(self._opened, time, method, path, mask_query(query), mask_headers(headers))
        recording = Recording(replace(head, fingerprints=_fingerprints(query, headers)))
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


def fingerprint(secret: str) -> str:
    """Return what a secret, such as an API key, can be recognised by and not be known from."""
    return sha256(secret.encode()).hexdigest()[:_FINGERPRINT]


def _fingerprints(query: str, headers: Headers) -> tuple[str, ...]:
    secrets = [each[0].partition("=")[2] for each in _SECRET_PARAMETER.finditer(query)]
    for name, value in headers:
        if _SECRET_HEADER.search(name):
            secrets += _cookies(value) if "cookie" in name.lower() else _credentials(value)
    return tuple(map(fingerprint, filter(None, secrets)))


def _cookies(value: str) -> Iterator[str]:
    """Yield each cookie, whole and without its name."""
    for cookie in map(str.strip, value.split(";")):
        yield from dict.fromkeys((cookie, cookie.partition("=")[2] or cookie))


def _credentials(value: str) -> Iterator[str]:
    """Yield what stands after the scheme, if there is one, and the password of a basic one."""
    scheme, _, credentials = value.partition(" ")
    yield credentials or value
    if scheme.lower() == "basic":
        with suppress(ValueError):
            yield b64decode(credentials, validate=True).decode().partition(":")[2]


def mask_query(query: str) -> str:
    """Replace the values of query parameters that hold secrets."""
    return _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", query)


def _masked(name: str, value: str) -> str:
    if not _SECRET_HEADER.search(name):
        return value
    scheme = _SCHEME.match(value)
    return f"{scheme.group() if scheme else ''}{MASK}"
