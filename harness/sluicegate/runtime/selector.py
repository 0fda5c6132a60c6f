"""The selector that moves a simulated clock instead of sleeping."""

import selectors
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from .kernel import is_connecting, undelivered
from .limits import CONNECT_GRACE, DELIVERY_GRACE, HOLD_POLL, STALL_GRACE
from .pending import describe_pending
from .watchdog import StalledError, Watchdog

if TYPE_CHECKING:
    from .loop import SimulatedLoop

Ready: TypeAlias = list[tuple[selectors.SelectorKey, int]]

KernelWork: TypeAlias = tuple[int, int]
"""A descriptor, and the number of its bytes that have not arrived or CONNECTING."""

CONNECTING: Final = -1


class SimulatedSelector(selectors.DefaultSelector):
    """Polls, and moves its loop's clock when nothing else can happen.

    In this order: what is ready; work that holds the clock; what the kernel has not done yet; the
    idle barrier; the next timer. When even that is missing, the run has stalled.
    """

    def __init__(self) -> None:
        super().__init__()
        self.watchdog = Watchdog()
        self._kernel_deadlines: dict[KernelWork, float] = {}
        self._loop: SimulatedLoop | None = None

    def drive(self, loop: "SimulatedLoop") -> None:
        """Take the loop whose clock is to be moved."""
        self._loop = loop

    def select(self, timeout: float | None = None) -> Ready:
        """Return what is ready; move the clock if nothing is and `timeout` allows it.

        Raises StalledError when the watchdog complains or nothing is left to happen.
        """
        loop = self._loop
        if loop is None:
            return super().select(timeout)
        if complaint := self.watchdog.complaint():
            self._stall(loop, complaint)
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if loop.held:
            return super().select(HOLD_POLL)
        return self._await_kernel(loop) or self._move_on(loop, timeout)

    def _move_on(self, loop: "SimulatedLoop", timeout: float | None) -> Ready:
        if loop.release_idle():
            return []
        if timeout is None:
            return super().select(STALL_GRACE) or self._stall(
                loop, "nothing is left to happen: no timer, no data, no thread"
            )
        instant = loop.next_timer()
        if complaint := self.watchdog.complaint_about(instant):
            self._stall(loop, complaint)
        if instant > loop.time():
            self.watchdog.progress()
        loop.move_to(instant)
        return []

    def _stall(self, loop: "SimulatedLoop", complaint: str) -> NoReturn:
        # The next run starts with a fresh count; unwinding this one must not fail at once again.
        self.watchdog.start(loop.time())
        raise StalledError(
            f"stalled at {loop.time():.6f} s of simulated time: {complaint}\n"
            f"{describe_pending(loop)}"
        )

    def _await_kernel(self, loop: "SimulatedLoop") -> Ready:
        now = time.monotonic()
        known = self._kernel_deadlines
        self._kernel_deadlines = {
            work: known.get(work, now + grace) for work, grace in self._kernel_work(loop)
        }
        patience = max(self._kernel_deadlines.values(), default=now) - now
        return super().select(patience) if patience > 0 else []

    def _kernel_work(self, loop: "SimulatedLoop") -> Iterator[tuple[KernelWork, float]]:
        for key in self.get_map().values():
            # A socket that is still connecting waits for nothing but its writability.
            if key.events == selectors.EVENT_WRITE and is_connecting(key.fd):
                yield (key.fd, CONNECTING), CONNECT_GRACE
        for work in undelivered(loop.transports()):
            yield work, DELIVERY_GRACE
