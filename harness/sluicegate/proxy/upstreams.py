"""The upstreams of a proxy, each at its path."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sluicegate.errors import SluicegateError
from sluicegate.upstream.client import Upstream

from .settings import Settings, UpstreamSettings


@dataclass(frozen=True, slots=True)
class Route:
    """A path, the upstream that is asked there, and the token that its clients must show."""

    path: str
    settings: UpstreamSettings
    upstream: Upstream
    token: str = field(repr=False)


def routes(settings: Settings) -> tuple[Route, ...]:
    """Make the upstreams; raises SluicegateError where the settings cannot be followed."""
    found = {each.name: (each, _upstream(each)) for each in settings.upstreams}
    if settings.default not in found:
        known = ", ".join(found) or "none"
        raise SluicegateError(
            f"expected the name of an upstream as the default, got {settings.default!r}; "
            f"known are: {known}"
        )
    return tuple(_routes(settings, found))


def _routes(
    settings: Settings, found: Mapping[str, tuple[UpstreamSettings, Upstream]]
) -> Iterator[Route]:
    yield Route("/stream", *found[settings.default], token=settings.token)
    for name, each in found.items():
        yield Route(f"/stream/{name}", *each, token=each[0].token or settings.token)


def _upstream(settings: UpstreamSettings) -> Upstream:
    return Upstream(
        settings.base_url,
        settings.format,
        key=settings.key,
        limits=settings.limits,
        trust=_trust(settings),
        takes_unmarked_end=settings.takes_unmarked_end,
    )


def _trust(settings: UpstreamSettings) -> ssl.SSLContext | None:
    if settings.authorities is None:
        return None
    try:
        return ssl.create_default_context(cafile=settings.authorities)
    except OSError as error:
        raise SluicegateError(
            f"expected certificates in PEM as the authorities of {settings.name!r}, cannot read "
            f"{settings.authorities}: {error.strerror or error}"
        ) from error
