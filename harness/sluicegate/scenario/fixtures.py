"""The fixtures behind scenarios: one clock and one set of targets a run, a world for each."""

from collections.abc import Iterator

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock

from .profile import Profile, load
from .target import Targets
from .world import World


@pytest.fixture(scope="session")
def targets(pytestconfig: pytest.Config) -> Iterator[Targets]:
    """Hold the systems under test, on the clock of this run."""
    path = pytestconfig.getoption("sluicegate_profile")
    profile = load(path) if path else Profile()
    with _clock(pytestconfig.getoption("sluicegate_clock"), profile) as clock:
        yield Targets(clock, profile)


@pytest.fixture
def world(targets: Targets) -> Iterator[World]:
    """Make the world of one scenario: what its steps work with."""
    with World(targets) as world:
        yield world


def _clock(wanted: str | None, profile: Profile) -> Clock:
    """Make the clock that was asked for, by default simulated while every system is embedded."""
    if wanted == "simulated" and profile.systems:
        raise SluicegateError(
            "--clock simulated needs every system to be embedded, and the profile names "
            f"{', '.join(profile.systems)}; leave the option out"
        )
    limits = {} if profile.tolerance is None else {"tolerance": profile.tolerance}
    if wanted == "wall" or profile.systems:
        return WallClock(**limits)
    return SimulatedClock(**limits)
