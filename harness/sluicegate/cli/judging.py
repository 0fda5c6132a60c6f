"""A run of pytest that judges what a profile describes, in this process, with workers of xdist."""

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sluicegate import shipped

if TYPE_CHECKING:
    import pytest

    from sluicegate.report.progress import Progress
    from sluicegate.scenario.profile import Profile, System

MOST_WORKERS: Final = 8
"""Workers that start by themselves: each is a Python of 60 MB, with gateways of its own."""

_PER_CORE: Final = 4
"""Scenarios mostly wait."""

_PROVIDER: Final = "provider"
_OPTIONS: Final = (
    # Modules that are imported already cannot be rewritten, and scenarios have no assertions.
    "--assert=plain",
    # It collects garbage for seconds when a worker ends, and xdist interrupts those that are late.
    *("-p", "no:unraisableexception"),
    # Workers whose parent was killed would warn, on its terminal, that they cannot reach it.
    *("-W", "ignore::pluggy.PluggyTeardownRaisedWarning"),
    *("-p", "sluicegate.report.slow_first"),
    *("--dist", "load", "--maxschedchunk", "1"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be judged: by which profile, which features, and where the reports go.

    `keyword` and `marks` are pytest's -k and -m. With `stops_early` the first failure ends the run.
    """

    profile: Path
    report: Path
    paths: tuple[Path, ...]
    workers: int
    keyword: str = ""
    marks: str = ""
    stops_early: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """How pytest ended, what it wrote, the report, if it has one, and which files lack of that."""

    code: int
    said: str
    document: Mapping[str, Any] | None = None
    lacking: Mapping[str, str] = field(default_factory=dict)


class _Keeping:
    """A plugin that keeps the report: there may be no room for its files."""

    document: Mapping[str, Any] | None = None
    lacking: Mapping[str, str] = MappingProxyType({})

    def pytest_unconfigure(self, config: "pytest.Config") -> None:
        """Keep the report of a run that has ended."""
        from sluicegate.report.gathering import DOCUMENT, LACKING  # noqa: PLC0415 - as pytest

        self.document = config.stash.get(DOCUMENT, None)
        if LACKING in config.stash:
            self.lacking = config.stash[LACKING]


def judged(profile: "Profile") -> tuple[str, ...]:
    """Return the systems that a profile is about.

    A provider beside another system is the one that this asks.
    """
    return tuple(name for name in profile.systems if name != _PROVIDER) or (_PROVIDER,)


def usual_paths(profile: "Profile") -> tuple[Path, ...]:
    """Return the shipped features of the systems that a profile is about."""
    return tuple(shipped.FEATURES / name for name in judged(profile))


def usual_workers(profile: "Profile") -> int:
    """Return how many workers to start: as many as its cores bear, and the profile allows."""
    cores = len(os.sched_getaffinity(0))
    return min(_PER_CORE * cores, MOST_WORKERS, *map(_allowed, profile.systems.values()))


def _allowed(system: "System") -> int:
    if system.workers is not None:
        return system.workers
    return 1 if system.urls else MOST_WORKERS


def judge(request: Request, progress: "Progress") -> Ran:
    """Run pytest; what it prints itself is kept back."""
    import pytest  # noqa: PLC0415 - it is slow to import, and `--help` need not wait for it

    said, kept = io.StringIO(), _Keeping()
    with undisturbed(), redirect_stdout(said), redirect_stderr(said):
        code = pytest.main(arguments(request), plugins=[progress, kept])
    return Ran(int(code), said.getvalue(), kept.document, kept.lacking)


def arguments(request: Request) -> list[str]:
    """Return what pytest is called with."""
    given = [
        *_OPTIONS,
        *_configuration(request.paths),
        *("-n", str(request.workers)),
        *("--profile", str(request.profile.resolve())),
        *("--sluicegate-report", str(request.report.resolve())),
    ]
    given += ["-k", request.keyword] if request.keyword else []
    given += ["-m", request.marks] if request.marks else []
    given += ["-x"] if request.stops_early else []
    return [*given, *map(str, request.paths)]


def _configuration(paths: Sequence[Path]) -> list[str]:
    """Keep a project's configuration of pytest away from features that are not the project's."""
    alone = isolation(paths)
    return [*alone, "-o", f"cache_dir={Path.cwd() / '.pytest_cache'}"] if alone else []


def isolation(paths: Sequence[Path]) -> list[str]:
    """Return the options of pytest with which features that ship know no project's files."""
    root = shipped.FEATURES.parent
    if not all(path.resolve().is_relative_to(shipped.FEATURES) for path in paths):
        return []
    return ["-c", os.devnull, "--rootdir", str(root), "--confcutdir", str(root)]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave out the options that are meant for other runs of pytest."""
    options = os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        yield
    finally:
        if options is not None:
            os.environ["PYTEST_ADDOPTS"] = options
