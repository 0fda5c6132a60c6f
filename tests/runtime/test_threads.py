import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

import anyio
import anyio.to_thread
import pytest
from anyio._backends import _asyncio as backend

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.loop import SimulatedLoop


# Work in a thread that ends when the test lets it.
class Job:
    def __init__(self) -> None:
        self._started = threading.Event()
        self._may_end = threading.Event()

    def __call__(self) -> None:
        self._started.set()
        assert self._may_end.wait(10)

    async def started(self) -> None:
        while not self._started.is_set():  # noqa: ASYNC110 - a thread's event
            await asyncio.sleep(0)

    def end(self) -> None:
        self._may_end.set()

    def end_soon(self) -> None:
        # Real time, because this is about real time: long enough for a loop to jump if it can.
        threading.Timer(0.05, self.end).start()


Start: TypeAlias = Callable[[Job], asyncio.Future[None]]


def in_executor(job: Job) -> asyncio.Future[None]:
    return asyncio.get_running_loop().run_in_executor(None, job)


def in_anyio(job: Job) -> asyncio.Future[None]:
    return asyncio.ensure_future(anyio.to_thread.run_sync(job, abandon_on_cancel=True))


in_a_thread = pytest.mark.parametrize("start", [in_executor, in_anyio])


def is_held() -> bool:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    return loop.held


@in_a_thread
def test_work_in_a_thread_holds_the_clock(clock: SimulatedClock, start: Start) -> None:
    async def scenario() -> list[str]:
        job = Job()
        order: list[str] = []
        work = start(job)
        work.add_done_callback(lambda _: order.append(f"work at {clock.time():g}"))
        timer = asyncio.create_task(asyncio.sleep(1))
        timer.add_done_callback(lambda _: order.append(f"timer at {clock.time():g}"))
        await job.started()
        job.end_soon()
        await asyncio.wait({work, timer})
        return order

    assert clock.run(scenario()) == ["work at 0", "timer at 1"]


@in_a_thread
def test_the_clock_is_released_when_the_thread_ends_not_when_its_future_is_cancelled(
    clock: SimulatedClock, start: Start
) -> None:
    async def scenario() -> tuple[bool, bool]:
        job = Job()
        work = start(job)
        await job.started()
        work.cancel()
        await asyncio.wait({work})
        held_after_cancel = is_held()
        job.end_soon()
        await asyncio.sleep(1)
        return held_after_cancel, is_held()

    assert clock.run(scenario()) == (True, False)


@in_a_thread
def test_a_second_job_in_the_same_thread_holds_the_clock_again(
    clock: SimulatedClock, start: Start
) -> None:
    async def scenario() -> list[float]:
        ends = []
        for _ in range(3):
            job = Job()
            work = start(job)
            await job.started()
            job.end_soon()
            await work
            ends.append(clock.time())
            await asyncio.sleep(1)
        return ends

    assert clock.run(scenario()) == [0.0, 1.0, 2.0]


@in_a_thread
def test_an_error_in_a_thread_releases_the_clock(clock: SimulatedClock, start: Start) -> None:
    class Failing(Job):
        def __call__(self) -> None:
            raise LookupError("planned")

    async def scenario() -> float:
        with pytest.raises(LookupError, match="planned"):
            await start(Failing())
        await asyncio.sleep(1)
        return clock.time()

    assert clock.run(scenario()) == 1.0


@in_a_thread
def test_a_closed_clock_leaves_no_thread(start: Start) -> None:
    class Quick(Job):
        def __call__(self) -> None:
            pass

    async def scenario() -> None:
        await start(Quick())

    before = set(threading.enumerate())
    with SimulatedClock() as clock:
        clock.run(scenario())
    assert set(threading.enumerate()) <= before


def test_work_that_is_cancelled_while_it_queues_releases_the_clock(clock: SimulatedClock) -> None:
    async def scenario(executor: ThreadPoolExecutor) -> float:
        queued = asyncio.get_running_loop().run_in_executor(executor, Job())
        queued.cancel()
        await asyncio.sleep(1)
        return clock.time()

    occupant = Job()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(occupant)
        assert clock.run(scenario(executor)) == 1.0
        occupant.end()


def test_an_executor_that_refuses_work_releases_the_clock(clock: SimulatedClock) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()

    async def scenario() -> bool:
        with pytest.raises(RuntimeError, match="shutdown"):
            await asyncio.get_running_loop().run_in_executor(executor, Job())
        return is_held()

    assert clock.run(scenario()) is False


def test_waiting_for_one_of_anyios_threads_does_not_hold_the_clock(clock: SimulatedClock) -> None:
    # The token is given back at a simulated instant: a clock held for it would never get there.
    async def scenario() -> float:
        limiter = anyio.CapacityLimiter(1)
        async with limiter:
            run = partial(anyio.to_thread.run_sync, limiter=limiter)
            waiting = asyncio.ensure_future(run(lambda: None))
            await asyncio.sleep(5)
        await waiting
        return clock.time()

    assert clock.run(scenario()) == 5.0


def test_real_work_holds_the_clock(clock: SimulatedClock) -> None:
    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        done = asyncio.Event()
        timer = asyncio.create_task(asyncio.sleep(1))
        threading.Timer(0.05, loop.call_soon_threadsafe, (done.set,)).start()
        with loop.real_work():
            await done.wait()
            seen = clock.time()
        await timer
        return seen

    assert clock.run(scenario()) == 0.0


@pytest.fixture
def original() -> Iterator[type]:
    yield backend.WorkerThread
    assert backend.WorkerThread.__module__.startswith("anyio.")


def test_anyio_is_left_as_it_was_when_the_last_simulated_loop_is_closed(original: type) -> None:
    first, second = SimulatedLoop(), SimulatedLoop()
    assert backend.WorkerThread is not original

    first.close()
    first.close()
    assert backend.WorkerThread is not original

    second.close()
    assert backend.WorkerThread is original


def test_anyios_threads_work_on_an_ordinary_loop_beside_a_simulated_one(original: type) -> None:
    async def scenario() -> int:
        return await anyio.to_thread.run_sync(threading.get_ident)

    with SimulatedClock():
        assert backend.WorkerThread is not original
        assert asyncio.run(scenario()) != threading.get_ident()
