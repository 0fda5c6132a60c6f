"""The configuration of a gateway: a document and environment variables become its settings.

    primary = "ccrouter"
    keys = ["..."]                      # or GATEWAY_KEYS="one,other"

    [agents.ccrouter]
    base_url = "http://127.0.0.1:9101/v1"
    health_url = "http://127.0.0.1:9101/health"
    fallback = "droid"
    models."gpt-4o" = { max_tokens = 16384, input_cost_per_1k = 0.0025 }

    [agents.droid]
    base_url = "http://127.0.0.1:9102/v1"

    [routes]                            # the first that fits counts
    "gpt-4*" = "ccrouter"
    "claude*" = "droid"

    [fallback]
    enabled = true                      # or AGENT_FALLBACK_ENABLED=true

`schemas/sluicegate/gateway.json` says it exactly.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sluicegate.errors import SluicegateError
from sluicegate.runtime.server import Certificate
from sluicegate.settings.expansion import expand
from sluicegate.settings.files import read_file
from sluicegate.upstream.limits import Limits
from sluicegate.wire.schema import violations

from .breaker import Numbers
from .mistakes import Mistake, Place, hidden, senseless, where
from .routing import ROUTES, Route
from .settings import LARGEST_BODY, PLAIN_LIMIT, Agent, Model, Settings

SCHEMA: Final = "sluicegate/gateway"

SWITCH: Final = "AGENT_FALLBACK_ENABLED"
"""The variable that switches fallbacks on or off, whatever the document says."""

KEYS: Final = "GATEWAY_KEYS"
"""The variable that holds the keys of clients, with commas between them, in place of others."""

DEFAULT: Final[Mapping[str, Any]] = {
    "agents": {
        "ccrouter": {"base_url": "http://127.0.0.1:9101/v1", "fallback": "droid"},
        "droid": {"base_url": "http://127.0.0.1:9102/v1"},
    }
}
"""What a gateway without a file is told: the documented agents, on this machine."""

_NOTHING: Final[Mapping[Place, Exception]] = {}
_HERE: Final = Path()

_WORDS: Final[Mapping[str, bool]] = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """A gateway that is a program of its own: with a `certificate` it speaks TLS."""

    settings: Settings
    certificate: Certificate | None = None
    log_requests: bool = False


class ConfigurationError(SluicegateError):
    """A configuration that no gateway can start with; the message says all that is wrong."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(f"the gateway's configuration is not as it must be:{lines}")


def read(text: str, environ: Mapping[str, str]) -> Settings:
    """Read a configuration in TOML; raises ConfigurationError with everything that is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([Mistake("", f"is not TOML: {error}")]) from None
    return configured(document, environ)


def configuration(path: Path | None, environ: Mapping[str, str]) -> Configuration:
    """Read a configuration file, TOML or YAML, in which `${NAME}` is an environment variable.

    Files that it names are relative to it; without one, the default counts. Raises SluicegateError,
    for a file that can be read with everything that is wrong in it.
    """
    expanded = expand(DEFAULT if path is None else read_file(path), environ)
    folder = Path() if path is None else path.parent
    settings = configured(expanded.document, environ, expanded.mistakes, folder)
    tls = expanded.document.get("tls")
    return Configuration(
        settings,
        tls and Certificate(folder / tls["certfile"], folder / tls["keyfile"]),
        expanded.document.get("log", {}).get("requests", False),
    )


def configured(
    document: Mapping[str, Any],
    environ: Mapping[str, str],
    unexpanded: Mapping[Place, Exception] = _NOTHING,
    folder: Path = _HERE,
) -> Settings:
    """Return the settings that a document and the environment make.

    A variable that is empty counts as not set. `unexpanded` are the places in the document whose
    references to variables lead nowhere; its files are in `folder`. Raises ConfigurationError with
    everything that is wrong: where, what is accepted, and what there is instead unless that is a
    secret.
    """
    found = [Mistake(where(place), str(error)) for place, error in unexpanded.items()]
    wrong = violations(document, SCHEMA)
    found += [hidden(violation) for violation in wrong if violation.path not in unexpanded]
    switch = environ.get(SWITCH) or None
    if switch and switch.lower() not in _WORDS:
        found.append(Mistake(SWITCH, f"expected one of {', '.join(_WORDS)}, got {switch!r}"))
    keys = environ.get(KEYS, "")
    # What was to guard the gateway must not open it.
    if keys and not _listed(keys):
        found.append(Mistake(KEYS, "expected keys with commas between them, got none; or unset it"))
    if found:
        raise ConfigurationError(found)
    settings = _settings(document, switch, keys)
    if found := list(senseless(document, settings, folder)):
        raise ConfigurationError(found)
    return settings


def _settings(document: Mapping[str, Any], switch: str | None, keys: str) -> Settings:
    agents = tuple(_agent(name, table) for name, table in document["agents"].items())
    names = [agent.name for agent in agents]
    fallback, limits = document.get("fallback", {}), dict(document.get("limits", {}))
    plain = limits.pop("plain", PLAIN_LIMIT)
    whole = limits.pop("whole_stream", Limits().whole)
    return Settings(
        agents=agents,
        primary=document.get("primary", next(iter(names), "")),
        routes=_routes(document.get("routes"), names),
        fallback_enabled=_WORDS[switch.lower()] if switch else fallback.get("enabled", True),
        fallback_format=fallback.get("format", "json"),
        limits=Limits(**limits, whole=whole),
        plain_limit=plain,
        breaker=Numbers(**document.get("breaker", {})),
        keys=_listed(keys) or tuple(document.get("keys", ())),
        host=document.get("host", "127.0.0.1"),
        port=int(document.get("port", 8081)),
        largest_body=int(document.get("largest_body", LARGEST_BODY)),
    )


def _listed(keys: str) -> tuple[str, ...]:
    return tuple(filter(None, (key.strip() for key in keys.split(","))))


def _agent(name: str, table: Mapping[str, Any]) -> Agent:
    models = tuple(Model(id_, **model) for id_, model in table.get("models", {}).items())
    return Agent(name, **{**table, "models": models})


def _routes(table: Mapping[str, str] | None, names: Iterable[str]) -> tuple[Route, ...]:
    if table is None:
        return tuple(route for route in ROUTES if route.agent in names)
    return tuple(Route(models, agent) for models, agent in table.items())
