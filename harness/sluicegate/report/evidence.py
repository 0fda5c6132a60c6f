"""What failed and for which reasons, the plainest evidence first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from sluicegate.scenario.profile import DEFAULT_VARIANT

Scenario = Mapping[str, Any]
"""A scenario, as the document has it."""

_LEVELS: Final = ("core", "extended")
_GIVEN: Final = {"Given", "And", "But", "*"}
_UNRECORDED: Final = "(no requirement)"

_Rule = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason for which scenarios did not pass, who is to blame for it, and the scenarios."""

    reason: str
    blame: str
    scenarios: tuple[Scenario, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """What fails a rule, and whatever fails for the same reasons.

    `requirements` are those of all scenarios that fail so, the rule's own first; `sentence` is the
    rule's. `ran` is how many scenarios the rules have that are concerned, and `wrong` how many of
    these failed, some of them for reasons that are told elsewhere.
    """

    requirements: str
    level: str
    sentence: str
    ran: int
    wrong: int
    causes: tuple[Cause, ...]

    @property
    def failed(self) -> int:
        """Return how many scenarios failed for these reasons."""
        return sum(len(cause.scenarios) for cause in self.causes)

    @property
    def count(self) -> str:
        """Return how many scenarios failed for these reasons, and of how many, in words."""
        how = "failed" if self.failed == self.wrong else "failed like this"
        return f"{self.failed} of {number_of(self.ran)} {how}"


def failures(scenarios: Iterable[Scenario], requirements: Iterable[Scenario]) -> list[Failure]:
    """Return what failed, the plainest first, and each reason once.

    A reason stands with the rule of the plainest scenario that fails for it. Plain is what is core,
    has the default variant, has few exchanges, sets up little before the client acts, and is about
    a requirement that comes early in the register (`requirements` are in its order).
    """
    sentences = {each["id"]: each["sentence"] for each in requirements}
    judged = (each for each in scenarios if each["outcome"] != "skipped")
    ranked = sorted(judged, key=_plainness(sentences))
    rules: dict[_Rule, list[Scenario]] = {}
    for each in ranked:
        rules.setdefault(_rule(each), []).append(each)
    told: dict[_Rule, list[Cause]] = {}
    for cause in causes(filter(_has_failed, ranked)):
        told.setdefault(_rule(cause.scenarios[0]), []).append(cause)
    return [_failure(each, rules, sentences) for each in told.values()]


def causes(scenarios: Iterable[Scenario]) -> list[Cause]:
    """Return the reasons for which scenarios did not pass, each once; they keep their order."""
    groups: dict[tuple[str, str], list[Scenario]] = {}
    for each in scenarios:
        groups.setdefault((each["reason"], each["blame"]), []).append(each)
    return [Cause(reason, blame, tuple(group)) for (reason, blame), group in groups.items()]


def required(scenarios: Iterable[Scenario]) -> str:
    """Return the requirements of scenarios, and the feature of one that has none."""
    return ", ".join(dict.fromkeys(name for each in scenarios for name in _names(each)))


def place(scenario: Scenario) -> str:
    """Return where a scenario stands."""
    return f"{scenario['path']}:{scenario['line']}"


def number_of(scenarios: int) -> str:
    """Return a number of scenarios in words."""
    return "1 scenario" if scenarios == 1 else f"{scenarios} scenarios"


def _plainness(register: Iterable[str]) -> Callable[[Scenario], tuple[int, ...]]:
    """Return the key that sorts the plainest scenario first."""
    places = {name: place for place, name in enumerate(register)}

    def key(scenario: Scenario) -> tuple[int, ...]:
        early = (places[name] for name in scenario["requirements"] if name in places)
        return (
            _LEVELS.index(scenario["level"]),
            scenario["variant"] != DEFAULT_VARIANT,
            len(scenario["exchanges"]),
            _set_up(scenario),
            min(early, default=len(places)),
        )

    return key


def _set_up(scenario: Scenario) -> int:
    """Return how many steps set something up before the client acts."""
    keywords = (step["keyword"] for step in scenario["steps"])
    return sum(1 for _ in takewhile(_GIVEN.__contains__, keywords))


def _failure(
    told: Sequence[Cause], rules: Mapping[_Rule, list[Scenario]], sentences: Mapping[str, str]
) -> Failure:
    failed = [each for cause in told for each in cause.scenarios]
    concerned = [each for rule in dict.fromkeys(map(_rule, failed)) for each in rules[rule]]
    levels = {each["level"] for each in failed}
    return Failure(
        requirements=required(failed),
        level=" and ".join(each for each in _LEVELS if each in levels),
        sentence=_sentence(failed[0], sentences),
        ran=len(concerned),
        wrong=sum(map(_has_failed, concerned)),
        causes=tuple(told),
    )


def _sentence(scenario: Scenario, sentences: Mapping[str, str]) -> str:
    said = (sentences[name] for name in scenario["requirements"] if name in sentences)
    return scenario["rule"] or "; ".join(said) or scenario["name"]


def _has_failed(scenario: Scenario) -> bool:
    return bool(scenario["outcome"] == "failed")


def _rule(scenario: Scenario) -> _Rule:
    return required([scenario]), scenario["rule"]


def _names(scenario: Scenario) -> list[str]:
    return scenario["requirements"] or [scenario["feature"] or _UNRECORDED]
