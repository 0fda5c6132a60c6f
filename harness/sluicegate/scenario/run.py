"""One run of scenarios: the profile and the clock that pytest's options ask for."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock

from .profile import DEFAULT_VARIANT, Profile, load
from .target import Targets

_PROFILE = pytest.StashKey[Profile]()


def read_profile(config: pytest.Config) -> None:
    """Read the run's profile; raises pytest.UsageError for what is wrong with it."""
    path = config.getoption("sluicegate_profile")
    try:
        profile = load(path)
        Targets.check(profile)
    except SluicegateError as error:
        raise pytest.UsageError(f"the profile {path}: {error}") from None
    if profile.systems and config.getoption("sluicegate_clock") == "simulated":
        raise pytest.UsageError(
            "--clock simulated needs embedded systems, and the profile names "
            f"{', '.join(profile.systems)}: leave the option out"
        )
    config.stash[_PROFILE] = profile


def header(config: pytest.Config) -> list[str]:
    """Return a line for each system that the run's profile names."""
    systems = config.stash[_PROFILE].systems
    return [
        f"sluicegate: judging the {name} at {external.urls[DEFAULT_VARIANT]}, on the wall clock"
        for name, external in systems.items()
    ]


@contextmanager
def targets(config: pytest.Config) -> Iterator[Targets]:
    """Hold the systems under test, on the clock of this run."""
    profile = config.stash.get(_PROFILE, Profile())
    is_wall = config.getoption("sluicegate_clock") == "wall" or bool(profile.systems)
    with _clock(profile, is_wall=is_wall) as clock:
        yield Targets(clock, profile)


def _clock(profile: Profile, *, is_wall: bool) -> Clock:
    limits = {} if profile.tolerance is None else {"tolerance": profile.tolerance}
    return WallClock(**limits) if is_wall else SimulatedClock(**limits)
