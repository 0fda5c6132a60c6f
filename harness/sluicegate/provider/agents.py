"""Agents: the named providers of one process, as whoever controls them sees them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sluicegate.wire.schema import Violation

from .journal import Entry, Journal
from .plan import Place, read_plan
from .plans import Filed, Plans
from .refusal import RefusedError
from .token import ACCEPTS, is_token


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class AgentSide:
    """What there is of one agent: its journal, and what else begins anew at a reset."""

    journal: Journal
    on_reset: Callable[[], None] = _nothing


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry in the journal of an agent."""

    agent: str
    entry: Entry


class Agents:
    """The agents by name, and the plans that they share.

    Every method raises RefusedError for an agent that is none and for what is no token, with the
    place in `param`.
    """

    def __init__(self, sides: Mapping[str, AgentSide], plans: Plans) -> None:
        self._sides = dict(sides)
        self._plans = plans

    def file(self, plans: Mapping[str, object], token: str | None = None) -> tuple[Filed, ...]:
        """File a plan in JSON for each of the agents, all or none, and return what was filed.

        Raises RefusedError for a mistake in a plan, and for a plan of a token that says what no
        token asks for: which models there are, and whether the agent is healthy.
        """
        _check_token(token)
        read = {}
        for agent, document in plans.items():
            at = ("plans", agent)
            self._check(agent, at)
            read[agent] = read_plan(document, at)
            _check_scope(read[agent].document or {}, token, at)
        for agent, plan in read.items():
            self._plans.file(agent, plan, token)
        return tuple(Filed(agent, token, plan, 0) for agent, plan in read.items())

    def filed(self) -> tuple[Filed, ...]:
        """Return every plan, those of tokens after the agents' own."""
        return tuple(self._plans.filed())

    def entries(
        self, agent: str | None = None, token: str | None = None, since: int = 0
    ) -> tuple[Noted, ...]:
        """Return what the journals hold: of one agent or all, of one token or all.

        Only entries whose number is larger than `since` count; each agent numbers its own from 1.
        They come in the order in which the requests arrived.
        """
        _check_token(token)
        if agent is not None:
            self._check(agent, ("agent",))
        asked = self._sides if agent is None else {agent: self._sides[agent]}
        found = [
            Noted(name, entry)
            for name, side in asked.items()
            for entry in side.journal.select(token, since)
        ]
        return tuple(sorted(found, key=lambda noted: noted.entry.started))

    def reset(self, token: str | None = None) -> tuple[Filed, ...]:
        """Forget what a token filed and asked; or let everything be as at the start.

        Without a token the journals forget every exchange that has ended, too. Returns the plans
        that remain.
        """
        _check_token(token)
        self._plans.reset(token)
        if token is None:
            for side in self._sides.values():
                side.journal.clear()
                side.on_reset()
        return self.filed()

    def _check(self, agent: str, at: Place) -> None:
        if agent not in self._sides:
            near = get_close_matches(agent, self._sides, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            known = ", ".join(self._sides)
            raise _refused(at, f"there is no agent {agent!r}; {hint}there are {known}")


def _check_token(token: str | None) -> None:
    if token is not None and not is_token(token):
        raise _refused(("token",), f"expected {ACCEPTS}, got {token[:80]!r}")


def _check_scope(document: Mapping[str, Any], token: str | None, at: Place) -> None:
    for name in ("models", "healthy"):
        if token is not None and name in document:
            raise _refused(
                (*at, name), "does nothing with a token, which only prompts bear; file it without"
            )


def _refused(place: Place, message: str) -> RefusedError:
    param = Violation(place, message).param
    return RefusedError(f"{param}: {message}", param=param)
