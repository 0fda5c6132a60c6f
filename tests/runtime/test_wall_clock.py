import asyncio
import gc
import math
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from sluicegate.runtime.clock import StalledError, WallClock
from sluicegate.runtime.heartbeat import Lateness


@pytest.fixture
def clock() -> Iterator[WallClock]:
    with WallClock() as clock:
        assert "wall-clock" in {thread.name for thread in threading.enumerate()}
        yield clock
    assert "wall-clock" not in {thread.name for thread in threading.enumerate()}


# A coroutine that never ends by itself, and notes how it did.
class Waiting:
    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended: list[str] = []

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise


def test_the_loop_turns_while_no_run_does(clock: WallClock) -> None:
    turned = threading.Event()

    async def start() -> None:
        asyncio.get_running_loop().call_later(0.001, turned.set)

    clock.run(start())

    assert turned.wait(10)


def test_time_and_unix_time_are_real(clock: WallClock) -> None:
    before = time.time(), clock.time()
    assert before[0] <= clock.unix() <= time.time()
    assert before[1] <= clock.time()


def test_a_run_past_its_limit_is_cancelled_and_shows_what_it_awaited(clock: WallClock) -> None:
    waiting = Waiting()

    with pytest.raises(
        StalledError, match=r"(?s)not finished after 0\.02 s of real time.*__call__"
    ):
        clock.run(waiting(), limit=0.02)
    assert waiting.ended == ["cancelled"]


def test_a_run_without_limit_may_take_its_time(clock: WallClock) -> None:
    assert clock.run(asyncio.sleep(0.01, "done"), limit=math.inf) == "done"


def test_a_timeout_of_the_coroutines_own_is_no_stall(clock: WallClock) -> None:
    async def give_up() -> None:
        async with asyncio.timeout(0):
            await asyncio.sleep(1)

    with pytest.raises(TimeoutError):
        clock.run(give_up())


@pytest.fixture
def interruptible() -> Iterator[None]:
    # A shell starts what it runs in the background with this signal ignored.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_from_the_keyboard_cancels_the_run(clock: WallClock) -> None:
    waiting = Waiting()

    def interrupt() -> None:
        assert waiting.begun.wait(10)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        clock.run(waiting())
    thread.join()
    assert waiting.ended == ["cancelled"]


def test_a_blocked_loop_is_as_late_as_it_is_blocked(clock: WallClock) -> None:
    async def block() -> float:
        start = clock.time()
        threading.Event().wait(0.1)
        return start

    start = clock.run(block())

    assert clock.lag(start) >= 0.08


def test_a_loop_that_is_blocked_at_this_moment_counts_as_late(clock: WallClock) -> None:
    blocked, may_go_on = threading.Event(), threading.Event()

    async def block() -> None:
        asyncio.get_running_loop().call_later(0.005, hold_up)

    def hold_up() -> None:
        blocked.set()
        may_go_on.wait(10)

    clock.run(block())
    assert blocked.wait(10)
    start = clock.time()
    threading.Event().wait(0.1)
    late = clock.lag(start)
    may_go_on.set()

    assert late >= 0.08


def test_the_worst_lateness_is_that_since_the_instant_asked_for() -> None:
    lateness = Lateness()
    for instant, late in [(1, 0.5), (2, 0.1), (3, 0.3), (4, 0.2), (5, 0.0)]:
        lateness.add(instant, late)

    assert [lateness.worst(since) for since in (0, 1, 1.5, 3, 3.5, 4.5, 6)] == [
        0.5,
        0.5,
        0.3,
        0.3,
        0.2,
        0.0,
        0.0,
    ]


def test_the_lateness_of_a_long_run_takes_little_memory() -> None:
    lateness = Lateness()
    for beat in range(100_000):
        lateness.add(beat * 0.01, (beat * 7919 % 1000) / 1e6)

    assert len(lateness._entries) < 1001


def test_the_heart_beats_from_the_start(clock: WallClock) -> None:
    clock.run(asyncio.sleep(0))

    assert clock._heartbeat._lateness._entries


def test_an_error_on_the_way_out_of_a_stalled_run_is_not_reported_as_forgotten(
    clock: WallClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail_when_cancelled() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            raise LookupError("planned")

    with pytest.raises(StalledError):
        clock.run(fail_when_cancelled(), limit=0.02)
    gc.collect()
    assert "never retrieved" not in caplog.text
