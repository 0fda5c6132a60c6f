"""The requirements that a run is about, and what its scenarios say of each."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sluicegate import shipped
from sluicegate.gherkin import register
from sluicegate.scenario.claims import Capability, Claims

from .verdict import Entry, counts

_WORST_FIRST: Final = (
    ("failed", "failed"),
    ("not judged", "not judged"),
    ("known failure", "known failure"),
    ("passed", "passed"),
    ("informational failure", "informational"),
    ("informational pass", "informational"),
    ("skipped", "not claimed"),
)
"""The outcome of a scenario, and what it makes of its requirement, the worst first."""

_TAG: Final = re.compile(rf"(?<!\S){re.escape(register.TAG)}(\S+)")

_SHIPPED: Final = "features/"
"""How the paths of shipped features begin in a document."""


def verdict_of(outcomes: Iterable[str]) -> str:
    """Return what the outcomes of a requirement's scenarios make of it."""
    found = set(outcomes)
    return next((verdict for outcome, verdict in _WORST_FIRST if outcome in found), "not run")


def requirements(
    scenarios: Sequence[Entry], named: Mapping[str, Mapping[str, Any]], systems: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the document's requirements, in the order of their registers.

    They are those that scenarios name (`named` has their sentences), and those that the shipped
    features of these systems do, which may not have been chosen to run. Whatever order processes
    have reported them in, those of other registers are in the order of the scenarios.
    """
    of: dict[str, list[Entry]] = {}
    for scenario in scenarios:
        for name in scenario["requirements"]:
            of.setdefault(name, []).append(scenario)
    own = {name: named[name] for name in of if name in named}
    known = dict(_shipped(systems)) | own
    return [{"id": name, **about, **_judged(of.get(name, ()))} for name, about in known.items()]


def capabilities(claims: Claims, scenarios: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return what is claimed of each capability that the run is about, and what was found."""
    needed = dict.fromkeys(need for each in scenarios for need in each["needs"])
    return [
        _capability(name, claims.of(name), [each for each in scenarios if name in each["needs"]])
        for name in sorted({*needed, *claims.capabilities})
    ]


def _capability(name: str, said: Capability, needing: Sequence[Entry]) -> dict[str, Any]:
    return {"name": name, "claim": said.claim, "reason": said.reason, "counts": counts(needing)}


def _judged(scenarios: Iterable[Entry]) -> dict[str, Any]:
    found = list(scenarios)
    verdict = verdict_of(each["outcome"] for each in found)
    return {"verdict": verdict, "scenarios": [each["id"] for each in found]}


def _shipped(systems: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    tagged = {name for system in systems for name in _tagged(system)}
    for name, about in register.requirements().items():
        if name in tagged:
            needs = list(about.needs)
            yield name, {"sentence": about.sentence, "level": about.level, "needs": needs}


def _tagged(system: str) -> Iterator[str]:
    for path in sorted((shipped.FEATURES / system).glob("**/*.feature")):
        yield from _TAG.findall(path.read_text(encoding="utf-8"))
