import asyncio
import json
from collections.abc import Mapping

import pytest
from hypercorn.typing import ASGISendEvent
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.provider.wire_client import CHAT, Seen, connect

from sluicegate.errors import SluicegateError
from sluicegate.gateway.app import create_app
from sluicegate.gateway.routing import Route
from sluicegate.gateway.settings import Agent, Model, Settings
from sluicegate.runtime.clock import SIMULATED_EPOCH, SimulatedClock
from sluicegate.runtime.server import Server

from .gatewaying import KEYS, Gateway, body, chat, error_of, get, header, post, run

AGENT = Agent("ccrouter", "http://127.0.0.1:1/v1", models=(Model("gpt-4", max_tokens=8192),))


def answered(clock: SimulatedClock, request: bytes, **settings: object) -> tuple[Seen, Gateway]:
    async def scenario(gateway: Gateway) -> tuple[Seen, Gateway]:
        return await gateway.ask(request), gateway

    return run(clock, scenario, **settings)


# What is wrong with a body, the status, and the place that is named.
BODIES: Mapping[bytes, tuple[int, str | None]] = {
    b"": (400, None),
    b"{": (400, None),
    b"\xff": (400, None),
    b"[]": (400, None),
    b"null": (400, None),
    b"[" * 100_000: (400, None),
    b'{"messages": []}': (400, "model"),
    b'{"model": "m"}': (400, "messages"),
    body(model=""): (400, "model"),
    body(model=4): (400, "model"),
    body(messages=[]): (400, "messages"),
    body(messages=[{"role": "nobody", "content": "x"}]): (400, "messages[0].role"),
    body(stream="yes"): (400, "stream"),
    body(stream_options=[]): (400, "stream_options"),
    body(temperature="hot"): (400, "temperature"),
    body(x=1).replace(b'"x": 1', b'"x": NaN'): (400, None),
    body(x=1).replace(b'"x": 1', b'"x": 1e999'): (400, None),
    body("x" * 2000): (413, None),
}


@pytest.mark.parametrize(("content", "expected"), BODIES.items(), ids=lambda each: str(each)[:30])
def test_bad_input_is_refused_and_reaches_nobody(
    clock: SimulatedClock, content: bytes, expected: tuple[int, str | None]
) -> None:
    seen, gateway = answered(clock, post(CHAT, content=content), largest_body=1000)
    if len(content) == 100_000:
        expected = (413, None)
    assert (seen.status, error_of(seen)["param"]) == expected
    assert error_of(seen)["type"] == "invalid_request_error"
    assert gateway.ccrouter.journal.entries == ()
    (served,) = gateway.log.served
    assert (served.outcome, served.status, served.attempts) == ("refused", expected[0], 0)


def test_a_body_that_is_nested_too_deeply_is_refused(clock: SimulatedClock) -> None:
    content = body(x=1).replace(b'"x": 1', b'"x": ' + b"[" * 50_000 + b"]" * 50_000)
    seen, gateway = answered(clock, post(CHAT, content=content))
    assert (seen.status, error_of(seen)["param"]) == (400, None)
    assert gateway.ccrouter.journal.entries == ()


@pytest.mark.parametrize(
    ("request_", "status", "allow"),
    [
        (get(CHAT), 405, "POST"),
        (get("/health", method="DELETE"), 405, "GET, HEAD"),
        (get("/v1/models", method="OPTIONS"), 405, "GET, HEAD"),
        (get("/"), 404, None),
        (get("/v1//models"), 404, None),
        (get("/v1/models/"), 404, None),
        (get("/_gateway/reset", method="POST"), 404, None),
    ],
)
def test_what_is_not_there_is_refused_in_the_same_shape(
    clock: SimulatedClock, request_: bytes, status: int, allow: str | None
) -> None:
    seen, _ = answered(clock, request_)
    assert (seen.status, header(seen.headers, "allow")) == (status, allow)
    assert error_of(seen)["type"] == "invalid_request_error"
    assert header(seen.headers, "x-request-id")


def test_parameters_in_the_query_mean_nothing(clock: SimulatedClock) -> None:
    seen, gateway = answered(clock, post(CHAT, "stream=true&fail=500", body()))
    assert (seen.status, header(seen.headers, "content-type")) == (200, "application/json")
    assert gateway.ccrouter.entries[0].query == ""


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong-key",
        "Bearer key-one, key-two",
        "Bearer key-one1",
        "Bearer key-one key-one",
        "Bearer key-on",
        "Bearer KEY-ONE",
        "Basic key-one",
        "Bearer key-on\xe9",
        f"Bearer {KEYS['ccrouter']}",
    ],
)
def test_without_a_key_nobody_is_asked(clock: SimulatedClock, shown: str | None) -> None:
    headers = {} if shown is None else {"Authorization": shown}
    content = b"no JSON, and nobody reads it"
    request = post(CHAT, content=content, headers=headers)
    seen, gateway = answered(clock, request, keys=("key-one", "key-two"))
    assert (seen.status, error_of(seen)["code"]) == (401, "invalid_api_key")
    assert header(seen.headers, "www-authenticate") == "Bearer"
    assert gateway.ccrouter.journal.entries == ()


@pytest.mark.parametrize("shown", ["Bearer key-one", "bearer  key-two"])
def test_with_one_of_the_keys_everything_is_served(clock: SimulatedClock, shown: str) -> None:
    async def scenario(gateway: Gateway) -> None:
        headers = {"Authorization": shown}
        assert (await gateway.ask(chat("Hi", headers))).status == 200
        assert (await gateway.ask(get("/v1/models", headers))).status == 200
        assert (await gateway.ask(get("/v1/models"))).status == 401
        assert (await gateway.ask(get("/health"))).status == 200

    run(clock, scenario, keys=("key-one", "key-two"))


def test_a_request_without_a_key_is_refused_before_its_body(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        client = await connect(gateway.server)
        client.send(chat("x" * 100_000)[:500])
        await client.watch(1.0)
        assert client.seen().status == 401
        client.transport.close()
        await clock.quiesce()

    run(clock, scenario, keys=("key-one",))


EVIL = {"Origin": "http://evil.example"}
REBOUND = (b"Host: localhost", b"Host: evil.example")


@pytest.mark.parametrize(
    ("request_", "status", "keys"),
    [
        (chat("Hi", EVIL), 403, ()),
        (chat("Hi", {"Origin": "null"}), 403, ()),
        (chat("Hi", {"Origin": "http://localhost"}), 200, ()),
        (chat("Hi").replace(*REBOUND), 421, ()),
        (chat("Hi", EVIL).replace(*REBOUND), 421, ()),
        (get("/v1/models").replace(*REBOUND), 421, ()),
        (get("/health").replace(*REBOUND), 200, ()),
        (chat("Hi", EVIL).replace(*REBOUND), 401, ("key-one",)),
        (chat("Hi", {**EVIL, "Authorization": "Bearer key-one"}), 200, ("key-one",)),
    ],
)
def test_without_keys_no_web_page_can_ask(
    clock: SimulatedClock, request_: bytes, status: int, keys: tuple[str, ...]
) -> None:
    seen, gateway = answered(clock, request_, keys=keys)
    assert seen.status == status
    assert len(gateway.ccrouter.entries) == (status == 200 and b"POST" in request_)


def test_models_are_listed(clock: SimulatedClock) -> None:
    agents, routes = (AGENT,), (Route("*", "ccrouter"),)
    seen, _ = answered(clock, get("/v1/models"), agents=agents, routes=routes)
    assert json.loads(seen.data) == {
        "object": "list",
        "data": [
            {
                "id": "gpt-4",
                "object": "model",
                "created": SIMULATED_EPOCH,
                "owned_by": "ccrouter",
                "description": "",
                "max_tokens": 8192,
                "input_cost_per_1k": 0.0,
                "output_cost_per_1k": 0.0,
            }
        ],
    }


def test_health_says_nothing_else(clock: SimulatedClock) -> None:
    seen, gateway = answered(clock, get("/health"))
    assert (seen.status, seen.data) == (200, b'{"status":"ok"}')
    assert gateway.log.all == []


def test_no_error_tells_a_key_or_an_address(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        key, url = KEYS["ccrouter"], gateway.ccrouter.server.url
        gateway.ccrouter.answers({"fail": 400, "error_message": f"bad key {key} at {url}/v1"})
        seen = await gateway.plain()
        assert "bad key ***" in error_of(seen)["message"]
        for secret in (key, url, f"{gateway.ccrouter.server.port}", "127.0.0.1"):
            assert secret not in str(seen.headers) + seen.data.decode()

    run(clock, scenario)


def test_a_reset_makes_it_forget_circuits_and_health(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        for agent in gateway.agents.values():
            agent.answers({"fail": 503})
        for _ in range(5):
            await gateway.plain()
        assert (await gateway.plain()).status == 503
        gateway.ccrouter.answers({}, healthy=False)
        assert (await gateway.ask(get("/_gateway/reset", method="POST"))).status == 200
        assert (await gateway.plain()).status == 500
        assert len(gateway.ccrouter.asked) == 5

    run(clock, scenario, control=True, health=True)


def test_a_request_from_before_a_reset_counts_for_nothing(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"fail": 503, "delay": 100})
        several = [asyncio.create_task(gateway.plain()) for _ in range(5)]
        await asyncio.sleep(0.05)
        await gateway.ask(get("/_gateway/reset", method="POST"))
        await asyncio.gather(*several)
        assert gateway.log.circuits == []
        assert (await gateway.plain()).status == 500

    run(clock, scenario, control=True, fallback_enabled=False)


def test_no_web_page_can_reset_it(clock: SimulatedClock) -> None:
    request = get("/_gateway/reset", {"Origin": "https://a.example"}, method="POST")
    seen, _ = answered(clock, request, control=True)
    assert seen.status == 403


def test_it_can_be_mounted_in_another_application(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        outer = Starlette(routes=[Mount("/llm", gateway.app)])  # type: ignore[arg-type] # Hypercorn's types
        async with Server(outer) as server:  # type: ignore[arg-type] # the same
            client = await connect(server)  # type: ignore[arg-type] # no fault is planned
            client.send(post(f"/llm{CHAT}", content=body(stream=True)))
            await client.watch(10.0)
            assert client.seen().data.endswith(b"data: [DONE]\n\n")
            client.transport.close()
            await clock.quiesce()

    run(clock, scenario)


@pytest.mark.parametrize(
    "settings",
    [
        Settings((AGENT,), "droid", routes=()),
        Settings((AGENT,), "ccrouter"),
        Settings((Agent("ccrouter", "http://a.example", fallback="droit"),), "ccrouter", routes=()),
    ],
)
def test_names_that_mean_no_agent_are_refused(settings: Settings) -> None:
    with pytest.raises(SluicegateError, match=r"expected names of agents, got droi[dt]"):
        create_app(settings)


def test_a_mistake_of_the_gateway_reveals_nothing(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    prompt = "prompt-of-a-client".upper()

    def fail(*_: object) -> None:
        raise ValueError(prompt)

    monkeypatch.setattr("sluicegate.gateway.agents.AgentClient._opened", fail)
    for stream in (True, False):
        seen, gateway = answered(clock, chat(stream=stream))
        assert (seen.status, error_of(seen)["message"]) == (500, "the gateway made a mistake")
        assert [each.outcome for each in gateway.log.served] == ["mistake"]
    assert prompt not in caplog.text
    assert "ValueError" in caplog.text


def test_a_mistake_in_mid_stream_ends_the_stream_as_a_failure_does(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sluicegate.gateway.agents.Stream._note", lambda *_, **__: 1 / 0)
    seen, gateway = answered(clock, chat(stream=True))
    assert b'{"error":{"message":"the gateway made a mistake"' in seen.data
    assert b"[DONE]" not in seen.data
    assert [each.outcome for each in gateway.log.served] == ["mistake"]


def test_over_a_lifespan_it_closes_itself(clock: SimulatedClock) -> None:
    async def scenario() -> list[str]:
        app = create_app(Settings((AGENT,), "ccrouter", routes=()))
        events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent: list[str] = []

        async def receive() -> object:
            return next(events)

        async def send(event: ASGISendEvent) -> None:
            sent.append(event["type"])

        await app({"type": "lifespan", "asgi": {}}, receive, send)  # type: ignore[arg-type] # short
        assert app.gateway._frame.agents["ccrouter"]._client.is_closed
        return sent

    assert clock.run(scenario()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
