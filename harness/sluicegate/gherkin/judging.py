"""On which terms a scenario is judged: what its system claims, and what is known to fail."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal, cast

import pytest
from pytest_bdd.parser import Scenario as Rendered

from sluicegate.scenario import run
from sluicegate.scenario.claims import Claims, KnownFailure
from sluicegate.scenario.profile import DEFAULT_VARIANT, Profile
from sluicegate.scenario.systems import PROVIDER

from .collection import FeatureFile, Scenario
from .failures import NOTE, SYSTEM, blame_of
from .register import Requirement
from .results import INFORMATION, KNOWN
from .tags import NEED, REQUIREMENT

Level = Literal["core", "extended"]

_SYSTEM: Final = re.compile(r"the client talks to the (proxy|gateway)")
_VARIANT: Final = re.compile(r'the \w+\'s variant is "([^"]*)"')


@dataclass(frozen=True, slots=True)
class Terms:
    """A scenario's terms; `name` has the values of its Examples row filled in.

    `unclaimed` says why it is skipped, if it is. `unknown` are its needs of which nobody knows
    whether the system meets them. `covering` are the known failures that cover it, in the
    profile's order, `expired` those of them that do so no more.
    """

    name: str
    system: str
    variant: str
    level: Level
    requirements: Mapping[str, Requirement]
    needs: tuple[str, ...]
    unclaimed: str = ""
    unknown: tuple[str, ...] = ()
    covering: tuple[KnownFailure, ...] = ()
    expired: tuple[KnownFailure, ...] = ()

    def excuse(self, blame: str) -> str:
        """Return why a failure for which somebody is to blame does not count, empty if it does.

        What is known to fail is known of the system alone.
        """
        if self.unknown:
            return f"{INFORMATION}nobody knows of {', '.join(self.unknown)}"
        known = [each.reason for each in self.covering if each not in self.expired]
        return f"{KNOWN}{known[0]}" if known and blame == f"the {self.system}" else ""

    @property
    def note(self) -> str:
        """Return what is to be said of a failure that was excused until its day, or nothing."""
        if self.unknown or not self.expired or self.covering != self.expired:
            return ""
        last = self.expired[0]
        return f"a known failure until {last.expires}, which has passed: {last.reason}"


TERMS: Final = pytest.StashKey[Terms]()
"""The terms of an item that is a scenario."""

EXTENDED: Final = "extended"
"""The capability that stands for all scenarios of that level."""

COVERED: Final = pytest.StashKey[Counter[tuple[str, KnownFailure]]]()
"""How many of all scenarios, chosen to run or not, each known failure of a system covers."""


def rendered(item: Scenario) -> Rendered:
    """Return the scenario of an item, with the values of its Examples row filled in."""
    callspec = getattr(item, "callspec", None)
    return item.template.render(callspec.params.get("example", {}) if callspec else {})


def settle(items: Iterable[pytest.Item], config: pytest.Config) -> None:
    """Settle the terms of all scenarios, and skip those that need what is not claimed."""
    profile, today = run.profile(config), datetime.now(UTC).date()
    covered = config.stash.setdefault(COVERED, Counter())
    for item in items:
        if isinstance(item, Scenario):
            found = item.stash[TERMS] = terms(item, profile, today)
            item.stash[SYSTEM] = found.system
            item.stash[NOTE] = found.note
            covered.update((found.system, each) for each in found.covering)
            if found.unclaimed:
                item.add_marker(pytest.mark.skip(reason=found.unclaimed))


def terms(item: Scenario, profile: Profile, today: date) -> Terms:
    """Return the terms of a scenario, on a day."""
    scenario, marks = rendered(item), dict.fromkeys(mark.name for mark in item.iter_markers())
    sentences = [step.name for step in scenario.steps]
    system = _first(_SYSTEM, sentences) or PROVIDER
    requirements = _requirements(item, marks)
    tagged = sorted(mark.removeprefix(NEED) for mark in marks if mark.startswith(NEED))
    level = _level(marks, requirements)
    named = [*tagged, *_needs(requirements.values()), *([EXTENDED] if level == EXTENDED else ())]
    needs = tuple(dict.fromkeys(named))
    judged = profile.systems.get(system)
    claims = judged.claims if judged else Claims()
    ids = frozenset(requirements)
    covering = tuple(each for each in claims.known if each.covers(ids, scenario.name))
    return Terms(
        name=scenario.name,
        system=system,
        variant=_first(_VARIANT, sentences) or DEFAULT_VARIANT,
        level=level,
        requirements=requirements,
        needs=needs,
        unclaimed=_unclaimed(needs, claims),
        unknown=tuple(need for need in needs if claims.of(need).claim == "unknown"),
        covering=covering,
        expired=tuple(each for each in covering if each.has_expired(today)),
    )


def excuse(item: Scenario, report: pytest.TestReport, error: BaseException) -> None:
    """Give a failure that does not count the form of one that pytest expects."""
    found = item.stash.get(TERMS, None)
    if found is None or not report.failed or item.config.getoption("runxfail"):
        return
    if reason := found.excuse(blame_of(error, found.system)):
        report.outcome = "skipped"
        report.wasxfail = reason


def _first(pattern: re.Pattern[str], sentences: Iterable[str]) -> str:
    return next((found[1] for each in sentences if (found := pattern.fullmatch(each))), "")


def _requirements(item: Scenario, marks: Collection[str]) -> dict[str, Requirement]:
    known = cast("FeatureFile", item.parent).tags
    # pytest-bdd gives tags in an order that differs between processes; the register has one.
    everything = known.requirements if known else {}
    return {name: each for name, each in everything.items() if f"{REQUIREMENT}{name}" in marks}


def _needs(requirements: Iterable[Requirement]) -> list[str]:
    return [need for each in requirements for need in each.needs]


def _level(marks: Iterable[str], requirements: Mapping[str, Requirement]) -> Level:
    """Return the level that the tags say, otherwise that of the requirements."""
    levels = {each.level for each in requirements.values()}
    said = {"core", "extended"}.intersection(marks) or levels
    return "extended" if said == {"extended"} else "core"


def _unclaimed(needs: Iterable[str], claims: Claims) -> str:
    for need in needs:
        capability = claims.of(need)
        if capability.claim is False:
            return f"not claimed: {need}" + (f": {capability.reason}" if capability.reason else "")
    return ""
