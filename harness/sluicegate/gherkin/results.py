"""The last result of each scenario, kept in pytest's cache from one run to the next."""

import fcntl
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any, Final, Literal

import pytest

KEY: Final = "sluicegate/results"
"""Where the results lie in pytest's cache."""

KNOWN: Final = "known failure: "
INFORMATION: Final = "for information only: "
"""How the reasons begin for which a failure does not count."""

Outcome = Literal["passed", "failed", "skipped"]

_OUTCOMES: Final = ("passed", "failed", "skipped")
_LOCK: Final = "sluicegate"
# pytest shows a part of its cache that is not there: nothing is collected, and nothing is written.
_OPTIONS: Final = (
    f"--cache-show={KEY}/none",
    "--assert=plain",
    *(("-n0",) if find_spec("xdist") else ()),
)


@dataclass(frozen=True, slots=True)
class Result:
    """How a scenario ended, why (one line, empty for a pass), and who judged it.

    `when` is in ISO 8601, in UTC; `profile` is the profile's path as it was given, or empty.
    """

    outcome: Outcome
    reason: str
    when: str
    clock: Literal["simulated", "wall"]
    profile: str

    @property
    def judge(self) -> str:
        """Return what judged it, in words."""
        return f"with {self.profile}" if self.profile else f"on the {self.clock} clock"


class Recorder:
    """The results of one run, or of one worker's share of it."""

    def __init__(self) -> None:
        self._noted: dict[str, tuple[Outcome, str, float]] = {}

    def note(self, report: pytest.TestReport) -> None:
        """Note what a report says of a scenario; reports of anything else are passed over."""
        if not report.location[0].lower().endswith(".feature"):
            return
        key = key_of(report)
        if report.when == "setup":
            # Some plugins run what failed once more.
            self._noted.pop(key, None)
        found = _found(report)
        if found and (found[0] == "failed" or key not in self._noted):
            self._noted[key] = (*found, report.stop)

    def keep(self, config: pytest.Config) -> None:
        """Put the results into pytest's cache, beside those of what did not run this time."""
        cache = getattr(config, "cache", None)
        if cache is None or not self._noted:
            return
        judge = _judge(config)
        new = {key: asdict(_result(*noted, *judge)) for key, noted in self._noted.items()}
        with _alone(cache):
            cache.set(KEY, {**_mapping(cache.get(KEY, {})), **new})


def key_of(of: pytest.Item | pytest.TestReport) -> str:
    """Return the node id of a scenario, or the key that stands for it outside of the root folder.

    There pytest begins its node ids at what the command line names, so that they would differ from
    run to run.
    """
    return f"{of.location[0]}::{of.nodeid.partition('::')[2]}"


def kept(arguments: Sequence[str]) -> dict[str, Result]:
    """Return the results that runs with these arguments of pytest's have kept, by `key_of`."""
    reader = _Reader()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        # Without a cache pytest refuses the option, and nothing was kept.
        pytest.main([*_OPTIONS, *arguments], plugins=[reader])
    return {key: result for key, value in reader.value.items() if (result := _read(value))}


class _Reader:
    """A plugin of pytest's that reads its cache."""

    def __init__(self) -> None:
        self.value: Mapping[str, Any] = {}

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Read the results."""
        if (cache := getattr(session.config, "cache", None)) is not None:
            self.value = _mapping(cache.get(KEY, {}))


def _found(report: pytest.TestReport) -> tuple[Outcome, str] | None:
    """Return what a phase of a scenario says of the whole, if it does."""
    if report.failed:
        return "failed", _first_line(_crash(report))
    if report.skipped:
        return "skipped", " ".join(_why_skipped(report).split())
    return ("passed", "") if report.when == "call" and report.passed else None


def _crash(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message) if crash else report.longreprtext


def _why_skipped(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    said = getattr(report, "wasxfail", "")
    return said if said.startswith((KNOWN, INFORMATION)) else f"expected to fail: {said}"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _judge(config: pytest.Config) -> tuple[Literal["simulated", "wall"], str]:
    profile = config.getoption("sluicegate_profile")
    is_wall = profile or config.getoption("sluicegate_clock") == "wall"
    return "wall" if is_wall else "simulated", str(profile or "")


def _result(
    outcome: Outcome, reason: str, stop: float, clock: Literal["simulated", "wall"], profile: str
) -> Result:
    when = datetime.fromtimestamp(stop, UTC).isoformat(timespec="seconds")
    return Result(outcome, reason, when, clock, profile)


@contextmanager
def _alone(cache: pytest.Cache) -> Iterator[None]:
    """Keep other processes from changing the results meanwhile, such as other workers of xdist."""
    try:
        handle = os.open(cache.mkdir(_LOCK), os.O_RDONLY)
    except OSError:
        # The cache says itself that it cannot be written.
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _read(value: object) -> Result | None:
    """Return a result as it was kept, or None for what another version may have kept."""
    try:
        result = Result(**_mapping(value))
    except TypeError:
        return None
    return result if result.outcome in _OUTCOMES else None
