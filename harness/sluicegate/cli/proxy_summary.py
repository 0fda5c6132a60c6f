"""What `sluicegate proxy` would serve, in lines, and what is doubtful about it."""

from collections.abc import Iterator
from dataclasses import fields
from math import isinf
from typing import Final

from sluicegate.provider.guard import is_loopback
from sluicegate.proxy.addresses import asked
from sluicegate.proxy.configuration import Configuration
from sluicegate.proxy.environment import TOKEN
from sluicegate.proxy.settings import Settings, UpstreamSettings
from sluicegate.upstream.limits import Limits

SHORTEST: Final = 16
"""Characters of a token that is not worth guessing at."""


def paths(settings: Settings) -> list[str]:
    """List what the paths of a proxy ask."""
    named = [f"POST /stream/{each.name} asks {_url(each)}" for each in settings.upstreams]
    return [f"POST /stream asks {settings.default}", *named]


def doubts(configuration: Configuration) -> Iterator[str]:
    """Tell what is not safe where other machines can reach the proxy."""
    if is_loopback(configuration.host):
        return
    reach, tokens = f"other machines may reach {configuration.host}", _tokens(configuration)
    if unasked := [path for path, token in tokens.items() if not token]:
        yield (
            f"{reach}, and nobody is asked for a token at {', '.join(unasked)}: set {TOKEN}, or"
            " token in the file"
        )
    if any(0 < len(token) < SHORTEST for token in tokens.values()):
        yield (
            f"{reach}, and a token has fewer than {SHORTEST} characters: `openssl rand -hex 32`"
            " makes a good one"
        )


def _tokens(configuration: Configuration) -> dict[str, str]:
    settings = configuration.settings
    named = {f"/stream/{each.name}": each.token for each in settings.upstreams}
    return {"/stream": settings.token, **named}


def summary(configuration: Configuration) -> Iterator[str]:
    """Describe what would be served and where that comes from, in lines, with secrets masked."""
    settings = configuration.settings
    yield f"listens on {_address(configuration)}"
    yield f"POST /stream asks {settings.default}"
    yield f"  token: {_secret(configuration, settings.token, 'token')}"
    for upstream in settings.upstreams:
        yield from _upstream(configuration, upstream)
    yield f"origins: {', '.join(settings.origins) or 'none'}"
    rate = settings.requests_per_minute
    yield f"rate limit: {'none' if rate is None else f'{rate} requests per minute and client'}"
    yield f"prices: {', '.join(settings.prices) or 'none'}"
    yield f"requests: {'logged' if configuration.log_requests else 'not logged'}"


def _address(configuration: Configuration) -> str:
    scheme = "https" if configuration.certificate else "http"
    host = f"[{configuration.host}]" if ":" in configuration.host else configuration.host
    return f"{scheme}://{host}:{configuration.port}"


def _upstream(configuration: Configuration, upstream: UpstreamSettings) -> Iterator[str]:
    place = ("upstreams", upstream.name)
    yield f"POST /stream/{upstream.name}"
    yield f"  format: {upstream.format} ({configuration.source(*place, 'format')})"
    yield f"  base URL: {_url(upstream)} ({configuration.source(*place, 'base_url')})"
    yield f"  asks POST {asked(upstream.base_url, upstream.format)}"
    yield f"  key: {_secret(configuration, upstream.key, *place, 'key')}"
    yield f"  token: {_token(configuration, upstream)}"
    yield f"  limits: {_limits(upstream.limits)}"
    if upstream.authorities is not None:
        yield f"  authorities: {upstream.authorities}"
    if upstream.takes_unmarked_end:
        yield "  takes an unmarked end"


def _url(upstream: UpstreamSettings) -> str:
    # Some put their key into the query.
    address, query, _ = upstream.base_url.partition("?")
    return f"{address}?***" if query else address


def _token(configuration: Configuration, upstream: UpstreamSettings) -> str:
    if upstream.token == configuration.settings.token:
        return "the same" if upstream.token else "none"
    return _secret(configuration, upstream.token, "upstreams", upstream.name, "token")


def _secret(configuration: Configuration, secret: str, *place: str) -> str:
    return f"*** ({configuration.source(*place)})" if secret else "none"


def _limits(limits: Limits) -> str:
    each = {name.name: getattr(limits, name.name) for name in fields(limits)}
    return ", ".join(
        f"{name.replace('_', ' ')} {'none' if isinf(seconds) else f'{seconds:g} s'}"
        for name, seconds in each.items()
    )
