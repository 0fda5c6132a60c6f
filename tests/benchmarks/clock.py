"""Compare simulated with real time: how exact the gaps of streams are, and what they cost."""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise

import httpx
from quart import Quart

from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.runtime.server import Server

CHUNKS = 6
GAP = 0.100


@dataclass(frozen=True, slots=True)
class Measurement:
    """What some streams took, in real seconds, and by how much their gaps were off."""

    streams: int
    seconds: float
    deviations: list[float]

    def __str__(self) -> str:
        per_stream = self.seconds / self.streams
        return (
            f"{self.streams:4d} streams in {self.seconds:7.3f} s "
            f"({per_stream * 1e3:7.2f} ms each); "
            f"gaps off by {max(self.deviations):.1e} s at most, "
            f"{statistics.median(self.deviations):.1e} s in the median"
        )


def make_app() -> Quart:
    """Return an application that streams six chunks, 100 ms apart."""
    app = Quart("origin")
    app.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None)

    @app.get("/")
    async def stream() -> AsyncIterator[bytes]:
        async def chunks() -> AsyncIterator[bytes]:
            for number in range(CHUNKS):
                await asyncio.sleep(GAP)
                yield b"%d" % number

        return chunks()

    return app


async def one_stream(clock: Clock, client: httpx.AsyncClient, url: str) -> list[float]:
    """Return by how many seconds each gap of one stream differs from 100 ms."""
    instants = [clock.time()]
    async with client.stream("GET", url) as response:
        instants += [clock.time() async for _ in response.aiter_raw()]
    return [abs(later - earlier - GAP) for earlier, later in pairwise(instants)]


async def some_streams(clock: Clock, count: int) -> list[float]:
    """Run streams one after the other, as the scenarios of a suite do."""
    async with Server(make_app()) as server, httpx.AsyncClient() as client:
        await client.get(f"{server.url}/warm-up")
        found = [await one_stream(clock, client, server.url) for _ in range(count)]
    return [deviation for deviations in found for deviation in deviations]


def measure(clock: Clock, count: int) -> Measurement:
    """Measure so many streams on a clock, and close it."""
    with clock:
        start = time.perf_counter()
        deviations = clock.run(some_streams(clock, count))
        return Measurement(count, time.perf_counter() - start, deviations)


def main() -> None:
    """Print both measurements and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=300, help="on the simulated clock")
    parser.add_argument("--wall-streams", type=int, default=5, help="on the wall clock")
    options = parser.parse_args()
    simulated = measure(SimulatedClock(), options.streams)
    wall = measure(WallClock(), options.wall_streams)
    ratio = (wall.seconds / wall.streams) / (simulated.seconds / simulated.streams)
    print(f"simulated clock: {simulated}")  # noqa: T201 - a script's output
    print(f"wall clock:      {wall}")  # noqa: T201 - a script's output
    print(f"a stream of {CHUNKS * GAP:g} s is {ratio:.0f} times as fast in simulated time")  # noqa: T201 - a script's output


if __name__ == "__main__":
    main()
