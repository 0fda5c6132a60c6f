"""The verdict: what the scenarios of a run come to; pure functions over the document's entries."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from .evidence import Cause, Failure, causes, failures, number_of, place, required

Entry = Mapping[str, Any]
"""A scenario, a requirement or a known failure, as the document has it."""

Outcome = Literal["conformant", "not conformant", "not judged"]

OUTCOMES: Final = (
    "passed",
    "failed",
    "known failure",
    "informational failure",
    "informational pass",
    "skipped",
    "not judged",
)
"""How a scenario can end."""

EXIT_CODES: Final[Mapping[Outcome, int]] = {
    "conformant": 0,
    "not conformant": 1,
    "not judged": 2,
}

MOST_REASONS: Final = 8


@dataclass(frozen=True, slots=True)
class Trouble:
    """What kept the run as a whole from judging, in a sentence that says what to do about it."""

    blame: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A run that ended early: after how many of its scenarios, and how.

    `failures` are those after which it was to stop, 0 where somebody interrupted it.
    """

    ended: int
    planned: int
    failures: int = 0

    def __str__(self) -> str:
        """Return how it ended, as a part of a sentence."""
        if not self.planned:
            return "interrupted before any scenario ran"
        return f"{self._why} after {self.ended} of {number_of(self.planned)}"

    @property
    def _why(self) -> str:
        whys = {0: "interrupted", 1: "stopped at the first failure,"}
        return whys.get(self.failures, f"stopped at failure {self.failures},")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run comes to: a sentence, and why, in lines that a person can act on."""

    outcome: Outcome
    sentence: str
    reasons: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """Return the exit code of a run with a profile."""
        return EXIT_CODES[self.outcome]


def counts(scenarios: Iterable[Entry]) -> dict[str, int]:
    """Count the scenarios of each outcome."""
    tally = Counter(each["outcome"] for each in scenarios)
    return {outcome: tally[outcome] for outcome in OUTCOMES}


def known_state(covered: Sequence[Entry], scenarios: int) -> str:
    """Return the state of a known failure, by what became of the scenarios that it covers.

    It "passes" only if all `scenarios` that it covers did: others may not have been chosen.
    """
    tally = Counter(each["outcome"] for each in covered)
    if tally["known failure"] or tally["informational failure"]:
        return "holds"
    if tally["failed"]:
        return "expired"
    passed = tally["passed"] + tally["informational pass"]
    return "passes" if passed and passed == max(scenarios, len(covered)) else "not run"


def verdict(
    who: str,
    scenarios: Sequence[Entry],
    requirements: Sequence[Entry],
    known: Sequence[Entry],
    troubles: Sequence[Trouble],
) -> Verdict:
    """Judge a system, called `who`.

    By its scenarios, the verdicts on its requirements, and the states of its known failures.
    """
    tally = counts(scenarios)
    passing = [each for each in known if each["state"] == "passes"]
    reasons = (
        *map(_troubled, troubles),
        *map(_why_failed, failures(scenarios, requirements)),
        *map(_passing, passing),
        *map(_why_unjudged, causes(each for each in scenarios if each["outcome"] == "not judged")),
    )
    if tally["failed"] or passing:
        told = _failed(tally) if tally["failed"] else _unexpected(passing)
        return Verdict("not conformant", f"{who} is not conformant: {told}.", _first(reasons))
    if told := _unjudged(scenarios, tally, troubles):
        return Verdict("not judged", f"{who} was not judged: {told}.", _first(reasons))
    told = "; ".join(filter(None, [_passed(tally), _untried(requirements)]))
    return Verdict("conformant", f"{who} is conformant: {told}.")


def shortened(found: Verdict, cut: Cut, who: str, scenarios: Iterable[Entry]) -> Verdict:
    """Return what the verdict on a run is worth that ended early.

    One that somebody interrupted judges nothing.
    """
    if cut.failures:
        return replace(found, sentence=f"{found.sentence.removesuffix('.')}; {cut}.")
    told = f"{cut}{_so_far(counts(scenarios))}"
    return replace(found, outcome="not judged", sentence=f"{who} was not judged: {told}.")


def _so_far(tally: Mapping[str, int]) -> str:
    return f" ({tally['failed']} failed so far)" if tally["failed"] else ""


def _failed(tally: Mapping[str, int]) -> str:
    return f"{tally['failed']} of {number_of(_run(tally))} failed"


def _unexpected(passing: Sequence[Entry]) -> str:
    one = len(passing) == 1
    return f"{'a' if one else len(passing)} known failure{'' if one else 's'} did not fail"


def _unjudged(
    scenarios: Iterable[Entry], tally: Mapping[str, int], troubles: Sequence[Trouble]
) -> str:
    """Return why nothing can be said, empty if something can."""
    is_core = any(each["outcome"] == "passed" and each["level"] == "core" for each in scenarios)
    answers = (
        (troubles, "".join(each.sentence.rstrip(".") for each in troubles[:1])),
        (tally["not judged"], f"{tally['not judged']} of {number_of(_run(tally))} were not"),
        (not _run(tally), "no scenario ran"),
        (not is_core, "no core scenario passed"),
    )
    return next((told for is_so, told in answers if is_so), "")


def _passed(tally: Mapping[str, int]) -> str:
    others = ("known failure", "informational failure", "informational pass", "skipped")
    told = [f"{tally[each]} {_PLURALS[each]}" for each in others if tally[each]]
    return ", ".join([f"{number_of(tally['passed'])} passed", *told])


def _untried(requirements: Sequence[Entry]) -> str:
    """Return how much of the contract was not chosen to run."""
    number = sum(each["verdict"] == "not run" for each in requirements)
    return f"{number} of {len(requirements)} requirements were not tried" if number else ""


_PLURALS: Final = {
    "known failure": "failed as known",
    "informational failure": "failed for information only",
    "informational pass": "passed for information only",
    "skipped": "skipped",
}


def _run(tally: Mapping[str, int]) -> int:
    return sum(tally.values()) - tally["skipped"]


def _troubled(trouble: Trouble) -> str:
    return f"{trouble.sentence} (to blame: {trouble.blame})"


def _passing(known: Entry) -> str:
    return (
        f"{known['requirement']}: the known failure {known['reason']!r} did not fail: "
        "remove it from the profile"
    )


def _why_failed(failure: Failure) -> str:
    return _line(failure.requirements, failure.causes[0], "failed", failure.failed)


def _why_unjudged(cause: Cause) -> str:
    """Return a line for what was not judged, which has the same cause in many scenarios."""
    return _line(required(cause.scenarios[:1]), cause, "not judged", len(cause.scenarios))


def _line(about: str, cause: Cause, outcome: str, number: int) -> str:
    more = "" if number == 1 else f" and {number - 1} more"
    where = f"{place(cause.scenarios[0])}{more}"
    return f"{about}: {cause.reason} (to blame: {cause.blame}; {outcome}: {where})"


def _first(reasons: Sequence[str]) -> tuple[str, ...]:
    if len(reasons) <= MOST_REASONS:
        return tuple(reasons)
    rest = len(reasons) - MOST_REASONS + 1
    return (*reasons[: MOST_REASONS - 1], f"and {rest} more, which the report lists")
