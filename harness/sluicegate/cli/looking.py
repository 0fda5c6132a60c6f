"""One look at what a profile describes, before anything is judged."""

import math
from collections.abc import Mapping

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import WallClock
from sluicegate.scenario import preflight
from sluicegate.scenario.profile import Profile
from sluicegate.scenario.sight import Look
from sluicegate.scenario.target import Targets

from .judging import judged


def looks(profile: Profile) -> Mapping[str, Look]:
    """Ask each system once plain and once streamed; what is started is stopped again."""
    limits = {} if profile.tolerance is None else {"tolerance": profile.tolerance}
    with WallClock(**limits) as clock, Targets(clock, profile) as targets:
        return {name: _look(targets, name) for name in judged(profile)}


def _look(targets: Targets, system: str) -> Look:
    try:
        return targets.clock.run(preflight.look(targets, system), limit=math.inf)
    except SluicegateError as error:
        return Look(failure=str(error))


def trouble(profile: Profile) -> str:
    """Return what is wrong with the set-up, and what to do; "" where nothing seems to be."""
    return next(filter(None, map(preflight.trouble, looks(profile).values())), "")
