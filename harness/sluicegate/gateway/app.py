"""The gateway as a Quart application: an ASGI application that can also be mounted in another."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from quart import Response, request
from werkzeug.exceptions import HTTPException

from sluicegate.errors import SluicegateError
from sluicegate.runtime.linger import Application, lingering
from sluicegate.runtime.quart_app import QuartApp
from sluicegate.upstream.errors import Headers

from .account import Exchange, accounting, exchange_of
from .agents import AgentClient
from .answering import Answering, Frame, report
from .authorization import authorize, refuse_pages
from .breaker import Refused, State
from .circuits import Circuits, Passage
from .concealment import concealing
from .errors import (
    RefusedError,
    bad_input,
    no_healthy_agent,
    refused_by_circuit,
)
from .fallback import Course, attempts
from .health import Checks
from .log import Changed, GatewayLog
from .models import listed
from .refusals import json_answer, refused, refused_by_framework
from .request import Asked, read
from .routing import Selection, agent_of, select
from .settings import Settings
from .telling import Telling

RESET: Final = "/_gateway/reset"
"""The path that makes a gateway forget what it has learned of its agents."""

_STREAM: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}
# Of a single connection, of which later versions of HTTP do not tell.
_KEPT_ALIVE: Final[Mapping[str, Mapping[str, str]]] = {"1.1": {"Connection": "keep-alive"}}


class GatewayApp(QuartApp):
    """The application of a gateway."""

    gateway: "Gateway"

    def around(self, application: Application) -> Application:
        """Give an account of each connection."""
        return lingering(accounting(application, self.gateway.log))

    def log_exception(self, exception_info: tuple[Any, ...]) -> None:
        """Log a mistake without its words."""
        report(exception_info[1])

    async def aclose(self) -> None:
        """Close all connections to agents; harmless when it is done twice."""
        await self.gateway.aclose()


class Gateway:
    """Takes the requests of a gateway, checks them, and has them answered."""

    def __init__(self, settings: Settings, unix: Callable[[], float], log: GatewayLog) -> None:
        self.settings = settings
        self.log = log
        self.checks = Checks(settings.agents, settings.mask)
        self.circuits = Circuits(settings.breaker, self._changed)
        self._models = listed(settings, int(unix()))
        self._frame = Frame(
            settings,
            {agent.name: AgentClient(agent, settings) for agent in settings.agents},
            settings.mask,
            concealing(agent.key for agent in settings.agents),
            log,
            unix,
        )

    async def chat(self) -> Response:
        """Answer a request for a chat completion; raises RefusedError."""
        exchange = exchange_of(request.scope)
        self._authorize()
        exchange.asked = read(
            await request.get_data(cache=False, as_text=False, parse_form_data=False)
        )
        selection = await self._selection(exchange.asked.model)
        exchange.selected = selection.selected
        found = self.circuits.admit(selection.selected, _now())
        if isinstance(found, Refused):
            raise RefusedError(refused_by_circuit(found.retry_after))
        answering = self._answering(exchange, exchange.asked, selection, found)
        exchange.answering = answering
        answer = await answering.begin()
        return _response(answer, answering.headers)

    async def models(self) -> Response:
        """List the models of all agents."""
        self._authorize()
        return json_answer(self._models)

    async def health(self) -> Response:
        """Say that the gateway is there; nobody has to show a key."""
        return json_answer({"status": "ok"})

    async def reset(self) -> Response:
        """Forget what was learned of agents, as if the gateway had just been started."""
        # No web page may do so: its browser could be on this machine.
        if request.headers.get("Origin") is not None:
            raise RefusedError(bad_input(403, "a web page may not reset this gateway"))
        self.circuits.reset()
        await self.checks.reset()
        return json_answer({"status": "ok"})

    async def aclose(self) -> None:
        """Close what reaches agents."""
        await self.checks.aclose()
        for agent in self._frame.agents.values():
            await agent.aclose()

    def _authorize(self) -> None:
        headers, keys = request.headers, self.settings.keys
        authorize(headers.getlist("Authorization"), keys)
        if not keys:
            refuse_pages(headers.get("Origin"), headers.get("Host", ""), request.scope)

    async def _selection(self, model: str) -> Selection:
        agent = agent_of(model, self.settings.routes, self.settings.primary)
        fallback = self.settings.fallbacks.get(agent)
        await self.checks.learn(agent)
        if fallback and not self.checks.is_healthy(agent):
            await self.checks.learn(fallback)
        selection = select(agent, self.settings.fallbacks, self.checks.is_healthy)
        if selection is None:
            raise RefusedError(no_healthy_agent())
        return selection

    def _answering(
        self, exchange: Exchange, asked: Asked, selection: Selection, passage: Passage
    ) -> Answering:
        planned = attempts(
            asked.mode,
            selection.selected,
            selection.fallback,
            enabled=self.settings.fallback_enabled,
        )
        return Answering(
            self._frame,
            asked,
            Course(planned),
            Telling(self.log, self.settings, self._frame.conceal, exchange.id),
            lambda outcome: self.circuits.settle(passage, outcome, _now()),
        )

    def _changed(self, agent: str, state: State) -> None:
        self.log.tell(Changed(agent, state))


def create_app(
    settings: Settings,
    *,
    unix: Callable[[], float] = time.time,
    log: GatewayLog | None = None,
    control: bool = False,
) -> GatewayApp:
    """Create a gateway.

    `unix` tells the time in Unix seconds for answers without a date; waits are on the event loop's
    clock. `log` is told of every request, attempt and circuit. With `control`, whoever reaches the
    gateway can make it forget what it learned of its agents. Raises SluicegateError for settings
    that cannot be followed.

    The order of the checks: an unknown path is 404 and a wrong method 405, whoever asks; then comes
    the key, then the body, then the health of agents, then the circuit.
    """
    _check_names(settings)
    app = GatewayApp(__name__, settings.largest_body)
    app.gateway = Gateway(settings, unix, log or GatewayLog())
    _add_routes(app, app.gateway, control=control)
    app.register_error_handler(RefusedError, refused)
    app.register_error_handler(HTTPException, refused_by_framework)
    return app


def _check_names(settings: Settings) -> None:
    names = {agent.name for agent in settings.agents}
    routed = (route.agent for route in settings.routes)
    fallbacks = (agent.fallback for agent in settings.agents if agent.fallback)
    if unknown := {settings.primary, *routed, *fallbacks} - names:
        raise SluicegateError(
            f"expected names of agents, got {', '.join(sorted(unknown))}; "
            f"known are {', '.join(sorted(names)) or 'none'}"
        )


def _add_routes(app: GatewayApp, gateway: Gateway, *, control: bool) -> None:
    def add(method: str, path: str, view: Callable[[], Awaitable[Response]]) -> None:
        app.add_url_rule(path, path, view, methods=[method], provide_automatic_options=False)

    add("POST", "/v1/chat/completions", gateway.chat)
    add("GET", "/v1/models", gateway.models)
    add("GET", "/health", gateway.health)
    if control:
        add("POST", RESET, gateway.reset)


def _response(answer: str | AsyncIterator[bytes], headers: Headers) -> Response:
    if isinstance(answer, str):
        response = Response(answer, content_type="application/json")
    else:
        kept = _KEPT_ALIVE.get(request.http_version, {})
        response = Response(answer, headers={**_STREAM, **kept})
    response.headers.extend(headers)
    return response


def _now() -> float:
    return asyncio.get_running_loop().time()
