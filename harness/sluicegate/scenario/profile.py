"""Profiles: where the systems under test are, how they are started, and what they claim.

A profile is a TOML file with a table for each system, named as its folder in features/:

    [provider]
    url = "http://127.0.0.1:8001"
    ready.path = "/health"          # what is asked before the first scenario,
    ready.statuses = [200]          # what means that the system is ready; without both, any answer,
    ready.within_seconds = 10       # and how long to wait for it

    control = "http://127.0.0.1:8003"   # where its plans are filed, if not at its URL,
    agent = "ccrouter"                  # and under which name, if it was started by --agent

    [provider.variants]             # further instances, configured differently
    unhealthy = "http://127.0.0.1:8002"

    [proxy]                         # it asks the provider above; without it, only what its client
    url = "http://127.0.0.1:8080"   # sees is judged

    [proxy.logs]                    # the files that instances log to, as lines of JSON
    logs = "proxy.log"

    [gateway]                       # without [provider], the harness serves the agents itself
    command = ["my-gateway", "--port", "{{ port }}"]
    environment = { CCROUTER_URL = "{{ agents.ccrouter.url }}" }

    [clock]
    tolerance_ms = 50               # how late an answer may be on the wall clock

`sluicegate profile new` writes one that teaches the rest; `schemas/sluicegate/profile.json` says it
exactly.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from sluicegate.errors import SluicegateError
from sluicegate.settings.expansion import expanded

from .claims import ClaimError, Claims, claims
from .document import departures, read
from .headers import key_trouble, name_trouble, value_trouble

DEFAULT_VARIANT = "default"
DEFAULT_AGENT = "provider"

Isolation = Literal["none", "reset", "process"]
"""How scenarios are kept apart: not at all, by a request that resets, or by a fresh process."""


class ProfileError(SluicegateError):
    """A profile that cannot be used; the message names the key, and what is wrong."""


WRONG: Final = "is not right: "
"""How the message begins where it goes on with the place of the mistake."""

_NO_SYSTEM: Final = (
    'names no system: add [gateway] with command = ["my-gateway", ...] or url = "http://..."'
    " (`sluicegate profile new` writes one), or [proxy] or [provider] with a url"
)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What tells that a system is ready: a GET of `path` answers one of `statuses`.

    Where there are none, what is started is to answer 200, and of one at a URL any answer does.
    `within` is the number of seconds to wait for it.
    """

    path: str = "/health"
    statuses: tuple[int, ...] = ()
    within: float = 10.0


@dataclass(frozen=True, slots=True)
class Start:
    """How the harness starts an instance; all texts are templates.

    `template` is the file that the instance's configuration is made of, `folder` the profile's.
    """

    command: tuple[str, ...]
    folder: Path
    template: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a variant of a system is: at a URL where somebody else runs it, or started.

    Exactly one of `url` and `start` is given. `ports` are those on which a system at a URL expects
    the agents that the harness serves, none where it serves none. `reset` is the path that is
    posted to before each scenario, none where it is empty. `headers` are those of every client.
    """

    url: str | None = None
    start: Start | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    isolation: Isolation = "none"
    reset: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class System:
    """A system that a profile names: its places by variant, and its claims.

    `needing` has the places that scenarios get which need a capability. `models` are its names of
    the features' models. `control` is where a provider's control API is, if not at its URL, and
    `agent` the name of the agent there. `logs` are the files that variants log to. `workers` is how
    many instances of a place may run side by side, None where it does not matter.
    """

    places: Mapping[str, Place]
    name: str = ""
    version: str = ""
    version_command: tuple[str, ...] = ()
    ready: Readiness = field(default_factory=Readiness)
    needing: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    claims: Claims = field(default_factory=Claims)
    control: str | None = None
    agent: str = DEFAULT_AGENT
    logs: Mapping[str, Path] = field(default_factory=dict)
    workers: int | None = None

    @property
    def urls(self) -> Mapping[str, str]:
        """Return the URLs of the variants that somebody else runs."""
        return {name: place.url for name, place in self.places.items() if place.url is not None}

    def place(self, variant: str, needs: frozenset[str] = frozenset()) -> Place | None:
        """Return where scenarios with these needs find a variant, None if it is not claimed."""
        needed = (table for name, table in self.needing.items() if name in needs)
        return next(needed, self.places).get(variant)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile says; `tolerance` is in seconds, None where the clock's own applies.

    A system that is not in `systems` is embedded. The empty profile embeds them all.
    """

    systems: Mapping[str, System] = field(default_factory=dict)
    tolerance: float | None = None


def at_url(url: str, **members: Any) -> System:  # noqa: ANN401 - those of System
    """Return a system that somebody else runs at a URL, with further members of `System`."""
    return System({DEFAULT_VARIANT: Place(url.rstrip("/"))}, **members)


def load(path: Path) -> Profile:
    """Read a profile; raises ProfileError with everything that is wrong with it."""
    try:
        document = read(path)
    except SluicegateError as error:
        raise ProfileError(str(error)) from None
    found = departures(document)
    if found:
        lines = "".join(f"\n  {violation}" for violation in found)
        raise ProfileError(f"is not as it must be:{lines}")
    profile = meant(document, path)
    if not profile.systems:
        raise ProfileError(_NO_SYSTEM)
    return profile


def meant(document: Mapping[str, Any], path: Path) -> Profile:
    """Return what a document that follows the schema means, being read from `path`.

    Raises ProfileError for the first thing that means nothing.
    """
    try:
        return _profile(document, path)
    except ClaimError as error:
        raise ProfileError(f"{WRONG}{error}") from None


def _profile(document: Mapping[str, Any], path: Path) -> Profile:
    tolerance = document.get("clock", {}).get("tolerance_ms")
    return Profile(
        systems={n: _system(n, table, path) for n, table in document.items() if n != "clock"},
        tolerance=None if tolerance is None else tolerance / 1000,
    )


def _system(kind: str, table: Mapping[str, Any], path: Path) -> System:
    variants = {DEFAULT_VARIANT: {}, **table.get("variants", {})}
    needing = {
        capability: {name: {**_different(each), **what} for name, each in variants.items()}
        for capability, what in table.get("needing", {}).items()
    }
    return System(
        places=_places(kind, table, variants, path.parent),
        name=table.get("name", path.stem),
        version=table.get("version", ""),
        version_command=tuple(table.get("version_command", ())),
        ready=_ready(table.get("ready", {})),
        needing={
            name: _places(f"{kind}.needing.{name}", table, each, path.parent)
            for name, each in needing.items()
        },
        models=table.get("models", {}),
        claims=claims(table),
        control=table.get("control"),
        agent=table.get("agent", DEFAULT_AGENT),
        logs={name: path.parent / log for name, log in table.get("logs", {}).items()},
        workers=table.get("workers"),
    )


def _ready(said: Mapping[str, Any]) -> Readiness:
    plain = Readiness()
    return Readiness(
        path=said.get("path", plain.path),
        statuses=tuple(said.get("statuses", (200,) if "path" in said else ())),
        within=said.get("within_seconds", plain.within),
    )


def _places(
    where: str, table: Mapping[str, Any], variants: Mapping[str, Any], folder: Path
) -> Mapping[str, Place]:
    return {
        name: _place(_table(where, name), _merged(table, _different(each)), folder)
        for name, each in variants.items()
    }


def _table(where: str, variant: str) -> str:
    return where if variant == DEFAULT_VARIANT else f"{where}.variants.{variant}"


_OF_PLACES: Final = (
    "url",
    "agents",
    "command",
    "template",
    "environment",
    "key",
    "headers",
    "isolation",
    "reset",
)
"""What a variant may say otherwise than its system."""


def _different(variant: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return {"url": variant} if isinstance(variant, str) else variant


def _merged(table: Mapping[str, Any], variant: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what holds for a variant; its tables add to those of the system."""
    common = {name: table[name] for name in _OF_PLACES if name in table}
    if "url" in variant:
        # Who runs it elsewhere has configured it there.
        common = {name: said for name, said in common.items() if name not in _OF_STARTS}
    if "command" in variant:
        common.pop("url", None)
    merged = {**common, **variant}
    for name in ("environment", "headers"):
        if name in merged:
            merged[name] = {**common.get(name, {}), **variant.get(name, {})}
    return merged


_OF_STARTS: Final = ("command", "template", "environment")


def _place(where: str, said: Mapping[str, Any], folder: Path) -> Place:
    start = _start(said, folder) if "command" in said else None
    url = said.get("url")
    if (start is None) == (url is None):
        wrong = "both a command and a url" if start else "neither a command nor a url"
        raise ProfileError(f"{WRONG}[{where}] has {wrong}: give one of them")
    reset = said.get("reset", "")
    isolation: Isolation = said.get("isolation") or _usual_isolation(start, reset)
    if isolation == "process" and start is None:
        raise ProfileError(f'{WRONG}[{where}] isolation = "process" needs a command to start')
    if isolation == "reset" and not reset:
        raise ProfileError(f'{WRONG}[{where}] isolation = "reset" needs reset = "/..." to post to')
    return Place(
        url=None if url is None else url.rstrip("/"),
        start=start,
        ports=said.get("agents", {}),
        isolation=isolation,
        reset=reset if isolation == "reset" else "",
        headers={**_key(where, said), **_headers(where, said)},
    )


def _start(said: Mapping[str, Any], folder: Path) -> Start:
    template = said.get("template")
    return Start(
        command=tuple(said["command"]),
        folder=folder,
        template=None if template is None else folder / template,
        environment=said.get("environment", {}),
    )


def _usual_isolation(start: Start | None, reset: str) -> Isolation:
    if reset:
        return "reset"
    return "none" if start is None else "process"


def _key(where: str, said: Mapping[str, Any]) -> Mapping[str, str]:
    if "key" not in said:
        return {}
    key = _filled(f"[{where}] key", said["key"], key_trouble)
    return {"Authorization": f"Bearer {key}"}


def _headers(where: str, said: Mapping[str, Any]) -> Mapping[str, str]:
    filled = {}
    for name, value in said.get("headers", {}).items():
        if trouble := name_trouble(name):
            raise ProfileError(f"{WRONG}[{where}] headers: {trouble}")
        filled[name] = _filled(f"[{where}] headers, {name}", value, value_trouble)
    return filled


def _filled(where: str, text: str, trouble: Callable[[str], str]) -> str:
    """Return a text with the environment variables that it names: keys belong in no file."""
    try:
        filled = expanded(text, os.environ)
    except SluicegateError as error:
        raise ProfileError(f"{WRONG}{where}: {error}") from None
    if found := trouble(filled):
        raise ProfileError(f"{WRONG}{where}: {found}")
    return filled
