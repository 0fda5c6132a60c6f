import asyncio
import math
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from itertools import pairwise

import pytest

from sluicegate.runtime import selector
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.limits import CONNECT_GRACE, DELIVERY_GRACE
from sluicegate.runtime.loop import SimulatedLoop


@pytest.fixture
def loop() -> Iterator[SimulatedLoop]:
    loop = SimulatedLoop()
    yield loop
    loop.close()


def test_time_starts_at_zero(loop: SimulatedLoop) -> None:
    assert loop.time() == 0.0


def test_the_clock_jumps_exactly_to_the_next_timer(loop: SimulatedLoop) -> None:
    instants = [0.1, 0.41, 0.961, 2.118, 6.158, 14.162, 30.19]
    assert any(now + (due - now) != due for now, due in pairwise(instants))
    seen: list[float] = []
    for instant in instants:
        loop.call_at(instant, lambda: seen.append(loop.time()))
    loop.call_at(instants[-1] + 1, loop.stop)

    loop.run_forever()

    assert seen == instants


def test_a_timer_fires_at_times_whose_float_is_coarser_than_a_nanosecond(
    loop: SimulatedLoop,
) -> None:
    epoch = 1.7e9
    assert math.ulp(epoch) > 1e-9
    loop.move_to(epoch)

    loop.run_until_complete(asyncio.sleep(0.1))

    assert loop.time() == epoch + 0.1


def test_the_clock_never_goes_back(loop: SimulatedLoop) -> None:
    loop.move_to(5.0)
    loop.move_to(3.0)

    assert loop.time() == 5.0


def test_a_silence_of_thirty_seconds_takes_no_real_time(clock: SimulatedClock) -> None:
    start = time.monotonic()
    clock.run(asyncio.sleep(30))

    assert clock.time() == 30.0
    assert time.monotonic() - start < 3.0


def test_data_that_has_arrived_comes_before_the_next_timer(clock: SimulatedClock) -> None:
    async def scenario() -> float:
        near, far = socket.socketpair()
        with far:
            reader, writer = await asyncio.open_connection(sock=near)
            far.sendall(b"now")
            async with asyncio.timeout(1e-6):
                await reader.readexactly(3)
            writer.close()
            await writer.wait_closed()
        return clock.time()

    assert clock.run(scenario()) == 0.0


# Keeps every read of a connection by itself, with its instant.
class Reads(asyncio.Protocol):
    def __init__(self) -> None:
        self.seen: list[tuple[float, bytes]] = []
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.seen.append((asyncio.get_running_loop().time(), data))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(exc)


# Over TCP, through a listener that knows nothing of TCP_NODELAY.
@asynccontextmanager
async def connection() -> AsyncIterator[tuple[asyncio.Transport, Reads]]:
    loop = asyncio.get_running_loop()
    reads = Reads()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    async with await loop.create_server(lambda: reads, sock=listener):
        transport, client = await loop.create_connection(Reads, *listener.getsockname())
        yield transport, reads
        transport.close()
        await client.closed
        await reads.closed


async def write_three_times(clock: SimulatedClock, *, quiesce: bool) -> list[tuple[float, bytes]]:
    async with connection() as (transport, reads):
        for letter in (b"a", b"b", b"c"):
            transport.write(letter)
            if quiesce:
                await clock.quiesce()
        await asyncio.sleep(1)
        return reads.seen


def test_writes_without_a_pause_coalesce_into_one_read(clock: SimulatedClock) -> None:
    assert clock.run(write_three_times(clock, quiesce=False)) == [(0.0, b"abc")]


def test_the_idle_barrier_makes_every_write_a_read_of_its_own(clock: SimulatedClock) -> None:
    assert clock.run(write_three_times(clock, quiesce=True)) == [
        (0.0, b"a"),
        (0.0, b"b"),
        (0.0, b"c"),
    ]


def test_the_idle_barrier_lets_everything_else_happen_first(clock: SimulatedClock) -> None:
    async def scenario() -> tuple[list[int], float]:
        turns: list[int] = []

        async def busy() -> None:
            for turn in range(50):
                await asyncio.sleep(0)
                turns.append(turn)

        task = asyncio.create_task(busy())
        await clock.quiesce()
        await task
        return turns, clock.time()

    assert clock.run(scenario()) == (list(range(50)), 0.0)


def test_a_cancelled_idle_barrier_releases_nobody(clock: SimulatedClock) -> None:
    async def scenario() -> float:
        barrier = asyncio.ensure_future(clock.quiesce())
        await asyncio.sleep(0)
        barrier.cancel()
        await asyncio.sleep(1)
        return clock.time()

    assert clock.run(scenario()) == 1.0


def test_transports_send_at_once_even_if_their_listener_did_not_ask_for_it(
    clock: SimulatedClock,
) -> None:
    async def scenario() -> list[int]:
        async with connection() as (transport, reads):
            await clock.quiesce()
            ends = [transport, reads.transport]
            sockets = [end.get_extra_info("socket") for end in ends]
            return [end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for end in sockets]

    assert clock.run(scenario()) == [1, 1]


def test_small_writes_behind_an_unacknowledged_one_arrive_at_their_own_instant(
    clock: SimulatedClock,
) -> None:
    # Nagle's algorithm would keep the second write for 40 ms of real time, and the clock would
    # jump meanwhile.
    async def scenario() -> list[tuple[float, bytes]]:
        async with connection() as (transport, reads):
            for number in range(200):
                transport.write(b"%03d" % number)
                await clock.quiesce()
                transport.write(b"!")
                await asyncio.sleep(0.001)
            return reads.seen

    reads = clock.run(scenario())

    assert [data for _, data in reads] == [
        part for number in range(200) for part in (b"%03d" % number, b"!")
    ]
    assert all(first == second for (first, _), (second, _) in zip(*[iter(reads)] * 2, strict=True))


def test_a_full_accept_queue_does_not_move_the_clock(clock: SimulatedClock) -> None:
    # The kernel drops the SYN, and sends it again after a second of real time.
    async def scenario() -> float:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as stack:
            address = listener.getsockname()
            stack.enter_context(socket.create_connection(address))
            late = asyncio.create_task(asyncio.open_connection(*address))
            timer = asyncio.create_task(asyncio.sleep(0.5))
            await asyncio.sleep(0)
            stack.enter_context(listener.accept()[0])
            _, writer = await late
            connected_at = clock.time()
            writer.close()
            await asyncio.gather(timer, writer.wait_closed())
        return connected_at

    assert clock.run(scenario()) == 0.0


def test_a_connection_that_never_comes_about_holds_the_clock_for_a_moment_only(
    clock: SimulatedClock,
) -> None:
    async def scenario() -> float:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
            address = listener.getsockname()
            with socket.create_connection(address), pytest.raises(TimeoutError):
                async with asyncio.timeout(10):
                    await asyncio.open_connection(*address)
        return clock.time()

    start = time.monotonic()
    assert clock.run(scenario()) == 10.0
    assert time.monotonic() - start >= CONNECT_GRACE


@contextmanager
def far_end(clock: SimulatedClock) -> Iterator[tuple[socket.socket, asyncio.StreamWriter]]:
    async def connect(address: tuple[str, int]) -> asyncio.StreamWriter:
        return (await asyncio.open_connection(*address))[1]

    async def close(writer: asyncio.StreamWriter) -> None:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        writer = clock.run(connect(listener.getsockname()))
        with listener.accept()[0] as far:
            yield far, writer
        clock.run(close(writer))


def test_bytes_that_have_not_arrived_hold_the_clock(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a full congestion window does, whose acknowledgement is delayed. Here the reader is a
    # thread that the loop cannot see, and that is late by less than the grace.
    monkeypatch.setattr(selector, "DELIVERY_GRACE", 10.0)
    size = 20_000_000

    async def scenario(writer: asyncio.StreamWriter) -> float:
        writer.write(bytes(size))
        timer = asyncio.create_task(asyncio.sleep(1))
        await writer.drain()
        drained_at = clock.time()
        await timer
        return drained_at

    def read_all(far: socket.socket) -> None:
        received = 0
        while received < size:
            received += len(far.recv(1_000_000))

    with far_end(clock) as (far, writer):
        reader = threading.Timer(0.05, read_all, (far,))
        reader.start()
        assert clock.run(scenario(writer)) == 0.0
        reader.join()


def test_a_peer_that_does_not_read_holds_the_clock_for_a_moment_only(
    clock: SimulatedClock,
) -> None:
    async def scenario(writer: asyncio.StreamWriter) -> float:
        writer.write(bytes(20_000_000))
        for _ in range(100):
            await asyncio.sleep(1)
        return clock.time()

    with far_end(clock) as (_, writer):
        start = time.monotonic()
        assert clock.run(scenario(writer)) == 100.0
        assert DELIVERY_GRACE <= time.monotonic() - start < 100 * DELIVERY_GRACE
