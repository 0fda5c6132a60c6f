"""The circuits of all agents, each of which opens and closes by itself."""

from collections.abc import Callable
from dataclasses import dataclass

from .breaker import Breaker, Numbers, Outcome, Permit, Refused, State

Changed = Callable[[str, State], None]


@dataclass(frozen=True, slots=True)
class Passage:
    """A request that a circuit let through; to be settled once it has ended, however it ends."""

    agent: str
    breaker: Breaker
    permit: Permit


class Circuits:
    """Lets requests pass, or refuses them, by the agent that is selected for them.

    `changed` is told of every circuit that opens, tries again or closes.
    """

    def __init__(self, numbers: Numbers, changed: Changed) -> None:
        self._numbers = numbers
        self._changed = changed
        self._breakers: dict[str, Breaker] = {}
        self._states: dict[str, State] = {}

    def admit(self, agent: str, now: float) -> Passage | Refused:
        """Let a request through, or refuse it."""
        breaker = self._breakers.setdefault(agent, Breaker(self._numbers))
        found = breaker.admit(now)
        self._look(agent, breaker, now)
        return found if isinstance(found, Refused) else Passage(agent, breaker, found)

    def settle(self, passage: Passage, outcome: Outcome, now: float) -> None:
        """Take the end of a request; only the first counts."""
        passage.breaker.settle(passage.permit, outcome, now)
        # After a reset it is another's that counts.
        if self._breakers.get(passage.agent) is passage.breaker:
            self._look(passage.agent, passage.breaker, now)

    def reset(self) -> None:
        """Forget everything, also of what still runs."""
        self._breakers.clear()
        self._states.clear()

    def _look(self, agent: str, breaker: Breaker, now: float) -> None:
        state = breaker.state(now)
        if state != self._states.get(agent, "closed"):
            self._changed(agent, state)
        self._states[agent] = state
