"""What pytest and pytest-bdd call back while there are feature files in a session."""

import pytest
from pytest_bdd.parser import Feature, Scenario, Step

from . import lookup, ownership
from .failures import SCENARIO, STEP


class FeatureHooks:
    """The hooks of a session that collects feature files."""

    def __init__(self) -> None:
        self._restore = lookup.install()

    def pytest_unconfigure(self) -> None:
        """Put pytest-bdd's own search back."""
        self._restore()

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        """Say which feature files nobody ran."""
        if text := ownership.note(config):
            terminalreporter.write_line(text)

    def pytest_bdd_before_scenario(
        self, request: pytest.FixtureRequest, feature: Feature, scenario: Scenario
    ) -> None:
        """Remember the scenario for the report of a failure."""
        del feature
        request.node.stash[SCENARIO] = scenario

    def pytest_bdd_before_step(self, request: pytest.FixtureRequest, step: Step) -> None:
        """Remember the step for the report of a failure."""
        request.node.stash[STEP] = step

    @pytest.hookimpl(optionalhook=True)
    def pytest_bdd_step_func_lookup_error(self, request: pytest.FixtureRequest, step: Step) -> None:
        """Remember the step that has no definition."""
        request.node.stash[STEP] = step

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Forget the step: what fails from now on is no step's failure."""
        if STEP in item.stash:
            del item.stash[STEP]
