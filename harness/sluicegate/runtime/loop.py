"""An asyncio loop whose time is simulated and whose sockets are real."""

import asyncio
import math
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, TypeVarTuple

from .limits import UNWIND_LIMIT
from .selector import SimulatedSelector
from .watchdog import StalledError, Watchdog

__all__ = ["SimulatedLoop", "StalledError"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

CLOCK_RESOLUTION = 1e-9


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Runs servers, systems and clients over real TCP, and never sleeps.

    When no socket is ready, no callback is due and no work holds the clock, the time is moved to
    the next timer. It starts at zero: near zero a float tells instants apart that it would merge
    at the time of an epoch.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._holds = 0
        self._idle_waiters: list[asyncio.Future[None]] = []
        self._executor: Executor | None = None
        self._workers: list[threading.Thread] = []
        self._simulated_selector = SimulatedSelector()
        super().__init__(self._simulated_selector)
        self._simulated_selector.drive(self)
        self._clock_resolution = CLOCK_RESOLUTION
        # Inside the function: anyio costs 25 ms, and whoever imports this module may never run it.
        from .threads import watch_threads  # noqa: PLC0415

        self._unwatch_threads = watch_threads()

    @property
    def watchdog(self) -> Watchdog:
        """The limits of each run of this loop."""
        return self._simulated_selector.watchdog

    @property
    def held(self) -> bool:
        """Whether real work holds the clock."""
        return self._holds > 0

    def time(self) -> float:
        """Return the simulated time in seconds."""
        return self._now

    def run_forever(self) -> None:
        """Run until stopped, watched from now on."""
        self.watchdog.start(self._now)
        super().run_forever()

    def close(self) -> None:
        """Close the loop and let go of what it watches."""
        if not self.is_closed():
            super().close()
            self._unwatch_threads()
            for worker in self._workers:
                worker.join(UNWIND_LIMIT)

    def next_timer(self) -> float:
        """Return the instant of the earliest timer, in simulated seconds.

        The timer's own float, not `time() + timeout`, whose rounding could end before it.
        """
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return timers[0].when()

    def transports(self) -> list[asyncio.Transport]:
        """Return all transports of this loop."""
        known: Mapping[int, asyncio.Transport] = self._transports  # type: ignore[attr-defined]
        return list(known.values())

    def move_to(self, instant: float) -> None:
        """Move the clock on to `instant`, in simulated seconds; it never goes back."""
        self._now = max(self._now, instant)
        # A resolution below the float's own would leave a timer due for ever but never run.
        self._clock_resolution = max(CLOCK_RESOLUTION, 2 * math.ulp(self._now))

    @contextmanager
    def real_work(self) -> Iterator[None]:
        """Hold the clock while something happens that the loop cannot see.

        A thread, another process, a socket outside the loop. To be entered and left in the loop's
        own thread.
        """
        self.hold()
        try:
            yield
        finally:
            self.release()

    def hold(self) -> None:
        """Hold the clock until `release` is called as often as this."""
        self._holds += 1

    def release(self) -> None:
        """Undo one `hold`."""
        self._holds -= 1

    def release_soon(self) -> None:
        """Undo one `hold` from any thread, after all wake-ups that this thread has sent before."""
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            self.call_soon_threadsafe(self.release)

    def adopt(self, worker: threading.Thread) -> None:
        """Take a thread that ends with its work, to be waited for when the loop closes."""
        self._workers.append(worker)

    async def quiesce(self) -> None:
        """Wait until nothing else can happen at this instant, in zero simulated time.

        What was written before has then been read: a write after it is a read of its own.
        """
        waiter = self.create_future()
        self._idle_waiters.append(waiter)
        await waiter

    def release_idle(self) -> bool:
        """Resume those who wait for idleness; return whether there were any."""
        waiters, self._idle_waiters = self._idle_waiters, []
        waiting = [waiter for waiter in waiters if not waiter.done()]
        for waiter in waiting:
            waiter.set_result(None)
        return bool(waiting)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run `func` in the executor; the clock is held until its thread has ended.

        Cancelling the returned future does not end the thread, and does not release the clock.
        """
        self.hold()
        try:
            work: Future[T] = (executor or self._own_executor()).submit(func, *args)
        except BaseException:
            self.release()
            raise
        result = asyncio.wrap_future(work, loop=self)
        work.add_done_callback(lambda _: self.release_soon())
        return result

    def _own_executor(self) -> Executor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(thread_name_prefix="simulated-loop")
            self.set_default_executor(self._executor)
        return self._executor

    def _make_socket_transport(self, sock: socket.socket, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - asyncio's own signature
        _send_at_once(sock)
        return super()._make_socket_transport(sock, *args, **kwargs)  # type: ignore[misc]

    def _make_ssl_transport(self, rawsock: socket.socket, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - asyncio's own signature
        _send_at_once(rawsock)
        return super()._make_ssl_transport(rawsock, *args, **kwargs)  # type: ignore[misc]


def _send_at_once(sock: socket.socket) -> None:
    # Nagle's algorithm with delayed acknowledgement is 40 ms of real silence with bytes unsent,
    # which would pass for "nothing else can happen". asyncio switches it off by the socket's
    # protocol number, which accepted sockets of a plain listener do not have.
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
