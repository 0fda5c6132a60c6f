# Throughput of two decoders on the same bytes, best of several rounds; above 1x ours is faster.
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
from httpx_sse import EventSource

from sluicegate.wire.sse import Decoder

ROUNDS = 5
PIECE = 64 * 1024
CHUNK = b'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"delta":{"content":"Hi"}}]}'


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    pieces: list[bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    def response(self) -> httpx.Response:
        headers = {"Content-Type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=iter(self.pieces))


def cut(stream: bytes) -> list[bytes]:
    return [stream[at : at + PIECE] for at in range(0, len(stream), PIECE)]


def cases() -> Iterator[Case]:
    yield Case("small events, LF, 64 KiB pieces", cut((CHUNK + b"\n\n") * 100_000))
    yield Case("small events, CRLF, 64 KiB pieces", cut((CHUNK + b"\r\n\r\n") * 100_000))
    yield Case("small events, one per piece", [CHUNK + b"\n\n"] * 50_000)
    yield Case("lines of 1 MiB, 64 KiB pieces", cut((b"data: " + b"x" * 2**20 + b"\n\n") * 50))


def ours(response: httpx.Response) -> int:
    decoder = Decoder()
    return sum(len(decoder.feed(piece)) for piece in response.iter_bytes())


def theirs(response: httpx.Response) -> int:
    return sum(1 for _ in EventSource(response).iter_sse())


def best_time(count: Callable[[httpx.Response], int], case: Case) -> tuple[float, int]:
    times = []
    events = 0
    for _ in range(ROUNDS):
        response = case.response()
        start = time.perf_counter()
        events = count(response)
        times.append(time.perf_counter() - start)
    return min(times), events


def line(case: Case) -> str:
    own, own_events = best_time(ours, case)
    other, other_events = best_time(theirs, case)
    if own_events != other_events:
        raise ValueError(f"expected {other_events} events as httpx-sse's, got {own_events}")
    speeds = (case.size / seconds / 1e6 for seconds in (own, other))
    return "{:<36}{:>8.1f} MB/s{:>8.1f} MB/s{:>7.2f}x\n".format(case.name, *speeds, other / own)


def main() -> None:
    sys.stdout.write("{:<36}{:>13}{:>13}{:>8}\n".format("", "sluicegate", "httpx-sse", "ratio"))
    for case in cases():
        sys.stdout.write(line(case))


if __name__ == "__main__":
    main()
