"""The limits of a simulated run, and the error that says which one was passed."""

import math
from time import monotonic

from sluicegate.errors import SluicegateError

from .limits import PROGRESS_LIMIT, SIMULATED_LIMIT


class StalledError(SluicegateError):
    """A run cannot or must not go on; the message shows what every pending task awaits."""


class Watchdog:
    """Watches one run: real time without progress, and simulated time altogether.

    Progress is a clock that moves. A transfer without end and a task that spins at one instant
    make none, however busy they are.
    """

    def __init__(self) -> None:
        self.progress_limit = PROGRESS_LIMIT
        self.simulated_limit = SIMULATED_LIMIT
        self._progressed_at = math.inf
        self._simulated_deadline = math.inf

    def start(self, now: float) -> None:
        """Begin to watch a run that starts at the simulated time `now`, in seconds."""
        self._simulated_deadline = now + self.simulated_limit
        self.progress()

    def progress(self) -> None:
        """Take note that the clock has moved."""
        self._progressed_at = monotonic()

    def complaint(self) -> str | None:
        """Return what is wrong if the clock has stood still for too long."""
        if monotonic() - self._progressed_at <= self.progress_limit:
            return None
        return f"the clock has not moved for {self.progress_limit:g} s of real time"

    def complaint_about(self, instant: float) -> str | None:
        """Return what is wrong with moving the clock to the simulated time `instant`."""
        if instant <= self._simulated_deadline:
            return None
        return (
            f"the next timer is due at {instant:.6f} s, past this run's limit of "
            f"{self.simulated_limit:g} s of simulated time"
        )
