"""How long a run still takes: what each kind of scenario has taken so far, times what is left."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pytest_bdd.parser import ScenarioTemplate

Kind = Literal["slow", "quick"]

_USUAL: Final[dict[Kind, float]] = {"slow": 35.0, "quick": 1.0}
"""Seconds that a scenario takes, before one of its kind has ended."""


class Estimate:
    """An estimate for scenarios that run side by side on `workers`; `slow` are their node ids."""

    def __init__(self, slow: Collection[str], workers: int = 1) -> None:
        self._slow = frozenset(slow)
        self._workers = max(workers, 1)
        self._taken: dict[Kind, list[float]] = {"slow": [], "quick": []}

    def note(self, nodeid: str, seconds: float) -> None:
        """Note how long a scenario has taken."""
        self._taken[self._kind(nodeid)].append(seconds)

    def left(self, pending: Collection[str]) -> float:
        """Return the seconds that the pending scenarios may take."""
        work = sum(self._expected(self._kind(nodeid)) for nodeid in pending)
        return work / min(self._workers, max(len(pending), 1))

    def _kind(self, nodeid: str) -> Kind:
        return "slow" if nodeid in self._slow else "quick"

    def _expected(self, kind: Kind) -> float:
        taken = self._taken[kind]
        return sum(taken) / len(taken) if taken else _USUAL[kind]


def slow_ones(nodeids: Iterable[str], root: Path) -> frozenset[str]:
    """Return those node ids whose scenarios are tagged @slow; a file that is unreadable has none.

    The files' paths in node ids are relative to `root`.
    """
    tagged: dict[str, frozenset[str]] = {}
    found = set()
    for nodeid in nodeids:
        file, _, name = nodeid.partition("::")
        if file not in tagged:
            tagged[file] = _tagged(root / file)
        if name.partition("[")[0] in tagged[file]:
            found.add(nodeid)
    return frozenset(found)


def _tagged(file: Path) -> frozenset[str]:
    # pytest-bdd is imported by then, as scenarios are being run.
    from sluicegate.gherkin.document import UnreadableError, node_name, read  # noqa: PLC0415

    try:
        scenarios = read(file).feature.scenarios
    except (OSError, UnreadableError):
        return frozenset()
    return frozenset(node_name(name) for name, each in scenarios.items() if "slow" in _tags(each))


def _tags(scenario: "ScenarioTemplate") -> set[str]:
    rule = scenario.rule.tags if scenario.rule else set()
    return {*scenario.feature.tags, *rule, *scenario.tags}


def duration(seconds: float) -> str:
    """Write a duration as a person would say it: `40 s`, `3 min`."""
    if seconds < _MINUTE * 1.5:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds / _MINUTE)} min"


_MINUTE: Final = 60.0
