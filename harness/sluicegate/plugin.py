"""The pytest plugin: wiring only."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluicegate.scenario.target import Targets
    from sluicegate.scenario.world import World

_HOOKS = "sluicegate-features"
_MARKERS = (
    "core: a scenario that every system under test must pass",
    "extended: a scenario that a system under test may not claim",
    "slow: a scenario that waits for ten seconds and more on the wall clock",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that say what the features are run against."""
    group = parser.getgroup("sluicegate", "what the features are run against")
    group.addoption(
        "--profile",
        dest="sluicegate_profile",
        metavar="FILE",
        type=Path,
        help="judge the systems that this TOML file names instead of embedded ones",
    )
    group.addoption(
        "--clock",
        dest="sluicegate_clock",
        choices=("simulated", "wall"),
        help="the clock of the run; by default simulated while every system is embedded",
    )
    group.addoption(
        "--sluicegate-report",
        dest="sluicegate_report",
        metavar="DIR",
        type=Path,
        help="write the conformance report into this folder: HTML, JSON, JUnit and Markdown",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register tags that select scenarios, refuse a wrong profile, and prepare for the report."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if any(".feature:" in argument for argument in config.args):
        from sluicegate.gherkin.selection import Selection  # noqa: PLC0415 - see below

        config.pluginmanager.register(Selection(config))
    if config.getoption("sluicegate_profile"):
        from sluicegate.scenario import run  # noqa: PLC0415 - see pytest_collect_file

        run.read_profile(config)
    if config.getoption("sluicegate_profile") or config.getoption("sluicegate_report"):
        _record(config)


def _record(config: pytest.Config) -> None:
    from sluicegate.report import recording  # noqa: PLC0415 - see pytest_collect_file

    config.pluginmanager.register(recording.Recording())
    if not hasattr(config, "workerinput"):
        from sluicegate.report import gathering  # noqa: PLC0415 - see pytest_collect_file

        config.pluginmanager.register(gathering.Gathering(config), gathering.NAME)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is judged, where a profile says so."""
    if not config.getoption("sluicegate_profile"):
        return []
    from sluicegate.scenario import run  # noqa: PLC0415 - see pytest_collect_file

    return run.header(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a .feature file."""
    plugins = parent.config.pluginmanager
    if file_path.suffix.lower() != ".feature" or not plugins.has_plugin("pytest-bdd"):
        return None
    # Here and not above: a project without features pays nothing for this plugin.
    from sluicegate.gherkin import collection, ownership, session  # noqa: PLC0415

    if not plugins.has_plugin(_HOOKS):
        plugins.register(session.FeatureHooks(), _HOOKS)
    if not ownership.is_collected(file_path, parent.config):
        return None
    return collection.FeatureFile.from_parent(parent, path=file_path)


@pytest.fixture(scope="session")
def sluicegate_targets(pytestconfig: pytest.Config) -> "Iterator[Targets]":
    """Hold the systems under test, for the whole run."""
    from sluicegate.scenario import run  # noqa: PLC0415 - see pytest_collect_file

    with run.targets(pytestconfig) as targets:
        yield targets


@pytest.fixture
def world(sluicegate_targets: "Targets", request: pytest.FixtureRequest) -> "Iterator[World]":
    """Make the world of one scenario: what its steps work with."""
    from sluicegate.gherkin.judging import TERMS  # noqa: PLC0415 - see pytest_collect_file
    from sluicegate.scenario.world import World  # noqa: PLC0415

    terms = request.node.stash.get(TERMS, None)
    with World(sluicegate_targets, frozenset(terms.needs if terms else ())) as world:
        yield world
