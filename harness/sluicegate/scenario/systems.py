"""The systems that scenarios speak to, as the harness starts them itself: their variants."""

import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sluicegate import shipped
from sluicegate.provider.agents import Agents, AgentSide
from sluicegate.provider.journal import Journal
from sluicegate.provider.plan import Plan
from sluicegate.provider.plans import Plans
from sluicegate.runtime.clock import Clock

from .control import Control, EmbeddedControl
from .profile import DEFAULT_VARIANT

if TYPE_CHECKING:
    from pathlib import Path

    from hypercorn.typing import ASGIFramework

PROVIDER: Final = "provider"
"""The name of the system that a provider is, and of the agent that it is in a scenario."""

PROXY: Final = "proxy"
"""The name of the system that a proxy is."""

Lines = Callable[[], list[dict[str, Any]]]
"""Reads what a system has logged so far, one object for each line of JSON."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running system: its URL, how to control the provider behind it, and its log.

    `control` is None where that is not possible, and `trouble` says why. `seen` is the number of
    the last entry in the provider's journal that is older than the instance. `log` is None where
    nobody can read it.
    """

    url: str
    control: Control | None = None
    agent: str = PROVIDER
    seen: int = 0
    trouble: str = ""
    log: Lines | None = None


_PLANS: Final[Mapping[str, Plan]] = {
    DEFAULT_VARIANT: Plan(),
    "two-models": Plan(models=("first-model", "second-model")),
    "unhealthy": Plan(healthy=False),
}
_FILES: Final[Mapping[str, "Path"]] = {
    path.stem: path for path in sorted((shipped.FEATURES / PROXY / "variants").glob("*.toml"))
}

_MOUNTED: Final = "mounted"
"""The variant of the proxy that is the default one within another application."""

MOUNT: Final = "/agents"
"""The path of the mounted proxy."""

VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    PROVIDER: tuple(_PLANS),
    PROXY: tuple(sorted([*_FILES, _MOUNTED])),
}
"""The variants of each system that scenarios can choose."""

_BEHIND: Final = {"chain": DEFAULT_VARIANT}
"""The variants of the proxy whose upstream is another variant, at PROXY_URL."""


@asynccontextmanager
async def provider(variant: str, clock: Clock) -> AsyncIterator[Instance]:
    """Run a provider of its own for a scenario."""
    # Quart takes 0.3 s to import, and a run against external systems needs none of it.
    from sluicegate.provider.app import create_app  # noqa: PLC0415 - see above
    from sluicegate.provider.transport import FaultyServer  # noqa: PLC0415

    plans, journal = Plans({PROVIDER: _PLANS[variant]}), Journal()
    settle = clock.quiesce if clock.name == "simulated" else None
    app = create_app(agent=PROVIDER, plans=plans, journal=journal, unix=clock.unix, settle=settle)
    async with FaultyServer(app) as server:
        side = AgentSide(journal, app.repetition.clear)
        yield Instance(server.url, EmbeddedControl(Agents({PROVIDER: side}, plans)))


@asynccontextmanager
async def proxy(variant: str, clock: Clock, upstream: Instance) -> AsyncIterator[Instance]:
    """Run a proxy of its own for a scenario; its upstreams are the provider."""
    behind = _BEHIND.get(variant)
    if behind is None:
        async with _proxy(variant, clock, upstream, {}) as instance:
            yield instance
        return
    async with (
        _proxy(behind, clock, upstream, {}) as other,
        _proxy(variant, clock, upstream, {"PROXY_URL": other.url}) as instance,
    ):
        yield instance


@asynccontextmanager
async def _proxy(
    variant: str, clock: Clock, upstream: Instance, environ: Mapping[str, str]
) -> AsyncIterator[Instance]:
    from sluicegate.proxy.app import create_app  # noqa: PLC0415 - as heavy as the provider
    from sluicegate.proxy.configuration import configuration  # noqa: PLC0415
    from sluicegate.runtime.server import Server  # noqa: PLC0415

    is_mounted = variant == _MOUNTED
    file = _FILES[DEFAULT_VARIANT if is_mounted else variant]
    read = configuration(file, {"PROVIDER_URL": upstream.url, **environ})
    with _logged(is_wanted=read.log_requests) as log:
        app = create_app(read.settings, unix=clock.unix)
        served = behind_another(app) if is_mounted else app
        async with app, Server(served, certificate=read.certificate) as server:
            url = f"{server.url}{MOUNT}" if is_mounted else server.url
            yield replace(upstream, url=url, log=log)


@contextmanager
def _logged(*, is_wanted: bool) -> Iterator[Lines | None]:
    """Collect what proxies log of requests, as the command would write it."""
    from sluicegate.proxy.log import NAME, log_json  # noqa: PLC0415 - see above

    if not is_wanted:
        yield None
        return
    logger, written = logging.getLogger(NAME), io.StringIO()
    before = logger.level, logger.propagate
    handler = log_json(written)
    try:
        yield lambda: json_lines(written.getvalue())
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before


def behind_another(app: "ASGIFramework") -> "ASGIFramework":
    """Mount an application in another one, at `MOUNT`, behind a middleware of that one's."""

    async def outer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        if any(name == b"x-blocked" for name, _ in scope["headers"]):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return

        async def marked(event: Any) -> None:  # noqa: ANN401 - ASGI's
            if event["type"] == "http.response.start":
                named = (b"x-served-by", b"the outer application")
                event = {**event, "headers": [*event["headers"], named]}
            await send(event)

        within: Any = {**scope, "root_path": MOUNT}
        await app(within, receive, marked)

    return outer


def json_lines(text: str) -> list[dict[str, Any]]:
    """Read a log of one JSON object for each line."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
