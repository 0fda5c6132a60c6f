"""How long a run still takes: what each kind of scenario has taken so far, times what is left."""

import time
from collections.abc import Callable, Collection, Iterable
from typing import Final, Literal

Kind = Literal["slow", "quick"]

_USUAL: Final[dict[Kind, float]] = {"slow": 35.0, "quick": 1.0}
"""Seconds that a scenario takes, before one of its kind has ended."""

_AGAIN: Final = 0.5
"""What runs for longer than expected may take so much of its time again."""


class Estimate:
    """An estimate for scenarios that run side by side on `workers`; `slow` are their node ids.

    What runs for longer than expected counts with what it has taken so far: where a gateway never
    answers, nothing ends for minutes. `now` is a clock, in seconds.
    """

    def __init__(
        self,
        slow: Collection[str] = (),
        workers: int = 1,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slow = frozenset(slow)
        self._workers = max(workers, 1)
        self._now = now
        self._taken: dict[Kind, list[float]] = {"slow": [], "quick": []}
        self._begun: dict[str, float] = {}

    def begin(self, nodeid: str) -> None:
        """Note that a scenario begins to run."""
        self._begun[nodeid] = self._now()

    def end(self, nodeid: str, seconds: float) -> None:
        """Note how long a scenario has taken."""
        self._begun.pop(nodeid, None)
        self._taken[self._kind(nodeid)].append(seconds)

    def left(self, pending: Collection[str]) -> float:
        """Return the seconds that the scenarios may take that have not ended."""
        now = self._now()
        running = {nodeid: now - begun for nodeid, begun in list(self._begun.items())}
        expected = self._expected(running)
        each = [
            _rest(running.get(nodeid, 0.0), expected[self._kind(nodeid)])
            for nodeid in list(pending)
        ]
        return max(sum(each) / self._workers, max(each, default=0.0))

    def _kind(self, nodeid: str) -> Kind:
        return "slow" if nodeid in self._slow else "quick"

    def _expected(self, running: dict[str, float]) -> dict[Kind, float]:
        """Return how long one of each kind takes; slow ones run first, and tell of the others."""
        slow = self._known("slow", running) or _USUAL["slow"]
        guess = _USUAL["quick"] * max(slow / _USUAL["slow"], 1.0)
        return {"slow": slow, "quick": self._known("quick", running) or guess}

    def _known(self, kind: Kind, running: dict[str, float]) -> float:
        """Return how long one of this kind has taken, 0 where nothing is known yet."""
        taken = self._taken[kind]
        usual = _mean(taken) or _USUAL[kind]
        ours = (seconds for nodeid, seconds in running.items() if self._kind(nodeid) == kind)
        return _mean([*taken, *(seconds for seconds in ours if seconds > usual)])


def _rest(taken: float, expected: float) -> float:
    return max(expected - taken, taken * _AGAIN if taken > expected else 0.0)


def _mean(seconds: Iterable[float]) -> float:
    known = list(seconds)
    return sum(known) / len(known) if known else 0.0


def duration(seconds: float) -> str:
    """Write a duration as a person would say it: `40 s`, `3 min`."""
    if seconds < _MINUTE * 1.5:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds / _MINUTE)} min"


_MINUTE: Final = 60.0
