import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import SIMULATED_EPOCH, Clock, SimulatedClock, WallClock

clocks = pytest.mark.parametrize("make", [SimulatedClock, WallClock])


async def answer() -> int:
    await asyncio.sleep(0.001)
    return 42


async def fail() -> None:
    raise LookupError("planned")


@clocks
def test_a_run_returns_the_result(make: Callable[[], Clock]) -> None:
    with make() as clock:
        assert clock.run(answer()) == 42


@clocks
def test_a_run_raises_the_coroutines_own_error(make: Callable[[], Clock]) -> None:
    with make() as clock:
        with pytest.raises(LookupError, match="planned"):
            clock.run(fail())
        assert clock.run(answer()) == 42


@clocks
def test_what_a_run_starts_goes_on_in_the_next(make: Callable[[], Clock]) -> None:
    async def start() -> "asyncio.Task[int]":
        return asyncio.create_task(answer())

    async def finish(task: "asyncio.Task[int]") -> int:
        return await task

    with make() as clock:
        assert clock.run(finish(clock.run(start()))) == 42


@clocks
def test_the_time_is_that_of_the_loop(make: Callable[[], Clock]) -> None:
    async def both() -> tuple[float, float, float]:
        return clock.time(), asyncio.get_running_loop().time(), clock.time()

    with make() as clock:
        before, loop_time, after = clock.run(both())
    assert before <= loop_time <= after


@clocks
def test_a_run_inside_a_run_is_refused(make: Callable[[], Clock]) -> None:
    async def nested() -> None:
        clock.run(answer())

    with make() as clock, pytest.raises(SluicegateError, match="is running already"):
        clock.run(nested())


@clocks
def test_a_run_on_a_closed_clock_is_refused(make: Callable[[], Clock]) -> None:
    clock = make()
    clock.close()
    clock.close()

    with pytest.raises(SluicegateError, match="is closed"):
        clock.run(answer())


@clocks
def test_closing_cancels_what_is_pending_and_lets_it_end(make: Callable[[], Clock]) -> None:
    ended: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0.001)
            ended.append("lingering")

    async def start() -> None:
        tasks.append(asyncio.create_task(linger()))
        await asyncio.sleep(0)

    tasks: list[asyncio.Task[None]] = []
    with make() as clock:
        clock.run(start())
    assert ended == ["lingering"]


@clocks
def test_closing_waits_for_the_loops_own_threads(make: Callable[[], Clock]) -> None:
    async def use_a_thread() -> str:
        return await asyncio.to_thread(lambda: "from a thread")

    with make() as clock:
        assert clock.run(use_a_thread()) == "from a thread"


@clocks
def test_the_tolerance_is_the_callers_choice(make: Callable[..., Clock]) -> None:
    with make() as usual, make(tolerance=0.25) as chosen:
        assert usual.tolerance == {"simulated": 0.001, "wall": 0.050}[usual.name]
        assert chosen.tolerance == 0.25


@clocks
def test_the_clock_can_be_made_to_quiesce(make: Callable[[], Clock]) -> None:
    with make() as clock:
        clock.run(clock.quiesce())


def test_two_simulated_clocks_tell_the_same_unix_time() -> None:
    def dates() -> list[float]:
        with SimulatedClock() as clock:
            first = clock.unix()
            clock.run(asyncio.sleep(90))
            return [first, clock.unix()]

    assert dates() == dates() == [SIMULATED_EPOCH, SIMULATED_EPOCH + 90]


def test_the_simulated_clock_is_never_late() -> None:
    with SimulatedClock() as clock:
        clock.run(answer())
        assert clock.lag(0.0) == 0.0


def test_both_clocks_are_clocks() -> None:
    def accept(clock: Clock) -> Coroutine[Any, Any, int]:
        clock.close()
        return answer()

    accept(SimulatedClock()).close()
    accept(WallClock()).close()
