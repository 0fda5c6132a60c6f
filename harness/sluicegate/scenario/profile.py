"""Profiles: where the systems under test are that the harness does not start itself.

A profile is a TOML file with a table for each system, named as its folder in features/:

    [provider]
    url = "http://127.0.0.1:8001"
    ready.path = "/health"          # what is asked before the first scenario,
    ready.statuses = [200]          # what means that the system is ready,
    ready.within_seconds = 10       # and how long to wait for it

    control = "http://127.0.0.1:8003"   # where its plans are filed, if not at its URL,
    agent = "ccrouter"                  # and under which name, if it was started by --agent

    [provider.variants]             # further instances, configured differently
    unhealthy = "http://127.0.0.1:8002"

    [proxy]                         # it asks the provider above; without it, only what its client
    url = "http://127.0.0.1:8080"   # sees is judged

    [proxy.logs]                    # the files that instances log to, as lines of JSON
    logs = "proxy.log"

    [gateway]                       # it asks agents that [provider] controls, by their names
    url = "http://127.0.0.1:8081"
    reset = "/_gateway/reset"       # posted to before each scenario: circuits remember

    [clock]
    tolerance_ms = 50               # how late an answer may be on the wall clock

`schemas/sluicegate/profile.json` says it exactly.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluicegate.errors import SluicegateError
from sluicegate.wire.schema import violations

DEFAULT_VARIANT = "default"
DEFAULT_AGENT = "provider"


class ProfileError(SluicegateError):
    """A profile that cannot be used; the message names the key, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What tells that a system is ready: a GET of `path` answers one of `statuses`.

    `within` is the number of seconds to wait for it.
    """

    path: str = "/health"
    statuses: tuple[int, ...] = (200,)
    within: float = 10.0


@dataclass(frozen=True, slots=True)
class External:
    """A system that somebody else runs: the URL of each of its variants.

    `control` is where the default variant's control API is, if not at its URL, and `agent` the name
    of the agent there. `logs` are the files that variants log to.
    `reset` is the path that is posted to before each scenario, none where it is empty.
    """

    urls: Mapping[str, str]
    ready: Readiness = field(default_factory=Readiness)
    control: str | None = None
    agent: str = DEFAULT_AGENT
    logs: Mapping[str, Path] = field(default_factory=dict)
    reset: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile says; `tolerance` is in seconds, None where the clock's own applies.

    A system that is not in `systems` is embedded. The empty profile embeds them all.
    """

    systems: Mapping[str, External] = field(default_factory=dict)
    tolerance: float | None = None


def load(path: Path) -> Profile:
    """Read a profile; raises ProfileError with everything that is wrong with it."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"is not TOML: {error}") from None
    found = violations(document, "sluicegate/profile")
    if found:
        lines = "".join(f"\n  {violation}" for violation in found)
        raise ProfileError(f"is not as it must be:{lines}")
    profile = _profile(document, path.parent)
    if not profile.systems:
        raise ProfileError('names no system: add [provider] with url = "http://..."')
    return profile


def _profile(document: Mapping[str, Any], folder: Path) -> Profile:
    tolerance = document.get("clock", {}).get("tolerance_ms")
    return Profile(
        systems={n: _external(table, folder) for n, table in document.items() if n != "clock"},
        tolerance=None if tolerance is None else tolerance / 1000,
    )


def _external(table: Mapping[str, Any], folder: Path) -> External:
    urls = {DEFAULT_VARIANT: table["url"], **table.get("variants", {})}
    ready, plain = table.get("ready", {}), Readiness()
    return External(
        urls={name: url.rstrip("/") for name, url in urls.items()},
        ready=Readiness(
            path=ready.get("path", plain.path),
            statuses=tuple(ready.get("statuses", plain.statuses)),
            within=ready.get("within_seconds", plain.within),
        ),
        control=table.get("control"),
        agent=table.get("agent", DEFAULT_AGENT),
        reset=table.get("reset", ""),
        logs={name: folder / log for name, log in table.get("logs", {}).items()},
    )
