"""The configuration of a proxy that is a program of its own: from a file, and the environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sluicegate.errors import SluicegateError
from sluicegate.runtime.server import Certificate
from sluicegate.settings.expansion import Expanded, Place, expand
from sluicegate.settings.files import read_file
from sluicegate.upstream.formats import FORMATS
from sluicegate.upstream.limits import Limits

from .environment import completed
from .mistakes import Mistake, misshapen, senseless
from .settings import Price, Settings, UpstreamSettings

HOST: Final = "127.0.0.1"
PORT: Final = 8080


class ConfigurationError(SluicegateError):
    """A configuration that cannot be used; the message names every key, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A proxy, and where it listens: `port` 0 is a free one, `certificate` makes it speak TLS.

    `sources` say where a value comes from that the file does not hold itself: the variables, or how
    it was found.
    """

    settings: Settings
    host: str = HOST
    port: int = PORT
    certificate: Certificate | None = None
    log_requests: bool = False
    sources: Mapping[Place, str] = field(default_factory=dict)

    def source(self, *place: str) -> str:
        """Say where a value comes from, such as `PROXY_TOKEN` or `the file`."""
        return self.sources.get(place, "the file")


def configuration(path: Path | None, environ: Mapping[str, str]) -> Configuration:
    """Read a configuration file, TOML or YAML, and complete it by environment variables.

    `schemas/sluicegate/proxy.json` says what a file may hold; files that it names are relative to
    it. Without one, PROXY_TOKEN, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, OPENAI_API_KEY and
    OPENAI_BASE_URL say everything; with one, they say what it leaves out: `token = ""` in it is no
    token, whatever the environment has. Raises SluicegateError with all mistakes that can be seen
    at once.

    To mount the proxy of a file in an application of your own:

        settings = configuration(Path("proxy.toml"), os.environ).settings
        app = Starlette(routes=[Mount("/agents", create_app(settings))])
    """
    expanded = expand({} if path is None else read_file(path), environ)
    sources = {place: ", ".join(names) for place, names in expanded.variables.items()}
    _refuse(misshapen(expanded), path, sources)
    whole = completed(expanded.document, environ)
    sources |= whole.sources
    folder = Path() if path is None else path.parent
    found = [_without_values(each, expanded, environ) for each in senseless(whole.document, folder)]
    _refuse(found, path, sources)
    return _configuration(whole.document, folder, sources)


def _refuse(mistakes: Sequence[Mistake], path: Path | None, sources: Mapping[Place, str]) -> None:
    if not mistakes:
        return
    lines = "".join(f"\n  {_told(mistake, sources)}" for mistake in mistakes)
    what = "the environment" if path is None else str(path)
    raise ConfigurationError(f"{what} makes no proxy:{lines}")


def _without_values(mistake: Mistake, expanded: Expanded, environ: Mapping[str, str]) -> Mistake:
    # What a variable holds may be a secret wherever it was put.
    words = mistake.words
    for name in expanded.variables.get(mistake.place, ()):
        if value := environ[name]:
            words = words.replace(value, f"${{{name}}}")
    return replace(mistake, words=words)


def _told(mistake: Mistake, sources: Mapping[Place, str]) -> str:
    source = sources.get(mistake.place)
    where = f"{mistake.where} (from {source})" if source else mistake.where
    return f"{where}: {mistake.words}" if where else mistake.words


def _configuration(
    document: Mapping[str, Any], folder: Path, sources: Mapping[Place, str]
) -> Configuration:
    tls = document.get("tls")
    return Configuration(
        settings=_settings(document, folder),
        host=document.get("host", HOST),
        port=int(document.get("port", PORT)),
        certificate=tls and Certificate(folder / tls["certfile"], folder / tls["keyfile"]),
        log_requests=document.get("log", {}).get("requests", False),
        sources=sources,
    )


def _settings(document: Mapping[str, Any], folder: Path) -> Settings:
    token = document.get("token", "")
    upstreams = tuple(
        _upstream(name, table, token, folder) for name, table in document["upstreams"].items()
    )
    asked = {each.name: each for each in upstreams}[document.get("default") or upstreams[0].name]
    rate = document.get("rate_limit", {}).get("requests_per_minute")
    return Settings(
        upstreams=upstreams,
        default=asked.name,
        # An upstream that has a token of its own is open at no path.
        token=token or asked.token,
        origins=tuple(document.get("cors", {}).get("origins", ())),
        requests_per_minute=None if rate is None else int(rate),
        prices={model: Price(**price) for model, price in document.get("prices", {}).items()},
    )


def _upstream(name: str, table: Mapping[str, Any], token: str, folder: Path) -> UpstreamSettings:
    authorities = table.get("authorities")
    return UpstreamSettings(
        name=name,
        format=next(each for each in FORMATS if each == table["format"]),
        base_url=table["base_url"],
        key=table.get("key", ""),
        token=table.get("token") or token,
        limits=_limits(table.get("limits", {})),
        authorities=folder / authorities if authorities else None,
        takes_unmarked_end=table.get("takes_unmarked_end", False),
    )


def _limits(table: Mapping[str, float]) -> Limits:
    return Limits(**{name.removesuffix("_seconds"): value for name, value in table.items()})
