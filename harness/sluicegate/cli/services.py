"""The servers of `sluicegate provider`: one for each agent, and one for the control API."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from sluicegate.provider.agents import Agents, AgentSide
from sluicegate.provider.app import AGENT, ProviderApp, create_app
from sluicegate.provider.control import ControlApp, create_control
from sluicegate.provider.guard import Guard
from sluicegate.provider.journal import Entry, Journal
from sluicegate.provider.log import describe
from sluicegate.provider.plan import Plan
from sluicegate.provider.plans import Plans
from sluicegate.provider.transport import FaultyServer
from sluicegate.runtime.server import Certificate, Server

from .serve import GRACE, Service, client_limits

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework as ASGIApp

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Frontage:
    """Where the servers listen, what they log, and who may control them.

    Without a `control_port` the control API shares the port of each agent.
    """

    host: str
    control_port: int | None = None
    control_token: str | None = None
    certificate: Certificate | None = None
    log: bool = False


def services(
    ports: Mapping[str, int], plans: Mapping[str, Plan], frontage: Frontage
) -> list[Service]:
    """Make the servers of agents, by their names, and of what controls them.

    Raises SluicegateError for a control token that no header can carry, ClickException for a
    certificate that cannot be used.
    """
    shared = Plans(plans)
    label = _labels(ports)
    apps = {
        agent: create_app(
            agent=agent, plans=shared, journal=_journal(label[agent], log=frontage.log)
        )
        for agent in ports
    }
    control = _control(apps, shared, frontage)
    agents = [
        Service(
            "provider" if agent == AGENT else f"provider {agent}",
            _server(app, ports[agent], frontage),
            label[agent],
        )
        for agent, app in apps.items()
    ]
    if frontage.control_port is None:
        for app in apps.values():
            control.register(app)
        return agents
    server = _server(control, frontage.control_port, frontage)
    return [*agents, Service("control API", server, "control API: ")]


def _labels(agents: Collection[str]) -> dict[str, str]:
    return {agent: f"{agent}: " if len(agents) > 1 else "" for agent in agents}


def _journal(label: str, *, log: bool) -> Journal:
    def tell(entry: Entry) -> None:
        logger.info("%s%s", label, describe(entry))

    return Journal(on_end=tell if log else None)


def _control(apps: Mapping[str, ProviderApp], plans: Plans, frontage: Frontage) -> ControlApp:
    sides = {
        agent: AgentSide(app.journal, on_reset=app.repetition.clear) for agent, app in apps.items()
    }
    guard = Guard(frontage.host, frontage.control_token)
    return create_control(Agents(sides, plans), guard)


def _server(app: "ASGIApp", port: int, frontage: Frontage) -> Server:
    try:
        return FaultyServer(
            app,
            host=frontage.host,
            port=port,
            certificate=frontage.certificate,
            grace=GRACE,
            limits=client_limits(),
        )
    except OSError as error:  # TLS errors, too
        raise click.ClickException(
            f"cannot use --certfile and --keyfile: {error.strerror or error}; both must be PEM,"
            " and the key that of the certificate"
        ) from error
