"""Plans: what an agent lists and calls itself, and what it answers, attempt by attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, Final

from sluicegate.errors import SluicegateError
from sluicegate.wire.schema import Violation, violations

from .refusal import RefusedError
from .selection import Values, read_planned

DEFAULT_MODELS = ("gpt-4",)

MOST_ANSWERS: Final = 10_000
"""Attempts that one plan can tell apart; the last answer repeats for ever anyway."""

Place = tuple[str | int, ...]
"""Where something stands in a document, such as `("answers", 0, "fail")`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `GET /v1/models` lists, what `GET /health` says, and what is answered.

    Any model is answered, listed or not. `answers` are parameters, one set for each attempt; the
    last repeats for ever, and where there are none, the answers are the provider's ordinary ones.
    `document` is what the plan was read from, if it was. Raises `SluicegateError` for a name that
    no client could ask for.
    """

    models: tuple[str, ...] = DEFAULT_MODELS
    healthy: bool = True
    answers: tuple[Values, ...] = ()
    document: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in self.models:
            if not name.strip():
                raise SluicegateError(f"expected the name of a model, got {name!r}")
        if len(set(self.models)) < len(self.models):
            raise SluicegateError(f"expected each model once, got {', '.join(self.models)}")

    def answer(self, attempt: int) -> Values:
        """Return the parameters of the answer to an attempt, which are numbered from 1."""
        return self.answers[min(attempt, len(self.answers)) - 1] if self.answers else {}


def read_plan(document: object, at: Place = ()) -> Plan:
    """Read a plan from JSON: `{"answers": [{"fail": 429}, {"text": "Hello"}]}`.

    `models` and `healthy` may be there, too. An answer holds parameters, and may say for how many
    attempts it is meant: `{"times": 2, "fail": 429}`. Raises RefusedError whose `param` is the
    wrong place, such as `answers[0].fail`; `at` is where the plan stands in a larger document.
    """
    for each in violations(document, "sluicegate/plan"):
        raise _refused((*at, *each.path), each.message)
    assert isinstance(document, dict)  # noqa: S101 - the schema says so
    try:
        return Plan(
            models=tuple(document.get("models", DEFAULT_MODELS)),
            healthy=document.get("healthy", True),
            answers=_answers(document.get("answers", []), (*at, "answers")),
            document=document,
        )
    except RefusedError:
        raise
    except SluicegateError as error:
        raise _refused((*at, "models"), str(error)) from None


def _answers(listed: list[dict[str, Any]], at: Place) -> tuple[Values, ...]:
    if listed and "times" in listed[-1]:
        raise _refused(
            (*at, len(listed) - 1, "times"),
            "does nothing in the last answer, which repeats for ever; for the ordinary answer "
            "after these attempts, add {}",
        )
    if sum(map(_times, listed)) > MOST_ANSWERS:
        raise _refused(at, f"expected at most {MOST_ANSWERS} attempts in all")
    each = (_repeated(answer, (*at, number)) for number, answer in enumerate(listed))
    return tuple(chain.from_iterable(each))


def _repeated(answer: dict[str, Any], at: Place) -> "repeat[Values]":
    parameters = {name: value for name, value in answer.items() if name != "times"}
    try:
        return repeat(read_planned(parameters), _times(answer))
    except RefusedError as refused:
        place = at if refused.param is None else (*at, refused.param)
        raise _refused(place, refused.message) from None


def _times(answer: dict[str, Any]) -> int:
    return int(answer.get("times", 1))  # in JSON, 2.0 is an integer


def _refused(place: Place, message: str) -> RefusedError:
    param = Violation(place, message).param
    return RefusedError(f"{param or 'The plan'}: {message}", param=param)
