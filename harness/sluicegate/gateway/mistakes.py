"""What can be wrong with the configuration of a gateway, in words that show no secret."""

import math
import re
import ssl
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from sluicegate.wire.schema import Violation

from .settings import Agent, Settings

_SECRETS: Final = frozenset({"key", "keys"})
_TABLE: Final = "expected an object"
_VISIBLE: Final = re.compile(r"[!-~]*")

# What clients put behind a base URL; others than these may belong to one.
_ENDS: Final = ("/chat/completions", "/v1/chat", "/v1/completions", "/v1/models")

Place = tuple[str | int, ...]
"""Where a value stands in a document: keys, and the numbers of items."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and at which place or variable; empty is the whole."""

    at: str
    words: str

    def __str__(self) -> str:
        return f"{self.at}: {self.words}" if self.at else self.words


def where(place: Place) -> str:
    """Write a place in a document as in `agents.droid.key`."""
    return Violation(place, "").param or ""


def hidden(violation: Violation) -> Mistake:
    """Return a violation of the schema without what may be a secret in it."""
    words, got, value = violation.message.partition(", got ")
    # In place of a table, and before an @, there may be one, too.
    if _SECRETS.intersection(map(str, violation.path)) or words.startswith(_TABLE) or "@" in value:
        value = "something else"
    return Mistake(where(violation.path), words + got + value * bool(got))


def senseless(document: Mapping[str, Any], settings: Settings, folder: Path) -> Iterator[Mistake]:
    """Yield what cannot work in a document of the right shape, and in the settings made of it.

    Its files are in `folder`; certificates are read.
    """
    names = [agent.name for agent in settings.agents]
    if not names:
        yield Mistake("agents", "expected one or more, got none")
        return
    yield from _numbers(document, ())
    yield from _known("primary", settings.primary, names)
    for pattern, agent in document.get("routes", {}).items():
        yield from _known(where(("routes", pattern)), agent, names)
    for agent in settings.agents:
        yield from _agent(agent, names)
    for key in settings.keys:
        yield from _visible("keys", key)
    yield from _tls(document.get("tls", {}), folder)


def certificate_fault(certfile: Path, keyfile: Path) -> str | None:
    """Say why a certificate and its key, both in PEM, cannot be used together; None if they can."""
    try:
        # Without a password, Python would ask for that of an encrypted key.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile, password="")
    except OSError as error:  # TLS errors, too
        return (
            f"cannot be used: {error.strerror or error}; both must be PEM, and the key that of the"
            " certificate, not encrypted"
        )
    return None


def _agent(agent: Agent, names: Collection[str]) -> Iterator[Mistake]:
    if not agent.name:
        yield Mistake("agents", "expected a name for each agent, got ''")
    place = where(("agents", agent.name))
    yield from _base_url(f"{place}.base_url", agent.base_url)
    if agent.fallback == agent.name:
        yield Mistake(f"{place}.fallback", "an agent cannot be its own fallback")
    elif agent.fallback is not None:
        others = [name for name in names if name != agent.name]
        yield from _known(f"{place}.fallback", agent.fallback, others)
    yield from _visible(f"{place}.key", agent.key)


def _base_url(at: str, url: str) -> Iterator[Mistake]:
    if end := next(filter(url.rstrip("/").endswith, _ENDS), ""):
        shorter = end.removeprefix("/v1")
        yield Mistake(at, f"expected one without {shorter}: /chat/completions is put behind it")


def _tls(tls: Mapping[str, str], folder: Path) -> Iterator[Mistake]:
    missing = [name for name, file in tls.items() if not (folder / file).is_file()]
    yield from (Mistake(f"tls.{name}", f"there is no file {tls[name]!r}") for name in missing)
    if tls and not missing:
        fault = certificate_fault(folder / tls["certfile"], folder / tls["keyfile"])
        if fault:
            yield Mistake("tls", f"{tls['certfile']!r} with {tls['keyfile']!r} {fault}")


def _known(at: str, name: str, names: Collection[str]) -> Iterator[Mistake]:
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        known = f"{hint}known are {', '.join(names) or 'none'}"
        yield Mistake(at, f"expected the name of an agent, got {name!r}; {known}")


def _visible(at: str, key: str) -> Iterator[Mistake]:
    if not _VISIBLE.fullmatch(key):
        yield Mistake(at, "expected visible ASCII characters, without spaces")


def _numbers(value: object, place: Place) -> Iterator[Mistake]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _numbers(each, (*place, name))
    # An infinite limit is none.
    elif isinstance(value, float) and not (math.isfinite(value) or _is_no_limit(value, place)):
        yield Mistake(where(place), f"expected a finite number, got {value}")


def _is_no_limit(value: float, place: Place) -> bool:
    return place[0] == "limits" and value == math.inf
