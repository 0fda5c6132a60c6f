"""The systems that scenarios speak to, as the harness starts them itself: their variants."""

import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TextIO

from sluicegate import shipped
from sluicegate.provider.agents import Agents, AgentSide
from sluicegate.provider.plan import Plan
from sluicegate.provider.plans import Plans
from sluicegate.runtime.clock import Clock

from .control import Control, EmbeddedControl
from .logs import Log
from .profile import DEFAULT_VARIANT

if TYPE_CHECKING:
    from pathlib import Path

    from hypercorn.typing import ASGIFramework

PROVIDER: Final = "provider"
"""The name of the system that a provider is, and of the agent that it is in a scenario."""

PROXY: Final = "proxy"
"""The name of the system that a proxy is."""

GATEWAY: Final = "gateway"
"""The name of the system that a gateway is."""

Output = Callable[[], list[str]]
"""Reads the last lines that a system has printed."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running system: its URL, how to control the providers behind it, and its log.

    `control` is None where that is not possible, and `trouble` says why. `seen` are the agents,
    each with the number of the last entry in its journal that is older than the instance. `log` is
    None where nobody can read it. `output` returns the last lines that the system has printed since
    it was leased, none where nobody can read them. `agents` are the URLs of those that the harness
    serves to it beside its process.
    """

    url: str
    control: Control | None = None
    seen: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""
    log: Log | None = None
    output: Output = list
    agents: Mapping[str, str] = field(default_factory=dict)


_PLANS: Final[Mapping[str, Plan]] = {
    DEFAULT_VARIANT: Plan(),
    "two-models": Plan(models=("first-model", "second-model")),
    "unhealthy": Plan(healthy=False),
}
_FILES: Final[Mapping[str, Mapping[str, "Path"]]] = {
    system: {path.stem: path for path in (shipped.FEATURES / system / "variants").glob("*.toml")}
    for system in (PROXY, GATEWAY)
}

_MOUNTED: Final = "mounted"
"""The variant of the proxy that is the default one within another application."""

MOUNT: Final = "/agents"
"""The path of the mounted proxy."""

VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    PROVIDER: tuple(_PLANS),
    PROXY: tuple(sorted([*_FILES[PROXY], _MOUNTED])),
    GATEWAY: tuple(sorted(_FILES[GATEWAY])),
}
"""The variants of each system that scenarios can choose."""

AGENTS: Final[Mapping[str, tuple[str, ...]]] = {
    PROVIDER: (PROVIDER,),
    PROXY: (PROVIDER,),
    GATEWAY: ("ccrouter", "droid"),
}
"""The providers that each system asks, by the names of the agents that they are."""

_BEHIND: Final = {"chain": DEFAULT_VARIANT}
"""The variants of the proxy whose upstream is another variant, at PROXY_URL."""


@asynccontextmanager
async def provider(variant: str, clock: Clock) -> AsyncIterator[Instance]:
    """Run a provider of its own for a scenario."""
    async with agents({PROVIDER: _PLANS[variant]}, clock) as (control, urls):
        yield Instance(urls[PROVIDER], control, {PROVIDER: 0})


@asynccontextmanager
async def gateway(variant: str, clock: Clock) -> AsyncIterator[Instance]:
    """Run a gateway of its own for a scenario, and its agents."""
    from sluicegate.gateway.app import create_app  # noqa: PLC0415 - see `agents`
    from sluicegate.gateway.configuration import configuration  # noqa: PLC0415
    from sluicegate.gateway.log import NAME, log_json  # noqa: PLC0415
    from sluicegate.runtime.server import Server  # noqa: PLC0415

    async with agents(dict.fromkeys(AGENTS[GATEWAY], Plan()), clock) as (control, urls):
        environ = {f"{agent.upper()}_URL": url for agent, url in urls.items()}
        settings = configuration(_FILES[GATEWAY][variant], environ).settings
        with _logged(NAME, log_json, clock) as log:
            app = create_app(settings, unix=clock.unix)
            async with app, Server(app) as server:
                yield Instance(server.url, control, dict.fromkeys(urls, 0), log=log)


@asynccontextmanager
async def agents(
    planned: Mapping[str, Plan], clock: Clock, ports: Mapping[str, int] = MappingProxyType({})
) -> AsyncIterator[tuple[Control, Mapping[str, str]]]:
    """Run agents that share a control, on the ports given or free ones; yield it, and their URLs.

    Raises PortTakenError for a port on which another program listens.
    """
    # Quart takes 0.3 s to import, and a run against external systems needs none of it.
    from sluicegate.provider.app import create_app  # noqa: PLC0415 - see above
    from sluicegate.provider.transport import FaultyServer  # noqa: PLC0415

    plans = Plans(planned)
    settle = clock.quiesce if clock.name == "simulated" else None
    sides, urls = {}, {}
    async with AsyncExitStack() as stack:
        for agent in planned:
            app = create_app(agent=agent, plans=plans, unix=clock.unix, settle=settle)
            server = await stack.enter_async_context(FaultyServer(app, port=ports.get(agent, 0)))
            sides[agent], urls[agent] = AgentSide(app.journal, app.repetition.clear), server.url
        yield EmbeddedControl(Agents(sides, plans)), urls


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
    from sluicegate.proxy.log import NAME, log_json  # noqa: PLC0415
    from sluicegate.runtime.server import Server  # noqa: PLC0415

    is_mounted = variant == _MOUNTED
    file = _FILES[PROXY][DEFAULT_VARIANT if is_mounted else variant]
    read = configuration(file, {"PROVIDER_URL": upstream.url, **environ})
    with _logged(NAME, log_json, clock) as log:
        app = create_app(read.settings, unix=clock.unix)
        served = behind_another(app) if is_mounted else app
        async with app, Server(served, certificate=read.certificate) as server:
            url = f"{server.url}{MOUNT}" if is_mounted else server.url
            yield replace(upstream, url=url, log=log if read.log_requests else None)


@contextmanager
def _logged(
    name: str, log_json: Callable[[TextIO], logging.Handler], clock: Clock
) -> Iterator[Log]:
    """Collect what a system logs of requests, as its command would write it."""
    logger, written = logging.getLogger(name), io.StringIO()
    before = logger.level, logger.propagate
    handler = log_json(written)
    try:
        # Simulated time has not moved before all is logged.
        yield Log(written.getvalue, clock if clock.name == "wall" else None)
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
