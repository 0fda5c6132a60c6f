import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from quart import Quart, request

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Server

CHUNKS = 6
GAP = 0.100


def make_app(name: str) -> Quart:
    app = Quart(name)
    app.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None)
    return app


def make_origin() -> Quart:
    app = make_app("origin")

    @app.post("/stream")
    async def stream() -> AsyncIterator[bytes]:
        body: bytes = await request.body

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(CHUNKS):
                await asyncio.sleep(GAP)
                yield body

        return chunks()

    return app


def make_relay(client: httpx.AsyncClient, origin: str) -> Quart:
    app = make_app("relay")

    @app.post("/stream")
    async def stream() -> AsyncIterator[bytes]:
        body: bytes = await request.body

        async def chunks() -> AsyncIterator[bytes]:
            async with client.stream("POST", f"{origin}/stream", content=body) as response:
                async for piece in response.aiter_raw():
                    yield piece

        return chunks()

    return app


class Load:
    def __init__(self, clock: SimulatedClock, trust: ssl.SSLContext) -> None:
        self.clock = clock
        self.trust = trust

    # By how many seconds each chunk's arrival differs from its instant.
    async def run(self, size: int, streams: int, at_once: int) -> list[float]:
        limits = httpx.Limits(max_connections=None)
        async with AsyncExitStack() as stack:
            origin = await stack.enter_async_context(Server(make_origin()))
            inner = httpx.AsyncClient(verify=self.trust, limits=limits, timeout=30.0)
            relay = await stack.enter_async_context(Server(make_relay(inner, origin.url)))
            outer = httpx.AsyncClient(verify=self.trust, limits=limits, timeout=30.0)
            await stack.enter_async_context(inner)
            await stack.enter_async_context(outer)
            places = asyncio.Semaphore(at_once)
            found = await asyncio.gather(
                *(self._stream(outer, relay.url, size, index, places) for index in range(streams))
            )
        return [deviation for deviations in found for deviation in deviations]

    async def _stream(
        self, client: httpx.AsyncClient, url: str, size: int, index: int, places: asyncio.Semaphore
    ) -> list[float]:
        body = bytes([index % 256]) * size
        async with places:
            await asyncio.sleep(index % 11 * 0.007)
            start = self.clock.time()
            arrivals = await self._arrivals(client, url, body)
        return [
            arrival - (start + GAP * number) for number, arrival in enumerate(arrivals, start=1)
        ]

    async def _arrivals(self, client: httpx.AsyncClient, url: str, body: bytes) -> list[float]:
        received = 0
        arrivals: list[float] = []
        async with client.stream("POST", f"{url}/stream", content=body) as response:
            async for piece in response.aiter_raw():
                received += len(piece)
                while received >= len(body) * (len(arrivals) + 1):
                    arrivals.append(self.clock.time())
        return arrivals


@pytest.mark.usefixtures("busy_cores")
@pytest.mark.parametrize(
    ("size", "streams", "at_once"),
    [(20, 200, 100), (70_000, 80, 20), (1_000_000, 20, 4)],
    ids=["20-bytes", "70-kB", "1-MB"],
)
def test_every_gap_is_exact_through_a_relay_while_all_cores_are_busy(
    clock: SimulatedClock, trust: ssl.SSLContext, size: int, streams: int, at_once: int
) -> None:
    deviations = clock.run(Load(clock, trust).run(size, streams, at_once))

    assert len(deviations) == streams * CHUNKS
    assert max(map(abs, deviations)) < 1e-9
