import asyncio
import inspect
import queue
import selectors
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from anyio._backends import _asyncio as anyio_backend
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import AsyncioSingleTask, WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed
from hypercorn.protocol import ProtocolWrapper
from hypercorn.utils import wrap_app
from quart import Quart

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.loop import SimulatedLoop
from sluicegate.runtime.server import SETTINGS, Certificate, Server


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.fixture
def loop() -> Iterator[SimulatedLoop]:
    loop = SimulatedLoop()
    yield loop
    loop.close()


def test_hypercorn_serves_a_connection_made_from_seven_things() -> None:
    expected = ["app", "loop", "config", "context", "state", "reader", "writer"]
    assert parameters(TCPServer) == expected, (
        "hypercorn's TCPServer takes other arguments: Server._accept makes one"
    )


def test_hypercorn_reads_a_connection_in_a_method_of_its_own() -> None:
    assert inspect.iscoroutinefunction(getattr(TCPServer, "_read_data", None)), (
        "hypercorn's TCPServer._read_data is gone: Connection hooks in there to learn that the "
        "client has left, or idle connections stay half open for ever"
    )


def test_hypercorn_keeps_its_idle_timer_in_a_single_task() -> None:
    assert inspect.iscoroutinefunction(getattr(AsyncioSingleTask, "stop", None)), (
        "hypercorn's idle task cannot be stopped any more: Connection does when a client leaves"
    )


def test_hypercorn_is_told_by_an_event_that_a_connection_has_closed() -> None:
    assert parameters(ProtocolWrapper.handle) == ["self", "event"], (
        "hypercorn's protocols are not told by handle(event) any more: a stopping Server tells "
        "them Closed()"
    )
    assert Closed() == Closed()


def test_hypercorn_tells_idle_connections_by_its_context_that_the_server_stops() -> None:
    async def scenario() -> bool:
        context = WorkerContext(None)
        await context.terminated.set()
        return context.terminated.is_set()

    assert asyncio.run(scenario()), (
        "hypercorn's WorkerContext.terminated is no event any more: a stopping Server sets it"
    )


@pytest.mark.parametrize("name", [*SETTINGS, "certfile", "keyfile", "wsgi_max_body_size"])
def test_hypercorn_knows_every_setting_of_ours(name: str) -> None:
    assert hasattr(Config, name), (
        f"hypercorn's Config.{name} is gone, and from_mapping ignores what it does not know: see "
        "what became of it"
    )


def test_hypercorn_wraps_an_application_by_its_kind() -> None:
    assert parameters(wrap_app) == ["app", "wsgi_max_body_size", "mode"], (
        "hypercorn's wrap_app takes other arguments: Server calls it"
    )


def test_asyncio_keeps_its_timers_in_a_heap_whose_head_is_the_next(loop: SimulatedLoop) -> None:
    loop.call_at(3.0, print)
    first = loop.call_at(2.0, print)
    assert loop._scheduled[0] is first, (  # type: ignore[attr-defined]
        "asyncio's loop._scheduled is no heap of timers any more: SimulatedLoop.next_timer reads it"
    )
    assert loop.next_timer() == 2.0


def test_asyncio_runs_timers_that_are_due_within_the_resolution_of_its_clock(
    loop: SimulatedLoop,
) -> None:
    seen: list[float] = []
    loop.call_at(1.0, lambda: seen.append(loop.time()))
    loop.call_at(1.0 + 1e-10, lambda: seen.append(loop.time()))
    loop.call_at(2.0, loop.stop)
    loop.run_forever()
    assert seen == [1.0, 1.0], (
        "asyncio does not add loop._clock_resolution to the time any more: SimulatedLoop sets it"
    )


def test_asyncio_asks_its_selector_for_the_time_to_sleep(loop: SimulatedLoop) -> None:
    assert isinstance(loop._selector, selectors.BaseSelector), (  # type: ignore[attr-defined]
        "asyncio's loop has no selector any more: SimulatedSelector moves the clock in there"
    )
    assert "timeout" in parameters(selectors.BaseSelector.select)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_asyncio_makes_its_transports_in_methods_that_we_override(
    clock: SimulatedClock,
    app: Quart,
    certificate: Certificate,
    trust: ssl.SSLContext,
    *,
    secure: bool,
) -> None:
    async def scenario() -> int:
        async with Server(app, certificate=certificate if secure else None) as server:
            unmarked = socket.socket()  # without a protocol number asyncio leaves Nagle on
            unmarked.connect((server.host, server.port))
            _, writer = await asyncio.open_connection(
                sock=unmarked,
                ssl=trust if secure else None,
                server_hostname=server.host if secure else None,
            )
            end: socket.socket = writer.get_extra_info("socket")
            found = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            writer.close()
            await writer.wait_closed()
            return found

    assert clock.run(scenario()) == 1, (
        "asyncio does not make its transports in _make_socket_transport and _make_ssl_transport "
        "any more: SimulatedLoop switches off Nagle's algorithm in there"
    )


def test_asyncio_keeps_the_transports_of_a_listener(clock: SimulatedClock, app: Quart) -> None:
    async def scenario() -> int:
        async with Server(app) as server:
            _, writer = await asyncio.open_connection(server.host, server.port)
            await clock.quiesce()
            found = len(server._transports())
            writer.close()
            await writer.wait_closed()
            return found

    assert clock.run(scenario()) == 1, (
        "asyncio's loop._transports does not hold the transports with their _server any more: a "
        "stopping Server aborts them"
    )


def test_anyio_gives_work_to_its_threads_through_a_queue_of_their_own() -> None:
    source = inspect.getsource(anyio_backend.WorkerThread)
    assert "self.queue" in source, (
        "anyio's WorkerThread has no queue any more: ours holds the simulated clock"
    )
    assert "self.queue.get()" in source, "anyio's WorkerThread does not ask its queue for work"


def test_anyio_makes_its_threads_by_the_name_that_we_replace() -> None:
    source = inspect.getsource(anyio_backend.AsyncIOBackend.run_sync_in_worker_thread)
    assert "WorkerThread(root_task" in source, (
        "anyio does not make a WorkerThread from the root task any more: ours takes its loop there"
    )


def test_a_queue_puts_without_waiting_by_its_ordinary_put() -> None:
    class Counting(queue.Queue[int]):
        puts = 0

        def put(self, item: int, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002 - queue's own signature
            self.puts += 1
            super().put(item, block, timeout)

    counting = Counting()
    counting.put_nowait(1)
    assert counting.puts == 1, "Queue.put_nowait does not call put: the clock is not held any more"
