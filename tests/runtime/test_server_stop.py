import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from quart import Quart

from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.runtime.limits import DEPARTURE_LIMIT
from sluicegate.runtime.server import Certificate, Server

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Client: TypeAlias = Callable[[Server], AbstractAsyncContextManager[Any]]


@asynccontextmanager
async def just_connected(server: Server) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def silent(server: Server) -> AsyncIterator[Streams]:
    async with just_connected(server) as streams:
        await asyncio.sleep(0.01)
        yield streams


def asking(request: bytes, answer: bytes) -> Client:
    @asynccontextmanager
    async def client(server: Server) -> AsyncIterator[Streams]:
        async with just_connected(server) as (reader, writer):
            writer.write(request)
            await (reader.readuntil(answer) if answer else asyncio.sleep(0.01))
            yield reader, writer

    return client


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode()


# Hypercorn does not read on before it has answered, and so does not see the client go.
ASKING_TWICE = asking(get("/slow/1000.0") * 2, b"")
CLIENTS: dict[str, Client] = {
    "just connected": just_connected,
    "silent": silent,
    "half a request": asking(b"GET / HTTP/1.1\r\nHo", b""),
    "idle after its answer": asking(get("/"), b"hello"),
    "waiting for its answer": asking(get("/slow/1000.0"), b""),
    "in the middle of a stream": asking(get("/stream/1000.0"), b"first"),
    "sending its body": asking(
        b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\na", b""
    ),
    "asking twice": ASKING_TWICE,
}

clocks = pytest.mark.parametrize("make", [SimulatedClock, WallClock])


# Stops the server while the client is connected, and returns the tasks that this has left.
async def stop_during(server: Server, client: Client) -> set[str]:
    before = asyncio.all_tasks()
    async with AsyncExitStack() as clients:
        async with server:
            await clients.enter_async_context(client(server))
        return {str(task.get_coro()) for task in asyncio.all_tasks() - before}


def open_sockets() -> set[str]:
    targets = map(_target, Path("/proc/self/fd").iterdir())
    return {target for target in targets if target.startswith("socket:")}


def _target(link: Path) -> str:
    with suppress(FileNotFoundError):  # the descriptor of the listing itself
        return str(link.readlink())
    return ""


# Answers nothing, and never looks whether the client is still there.
async def deaf(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    del scope, receive, send
    await asyncio.get_running_loop().create_future()


@clocks
@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_a_stopped_server_leaves_no_task_and_no_socket(
    make: Callable[[], Clock], app: Quart, client: Client
) -> None:
    with make() as clock:
        before = open_sockets()
        assert clock.run(stop_during(Server(app), client), limit=10) == set()
        assert open_sockets() == before


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_a_server_stops_at_the_same_instant_whatever_its_client_does(
    clock: SimulatedClock, app: Quart, client: Client
) -> None:
    async def scenario() -> float:
        async with AsyncExitStack() as clients:
            async with Server(app) as server:
                await clients.enter_async_context(client(server))
                start = clock.time()
            return clock.time() - start

    assert clock.run(scenario()) == (DEPARTURE_LIMIT if client is ASKING_TWICE else 0.0)


@pytest.mark.parametrize("turns", range(6))
def test_a_connection_that_is_just_being_accepted_does_not_outlive_the_server(
    clock: SimulatedClock, app: Quart, turns: int
) -> None:
    @asynccontextmanager
    async def client(server: Server) -> AsyncIterator[None]:
        with socket.create_connection((server.host, server.port)):
            for _ in range(turns):
                await asyncio.sleep(0)
            yield

    before = open_sockets()
    assert clock.run(stop_during(Server(app), client)) == set()
    assert open_sockets() == before


@clocks
def test_an_application_that_ignores_its_clients_departure_is_cancelled(
    make: Callable[[], Clock],
) -> None:
    with make() as clock:
        client = CLIENTS["waiting for its answer"]
        assert clock.run(stop_during(Server(deaf), client), limit=10) == set()


def test_a_tls_handshake_that_does_not_end_does_not_outlive_the_server(
    clock: SimulatedClock, app: Quart, certificate: Certificate
) -> None:
    before = open_sockets()

    assert clock.run(stop_during(Server(app, certificate=certificate), silent)) == set()
    assert open_sockets() == before


def test_a_tls_connection_that_is_kept_alive_does_not_outlive_the_server(
    clock: SimulatedClock, app: Quart, certificate: Certificate, trust: ssl.SSLContext
) -> None:
    async def scenario() -> float:
        async with httpx.AsyncClient(verify=trust) as client:
            async with Server(app, certificate=certificate) as server:
                await client.get(server.url)
            return clock.time()

    assert clock.run(scenario()) == 0.0


def test_what_was_streamed_before_the_stop_arrives_and_the_rest_is_cut_off(
    clock: SimulatedClock, app: Quart
) -> None:
    async def scenario() -> tuple[bytes, float]:
        async with AsyncExitStack() as clients:
            async with Server(app) as server:
                client = CLIENTS["in the middle of a stream"](server)
                reader, _ = await clients.enter_async_context(client)
                await asyncio.sleep(2)
            return await reader.read(), clock.time()

    assert clock.run(scenario()) == (b"\r\n", 2.0)  # no `0\r\n\r\n`, which would end the stream


def test_a_running_exchange_may_end_within_the_grace(
    clock: SimulatedClock, app: Quart, trust: ssl.SSLContext
) -> None:
    async def scenario() -> tuple[str, float]:
        async with httpx.AsyncClient(verify=trust) as client:
            async with Server(app, grace=5.0) as server:
                answer = asyncio.create_task(client.get(f"{server.url}/slow/3.0"))
                await asyncio.sleep(1)
            stopped_at = clock.time()
            return (await answer).text, stopped_at

    assert clock.run(scenario()) == ("at last", 3.0)


def test_the_grace_is_not_exceeded(
    clock: SimulatedClock, app: Quart, trust: ssl.SSLContext
) -> None:
    async def scenario() -> float:
        async with httpx.AsyncClient(verify=trust, timeout=1000.0) as client:
            async with Server(app, grace=5.0) as server:
                answer = asyncio.create_task(client.get(f"{server.url}/slow/30.0"))
                await asyncio.sleep(1)
            with pytest.raises(httpx.RemoteProtocolError):
                await answer
            return clock.time()

    assert clock.run(scenario()) == 6.0


def test_a_stopping_server_accepts_nobody(clock: SimulatedClock, app: Quart) -> None:
    async def refused_after(seconds: float, server: Server) -> None:
        await asyncio.sleep(seconds)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(server.host, server.port)

    async def scenario() -> float:
        async with AsyncExitStack() as clients:
            async with Server(app, grace=5.0) as server:
                client = CLIENTS["waiting for its answer"](server)
                await clients.enter_async_context(client)
                refused = asyncio.create_task(refused_after(1, server))
            await refused
            return clock.time()

    assert clock.run(scenario()) == pytest.approx(5.01)


def test_clients_that_are_closed_before_their_server_leave_it_nothing_to_abort(
    clock: SimulatedClock, app: Quart, trust: ssl.SSLContext
) -> None:
    async def scenario() -> tuple[int, int]:
        async with Server(app) as server:
            async with httpx.AsyncClient(verify=trust) as client:
                await client.get(server.url)
                during = len(server._connections)
            await clock.quiesce()
            return during, len(server._connections)

    assert clock.run(scenario()) == (1, 0)
