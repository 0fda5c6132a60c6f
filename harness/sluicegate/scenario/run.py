"""One run of scenarios: the profile and the clock that pytest's options ask for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock

from .claims import DEFAULTS
from .profile import DEFAULT_VARIANT, Place, Profile, load
from .systems import GATEWAY
from .target import Targets

_PROFILE = pytest.StashKey[Profile]()


def read_profile(config: pytest.Config) -> None:
    """Read the run's profile; raises pytest.UsageError for what is wrong with it."""
    path = config.getoption("sluicegate_profile")
    try:
        given = load(path)
        Targets.check(given)
    except SluicegateError as error:
        raise pytest.UsageError(f"the profile {path}: {error}") from None
    if given.systems and config.getoption("sluicegate_clock") == "simulated":
        raise pytest.UsageError(
            "--clock simulated needs embedded systems, and the profile names "
            f"{', '.join(given.systems)}: leave the option out"
        )
    config.stash[_PROFILE] = given


def header(config: pytest.Config) -> list[str]:
    """Return a line for each system that the run's profile names."""
    systems = config.stash[_PROFILE].systems.items()
    told = ((kind, _where(system.places[DEFAULT_VARIANT])) for kind, system in systems)
    return [f"sluicegate: judging the {kind} {where}, on the wall clock" for kind, where in told]


def _where(place: Place) -> str:
    return f"at {place.url}" if place.start is None else f"that {place.start.command[0]} starts"


def profile(config: pytest.Config) -> Profile:
    """Return the run's profile, the empty one where none is given."""
    return config.stash.get(_PROFILE, Profile())


def values(config: pytest.Config) -> Mapping[str, Any]:
    """Return the values in which gateways may differ, as the run's profile has them."""
    gateway = profile(config).systems.get(GATEWAY)
    return DEFAULTS if gateway is None else gateway.claims.values


@contextmanager
def targets(config: pytest.Config) -> Iterator[Targets]:
    """Hold the systems under test, on the clock of this run."""
    given = profile(config)
    is_wall = config.getoption("sluicegate_clock") == "wall" or bool(given.systems)
    with _clock(given, is_wall=is_wall) as clock, Targets(clock, given) as targets:
        yield targets


def _clock(profile: Profile, *, is_wall: bool) -> Clock:
    limits = {} if profile.tolerance is None else {"tolerance": profile.tolerance}
    return WallClock(**limits) if is_wall else SimulatedClock(**limits)
