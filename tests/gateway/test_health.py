# An agent's health, whoever answers where it is asked for.
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sluicegate.gateway.health import Checks
from sluicegate.gateway.settings import Agent
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.masking import Mask

ANSWERS = {
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n": (True, 0.0),
    b"HTTP/1.1 204 No Content\r\n\r\n": (True, 0.0),
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n": (True, 0.0),
    b"HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n": (False, 0.0),
    b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n": (False, 0.0),
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n": (False, 1.0),
    b"no HTTP\r\n\r\n": (False, 0.0),
    b"": (False, 1.0),
}


class Server(asyncio.Protocol):
    def __init__(self, answer: bytes, heard: list[bytes]) -> None:
        self.answer = answer
        self.heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)
        self.transport.write(self.answer)


@asynccontextmanager
async def checking(answer: bytes, heard: list[bytes]) -> AsyncIterator[Checks]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(answer, heard), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    checks = Checks([Agent("a", "http://a.example/v1", "s3cret-key", health_url=url)], Mask())
    try:
        yield checks
    finally:
        await checks.aclose()
        server.close()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(("answer", "expected"), ANSWERS.items())
def test_an_agent_is_healthy_as_it_says_within_a_second(
    clock: SimulatedClock, answer: bytes, expected: tuple[bool, float]
) -> None:
    heard: list[bytes] = []

    async def scenario() -> tuple[bool, float]:
        async with checking(answer, heard) as checks:
            began = clock.time()
            await checks.learn("a")
            return checks.is_healthy("a"), round(clock.time() - began, 6)

    assert clock.run(scenario()) == expected
    (request,) = heard
    assert request.startswith(b"GET / HTTP/1.1\r\n")
    assert b"s3cret" not in request


def test_an_agent_that_is_not_checked_is_healthy(clock: SimulatedClock) -> None:
    async def scenario() -> bool:
        checks = Checks([Agent("a", "http://a.example/v1")], Mask())
        await checks.learn("a")
        return checks.is_healthy("a")

    assert clock.run(scenario())


def test_a_check_that_runs_is_broken_off_at_the_end(clock: SimulatedClock) -> None:
    async def scenario() -> float:
        async with checking(b"", []) as checks:
            waiting = asyncio.create_task(checks.learn("a"))
            await clock.quiesce()
            await checks.aclose()
            await waiting
            return clock.time()

    began = clock.time()
    assert clock.run(scenario()) == began


def test_a_client_that_leaves_does_not_end_the_check_of_others(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with checking(next(iter(ANSWERS)), []) as checks:
            waiting = [asyncio.create_task(checks.learn("a")) for _ in range(2)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            await waiting[1]
            assert checks.is_healthy("a")

    clock.run(scenario())
