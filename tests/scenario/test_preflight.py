import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from quart import Quart, Response, request

from sluicegate import shipped
from sluicegate.cli.looking import looks
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.runtime.server import Certificate, Server
from sluicegate.scenario import client
from sluicegate.scenario.claims import Capability, Claims
from sluicegate.scenario.exchange import Exchange, Read, Request
from sluicegate.scenario.launch.ports import lease
from sluicegate.scenario.preflight import look, trouble
from sluicegate.scenario.profile import Place, Profile, Readiness, Start, System
from sluicegate.scenario.sight import Look, Sight
from sluicegate.scenario.target import Targets

Refuses = Callable[[Mapping[str, object]], tuple[int, str] | None]
READY = Readiness(within=0.2)
NONE: Mapping[str, int] = MappingProxyType({})


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


async def asked(
    clock: Clock,
    url: str,
    ready: Readiness = READY,
    system: str = "gateway",
    ports: Mapping[str, int] = NONE,
) -> Look:
    profile = Profile({system: System({"default": Place(url, ports=ports)}, ready=ready)})
    targets = Targets(clock, profile)
    try:
        return await look(targets, system)
    finally:
        await targets.aclose()


async def talked(
    clock: Clock, says: bytes, system: str = "gateway", ports: Mapping[str, int] = NONE
) -> Look:
    """Ask who takes the connection and the request, says this, and goes away."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(says)
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        return await asked(clock, f"http://127.0.0.1:{port}", system=system, ports=ports)


def test_a_system_that_is_not_there_is_in_trouble(clock: Clock) -> None:
    with lease() as port:
        seen = clock.run(asked(clock, f"http://127.0.0.1:{port}"))
    assert re.search(
        r"not ready: GET http.*failed \(ConnectError.*, asked for 0.2 s; start it, or correct its "
        r"url$",
        trouble(seen),
    )


def test_a_connection_that_breaks_is_told_from_one_that_is_refused(
    clock: Clock, ports: dict[str, int]
) -> None:
    seen = clock.run(talked(clock, b"", ports=ports))
    said = trouble(seen)
    assert "(plain) broke without an answer: " in said
    assert f"none of its agents was asked (ccrouter at http://127.0.0.1:{ports['ccrouter']}" in said
    assert said.endswith(": look into its log, or correct the ports in the profile's `agents`")
    by_url = trouble(replace(seen, is_by_url=True))
    assert by_url.endswith("or correct --agent, the ports at which it asks its agents")
    assert "url" not in said
    assert "profile" not in by_url


def test_who_speaks_no_http_breaks_without_an_answer(clock: Clock) -> None:
    said = trouble(clock.run(talked(clock, b"220 welcome\r\n")))
    assert re.search(r"broke without an answer: .*\w: look into its log$", said)


def test_of_who_is_not_looked_at_an_answer_is_waited_for(clock: Clock) -> None:
    assert "not ready: GET http" in trouble(clock.run(talked(clock, b"", system="provider")))


@pytest.mark.parametrize(
    ("ready", "said"),
    [
        (READY, ""),
        (
            Readiness("/up", (200,), 0.2),
            "GET {}/up answered 404, expected 200",
        ),
    ],
)
def test_any_answer_of_a_system_at_a_url_will_do_unless_the_profile_says_which(
    clock: Clock, ready: Readiness, said: str
) -> None:
    async def found() -> tuple[str, str]:
        async with Server(Quart(__name__)) as server:
            begun = clock.time()
            seen = await asked(clock, server.url, ready, "proxy")
            assert clock.time() - begun < 0.3
            return trouble(seen), server.url

    told, url = clock.run(found())
    told, _, advice = told.removeprefix("the proxy is not ready: ").partition(", asked for 0.2 s; ")
    assert told == said.format(url)
    assert advice in ("", "start it, or correct its url and ready in the profile")


CERTIFICATES = shipped.FEATURES / "proxy" / "variants" / "certificates"
PATIENT = Readiness(within=60)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "untrusted",
            r"/health was not sent, as its certificate is not trusted \(.+\); name a file",
        ),
        ("untrusted", r"by the environment variable SSL_CERT_FILE$"),
        ("expired", r"\(certificate has expired\); renew it$"),
        ("other-host", r"; let its url name a host that the certificate is for$"),
        (
            "",
            r"/health failed at TLS \(.+\); if it speaks no TLS there, let its url begin with http",
        ),
    ],
)
def test_a_certificate_that_is_not_trusted_is_told_at_once(
    clock: Clock, name: str, told: str
) -> None:
    key = Certificate(CERTIFICATES / f"{name}.pem", CERTIFICATES / f"{name}.key") if name else None

    async def found() -> str:
        async with Server(always(200, "{}"), certificate=key) as server:
            url = re.sub("^https?", "https", server.url)
            return trouble(await asked(clock, url, PATIENT))

    begun = clock.time()
    assert re.search(told, clock.run(found()))
    assert clock.time() - begun < 5


def test_a_certificate_that_a_variable_names_is_trusted(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "untrusted.pem"))
    client.trust.cache_clear()
    key = Certificate(CERTIFICATES / "untrusted.pem", CERTIFICATES / "untrusted.key")

    async def found() -> str:
        async with Server(always(200, "{}"), certificate=key) as server:
            return trouble(await asked(clock, server.url, PATIENT, "proxy"))

    try:
        assert clock.run(found()) == ""
    finally:
        client.trust.cache_clear()


@pytest.mark.parametrize("begin", ["data: {}", "event: x", "id: 1", "retry: 1", ": hello", ""])
def test_a_stream_that_calls_itself_json_is_left_to_the_scenarios(begin: str) -> None:
    assert "JSON" not in trouble(streamed(f"{begin}\n\n".encode()))
    assert "switch streaming on there, or judge it by a profile that says" in trouble(
        replace(streamed(b" {}\n"), is_by_url=True)
    )


def streamed(body: bytes) -> Look:
    answer = Exchange(
        Request("POST", "/v1/chat/completions"),
        started=0,
        ended=1,
        ending="complete",
        status=200,
        headers=(("Content-Type", "application/json"),),
        reads=(Read(1, body),),
    )
    return Look("http://a", sights=(Sight("streamed", answer, "x"),))


def test_a_command_that_ends_at_a_request_is_shown_with_what_it_printed(tmp_path: Path) -> None:
    start = Start((sys.executable, "-S", "-E", "-c", _CRASHES, "{{ port }}"), tmp_path)
    system = System({"default": Place(start=start)}, ready=Readiness(within=30))
    profile = Profile({"gateway": system})
    said = trouble(looks(profile)["gateway"])
    assert re.search(
        r"\(plain\) broke without an answer: .*; the gateway ended with exit status 3: look at "
        r"what it printed, its last 1 line:\n  it crashes$",
        said,
    )


_CRASHES = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
ready = b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"
for answer in (ready, ready, b""):
    client, _ = listener.accept()
    client.recv(65536)
    if not answer:
        print("it crashes", flush=True)
        sys.exit(3)
    client.sendall(answer)
    client.close()
"""


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
