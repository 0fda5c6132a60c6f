"""What a proxy takes from environment variables where its configuration leaves it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from typing import Any, Final

from sluicegate.settings.expansion import Place
from sluicegate.upstream.formats import FORMATS

TOKEN: Final = "PROXY_TOKEN"  # noqa: S105 - the variable's name
"""The variable that holds what clients must show."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The variables of a provider's key and base URL, and where it is by default."""

    key: str
    base_url: str
    public: str

    def address(self, environ: Mapping[str, str]) -> tuple[str, str]:
        """Return its base URL, and where that comes from."""
        told = environ.get(self.base_url)
        return (told, self.base_url) if told else (self.public, "the default")


SECRETS: Final = ("key", "token")
"""The keys of a configuration whose values nobody may see; an empty one is none."""

PROVIDERS: Final[Mapping[str, Provider]] = {
    "anthropic": Provider("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    "openai": Provider("OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1"),
}
"""The first that is there is asked by default."""

VARIABLES: Final = tuple(
    name for provider in PROVIDERS.values() for name in (provider.key, provider.base_url)
)
"""The variables of which one makes an upstream."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A configuration with what was added to it; `sources` say where that comes from."""

    document: dict[str, Any]
    sources: dict[Place, str] = field(default_factory=dict)

    def add(self, place: tuple[str, ...], value: str | None, source: str) -> None:
        """Set a value unless there is one already; a secret that is empty is one, too."""
        *tables, key = place
        table: dict[str, Any] = reduce(getitem, tables, self.document)
        if value and not (key in table if key in SECRETS else table.get(key)):
            table[key] = value
            self.sources[place] = source


def completed(document: Mapping[str, Any], environ: Mapping[str, str]) -> Completed:
    """Add the token, and to each upstream its format, base URL and key, where they are left out.

    The document comes before the environment: a token or a key that is an empty text there is
    none. Any other empty text is as if it were left out. A document without upstreams gets those of
    which the environment has a key or a base URL. A key from the environment is for the address
    alone that the environment has, or else the provider.
    """
    upstreams = document.get("upstreams") or _found(environ)
    copies = {name: dict(table) for name, table in upstreams.items()}
    whole = Completed({**document, "upstreams": copies})
    whole.add(("token",), environ.get(TOKEN), TOKEN)
    for name in copies:
        _complete(whole, name, environ)
    return whole


def _found(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {
        name: {}
        for name, provider in PROVIDERS.items()
        if environ.get(provider.key) or environ.get(provider.base_url)
    }


def _complete(whole: Completed, name: str, environ: Mapping[str, str]) -> None:
    place, upstream = ("upstreams", name), whole.document["upstreams"][name]
    whole.add((*place, "format"), name if name in FORMATS else None, "its name")
    provider = PROVIDERS.get(upstream.get("format", ""))
    if provider is None:
        return
    address, source = provider.address(environ)
    whole.add((*place, "base_url"), address, source)
    if upstream["base_url"].rstrip("/") == address.rstrip("/"):
        whole.add((*place, "key"), environ.get(provider.key), provider.key)
