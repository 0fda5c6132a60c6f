# A lean client: requests as fixed bytes on keep-alive connections, answers as bytes with the times
# at which they came. What they hold is counted once they are complete.
import asyncio
import re
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

ANSWER_LIMIT = 30.0
"""Seconds that answers which have begun get to end."""

POLL = 0.01
"""Seconds between two looks at how many answers there are."""

WARM_UP = 0.1
"""Seconds of load before anything is counted."""

CONTENT = re.compile(rb'"content": ?"[^"]')
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class UnexpectedAnswerError(Exception):
    """An answer that is not what was asked for: its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked, in bytes, of which port, and how many chunks of content must come."""

    port: int
    request: bytes
    chunks: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer: when it was asked for, what came, and how much had come by when."""

    asked: float
    raw: bytes
    reads: tuple[tuple[float, int], ...]

    @property
    def first_byte(self) -> float:
        """Return after how many seconds it began."""
        return self.reads[0][0] - self.asked

    @property
    def tokens(self) -> list[float]:
        """Return when each chunk of content had come."""
        sizes = [size for _, size in self.reads]
        found = (token.end() for token in CONTENT.finditer(self.raw))
        return [self.reads[bisect_left(sizes, end)][0] for end in found]

    @property
    def gaps(self) -> list[float]:
        """Return the seconds between chunks of content."""
        return [later - earlier for earlier, later in pairwise(self.tokens)]


class Connection(asyncio.Protocol):
    """Asks again as soon as it is answered, until `stop`."""

    def __init__(self, request: bytes, keep: Callable[[Answer], None]) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self._request = request
        self._keep = keep
        self._stopping = False
        self._forget()

    def stop(self) -> None:
        """Close after the answer that is under way."""
        self._stopping = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._raw += data
        self._reads.append((time.perf_counter(), len(self._raw)))
        if self._is_complete():
            self._keep(Answer(self._asked, bytes(self._raw), tuple(self._reads)))
            self._forget()
            if self._stopping:
                self._transport.close()
            else:
                self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if error is None and self._stopping and not self._raw:
            self.closed.set_result(None)
        elif not self.closed.done():
            seen = bytes(self._raw[-200:])
            self.closed.set_exception(UnexpectedAnswerError(f"ended by {error!r} after {seen!r}"))

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def _forget(self) -> None:
        self._raw = bytearray()
        self._reads: list[tuple[float, int]] = []
        self._whole: int | None = None

    def _is_complete(self) -> bool:
        # The head of a chunked answer has no length, and no chunk of these ends with a line of "0".
        if self._whole is None:
            self._whole = _whole_size(self._raw)
        if self._whole:
            return len(self._raw) >= self._whole
        return self._raw.endswith(b"\r\n0\r\n\r\n")


def _whole_size(raw: bytearray) -> int | None:
    end = raw.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = LENGTH.search(raw, 0, end + 2)
    return end + 4 + int(length.group(1)) if length else 0


@dataclass(frozen=True, slots=True)
class Load:
    """What came in a window of some `seconds`, and what it cost the server in processor time.

    `first_tokens` are the seconds from a request to its first token.
    """

    seconds: float
    server_cpu: float
    chunks: int
    first_tokens: list[float]

    @property
    def busy(self) -> float:
        """Return the share of the window that the server was busy for."""
        return self.server_cpu / self.seconds


@dataclass(frozen=True, slots=True)
class _Instant:
    time: float
    server_cpu: float


async def load(
    target: Target, *, connections: int, seconds: float, server_cpu: Callable[[], float]
) -> Load:
    """Load a server for so many seconds, or until as many answers have come as connections are."""

    def look() -> _Instant:
        return _Instant(time.perf_counter(), server_cpu())

    answers: list[Answer] = []
    everyone = [await _connect(target, answers.append) for _ in range(connections)]
    await asyncio.sleep(WARM_UP)
    begun, already = look(), len(answers)
    await asyncio.sleep(seconds)
    async with asyncio.timeout(ANSWER_LIMIT):
        # Asked for now and then: an event would cost each answer.
        while len(answers) - already < connections and not _is_broken(everyone):  # noqa: ASYNC110 - see above
            await asyncio.sleep(POLL)
    ended = look()
    await _finish(everyone)
    return _between(begun, ended, answers, target)


def _is_broken(everyone: list[Connection]) -> bool:
    return any(connection.closed.done() for connection in everyone)


def _between(begun: _Instant, ended: _Instant, answers: list[Answer], target: Target) -> Load:
    chunks = 0
    first_tokens = []
    for answer in answers:
        tokens = _checked(answer, target).tokens
        within = [begun.time <= token < ended.time for token in tokens]
        chunks += sum(within)
        first_tokens += [tokens[0] - answer.asked] if within[0] else []
    return Load(
        seconds=ended.time - begun.time,
        server_cpu=ended.server_cpu - begun.server_cpu,
        chunks=chunks,
        first_tokens=first_tokens,
    )


def _checked(answer: Answer, target: Target) -> Answer:
    chunks = len(CONTENT.findall(answer.raw))
    # A stream must also have come to its end.
    is_whole = chunks == 1 or b"data: [DONE]" in answer.raw
    if not is_whole or not answer.raw.startswith(b"HTTP/1.1 200 ") or chunks != target.chunks:
        raise UnexpectedAnswerError(
            f"expected 200 and {target.chunks} chunks of content, got {answer.raw[:1500]!r}"
        )
    return answer


async def sample(
    target: Target, *, connections: int, seconds: float, stagger: float
) -> list[Answer]:
    """Return the answers that begin in so many seconds, on connections `stagger` seconds apart."""
    answers: list[Answer] = []
    everyone = []
    for _ in range(connections):
        everyone.append(await _connect(target, answers.append))
        await asyncio.sleep(stagger)
    await asyncio.sleep(seconds)
    await _finish(everyone)
    return [_checked(answer, target) for answer in answers]


async def _connect(target: Target, keep: Callable[[Answer], None]) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(target.request, keep), "127.0.0.1", target.port
    )
    return connection


async def _finish(everyone: list[Connection]) -> None:
    for connection in everyone:
        connection.stop()
    async with asyncio.timeout(ANSWER_LIMIT):
        await asyncio.gather(*(connection.closed for connection in everyone))


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many per cent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
