"""What the process that a run begins in does: it gathers the records, and writes the report."""

import time
from collections.abc import Collection, Generator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from sluicegate.scenario import run

from . import files, junit_plugin, signals, terminal
from .document import Gathered, Run, document
from .recording import ABOUT, RECORD
from .verdict import Cut

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT: Final = pytest.StashKey[Mapping[str, Any]]()
"""The report of a run that has ended, in pytest's configuration."""

LACKING: Final = pytest.StashKey[Mapping[str, str]]()
"""What of the report could not be written, in pytest's configuration."""

NAME: Final = "sluicegate-gathering"
"""What the plugin is registered as."""

_A_WORKERS: Final = "keyboard-interrupt"
"""What xdist says where a worker was interrupted."""

_PASSES: Final = ("passed", "informational pass")


class Gathering:
    """A plugin of pytest's, in the process that was started, and in no worker of xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folder: Path | None = config.getoption("sluicegate_report")
        self._gathered = Gathered()
        self._others_failed = False
        self._failures: int = config.getoption("maxfail")
        self._interrupted = ""
        self._planned: frozenset[str] = frozenset()
        self._ended: set[str] = set()
        self._junit: junit_plugin.Junit | None = None
        self._started, self._begun = datetime.now(UTC), time.monotonic()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let JUnit's file be written, too, where nobody said where else it is to be."""
        is_wanted = self._folder is not None and not config.option.collectonly
        if self._folder and is_wanted and config.option.xmlpath is None:
            self._junit = junit_plugin.register(self._folder / files.JUNIT, config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Collection[str]) -> None:
        """Note what is to run; every worker tells of the same."""
        self._planned = frozenset(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is to run, where there are no workers."""
        self._planned |= {item.nodeid for item in session.items}

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note what has run."""
        self._ended.add(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the record of a scenario."""
        record: dict[str, Any] | None = getattr(report, RECORD, None)
        if record is not None:
            self._gather(record, report)
        elif report.failed and report.location[0].lower().endswith(".feature"):
            # xdist says so of a worker that died.
            self._gathered.trouble("the harness", _last_line(report.longreprtext))
        elif report.failed:
            self._others_failed = True

    def _gather(self, record: dict[str, Any], report: pytest.TestReport) -> None:
        known = self._gathered.scenarios.get(record["id"])
        self._gathered.scenarios[record["id"]] = _merged(known, record, report.when or "")
        about = getattr(report, ABOUT)
        self._gathered.requirements |= about["requirements"]
        self._gathered.cover(record, about["known"], run.profile(self._config))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            self._gathered.trouble("the harness", _first_line(report.longreprtext))

    def pytest_internalerror(self, excrepr: object) -> None:
        """Note a failure of pytest's own."""
        self._gathered.trouble("the harness", f"pytest failed: {_last_line(str(excrepr))}")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that somebody ended the run; pytest and xdist have errors of their own, too."""
        is_ours = excinfo.type in (KeyboardInterrupt, pytest.exit.Exception)
        if is_ours or _A_WORKERS in str(excinfo.value):
            why = f": {excinfo.value}" if str(excinfo.value) else ""
            self._interrupted = f"the run was interrupted{why}"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Let nobody keep the report from being written, now that all has run."""
        self._config.add_cleanup(signals.ignored())
        return (yield)

    @pytest.hookimpl(trylast=True, specname="pytest_sessionfinish")
    def pytest_sessionfinish_last(self, session: pytest.Session) -> None:
        """Write the report; with a profile, the run ends with the verdict's exit code."""
        if self._config.option.collectonly:
            return
        self._cut()
        made = self._config.stash[DOCUMENT] = document(self._run(), self._gathered)
        lacking = self._config.stash[LACKING] = self._write(made)
        code = made["verdict"]["exit_code"]
        if self._config.getoption("sluicegate_profile") and (code or not self._others_failed):
            session.exitstatus = code
        if lacking and not session.exitstatus:
            session.exitstatus = files.UNWRITTEN

    def _write(self, made: Mapping[str, Any]) -> files.Lacking:
        """Write the report where one is wanted; return what is lacking of it."""
        lacking = files.write(made, self._folder) if self._folder else {}
        if self._junit and self._junit.lacking:
            lacking[files.JUNIT] = self._junit.lacking
        return lacking

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say the verdict, and where the report is."""
        made = self._config.stash.get(DOCUMENT, None)
        if made is not None:
            terminalreporter.section("sluicegate")
            for line in self._told(made):
                terminalreporter.write_line(line)

    def _told(self, made: Mapping[str, Any]) -> list[str]:
        lacking = self._config.stash[LACKING]
        if self._folder is None or not lacking:
            return terminal.short(made, self._folder)
        trouble = files.trouble(lacking, self._folder, made["verdict"]["exit_code"])
        return [*terminal.short(made, None), trouble]

    def _cut(self) -> None:
        """Note whether the run ended early; one whose scenarios have all ended did not."""
        ended, planned = len(self._ended & self._planned), len(self._planned)
        if planned and ended == planned:
            return
        if self._interrupted:
            self._gathered.trouble("the harness", self._interrupted)
            self._gathered.cut = Cut(ended, planned)
        elif self._failures and ended:
            self._gathered.cut = Cut(ended, planned, self._failures)

    def _run(self) -> Run:
        path = self._config.getoption("sluicegate_profile")
        is_wall = path or self._config.getoption("sluicegate_clock") == "wall"
        return Run(
            profile=run.profile(self._config),
            path=path,
            started=self._started,
            seconds=time.monotonic() - self._begun,
            clock="wall" if is_wall else "simulated",
            workers=getattr(self._config.option, "numprocesses", None) or 1,
        )


def _merged(known: Mapping[str, Any] | None, record: dict[str, Any], when: str) -> dict[str, Any]:
    """Return what a record makes of a scenario: after its steps only what failed is news.

    It explains what failed before, as where a gateway's process has ended.
    """
    if known is None or when != "teardown":
        return record
    both = known["outcome"], record["outcome"]
    if both == ("failed", "failed"):
        return {**known, "reason": f"{known['reason']}; {record['reason']}"}
    if known["outcome"] not in _PASSES and both != ("not judged", "failed"):
        return dict(known)
    news = ("outcome", "reason", "message", "blame", "log")
    return {**known, **{name: record[name] for name in news}}


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _last_line(text: str) -> str:
    return _first_line("\n".join(reversed(text.splitlines())))
