"""pytest's own plugin that writes junit.xml, but one that lets the rest of a run go on."""

from pathlib import Path
from typing import Final

import pytest
from _pytest.junitxml import LogXML, xml_key

from . import files

_SETTINGS: Final = (
    "junit_suite_name",
    "junit_logging",
    "junit_duration_report",
    "junit_family",
    "junit_log_passing_tests",
)
"""In the order in which the plugin takes them."""


class Junit(LogXML):
    """The plugin: where the file cannot be written, `lacking` says why."""

    lacking = ""

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        file = self.logfile
        try:
            with files.whole(Path(file)) as part:
                self.logfile = str(part)
                super().pytest_sessionfinish()
        except OSError as error:
            self.lacking = files.why(error)
        finally:
            self.logfile = file

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        """Say where the file is."""
        if not self.lacking:
            super().pytest_terminal_summary(terminalreporter, config)


def register(file: Path, config: pytest.Config) -> Junit:
    """Let a run write this file; pytest ends the plugin as it does its own."""
    settings = map(config.getini, _SETTINGS)
    made = Junit(str(file), config.option.junitprefix, *settings)
    config.stash[xml_key] = made
    config.pluginmanager.register(made)
    return made
