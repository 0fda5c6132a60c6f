"""The two clocks: simulated time that nobody waits for, and the wall's."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Literal, Protocol, Self, TypeVar

from sluicegate.errors import SluicegateError

from .limits import SIMULATED_LIMIT, SIMULATED_TOLERANCE, UNWIND_LIMIT
from .loop import SimulatedLoop, StalledError
from .wall import WallClock

__all__ = ["SIMULATED_EPOCH", "Clock", "SimulatedClock", "StalledError", "WallClock"]

T = TypeVar("T")

SIMULATED_EPOCH: Final = 1_735_689_600
"""The Unix time at which every scenario begins on a simulated clock: 2025-01-01T00:00:00Z."""


class Clock(Protocol):
    """What the harness tells the time by and runs coroutines on."""

    @property
    def name(self) -> Literal["simulated", "wall"]:
        """Which clock this is."""

    @property
    def tolerance(self) -> float:
        """Seconds by which two instants may differ and still count as the same."""

    @property
    def lag_limit(self) -> float:
        """Seconds by which the harness's own loop may be late while times can still be judged."""

    def time(self) -> float:
        """Return the seconds on the clock's own loop."""

    def unix(self) -> float:
        """Return the seconds since 1970-01-01T00:00:00Z."""

    def begin(self) -> None:
        """Let a scenario begin: a simulated date is the same for each, whatever ran before."""

    def run(self, coroutine: Coroutine[Any, Any, T], *, limit: float | None = None) -> T:
        """Run a coroutine to its end from synchronous code and return its result.

        `limit` is in seconds on this clock. Raises StalledError when it is passed.
        """

    def lag(self, since: float) -> float:
        """Return the worst lateness of the harness's own loop since that time, in seconds."""

    def waited(self, since: float, until: float) -> float:
        """Return the seconds of waiting for a processor that can have held up what came `until`.

        `since` is when something was last seen to happen before it. It is the waiting of the
        harness, and of the processes that it watches.
        """

    def left_of(self, seconds: float, since: float) -> float:
        """Return what is left of so many seconds in which everybody could act, since that time."""

    def watch(self, *leaders: int) -> AbstractContextManager[None]:
        """Let the waits of these processes count, of their groups, and of all their descendants.

        Without any, nobody knows who acts: whoever waits on this machine counts.
        """

    def watch_url(self, url: str) -> AbstractContextManager[None]:
        """Watch the processes that serve a URL on this machine, whoever runs them."""

    async def quiesce(self) -> None:
        """Wait until nothing else can happen at this instant, where the clock can know."""

    def close(self) -> None:
        """End what still runs, and let go of everything."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class SimulatedClock:
    """A clock that jumps to the next timer as soon as nothing else can happen.

    Everything that is to see its time must live on its loop. The loop moves only while `run` does.
    """

    name: Final = "simulated"

    def __init__(self, *, tolerance: float = SIMULATED_TOLERANCE) -> None:
        self.tolerance = self.lag_limit = tolerance
        self._loop = SimulatedLoop()
        self._began = 0.0

    def time(self) -> float:
        """Return the simulated seconds since the clock was made."""
        return self._loop.time()

    def unix(self) -> float:
        """Return `SIMULATED_EPOCH` plus the simulated seconds since the last `begin`."""
        return SIMULATED_EPOCH + self._loop.time() - self._began

    def begin(self) -> None:
        """Let the date be `SIMULATED_EPOCH` again."""
        self._began = self._loop.time()

    def run(self, coroutine: Coroutine[Any, Any, T], *, limit: float | None = None) -> T:
        """Run a coroutine to its end and return its result.

        `limit` is in simulated seconds, by default a day. Raises StalledError when it is passed,
        when nothing is left to happen, or when the clock has not moved for 30 s of real time.
        """
        if self._loop.is_running() or self._loop.is_closed():
            coroutine.close()
            state = "closed" if self._loop.is_closed() else "running already"
            raise SluicegateError(f"the clock is {state}: run a coroutine from a synchronous step")
        self._loop.watchdog.simulated_limit = SIMULATED_LIMIT if limit is None else limit
        task = self._loop.create_task(coroutine)
        try:
            return self._loop.run_until_complete(task)
        except BaseException:
            self._unwind(task)
            raise

    def lag(self, since: float) -> float:
        """Return 0.0: simulated time waits for the loop."""
        del since
        return 0.0

    def waited(self, since: float, until: float) -> float:
        """Return 0.0: simulated time waits for every process of its own."""
        del since, until
        return 0.0

    def left_of(self, seconds: float, since: float) -> float:
        """Return what is left of so many simulated seconds, since that time."""
        return seconds - (self._loop.time() - since)

    def watch(self, *leaders: int) -> AbstractContextManager[None]:
        """Do nothing: nothing that takes part is late."""
        del leaders
        return nullcontext()

    def watch_url(self, url: str) -> AbstractContextManager[None]:
        """Do nothing: nothing that takes part is late."""
        del url
        return nullcontext()

    async def quiesce(self) -> None:
        """Wait until nothing else can happen at this instant, in zero simulated time."""
        await self._loop.quiesce()

    def close(self) -> None:
        """Cancel what is pending, let it end, and close the loop."""
        if self._loop.is_closed():
            return
        try:
            self._loop.watchdog.simulated_limit = SIMULATED_LIMIT
            self._loop.run_until_complete(self._shut_down())
        finally:
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unwind(self, task: asyncio.Task[Any]) -> None:
        # When an exception escapes from the loop itself, the callback that stops the loop at the
        # end of a run may still be queued, and would stop the next run at once.
        self._loop.stop()
        self._loop.run_forever()
        if not task.done():
            task.cancel()
            self._finish(asyncio.wait({task}))

    def _finish(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        watchdog = self._loop.watchdog
        patience, watchdog.progress_limit = watchdog.progress_limit, UNWIND_LIMIT
        try:
            self._loop.run_until_complete(coroutine)
        except StalledError:
            pass  # the error that made the run end says more
        finally:
            watchdog.progress_limit = patience

    async def _shut_down(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_asyncgens()
        with self._loop.real_work():  # a thread of its own waits for the executor's
            await self._loop.shutdown_default_executor()
