"""Routing: which agent a model's requests go to, and which agents are known to be healthy."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from math import inf
from typing import Final

KEPT: Final = 10.0
"""Seconds after which what is known of an agent's health is to be checked again."""

CHECK_LIMIT: Final = 1.0
"""Seconds that a check may take; an agent that has not answered by then is unhealthy."""

_SUCCESS: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Route:
    """Models whose name fits `models`, in which `*` is any text and `?` any character."""

    models: str
    agent: str


ROUTES: Final = (
    Route("gpt-4*", "ccrouter"),
    Route("gemini*", "ccrouter"),
    Route("claude*", "droid"),
)
"""The documented routes; all other models go to the primary agent."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The agent whose circuit counts and that is asked first, and who is asked if it fails."""

    selected: str
    fallback: str | None = None


def agent_of(model: str, routes: Iterable[Route], primary: str) -> str:
    """Return the agent of the first route that fits a model, or the primary one."""
    return next((r.agent for r in routes if fnmatchcase(model, r.models)), primary)


def select(
    agent: str, fallbacks: Mapping[str, str], is_healthy: Callable[[str], bool]
) -> Selection | None:
    """Select an agent that is healthy, or its fallback, which then has none itself.

    `fallbacks` are those that may be used. Returns None if neither is healthy.
    """
    fallback = fallbacks.get(agent)
    if is_healthy(agent):
        return Selection(agent, fallback)
    if fallback is not None and is_healthy(fallback):
        return Selection(fallback)
    return None


def means_healthy(status: int | None) -> bool:
    """Tell what the status of a check means; None is that there was none.

    404 is healthy: such an agent does not know of checks.
    """
    return status is not None and (status in _SUCCESS or status == HTTPStatus.NOT_FOUND)


class Health:
    """What is known of the health of agents; of whom nothing is known, they are healthy.

    Only what is in `checked` is ever to be checked. Times are in seconds on any clock.
    """

    def __init__(self, checked: Iterable[str] = ()) -> None:
        self._begun: dict[str, float | None] = dict.fromkeys(checked)
        self._found: dict[str, tuple[bool, float]] = {}

    def is_healthy(self, agent: str, now: float) -> bool:
        """Tell whether an agent is healthy, as far as is known.

        What was found goes on to count while it is being checked again, and no longer.
        """
        healthy, until = self._found.get(agent, (True, now))
        return healthy or now > until

    def knows(self, agent: str, now: float) -> bool:
        """Tell whether what was found of an agent counts, or there is nothing to be found."""
        return agent not in self._begun or now <= self._found.get(agent, (True, -inf))[1]

    def due(self, now: float) -> tuple[str, ...]:
        """Return the agents that are to be checked now, and take them as being checked."""
        found = tuple(
            agent for agent, begun in self._begun.items() if begun is None or now >= begun + KEPT
        )
        self._begun.update(dict.fromkeys(found, now))
        return found

    def found(self, agent: str, now: float, *, healthy: bool) -> None:
        """Take the result of a check."""
        self._found[agent] = (healthy, now + KEPT + CHECK_LIMIT)
