"""The profile of a first look: a gateway of which nothing is known but where it is."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import click

from .options import LAST_PORT

KEY: Final = "SLUICEGATE_API_KEY"
"""The environment variable that holds the key of whom is looked at."""

CERTAIN: Final = "streaming"
"""The capability without which no gateway is worth a look."""

NOT_SLOW: Final = "not slow"
"""What a first look selects where nobody says otherwise: each slow scenario waits for long."""

SLOW_TOO: Final = 'slow scenarios were left out: -m "" runs them, too'
"""What is said of that."""

LENIENT: Final[Mapping[str, Sequence[int]]] = {
    "final_error_status": (500, 502, 503, 504),
    "timeout_status": (504, 408),
    "circuit_open_status": (503, 429),
    "auth_status": (401, 403),
}
"""The statuses in which gateways may differ, and those that a first look takes for right."""

_BY_URL: Final[ContextVar[bool]] = ContextVar("by URL", default=False)


@contextmanager
def by_url() -> Iterator[None]:
    """Let what is said of the set-up speak of the URL and of options: there is no profile yet."""
    before = _BY_URL.set(True)
    try:
        yield
    finally:
        _BY_URL.reset(before)


def is_by_url() -> bool:
    """Tell whether the user has given a URL, and no profile."""
    return _BY_URL.get()


_HEAD: Final = """\
# Written by `sluicegate check URL`: a first look at a gateway of which nothing is known yet.
# To go on, keep it as a file of your own, say what the gateway claims, and judge it by
#   sluicegate check --profile FILE
"""
_REASON: Final = "a first look, which finds out"


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Where a gateway is, the ports on which it expects its agents, and how it is asked.

    `models` are its names of the features' models. `has_key` tells whether clients show a key.
    `reset` is the path that is posted to before each scenario, none where it is empty.
    """

    url: str
    agents: Mapping[str, int]
    models: Mapping[str, str] = field(default_factory=dict)
    has_key: bool = False
    reset: str = ""


def profile_text(look: FirstLook, capabilities: tuple[str, ...]) -> str:
    """Return the profile, in TOML: but for streaming nothing is claimed, and all is tried."""
    lines = [
        _HEAD,
        "[gateway]",
        f"name = {_text(urlsplit(look.url).netloc)}",
        f"url = {_text(look.url)}",
    ]
    lines += [f"agents = {_table(look.agents)}"] if look.agents else []
    lines += [f"models = {_table(look.models)}"] if look.models else []
    lines += [f'key = "${{{KEY}}}"'] if look.has_key else []
    lines += [f"reset = {_text(look.reset)}"] if look.reset else []
    lines += ["", "[gateway.capabilities]", f"{CERTAIN} = true"]
    unknown = f'{{ claim = "unknown", reason = {_text(_REASON)} }}'
    lines += [f"{name} = {unknown}" for name in capabilities if name != CERTAIN]
    lines += ["", "[gateway.values]  # any of them is right in a first look"]
    lines += [f"{name} = {[*statuses]}" for name, statuses in LENIENT.items()]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    # A text in JSON is one in TOML, but for what JSON leaves as it is, which TOML refuses.
    return json.dumps(text).replace("\x7f", "\\u007f")


def _table(table: Mapping[str, str] | Mapping[str, int]) -> str:
    members = (f"{_text(name)} = {json.dumps(value)}" for name, value in table.items())
    return f"{{ {', '.join(members)} }}"


_AGENTS: Final = ("ccrouter", "droid")
"""The agents that gateways of the features have."""

_USUAL_MODEL: Final = "gpt-4"
_AGENT: Final = re.compile(rf"({'|'.join(_AGENTS)})=([1-9][0-9]{{0,4}})")


def agents(
    _context: click.Context, _option: click.Parameter, value: Sequence[str]
) -> dict[str, int]:
    """Read `--agent`; raises BadParameter."""
    found = [(each, _AGENT.fullmatch(each)) for each in value]
    for text, match in found:
        if match is None or int(match[2]) > LAST_PORT:
            raise click.BadParameter(f"expected ccrouter=PORT or droid=PORT, got {text!r}")
    ports = {match[1]: int(match[2]) for _, match in found if match}
    if len({*ports.values()}) < len(value):
        raise click.BadParameter("expected each agent once, and a port of its own for each")
    return ports


def models(
    _context: click.Context, _option: click.Parameter, value: Sequence[str]
) -> dict[str, str]:
    """Read `--model`; raises BadParameter."""
    named = [each.rpartition("=") for each in value]
    if not all(theirs for _, _, theirs in named):
        raise click.BadParameter("expected MODEL, or NAME=MODEL, such as gpt-4=my-model")
    return {name or _USUAL_MODEL: theirs for name, _, theirs in named}
