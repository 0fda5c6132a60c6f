import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from quart import Quart, Response, request

from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.runtime.server import Server
from sluicegate.scenario.claims import Capability, Claims
from sluicegate.scenario.launch.ports import lease
from sluicegate.scenario.preflight import look, trouble
from sluicegate.scenario.profile import Place, Profile, Readiness, Start, System
from sluicegate.scenario.sight import Look
from sluicegate.scenario.target import Targets

Refuses = Callable[[Mapping[str, object]], tuple[int, str] | None]
READY = Readiness(within=0.2)


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock


@pytest.fixture
def ports() -> Iterator[dict[str, int]]:
    with ExitStack() as stack:
        yield {agent: stack.enter_context(lease()) for agent in ("ccrouter", "droid")}


def gateway(answer: Callable[[], Awaitable[Response]]) -> Quart:
    """Be a gateway that is healthy, and otherwise answers like that."""
    app = Quart(__name__)
    app.add_url_rule("/health", "health", lambda: "{}")
    app.add_url_rule("/v1/chat/completions", "chat", answer, methods=["POST"])
    return app


def always(status: int, body: str, media: str = "application/json") -> Quart:
    async def answer() -> Response:
        return Response(body, status, content_type=media)

    return gateway(answer)


def forwarding(
    port: int,
    *,
    path: str = "/v1/chat/completions",
    without: str = "",
    answers: bool = True,
    refuses: Refuses = lambda _: None,
) -> Quart:
    """Be a gateway that passes on what it does not refuse, without a member of the request."""

    async def answer() -> Response:
        document = await request.get_json()
        if refused := refuses(document):
            return Response(refused[1], refused[0], content_type="text/plain")
        document.pop(without, None)
        try:
            async with httpx.AsyncClient() as client:
                got = await client.post(f"http://127.0.0.1:{port}{path}", json=document)
        except httpx.ConnectError:
            return Response("upstream refused", 502)
        if not answers:
            await asyncio.Event().wait()
        return Response(got.content, got.status_code, content_type=got.headers["content-type"])

    return gateway(answer)


def looked(
    clock: Clock,
    app: Quart,
    ports: Mapping[str, int],
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    **members: Any,  # noqa: ANN401 - those of System
) -> Look:
    async def asked() -> Look:
        async with Server(app) as server:
            place = Place(server.url, ports=ports, headers=headers)
            profile = Profile({"gateway": System({"default": place}, ready=READY, **members)})
            targets = Targets(clock, profile)
            try:
                return await look(targets)
            finally:
                await targets.aclose()

    return clock.run(asked())


def no_key(_: object) -> tuple[int, str] | None:
    is_right = request.headers.get("Authorization") == "Bearer right"
    return None if is_right else (401, "no key")


def only_ours(document: Mapping[str, object]) -> tuple[int, str] | None:
    return None if document["model"] == "ours" else (400, "Invalid model name")


def only_plain(document: Mapping[str, object]) -> tuple[int, str] | None:
    return (400, "stream is not supported") if "stream" in document else None


def test_a_gateway_that_forwards_has_no_trouble_and_all_is_seen_of_it(
    clock: Clock, ports: dict[str, int]
) -> None:
    seen = looked(clock, forwarding(ports["ccrouter"]), ports)
    assert trouble(seen) == ""
    plain, streamed = seen.of("plain"), seen.of("streamed")
    assert plain is not None
    assert streamed is not None
    assert (plain.status, plain.content_type, plain.text) == (200, "application/json", plain.said)
    assert (streamed.content_type, streamed.text) == ("text/event-stream", streamed.said)
    assert streamed.first is not None
    assert 0 < streamed.first <= streamed.whole
    asked = [*plain.asked, *streamed.asked]
    assert [(each.agent, each.mode, each.model) for each in asked] == [
        ('the agent "ccrouter"', "plain", "gpt-4"),
        ('the agent "ccrouter"', "streamed", "gpt-4"),
    ]


@pytest.mark.parametrize(
    ("app", "told"),
    [
        (
            always(200, "<!doctype html>", "text/html; charset=utf-8"),
            r"was answered 200 with a page of HTML.*correct its url",
        ),
        (
            always(200, '{"choices": [{"message": {"content": "Hi"}}]}'),
            r"was answered 200, .* by the system itself, and none of its agents was asked \(ccrou",
        ),
        (always(401, "{}"), r'was answered 401, "{}"; it wants a key: give it one, as `key`'),
        (always(404, "no such thing"), r'does not know the model "gpt-4", .* \[gateway.models\]'),
        (always(405, "no"), r"405.*correct its configuration, or `headers`"),
        (always(503, "down"), r'503, "down", and none of its agents was asked.*correct the ports'),
    ],
)
def test_a_gateway_that_answers_by_itself_is_in_trouble(
    clock: Clock, ports: dict[str, int], app: Quart, told: str
) -> None:
    seen = looked(clock, app, ports)
    assert trouble(seen).startswith(f"POST {seen.url}/v1/chat/completions (plain) was answered")
    assert re.search(told, trouble(seen))


def test_a_gateway_that_asks_at_other_ports_is_told_where_its_agents_are(
    clock: Clock, ports: dict[str, int]
) -> None:
    with lease() as nobody:
        said = trouble(looked(clock, forwarding(nobody), ports))
    assert f"(ccrouter at http://127.0.0.1:{ports['ccrouter']}, droid at" in said
    assert "502" in said


def test_a_gateway_that_asks_at_another_path_is_told_what_came_of_it(
    clock: Clock, ports: dict[str, int]
) -> None:
    said = trouble(looked(clock, forwarding(ports["ccrouter"], path="/v2/chat"), ports))
    assert 'led to POST /v2/chat at the agent "ccrouter", which answered 404' in said
    assert f"ccrouter at http://127.0.0.1:{ports['ccrouter']}/v1" in said


@pytest.mark.parametrize(
    ("refuses", "right", "told"),
    [
        (no_key, {"headers": {"Authorization": "Bearer right"}}, "it wants a key"),
        (only_ours, {"models": {"gpt-4": "ours"}}, r"\[gateway.models\]"),
        (
            only_plain,
            {"claims": Claims({"streaming": Capability(claim=False)})},
            r"\(streamed\) was answered 400.*`streaming = false`",
        ),
    ],
)
def test_what_is_told_of_a_refusal_cures_it(
    clock: Clock, ports: dict[str, int], refuses: Refuses, right: dict[str, Any], told: str
) -> None:
    app = forwarding(ports["ccrouter"], refuses=refuses)
    assert re.search(told, trouble(looked(clock, app, ports)))
    assert trouble(looked(clock, app, ports, **right)) == ""


def test_a_wrong_key_is_not_called_a_missing_one(clock: Clock, ports: dict[str, int]) -> None:
    app = forwarding(ports["ccrouter"], refuses=no_key)
    seen = looked(clock, app, ports, headers={"Authorization": "Bearer wrong"})
    assert "does not accept the profile's key: correct `key`" in trouble(seen)


def test_a_gateway_that_makes_no_stream_of_what_it_gets_is_told_so(
    clock: Clock, ports: dict[str, int]
) -> None:
    said = trouble(looked(clock, forwarding(ports["ccrouter"], without="stream"), ports))
    assert "(streamed) was answered 200 with JSON, and not with a stream" in said


def test_an_answer_that_does_not_come_is_waited_for_once(
    clock: Clock, ports: dict[str, int]
) -> None:
    begun = clock.time()
    seen = looked(clock, forwarding(ports["ccrouter"], answers=False), ports)
    told = 'had no whole answer after 30 s, though the agent "ccrouter" had answered it'
    assert told in trouble(seen)
    assert clock.time() - begun == pytest.approx(30, abs=3)


def test_a_system_that_is_not_there_or_answers_no_http_is_in_trouble(clock: Clock) -> None:
    async def asked(url: str) -> str:
        profile = Profile({"gateway": System({"default": Place(url)}, ready=READY)})
        return trouble(await look(Targets(clock, profile)))

    async def talked() -> str:
        listener = await asyncio.start_server(_speaks_no_http, "127.0.0.1", 0)
        async with listener:
            return await asked(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")

    with lease() as port:
        said = clock.run(asked(f"http://127.0.0.1:{port}"))
        assert re.search(r"not ready: GET http.*failed \(ConnectError.*start it, or correct", said)
    assert "RemoteProtocolError" in clock.run(talked())


async def _speaks_no_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 welcome\r\n")
    writer.close()


def test_a_command_that_hangs_at_its_start_is_in_trouble(tmp_path: Path) -> None:
    start = Start(("sh", "-c", "echo loading; sleep 60"), tmp_path)
    place = Place(start=start, isolation="process")
    profile = Profile({"gateway": System({"default": place}, ready=READY)})
    with WallClock() as clock, Targets(clock, profile) as targets:
        said = trouble(clock.run(look(targets)))
    assert "the gateway is not ready: sh was not ready within 0.2 s: GET http://127.0.0.1:" in said
    assert said.endswith("its last 1 line:\n  loading")


def test_of_other_systems_only_their_readiness_is_seen(clock: Clock) -> None:
    async def asked() -> Look:
        async with Server(always(401, "no token")) as server:
            profile = Profile({"proxy": System({"default": Place(server.url)}, ready=READY)})
            return await look(Targets(clock, profile), "proxy")

    seen = clock.run(asked())
    assert (seen.sights, trouble(seen)) == ((), "")
