"""Attempts: whom a request asks, in which order, and when its answer is committed.

A request is *asking* until the answer is committed; until then a failure that moves on leads to
the next attempt. Once it is *committed*, what the client has got is never taken back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sluicegate.upstream.errors import UpstreamError

from .breaker import Outcome

Mode = Literal["streamed", "plain"]
"""How an agent is asked."""

Role = Literal["selected", "fallback"]
"""Who is asked: the agent that the model selects, or that agent's fallback."""

ATTEMPTS: Final[Mapping[Mode, tuple[tuple[Role, Mode], ...]]] = {
    "streamed": (("selected", "streamed"), ("selected", "plain"), ("fallback", "plain")),
    "plain": (("selected", "plain"), ("fallback", "plain")),
}
"""The attempts of a request that the client wants streamed, or plain."""

STOPPING: Final = frozenset({400, 401, 403, 404, 422})
"""Statuses of an agent that every other one would answer, too; all other failures move on."""

Stage = Literal["asking", "committed", "answered", "refused", "failed", "broken", "left"]
"""How far a request is; from `answered` on, it has ended."""

Happening = Literal["content", "end", "failure", "last failure", "client error", "client leaves"]
"""What can happen to a request.

`content` commits it, `end` is that of a whole answer, `last failure` leaves no other attempt.
"""

STAGES: Final[Mapping[tuple[Stage, Happening], Stage]] = {
    ("asking", "failure"): "asking",
    ("asking", "last failure"): "failed",
    ("asking", "client error"): "refused",
    ("asking", "client leaves"): "left",
    ("asking", "content"): "committed",
    ("committed", "end"): "answered",
    ("committed", "last failure"): "broken",
    ("committed", "client leaves"): "left",
}

OUTCOMES: Final[Mapping[Stage, Outcome]] = {
    "answered": "success",
    "failed": "failure",
    "broken": "failure",
    "refused": "neither",
    "left": "neither",
}
"""What the end of a request is to the circuit of the selected agent."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to an agent."""

    agent: str
    mode: Mode


def attempts(
    mode: Mode, selected: str, fallback: str | None = None, *, enabled: bool = True
) -> tuple[Attempt, ...]:
    """Return the attempts of a request; without `enabled` fallbacks, the first alone."""
    agents = {"selected": selected, "fallback": fallback}
    asked = [(agents[role], mode_) for role, mode_ in ATTEMPTS[mode]]
    # Each of them once, should an agent be its own fallback.
    found = dict.fromkeys(Attempt(agent, mode_) for agent, mode_ in asked if agent is not None)
    return tuple(found)[: None if enabled else 1]


class Course:
    """The course of one request through its attempts."""

    def __init__(self, planned: tuple[Attempt, ...]) -> None:
        self._planned = planned
        self._number = 0
        self.stage: Stage = "asking"

    @property
    def attempt(self) -> Attempt:
        """The attempt that is being made, or was the last."""
        return self._planned[self._number]

    @property
    def made(self) -> tuple[Attempt, ...]:
        """The attempts so far, in their order."""
        return self._planned[: self._number + 1]

    @property
    def outcome(self) -> Outcome:
        """What the request is to the circuit of the selected agent; before its end, neither."""
        return OUTCOMES.get(self.stage, "neither")

    def commit(self) -> None:
        """Take content of the answer, of which the first commits it, or all of a plain one."""
        if self.stage != "committed":
            self._happen("content")

    def end(self) -> None:
        """Take the end of a whole answer."""
        self._happen("end")

    def leave(self) -> None:
        """Take the departure of the client; after the end it means nothing."""
        if self.stage not in OUTCOMES:
            self._happen("client leaves")

    def fail(self, error: UpstreamError) -> bool:
        """Take a failure of the attempt; return whether another attempt is to be made."""
        self._happen(self._meaning(error))
        if self.stage == "asking":
            self._number += 1
        return self.stage == "asking"

    def _meaning(self, error: UpstreamError) -> Happening:
        if self.stage == "committed":
            return "last failure"
        if error.status in STOPPING:
            return "client error"
        return "last failure" if self.made == self._planned else "failure"

    def _happen(self, happening: Happening) -> None:
        if (self.stage, happening) not in STAGES:
            raise ValueError(f"expected no {happening!r} of a request that is {self.stage}")
        self.stage = STAGES[self.stage, happening]
