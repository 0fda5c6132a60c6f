"""What was judged: the system that a profile is about, its version, and where it was."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sluicegate import __version__, shipped
from sluicegate.errors import SluicegateError
from sluicegate.scenario.launch.environment import environment
from sluicegate.scenario.launch.template import render_argument
from sluicegate.scenario.profile import DEFAULT_VARIANT, Place, Profile, System

VERSION_LIMIT: Final = 30.0
"""Seconds that a command may take to print a version."""

KINDS: Final = ("gateway", "proxy", "provider")
"""The systems that can be judged; one behind another is only its witness."""

_VERSION: Final = re.compile(r"\d+(?:\.\d+)+(?:[-+.]?[0-9A-Za-z]+)*")
_EMBEDDED: Final = {
    "gateway": "the reference gateway",
    "proxy": "Sluicegate's proxy",
    "provider": "the mock provider",
    "systems": "Sluicegate",
}


def kind_of(profile: Profile, systems: Iterable[str] = ()) -> str:
    """Return which system of a profile is judged; without one, that which scenarios talked to."""
    named = [kind for kind in KINDS if kind in profile.systems]
    if named:
        return named[0]
    seen = set(systems)
    return seen.pop() if len(seen) == 1 else "systems"


def system(profile: Profile, kind: str, folder: Path) -> dict[str, Any]:
    """Return the document's `system`; its command for the version is run in the folder."""
    judged = profile.systems.get(kind)
    if judged is None:
        where = "embedded in the harness"
        return {"kind": kind, "name": _EMBEDDED[kind], "version": __version__, "where": where}
    return {
        "kind": kind,
        "name": judged.name or f"the {kind}",
        "version": judged.version or version_said(judged.version_command, folder),
        "where": _where(judged),
    }


def version_said(command: tuple[str, ...], folder: Path) -> str:
    """Return the first version that a command prints, empty where it prints none in time."""
    if not command:
        return ""
    names = {"python": sys.executable, "profile": folder, "features": shipped.FEATURES}
    try:
        done = subprocess.run(  # noqa: S603 - the profile's own command
            [render_argument(each, names, "version_command") for each in command],
            cwd=folder,
            env=environment(os.environ, {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_LIMIT,
            check=False,
        )
    except (OSError, SluicegateError, subprocess.TimeoutExpired):
        return ""
    found = _VERSION.search((done.stdout + b"\n" + done.stderr).decode(errors="replace"))
    return found[0] if found else ""


def _where(judged: System) -> str:
    place = judged.places[DEFAULT_VARIANT]
    return f"at {place.url}" if place.start is None else f"started by {_command(place)}"


def _command(place: Place) -> str:
    """Return how a place is started, without what clients show to it."""
    written = " ".join(place.start.command if place.start else ())
    for shown in place.headers.values():
        written = written.replace(shown.rpartition(" ")[2], "***")
    return written
