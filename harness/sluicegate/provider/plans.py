"""Every plan of the agents of one process, and how often each token has asked each of them."""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from sluicegate.errors import SluicegateError

from .plan import Plan
from .selection import Values
from .token import ACCEPTS, is_token

MOST_TOKENS: Final = 10_000
"""Tokens that are known; beyond it the one that was not heard of for the longest is forgotten."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A plan, whose it is, and how often it was asked; `token` is None for the agent's own."""

    agent: str
    token: str | None
    plan: Plan
    attempts: int


@dataclass(frozen=True, slots=True)
class _Case:
    """What is known of one token, by agents; `number` is its own, and never another's again."""

    number: int
    filings: Counter[str] = field(default_factory=Counter)
    plans: dict[str, Plan] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)


class Plans:
    """The plans of agents, by name; `own` are those that they start with.

    Each token counts its attempts at each agent by itself, and so do requests without one.
    """

    def __init__(self, own: Mapping[str, Plan] | None = None) -> None:
        self._first = dict(own or {})
        self._numbers = count()
        self._own = self._new(self._first)
        self._cases: OrderedDict[str, _Case] = OrderedDict()

    def file(self, agent: str, plan: Plan, token: str | None = None) -> None:
        """Let the agent answer as the plan says, from the first attempt on.

        Without a token it is the agent's own plan: its models and its health, and its answers to
        requests whose token has no plan, or that bear none. Raises SluicegateError for what is no
        token.
        """
        if token is not None and not is_token(token):
            raise SluicegateError(f"expected a token of {ACCEPTS}, got {token!r}")
        case = self._case(token)
        case.plans[agent] = plan
        case.filings[agent] += 1
        for each in self._concerned(agent, token):
            del each.attempts[agent]

    def answer(self, agent: str, token: str | None) -> Values:
        """Return the parameters for this attempt, and count it."""
        case = self._case(token)
        case.attempts[agent] += 1
        plan = case.plans.get(agent) or self.plan(agent)
        return plan.answer(case.attempts[agent])

    def kind(self, agent: str, token: str | None) -> Hashable:
        """Return what the requests have in common that are answered as the last attempt was.

        The token, the filing of the plan, and which of its answers it is: filed or reset again, all
        of it begins anew.
        """
        case = self._case(token)
        answers = (case.plans.get(agent) or self.plan(agent)).answers
        place = min(case.attempts[agent], len(answers))
        return case.number, case.filings[agent], self._own.filings[agent], place

    def plan(self, agent: str) -> Plan:
        """Return the agent's own plan."""
        return self._own.plans.get(agent) or Plan()

    def attempts(self, agent: str, token: str | None = None) -> int:
        """Return how often the token has asked the agent since its plan was filed."""
        case = self._own if token is None else self._cases.get(token)
        return 0 if case is None else case.attempts[agent]

    def reset(self, token: str | None = None) -> None:
        """Forget a token; or all of them, and let the agents' own plans be as at the start."""
        if token is None:
            self._own = self._new(self._first)
            self._cases.clear()
        else:
            self._cases.pop(token, None)

    def filed(self) -> Iterator[Filed]:
        """Yield every plan: the agents' own, then those of tokens."""
        for token, case in ((None, self._own), *self._cases.items()):
            for agent, plan in case.plans.items():
                yield Filed(agent, token, plan, case.attempts[agent])

    def _new(self, plans: Mapping[str, Plan]) -> _Case:
        return _Case(next(self._numbers), plans=dict(plans))

    def _case(self, token: str | None) -> _Case:
        if token is None:
            return self._own
        case = self._cases[token] = (
            self._cases.pop(token) if token in self._cases else self._new({})
        )
        if len(self._cases) > MOST_TOKENS:
            self._cases.popitem(last=False)
        return case

    def _concerned(self, agent: str, token: str | None) -> Iterator[_Case]:
        """Yield the cases whose answers come from the plan that was just filed."""
        yield self._case(token)
        if token is None:
            yield from (each for each in self._cases.values() if agent not in each.plans)
