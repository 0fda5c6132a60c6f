"""The wall clock: an ordinary loop in a thread of its own, on real time."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Generic, NoReturn, Self, TypeVar
from urllib.parse import urlsplit

from sluicegate.errors import SluicegateError

from .heartbeat import Heartbeat
from .limits import (
    INTERRUPT_POLL,
    LAG_LIMIT,
    UNWIND_LIMIT,
    WAITS_ALLOWED,
    WALL_LIMIT,
    WALL_TOLERANCE,
)
from .pending import describe_pending
from .processes import serving
from .waiting import Waiting, is_measured
from .watchdog import StalledError

T = TypeVar("T")

_THIS_MACHINE: Final = ("127.0.0.1", "localhost", "::1")
_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}


class WallClock:
    """Real time; servers on its loop keep answering while no step runs."""

    name: Final = "wall"

    def __init__(self, *, tolerance: float = WALL_TOLERANCE) -> None:
        self.tolerance = tolerance
        self.lag_limit = LAG_LIMIT if is_measured() else tolerance
        self._loop = asyncio.new_event_loop()
        self._waiting = Waiting()
        self._heartbeat = Heartbeat(self._loop, self._waiting.sample)
        self._thread = threading.Thread(target=self._serve, name="wall-clock", daemon=True)
        self._thread.start()

    def time(self) -> float:
        """Return the seconds on the clock's loop, which start anywhere."""
        return self._loop.time()

    def begin(self) -> None:
        """Do nothing: the wall's date is what it is."""

    def unix(self) -> float:
        """Return the real time in seconds since 1970-01-01T00:00:00Z."""
        return time.time()

    def run(self, coroutine: Coroutine[Any, Any, T], *, limit: float | None = None) -> T:
        """Run a coroutine to its end on the clock's loop and return its result.

        `limit` is in real seconds, by default five minutes; `math.inf` lifts it. Raises
        StalledError when it is passed. An interrupt from the keyboard cancels the coroutine.
        """
        if threading.current_thread() is self._thread or self._loop.is_closed():
            coroutine.close()
            state = "closed" if self._loop.is_closed() else "running already"
            raise SluicegateError(f"the clock is {state}: run a coroutine from a synchronous step")
        return self._finish(_Job(self._loop, coroutine), WALL_LIMIT if limit is None else limit)

    def lag(self, since: float) -> float:
        """Return the worst lateness of the clock's loop since that time, in seconds."""
        return self._heartbeat.worst(since)

    def waited(self, since: float, until: float) -> float:
        """Return the seconds of waiting for a processor that can have held up what came `until`.

        `since` is when something was last seen to happen before it.
        """
        self._waiting.sample(self._loop.time(), self._heartbeat.overdue())
        return self._waiting.waited(since, until)

    def left_of(self, seconds: float, since: float) -> float:
        """Return what is left of so many seconds in which everybody could act, since that time.

        What processes have waited for a processor is added, up to five seconds.
        """
        now = self._loop.time()
        return seconds - (now - since) + min(self.waited(since, now), WAITS_ALLOWED)

    def watch(self, *leaders: int) -> AbstractContextManager[None]:
        """Let the waits of these processes count, of their groups, and of all their descendants.

        Without any, nobody knows who acts: whoever waits on this machine counts.
        """
        return self._waiting.watch(leaders)

    def watch_url(self, url: str) -> AbstractContextManager[None]:
        """Watch the processes that serve a URL on this machine, whoever runs them.

        Of another machine nothing is known, and nothing that is waited here holds it up.
        """
        place = urlsplit(url)
        if place.hostname not in _THIS_MACHINE:
            return nullcontext()
        return self.watch(*serving(place.port or _PORTS[place.scheme]))

    async def quiesce(self) -> None:
        """Yield once: real time has no instant at which nothing else can happen."""
        await asyncio.sleep(0)

    def close(self) -> None:
        """Cancel what is pending, let it end, end the thread and close the loop."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._waiting.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        self._loop.call_soon(self._heartbeat.start)
        self._loop.run_forever()
        self._loop.run_until_complete(_shut_down())

    def _finish(self, job: "_Job[T]", limit: float) -> T:
        try:
            self._loop.call_soon_threadsafe(job.start)
            if not job.wait(limit):
                self._stall(limit)
        except BaseException:
            self._loop.call_soon_threadsafe(job.cancel)
            job.wait(UNWIND_LIMIT)
            raise
        return job.result()

    def _stall(self, limit: float) -> NoReturn:
        raise StalledError(
            f"not finished after {limit:g} s of real time\n{describe_pending(self._loop)}"
        )


class _Job(Generic[T]):
    """A coroutine on its way to a loop in another thread.

    Unlike the future of `run_coroutine_threadsafe` it exists before the loop knows of it, so that
    an interrupt at any moment can cancel it, and it has ended only when its task has.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> None:
        self._ended = threading.Event()
        self._loop = loop
        self._coroutine = coroutine
        self._task: asyncio.Task[T] | None = None

    def start(self) -> None:
        """Start the task; to be called in the loop's thread."""
        self._task = self._loop.create_task(self._coroutine)
        self._task.add_done_callback(self._end)

    def cancel(self) -> None:
        """Cancel the task, or the coroutine that has not become one; in the loop's thread."""
        if self._task is not None:
            self._task.cancel()
        else:
            self._coroutine.close()
            self._ended.set()

    def wait(self, limit: float) -> bool:
        """Wait until the task has ended, for so many real seconds; return whether it has.

        In short waits: an interrupt that comes just before the thread goes to sleep does not wake
        it, and takes effect when it wakes by itself.
        """
        deadline = time.monotonic() + limit
        while not self._ended.wait(min(INTERRUPT_POLL, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                return False
        return True

    def result(self) -> T:
        """Return what the task returned, or raise what it raised, once it has ended."""
        if self._task is None:
            raise asyncio.CancelledError
        return self._task.result()

    def _end(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # asyncio complains about an error that nobody has looked at
        self._ended.set()


async def _shut_down() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
