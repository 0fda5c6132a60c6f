"""The circuit breaker: its states, what moves it, and the table of what becomes of it then.

Everything that moves a circuit lives in this file. Time is passed in, in seconds on any clock that
only goes forward.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal

State = Literal["closed", "open", "half-open"]
"""closed: requests go through; open: none does; half-open: one at a time does, as a probe."""

Outcome = Literal["success", "failure", "neither"]
"""How a request ended. A client that went away, or that was itself at fault, is neither."""

Event = Outcome | Literal["open time over"]
"""What can happen to a circuit."""

Counted = Literal["failures", "successes"]
"""What is counted in a state; the count begins anew with each state."""


@dataclass(frozen=True, slots=True)
class Transition:
    """The state that follows, at once or after as many events in a row as `after` names."""

    to: State
    after: Counted | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """The state stays, and its count begins anew."""


TABLE: Final[Mapping[tuple[State, Event], Transition | Reset]] = {
    ("closed", "success"): Reset(),
    ("closed", "failure"): Transition("open", after="failures"),
    ("open", "open time over"): Transition("half-open"),
    ("half-open", "success"): Transition("closed", after="successes"),
    ("half-open", "failure"): Transition("open"),
}
"""What an event makes of a circuit; whatever is not in here changes nothing."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """After `failures` in a row a circuit is open for some seconds; `successes` close it again."""

    failures: int = 5
    open_seconds: float = 30.0
    successes: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Permit:
    """A request may go through, in a state; to be settled once it has ended, however it ends."""

    state: State


@dataclass(frozen=True, slots=True)
class Refused:
    """A request may not go through; `retry_after` is in whole seconds, and at least 1."""

    retry_after: int


_DEFAULT: Final = Numbers()


class Breaker:
    """The circuit of one agent, which opens when its requests fail one after the other."""

    def __init__(self, numbers: Numbers = _DEFAULT) -> None:
        self._numbers = numbers
        self._state: State = "closed"
        self._count = 0
        self._opened = 0.0
        self._running = set[Permit]()

    def state(self, now: float) -> State:
        """Return the state that the circuit is in."""
        if self._state == "open" and self._remaining(now) <= 0:
            self._happen("open time over", now)
        return self._state

    def admit(self, now: float) -> Permit | Refused:
        """Let a request through, or refuse it."""
        state = self.state(now)
        if state == "open":
            return Refused(max(1, ceil(self._remaining(now))))
        if state == "half-open" and self._running:
            return Refused(1)
        permit = Permit(state)
        self._running.add(permit)
        return permit

    def settle(self, permit: Permit, outcome: Outcome, now: float) -> None:
        """Take the end of a request that was let through; a probe gives its place back.

        Only the first outcome of a permit counts, and none once the state has changed.
        """
        if permit not in self._running:
            return
        self._running.remove(permit)
        self._happen(outcome, now)

    def _happen(self, event: Event, now: float) -> None:
        entry = TABLE.get((self._state, event))
        if isinstance(entry, Reset):
            self._count = 0
        if isinstance(entry, Transition):
            self._count += 1
            if entry.after is None or self._count >= getattr(self._numbers, entry.after):
                self._become(entry.to, now)

    def _become(self, state: State, now: float) -> None:
        self._state, self._opened = state, now
        self._count = 0
        # Whatever still runs belongs to a state that is over.
        self._running.clear()

    def _remaining(self, now: float) -> float:
        # To the microsecond: differences of times are not exact, and 30 s are no 31.
        return round(self._opened + self._numbers.open_seconds - now, 6)
