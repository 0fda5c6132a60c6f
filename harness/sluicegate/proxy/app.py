"""The proxy as a Quart application: an ASGI application that can also be mounted in another."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from quart import Response, current_app, has_request_context, jsonify, request
from quart_cors import cors
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from sluicegate.runtime.linger import Application, lingering
from sluicegate.runtime.quart_app import QuartApp
from sluicegate.wire.assistant.builder import Builder
from sluicegate.wire.assistant.request import StreamRequest

from .account import HEADER, accounting, exchange_of
from .authorization import authorize
from .costs import Totals, priced
from .log import RequestLog
from .pages import check_host, check_json, check_origin
from .rate import RateLimit
from .refusals import RefusedError
from .relay import Relay
from .request import read, wants_framing
from .settings import Settings
from .streaming import Endings, events, report
from .upstreams import Route, routes

ENDPOINTS: Final = "POST /stream, POST /stream/NAME and GET /health"

_SMALL: Final = 32 * 1024
"""Bytes of a body that is read at once; checking a larger one would hold up all others."""

_READ_AT_ONCE: Final = 2
"""Larger bodies that are read at the same time: the threads are needed for names of hosts, too."""

_STREAM: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
}


class ProxyApp(QuartApp):
    """The application of a proxy."""

    proxy: "Proxy"

    def around(self, application: Application) -> Application:
        """Give an account of each connection."""
        return lingering(accounting(application, self.proxy.log, self.proxy.totals))

    def log_exception(self, exception_info: tuple[Any, ...]) -> None:
        """Log a mistake without its words."""
        report(exception_info[1])

    async def aclose(self) -> None:
        """Close all connections to upstreams; harmless when it is done twice."""
        await self.proxy.aclose()


class Proxy:
    """Takes the requests of a proxy, checks them, and has them answered."""

    def __init__(self, settings: Settings, unix: Callable[[], float], log: RequestLog) -> None:
        self.settings = settings
        self.routes = routes(settings)
        self.log = log
        self.totals = Totals() if settings.prices else None
        self._unix = unix
        self._endings = Endings()
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        per_minute = settings.requests_per_minute
        self._rate = None if per_minute is None else RateLimit(per_minute)

    async def stream(self, route: Route) -> Response:
        """Answer a request with a stream; raises RefusedError.

        Only who is authorized counts in the rate limit, so that nobody can use up another's.
        """
        exchange = exchange_of(request.scope)
        exchange.upstream = route.settings.name
        self._admit(route.token)
        self._count(exchange.client)
        framing = wants_framing(request.args.getlist("framing"))
        asked = await self._asked()
        price = partial(priced, price=self.settings.prices.get(asked.model))
        now = int(self._unix() * 1000)
        builder = Builder(asked.model, route.settings.name, now, framing=framing)
        relay = Relay(builder, route.settings.key, price)
        exchange.model, exchange.relay = asked.model, relay
        return Response(events(route.upstream, asked, relay, self._endings), headers=_STREAM)

    async def health(self) -> Response:
        """Say that the proxy is there; nobody has to show a token."""
        return jsonify(status="ok")

    async def costs(self, totals: Totals) -> Response:
        """Tell what was used since the start, to clients of the default upstream."""
        default = self.routes[0]
        self._admit(default.token or default.settings.token)
        return jsonify(totals.document())

    async def aclose(self) -> None:
        """Close the upstreams."""
        await self._endings.aclose()
        for route in self.routes:
            await route.upstream.aclose()

    def _admit(self, token: str) -> None:
        # Werkzeug takes away what is before the first name, also where slashes are not merged.
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if path.startswith("//"):
            raise NotFound
        authorize(request.headers.getlist("Authorization"), token)
        host = request.headers.get("Host", "")
        check_origin(request.headers.get("Origin"), host, self.settings.origins)
        if not token:
            check_host(host, request.scope)

    async def _asked(self) -> StreamRequest:
        body = await request.get_data(cache=False, as_text=False, parse_form_data=False)
        if not body:
            return read(body)
        check_json(request.mimetype)
        if len(body) <= _SMALL:
            return read(body)
        async with self._reading:
            return await asyncio.to_thread(read, body)

    def _count(self, client: str) -> None:
        if self._rate is None:
            return
        wait = self._rate.take(client, asyncio.get_running_loop().time())
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            raise RefusedError(
                f"Too many requests: at most {self.settings.requests_per_minute} in a minute; "
                f"come back after {seconds} s.",
                status=429,
                headers={"Retry-After": str(seconds)},
            )


def create_app(
    settings: Settings, *, unix: Callable[[], float] = time.time, log: RequestLog | None = None
) -> ProxyApp:
    """Create a proxy.

    `unix` tells the time in Unix seconds for the snapshots; waits are on the event loop's clock.
    `log` is told of every stream and every refusal. Raises SluicegateError for settings that cannot
    be followed.

    The order of the checks: an unknown path, an upstream's that there is none of included, is 404
    and a wrong method 405, whoever asks; then comes the token, then the page that
    asks, then the rate limit, then the body.
    """
    app = ProxyApp(__name__, settings.largest_body)
    app.proxy = Proxy(settings, unix, log or RequestLog())
    app.json.sort_keys = False  # type: ignore[attr-defined] # of Quart's own provider of JSON
    _add_routes(app, app.proxy)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(HTTPException, _refuse)
    if settings.origins:
        cors(
            app,
            allow_origin=settings.origins,
            allow_headers=("Authorization", "Content-Type"),
            allow_methods=("GET", "HEAD", "OPTIONS", "POST"),
            expose_headers=("Retry-After", HEADER),
        )
    return app


def _add_routes(app: ProxyApp, proxy: Proxy) -> None:
    def add(method: str, path: str, view: Callable[[], Awaitable[Response]]) -> None:
        app.add_url_rule(path, path, view, methods=[method], provide_automatic_options=False)

    for route in proxy.routes:
        add("POST", route.path, partial(proxy.stream, route))
    add("GET", "/health", proxy.health)
    if proxy.totals is not None:
        add("GET", "/costs", partial(proxy.costs, proxy.totals))


async def _refused(refused: RefusedError) -> Response:
    response = jsonify(refused.document)
    response.status_code = refused.status
    response.headers.extend(refused.headers)
    return response


async def _refuse(error: HTTPException) -> Response:
    allow = {"Allow": _allowed(error)} if isinstance(error, MethodNotAllowed) else {}
    if allow and has_request_context() and request.method == "OPTIONS":
        return _empty(allow)
    refused = RefusedError(_message(error), status=error.code or 500, headers=allow)
    return await _refused(refused)


def _empty(headers: Mapping[str, str]) -> Response:
    response = Response(b"", 204)
    response.headers.clear()
    response.headers.extend(headers)
    return response


def _message(error: HTTPException) -> str:
    if not has_request_context():
        return f"This proxy speaks no WebSocket; it answers {ENDPOINTS}."
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return f"The body is too large: at most {limit} bytes are accepted."
    asked = f"{request.method} {request.path}"
    if isinstance(error, MethodNotAllowed):
        return f"Not allowed: {asked}; allowed here: {_allowed(error)}."
    if isinstance(error, NotFound):
        return f"Unknown URL: {asked}; this proxy answers {ENDPOINTS}."
    return error.description or error.name


def _allowed(error: MethodNotAllowed) -> str:
    return ", ".join(sorted({"OPTIONS", *(error.valid_methods or ())}))
