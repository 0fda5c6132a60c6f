"""The conformance report: one JSON document, from which all that people read is made."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sluicegate import __version__, profiles
from sluicegate.scenario.claims import Claims, KnownFailure
from sluicegate.scenario.profile import Profile

from . import contract, judged
from .requirements import capabilities, requirements
from .verdict import Cut, Entry, Trouble, Verdict, counts, known_state, shortened, verdict

FORMAT: Final = 1
"""The number of the document's format."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run: by which profile (`path` as it was given), since when, and how.

    `seconds` is how long it took, `clock` is "wall" or "simulated", `workers` the number of
    processes that ran scenarios side by side.
    """

    profile: Profile
    path: Path | None
    started: datetime
    seconds: float
    clock: str
    workers: int


@dataclass(slots=True)
class Gathered:
    """What a run has reported so far.

    `scenarios` are entries of the document by their IDs, `requirements` what the requirements say
    that they name. `covered` has how many scenarios each known failure covers, chosen or not.
    `cut` says how it ended early, if it did.
    """

    scenarios: dict[str, dict[str, Any]] = field(default_factory=dict)
    requirements: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    covered: dict[KnownFailure, int] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    cut: Cut | None = None

    def cover(self, record: Entry, counted: Sequence[int], profile: Profile) -> None:
        """Note how many scenarios each of the known failures covers that cover this one."""
        known = _claims(profile, record["system"]).known
        covering = (each for each in known if _is_covered(each, record))
        self.covered.update(zip(covering, counted, strict=True))

    def trouble(self, blame: str, sentence: str) -> None:
        """Note what keeps the run from judging; of equal sentences only one."""
        self.troubles.setdefault(sentence, Trouble(blame, sentence))


def document(run: Run, gathered: Gathered) -> dict[str, Any]:
    """Return the report of a run; it runs the profile's command for the version.

    `schemas/sluicegate/conformance.json` says what it has.
    """
    scenarios = sorted(gathered.scenarios.values(), key=_place)
    kind = judged.kind_of(run.profile, (each["system"] for each in scenarios))
    claims = _claims(run.profile, kind)
    known = [_known(each, scenarios, gathered) for each in claims.known]
    about = judged.system(run.profile, kind, run.path.parent if run.path else Path())
    troubles = tuple(gathered.troubles.values())
    systems = [kind] if kind in judged.KINDS else judged.KINDS
    promised = requirements(scenarios, gathered.requirements, systems)
    found = verdict(_who(about), scenarios, promised, known, troubles)
    if gathered.cut:
        found = shortened(found, gathered.cut, _who(about), scenarios)
    return {
        "format": FORMAT,
        "sluicegate": __version__,
        "verdict": _verdict(found),
        "troubles": [asdict(trouble) for trouble in troubles],
        "system": about,
        "profile": _profile(run.path),
        "contract": contract.contract(),
        "run": _run(run),
        "counts": counts(scenarios),
        "capabilities": capabilities(claims, scenarios),
        "values": dict(_values(claims)),
        "known_failures": known,
        "requirements": promised,
        "scenarios": scenarios,
    }


def _place(scenario: Entry) -> tuple[str, int, str]:
    return scenario["path"], scenario["line"], scenario["id"]


def _claims(profile: Profile, kind: str) -> Claims:
    system = profile.systems.get(kind)
    return system.claims if system else Claims()


def _who(about: Mapping[str, Any]) -> str:
    return f"{about['name']} {about['version']}".strip()


def _verdict(found: Verdict) -> dict[str, Any]:
    return {
        "outcome": found.outcome,
        "exit_code": found.exit_code,
        "sentence": found.sentence,
        "reasons": list(found.reasons),
    }


def _profile(path: Path | None) -> dict[str, str]:
    if path is None:
        return {"path": "", "sha256": ""}
    return {"path": _shown(path), "sha256": sha256(path.read_bytes()).hexdigest()}


def _shown(path: Path) -> str:
    """Return a path as a reader knows it; the shipped profiles lie deep in an installation."""
    if path.is_relative_to(profiles.FOLDER):
        return str(Path("sluicegate", "profiles", path.relative_to(profiles.FOLDER)))
    is_near = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if is_near else path)


def _run(run: Run) -> dict[str, Any]:
    return {
        "started": run.started.isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "clock": run.clock,
        "workers": run.workers,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def _known(failure: KnownFailure, scenarios: Sequence[Entry], gathered: Gathered) -> dict[str, Any]:
    covered = [each for each in scenarios if _is_covered(failure, each)]
    return {
        "requirement": failure.requirement,
        "scenarios": list(failure.scenarios),
        "reason": failure.reason,
        "expires": failure.expires.isoformat(),
        "state": known_state(covered, gathered.covered.get(failure, 0)),
    }


def _is_covered(failure: KnownFailure, scenario: Entry) -> bool:
    return failure.covers(frozenset(scenario["requirements"]), scenario["name"])


def _values(claims: Claims) -> Iterator[tuple[str, Any]]:
    for name, value in claims.values.items():
        # A profile may name one status, or several.
        is_alone = name.endswith("_status") and not isinstance(value, tuple)
        yield name, [value] if is_alone else list(value) if isinstance(value, tuple) else value
