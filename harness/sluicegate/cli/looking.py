"""One look at what a profile describes, before anything is judged."""

import math
from collections.abc import Mapping
from dataclasses import replace

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import WallClock
from sluicegate.scenario import preflight
from sluicegate.scenario.profile import DEFAULT_VARIANT, Profile
from sluicegate.scenario.sight import Look
from sluicegate.scenario.target import Targets

from .first_look import is_by_url
from .judging import judged


def looks(profile: Profile) -> Mapping[str, Look]:
    """Ask each system once plain and once streamed; what is started is stopped again."""
    limits = {} if profile.tolerance is None else {"tolerance": profile.tolerance}
    with WallClock(**limits) as clock, Targets(clock, profile) as targets:
        return {
            name: _look(targets, name, is_started=_is_started(profile, name))
            for name in judged(profile)
        }


def _look(targets: Targets, system: str, *, is_started: bool) -> Look:
    try:
        seen = targets.clock.run(preflight.look(targets, system), limit=math.inf)
    except SluicegateError as error:
        return Look(failure=str(error))
    return replace(seen, is_started=is_started, is_by_url=is_by_url())


def _is_started(profile: Profile, system: str) -> bool:
    return profile.systems[system].places[DEFAULT_VARIANT].start is not None


def trouble(profile: Profile) -> str:
    """Return what is wrong with the set-up, and what to do; "" where nothing seems to be."""
    return next(filter(None, map(preflight.trouble, looks(profile).values())), "")
