import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypercorn.middleware import DispatcherMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from tests.provider.wire_client import Seen, ask, connect, post, serving
from tests.upstream.asking import gone

from sluicegate.provider.journal import Journal
from sluicegate.provider.transport import FaultyServer
from sluicegate.proxy.app import ProxyApp, create_app
from sluicegate.proxy.settings import Settings
from sluicegate.runtime.clock import SimulatedClock

from .proxying import body, checked, error_of, upstreams_at

Outer = Callable[[ProxyApp, ProxyApp], Any]

SEEN = "x-outer"
JSON = {"Content-Type": "application/json"}


# Both kinds of middleware that Starlette has.
async def dispatch(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    if request.headers.get("x-banned"):
        return PlainTextResponse("banned", 403)
    response = await call_next(request)
    response.headers[SEEN] = "yes"
    return response


class Passing:
    def __init__(self, app: Any) -> None:  # noqa: ANN401 - an ASGI application
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        await self.app(scope, receive, send)


async def home(_: Request) -> Response:
    return PlainTextResponse("home")


# Each library has types of its own for an ASGI application.
def starlette(first: Any, second: Any) -> Starlette:  # noqa: ANN401 - see above
    return Starlette(
        routes=[Route("/", home), Mount("/ai", first), Mount("/deep/er", second)],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=dispatch), Middleware(Passing)],
    )


def hypercorn(first: Any, second: Any) -> Any:  # noqa: ANN401 - see above
    return DispatcherMiddleware({"/ai": first, "/deep/er": second})


@dataclass(frozen=True, slots=True)
class Mounted:
    clock: SimulatedClock
    server: FaultyServer
    journal: Journal
    apps: tuple[ProxyApp, ProxyApp]

    async def ask(self, path: str, token: str = "", query: str = "", **headers: str) -> Seen:
        shown = {"Authorization": f"Bearer {token}", **headers}
        request = post(path, content=body(query), headers={**JSON, **shown})
        return await ask(self.clock, self.server, request)


# Two proxies with tokens of their own, in another application that knows nothing of lifespans.
@asynccontextmanager
async def mounted(clock: SimulatedClock, outer: Outer) -> AsyncIterator[Mounted]:
    journal = Journal()
    async with serving(clock, journal=journal) as provider:
        upstreams = upstreams_at(provider.url)
        both = [create_app(Settings(upstreams, "openai", token=each)) for each in ("one", "two")]
        first, second = both
        async with first, second, FaultyServer(outer(first, second)) as server:
            yield Mounted(clock, server, journal, (first, second))


OUTERS = pytest.mark.parametrize("outer", [starlette, hypercorn])


@OUTERS
def test_a_proxy_works_at_a_path_of_another_application(
    clock: SimulatedClock, outer: Outer
) -> None:
    async def scenario() -> list[Seen]:
        async with mounted(clock, outer) as place:
            return [
                await place.ask("/ai/stream", "one"),
                await place.ask("/ai/stream/anthropic", "one", "fail_chunk=3"),
                await place.ask("/deep/er/stream", "two"),
            ]

    for seen in clock.run(scenario()):
        events = checked(seen)
        times = [at for at, _ in seen.reads]
        assert times == [0.0, 0.0, *(round(0.1 * number, 6) for number in range(1, len(times) - 1))]
        assert events[0]["type"] == "start"
        assert dict(seen.headers).get(SEEN) == ("yes" if outer is starlette else None)


@OUTERS
def test_each_mount_has_a_token_of_its_own(clock: SimulatedClock, outer: Outer) -> None:
    async def scenario() -> list[int | None]:
        async with mounted(clock, outer) as place:
            found = [
                await place.ask(path, token)
                for path in ("/ai/stream", "/deep/er/stream")
                for token in ("one", "two", "")
            ]
            assert len(place.journal.entries) == 2
            return [seen.status for seen in found]

    assert clock.run(scenario()) == [200, 401, 401, 401, 200, 401]


@OUTERS
@pytest.mark.parametrize("path", ["/ai/streams", "/ai/ai/stream", "/ai/stream/nowhere", "/ai/"])
def test_a_mounted_proxy_refuses_in_its_own_words(
    clock: SimulatedClock, outer: Outer, path: str
) -> None:
    async def scenario() -> Seen:
        async with mounted(clock, outer) as place:
            return await place.ask(path, "one")

    seen = clock.run(scenario())
    assert (seen.status, error_of(seen)["code"]) == (404, "unknown_url")


def test_the_middleware_of_the_outer_application_comes_first(clock: SimulatedClock) -> None:
    async def scenario() -> Seen:
        async with mounted(clock, starlette) as place:
            seen = await place.ask("/ai/stream", "one", **{"X-Banned": "yes"})
            assert place.journal.entries == ()
            return seen

    assert (clock.run(scenario()).status) == 403


@OUTERS
def test_a_client_that_goes_away_is_noticed_through_the_outer_application(
    clock: SimulatedClock, outer: Outer
) -> None:
    async def scenario() -> None:
        async with mounted(clock, outer) as place:
            client = await connect(place.server)
            headers = {**JSON, "Authorization": "Bearer one"}
            client.send(post("/ai/stream", content=body("pace=400"), headers=headers))
            await client.watch(1.5)
            client.transport.close()
            await clock.quiesce()
            (entry,) = place.journal.entries
            assert (entry.outcome, gone(entry)) == ("client went away", 1.5)

    clock.run(scenario())


@pytest.fixture
def app() -> ProxyApp:
    return create_app(Settings(upstreams_at("http://127.0.0.1:9"), "openai"))


def test_a_server_with_the_lifespan_protocol_closes_the_proxy(
    clock: SimulatedClock, app: ProxyApp
) -> None:
    async def scenario() -> list[str]:
        sent: list[Any] = []
        events: asyncio.Queue[Any] = asyncio.Queue()
        for kind in ("startup", "shutdown"):
            events.put_nowait({"type": f"lifespan.{kind}"})

        async def send(event: Any) -> None:  # noqa: ANN401 - ASGI
            sent.append(event["type"])

        await app({"type": "lifespan", "asgi": {}, "state": {}}, events.get, send)
        assert all(route.upstream._client.is_closed for route in app.proxy.routes)
        await app.aclose()
        return sent

    assert clock.run(scenario()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_proxy_closes_as_a_context_manager(clock: SimulatedClock, app: ProxyApp) -> None:
    async def scenario() -> None:
        async with app as same:
            assert same is app
        assert all(route.upstream._client.is_closed for route in app.proxy.routes)

    clock.run(scenario())
