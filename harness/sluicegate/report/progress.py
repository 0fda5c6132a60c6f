"""Progress: a plugin of pytest's that says while scenarios run how many have, and what failed."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from .estimate import Estimate
from .planned import Planned, planned

COUNTING: Final = ("failed", "not judged")
"""The outcomes that a person wants to know of at once."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A scenario that has ended: how, who is to blame, and why, in one line."""

    name: str
    outcome: str
    requirements: tuple[str, ...] = ()
    blame: str = ""
    reason: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return it in one line."""
        why = ": ".join(filter(None, (self.blame, self.reason)))
        parts = (self.outcome.upper(), " ".join(self.requirements), f'"{self.name}"', why)
        return "  ".join(filter(None, parts))


@dataclass(slots=True)
class Tally:
    """How far a run is: scenarios by node id, those that run now with their names."""

    pending: set[str] = field(default_factory=set)
    running: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    total: int = 0
    left: Callable[[], float | None] = lambda: None
    """Returns the seconds that it may still take, None while nobody knows."""

    @property
    def done(self) -> int:
        """Return how many have ended."""
        return self.counts.total()


class Screen(Protocol):
    """Where progress is shown."""

    def begin(self, tally: Tally) -> None:
        """Show that scenarios begin to run."""

    def tell(self, line: str) -> None:
        """Show a line that stays."""

    def update(self, tally: Tally) -> None:
        """Show how far the run is."""

    def close(self) -> None:
        """Take away what does not stay."""


class Progress:
    """The plugin: it belongs into the process that controls the run, not into its workers."""

    def __init__(self, screen: Screen, *, workers: int = 1, verbose: bool = False) -> None:
        self.tally = Tally()
        self.troubles: list[str] = []
        self.interrupted = False
        self._screen = screen
        self._workers = workers
        self._verbose = verbose
        self._estimate = Estimate()
        self._planned = Planned()
        self._root = Path()
        self._reports: dict[str, list[pytest.TestReport]] = {}

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember what node ids are relative to."""
        self._root = session.config.rootpath

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Collection[str]) -> None:
        """Begin, as soon as one worker knows the scenarios; the others know the same."""
        if not self.tally.total:
            self._begin(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin, where there are no workers."""
        if session.items:
            self._begin([item.nodeid for item in session.items])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what is wrong with a file."""
        if report.failed:
            self.troubles.append(report.longreprtext)

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Show that a scenario runs."""
        self.tally.running[nodeid] = self._planned.names.get(nodeid, location[2])
        self._estimate.begin(nodeid)
        self._screen.update(self.tally)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the report of a phase until the scenario ends."""
        self._reports.setdefault(report.nodeid, []).append(report)
        if report.when not in _PHASES:
            # A worker that crashed says nothing more of its scenario.
            self.pytest_runtest_logfinish(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Count a scenario that has ended."""
        self.tally.running.pop(nodeid, None)
        self.tally.pending.discard(nodeid)
        reports = self._reports.pop(nodeid, [])
        if not reports:
            return
        ended = ended_by(reports)
        self.tally.counts[ended.outcome] += 1
        self._estimate.end(nodeid, ended.seconds)
        if self._verbose or ended.outcome in COUNTING:
            self._screen.tell(str(ended))
        self._screen.update(self.tally)

    def pytest_internalerror(self, excrepr: object) -> None:
        """Keep a failure of pytest's own, or of a plugin."""
        self.troubles.append(str(excrepr))

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the run was interrupted; the workers get ten seconds to stop what they run."""
        self.interrupted = True
        self._screen.tell("Stopping what runs, which can take some seconds ...")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Take the picture away: stopping the workers takes a while."""
        self._screen.close()

    def _begin(self, nodeids: Collection[str]) -> None:
        self.tally.total = len(nodeids)
        self.tally.pending = {*nodeids}
        self._planned = planned(nodeids, self._root)
        self._estimate = Estimate(self._planned.slow, self._workers)
        self.tally.left = self._left
        self._screen.begin(self.tally)

    def _left(self) -> float:
        return self._estimate.left(self.tally.pending)


_PHASES: Final = ("setup", "call", "teardown")


def ended_by(reports: Sequence[pytest.TestReport]) -> Ended:
    """Return how a scenario has ended, from the reports of its phases."""
    said = next(filter(None, map(_attached, reversed(reports))), {})
    worst = next((each for each in reports if each.failed), None)
    return Ended(
        name=said.get("name", reports[-1].location[2]),
        outcome=said.get("outcome", _plain(reports)),
        requirements=tuple(said.get("requirements", ())),
        blame=said.get("blame", ""),
        reason=said.get("reason", _first_line(worst)),
        seconds=sum(report.duration for report in reports),
    )


def _attached(report: pytest.TestReport) -> Mapping[str, Any]:
    found = getattr(report, "sluicegate", None)
    return found if isinstance(found, Mapping) else {}


def _plain(reports: Sequence[pytest.TestReport]) -> str:
    outcomes = {report.outcome for report in reports}
    return next(each for each in ("failed", "skipped", "passed") if each in outcomes)


def _first_line(report: pytest.TestReport | None) -> str:
    lines = report.longreprtext.splitlines() if report else []
    return next((line.strip() for line in lines if line.strip()), "")
