"""What pytest and pytest-bdd call back while there are feature files in a session."""

from collections.abc import Generator

import pytest
from pytest_bdd.parser import Feature, Step
from pytest_bdd.parser import Scenario as Rendered

from sluicegate.scenario.world import World

from . import judging, ownership
from .collection import FeatureFile, Scenario
from .failures import SCENARIO, STEP, WORLD
from .results import Recorder
from .tags import unknown_in


class FeatureHooks:
    """The hooks of a session that collects feature files."""

    def __init__(self) -> None:
        self._results = Recorder()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Refuse an option -m that fits no requirement; settle on which terms each is judged."""
        files = {item.parent for item in items if isinstance(item.parent, FeatureFile)}
        known = [file.tags for file in files if isinstance(file, FeatureFile) and file.tags]
        if known and (trouble := unknown_in(config.getoption("markexpr"), known)):
            raise pytest.UsageError(f"-m {config.getoption('markexpr')!r}: {trouble}")
        judging.settle(items, config)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        """Say which feature files nobody ran."""
        if text := ownership.note(config):
            terminalreporter.write_line(text)

    def pytest_bdd_before_scenario(
        self, request: pytest.FixtureRequest, feature: Feature, scenario: Rendered
    ) -> None:
        """Remember the scenario for the report of a failure."""
        del feature
        request.node.stash[SCENARIO] = scenario

    def pytest_bdd_before_step(self, request: pytest.FixtureRequest, step: Step) -> None:
        """Remember the step for the report of a failure."""
        request.node.stash[STEP] = step

    def pytest_bdd_before_step_call(
        self, request: pytest.FixtureRequest, step_func_args: dict[str, object]
    ) -> None:
        """Remember the world, which pytest does not count among the item's fixtures."""
        if isinstance(world := step_func_args.get("world"), World):
            request.node.stash[WORLD] = world

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Tell the line of the scenario as the place of a skip, and excuse what does not count."""
        report = yield
        if not isinstance(item, Scenario):
            return report
        if report.skipped and isinstance(report.longrepr, tuple):
            path, line, _ = item.reportinfo()
            report.longrepr = (str(path), line + 1, report.longrepr[2])
        if call.excinfo:
            judging.excuse(item, report, call.excinfo.value)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the result of a scenario."""
        self._results.note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep the results for `sluicegate requirements`, those of an interrupted run, too."""
        self._results.keep(session.config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Forget the step: what fails from now on is no step's failure."""
        if STEP in item.stash:
            del item.stash[STEP]
