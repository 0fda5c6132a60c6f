"""A survey of feature files: what pytest would collect, and what is wrong with it; nothing runs."""

import io
from collections.abc import Generator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from sluicegate.errors import SluicegateError

from .collection import FeatureFile

_OPTIONS: Final = (
    "--collect-only",
    # Nothing runs, and pytest would warn of modules that were imported before it came.
    "--assert=plain",
    # Otherwise pytest works out a traceback of its own interruption, which takes longest of all.
    "--continue-on-collection-errors",
    # The project's own options may ask for workers of xdist, which would collect out of sight.
    *(("-n0",) if find_spec("xdist") else ()),
)
_REFUSED: Final = (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR)


@dataclass(frozen=True, slots=True)
class Survey:
    """Feature files in the order of their collection, with their problems and the steps they see.

    `troubles` says what pytest itself could not collect, such as a conftest.py that fails.
    Paths in problems and troubles are relative to `root`.
    """

    features: tuple[FeatureFile, ...]
    troubles: tuple[str, ...]
    root: Path


def survey(paths: Sequence[str]) -> Survey:
    """Collect the feature files below the paths as pytest would, and run nothing.

    Raises SluicegateError with pytest's own words where it refuses its command line or its
    configuration, and KeyboardInterrupt where it was interrupted.
    """
    witness = _Witness()
    refusal = io.StringIO()
    with (
        # A project's own cache tells what failed when it was run.
        TemporaryDirectory() as cache,
        redirect_stdout(io.StringIO()),
        redirect_stderr(refusal),
    ):
        code = pytest.main([*_OPTIONS, "-o", f"cache_dir={cache}", *paths], plugins=[witness])
    if witness.interrupted:
        raise KeyboardInterrupt
    if witness.root is None or code in _REFUSED:
        said = refusal.getvalue().strip().removeprefix("ERROR: ")
        raise SluicegateError(said or f"pytest ended with exit code {code}")
    return Survey(tuple(witness.features), tuple(witness.troubles), witness.root)


class _Witness:
    """A plugin of pytest's that remembers what was collected."""

    def __init__(self) -> None:
        self.features: list[FeatureFile] = []
        self.troubles: list[str] = []
        self.root: Path | None = None
        self.interrupted = False

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember what paths in messages are relative to."""
        self.root = session.config.rootpath

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember an interrupt, which pytest takes for an end; `pytest.exit` is none."""
        self.interrupted = isinstance(excinfo.value, KeyboardInterrupt)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Remember a feature file, or the trouble with another one."""
        report = yield
        if isinstance(collector, FeatureFile):
            self.features.append(collector)
        if report.failed and not (isinstance(collector, FeatureFile) and collector.problems):
            self.troubles.append(f"{report.nodeid or collector.path}: {report.longreprtext}")
        return report
