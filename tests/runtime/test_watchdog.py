import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from sluicegate.runtime import watchdog
from sluicegate.runtime.clock import SimulatedClock, StalledError
from sluicegate.runtime.limits import PROGRESS_LIMIT, SIMULATED_LIMIT
from sluicegate.runtime.loop import SimulatedLoop
from sluicegate.runtime.pending import await_chain, describe_pending


@pytest.fixture
def impatient(clock: SimulatedClock) -> Iterator[SimulatedClock]:
    clock._loop.watchdog.progress_limit = 0.05
    yield clock
    clock._loop.watchdog.progress_limit = PROGRESS_LIMIT


async def wait_for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def ask_the_provider() -> None:
    await wait_for_ever()


async def spin() -> None:
    while True:  # noqa: ASYNC110 - which is what the watchdog is for
        await asyncio.sleep(0)


def test_the_limits_are_half_a_minute_without_progress_and_a_day_of_simulated_time() -> None:
    assert (PROGRESS_LIMIT, SIMULATED_LIMIT) == (30.0, 86_400.0)


def test_a_run_in_which_nothing_is_left_to_happen_stalls(clock: SimulatedClock) -> None:
    with pytest.raises(StalledError, match="nothing is left to happen: no timer, no data, no thr"):
        clock.run(ask_the_provider())


def test_a_run_that_spins_at_one_instant_stalls(impatient: SimulatedClock) -> None:
    with pytest.raises(StalledError, match=r"has not moved for 0\.05 s of real time"):
        impatient.run(spin())


def test_a_thread_that_does_not_end_stalls(impatient: SimulatedClock) -> None:
    may_end = threading.Event()

    async def wait_in_a_thread() -> None:
        await asyncio.get_running_loop().run_in_executor(None, may_end.wait, 10)

    with pytest.raises(StalledError, match="has not moved for"):
        impatient.run(wait_in_a_thread())
    may_end.set()


def test_a_run_that_makes_progress_may_take_its_time(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = 0.0
    monkeypatch.setattr(watchdog, "monotonic", lambda: real)

    async def work() -> float:
        nonlocal real
        for _ in range(10):
            real += PROGRESS_LIMIT
            await asyncio.sleep(1)
        return clock.time()

    assert clock.run(work()) == 10.0


def test_a_run_past_a_day_of_simulated_time_stalls(clock: SimulatedClock) -> None:
    clock.run(asyncio.sleep(86_400))

    with pytest.raises(StalledError, match="limit of 86400 s of simulated time"):
        clock.run(asyncio.sleep(86_401))


def test_a_run_past_its_own_limit_stalls(clock: SimulatedClock) -> None:
    clock.run(asyncio.sleep(5), limit=5)

    with pytest.raises(StalledError, match=r"due at 11\.000000 s, past this run's limit of 5 s"):
        clock.run(asyncio.sleep(6), limit=5)
    assert clock.time() == 5.0


def test_the_report_shows_the_full_await_chain_of_every_pending_task(
    clock: SimulatedClock,
) -> None:
    async def scenario() -> None:
        asyncio.current_task().set_name("step")  # type: ignore[union-attr]
        other = asyncio.create_task(ask_the_provider(), name="background")
        await asyncio.wait({other})

    with pytest.raises(StalledError) as caught:
        clock.run(scenario())
    clock.run(cancel("background"))

    report = str(caught.value).splitlines()
    assert report[0].startswith("stalled at 0.000000 s of simulated time: nothing is left")
    background, step = report.index("  background"), report.index("  step")
    assert [line.split(" in ")[-1] for line in report[background + 1 : background + 3]] == [
        "ask_the_provider",
        "wait_for_ever",
    ]
    assert report[background + 1].startswith("    test_watchdog.py:")
    assert report[step + 1].endswith("scenario")
    assert report[step + 2].endswith("wait")


async def cancel(name: str) -> None:
    for task in asyncio.all_tasks():
        if task.get_name() == name:
            task.cancel()
    await asyncio.sleep(0)


async def chain_of(task: "asyncio.Task[None]") -> list[str]:
    await asyncio.sleep(0)
    chain = await_chain(task.get_coro())
    task.cancel()
    await asyncio.wait({task})
    return [line.rpartition(".")[2].rpartition(" ")[2] for line in chain]


def test_the_await_chain_goes_through_asynchronous_generators(clock: SimulatedClock) -> None:
    async def numbers() -> AsyncIterator[int]:
        await wait_for_ever()
        yield 1

    async def consume() -> None:
        async for _ in numbers():
            pass

    async def scenario() -> list[str]:
        return await chain_of(asyncio.create_task(consume()))

    assert clock.run(scenario())[:3] == ["consume", "numbers", "wait_for_ever"]


def test_the_await_chain_goes_through_asynchronous_context_managers(
    clock: SimulatedClock,
) -> None:
    @asynccontextmanager
    async def resource() -> AsyncIterator[None]:
        await wait_for_ever()
        yield

    async def use() -> None:
        async with resource():
            pass

    async def scenario() -> list[str]:
        return await chain_of(asyncio.create_task(use()))

    assert clock.run(scenario())[:4] == ["use", "__aenter__", "resource", "wait_for_ever"]


def test_without_tasks_the_report_says_so() -> None:
    loop = SimulatedLoop()
    try:
        assert describe_pending(loop) == "no task is pending"
    finally:
        loop.close()


def test_the_loop_can_be_used_again_after_a_stall(clock: SimulatedClock) -> None:
    with pytest.raises(StalledError):
        clock.run(wait_for_ever())

    clock.run(asyncio.sleep(1))
    assert clock.time() == 1.0


def test_a_stall_cancels_the_run_and_leaves_what_runs_beside_it(clock: SimulatedClock) -> None:
    ended: list[str] = []

    async def note_the_end(name: str) -> None:
        try:
            await wait_for_ever()
        finally:
            ended.append(name)

    beside: list[asyncio.Task[None]] = []

    async def scenario() -> None:
        beside.append(asyncio.create_task(note_the_end("beside")))
        await note_the_end("run")

    with pytest.raises(StalledError):
        clock.run(scenario())
    assert ended == ["run"]

    beside[0].cancel()
    clock.run(asyncio.sleep(0))
    assert ended == ["run", "beside"]


def interrupt() -> None:
    raise KeyboardInterrupt


def test_a_run_that_refuses_to_be_cancelled_is_left_behind(clock: SimulatedClock) -> None:
    may_end = asyncio.Event()

    async def stubborn() -> None:
        asyncio.get_running_loop().call_soon(interrupt)
        while not may_end.is_set():
            with suppress(asyncio.CancelledError):
                await may_end.wait()

    with pytest.raises(KeyboardInterrupt):  # rather than the stall of waiting for its end
        clock.run(stubborn())

    may_end.set()
    clock.run(asyncio.sleep(1))
    assert clock.time() == 1.0


def test_the_loop_can_be_used_again_after_an_interrupt_at_the_end_of_a_run(
    clock: SimulatedClock,
) -> None:
    # The run is done and the callback that stops the loop is queued when the exception escapes:
    # left there, it would stop the next run before it begins.
    async def scenario() -> str:
        asyncio.get_running_loop().call_soon(interrupt)
        return "done"

    with pytest.raises(KeyboardInterrupt):
        clock.run(scenario())

    assert clock.run(asyncio.sleep(1, "again")) == "again"
