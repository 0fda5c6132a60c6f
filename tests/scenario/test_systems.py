import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sluicegate import shipped
from sluicegate.proxy.log import NAME
from sluicegate.runtime.clock import Clock, SimulatedClock
from sluicegate.scenario.chat import AgentRequest
from sluicegate.scenario.client import connected
from sluicegate.scenario.profile import Profile
from sluicegate.scenario.systems import MOUNT, VARIANTS, behind_another
from sluicegate.scenario.target import Targets

TOKEN = {"Authorization": "Bearer correct-horse-battery"}
JSON = {"Content-Type": "application/json"}
BODY = AgentRequest().body(stream=True)


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock


async def stream(client: httpx.AsyncClient, headers: dict[str, str] | None = None) -> list[Any]:
    """Ask for a stream; return the JSON of its events."""
    response = await client.post("/stream", content=BODY, headers={**JSON, **(headers or {})})
    assert response.status_code == 200
    parts = response.text.split("\n\n")[:-1]
    return [json.loads(part.removeprefix("data: ")) for part in parts]


def test_the_variants_of_the_proxy_are_its_files_and_the_mounted_one() -> None:
    files = [path.stem for path in (shipped.FEATURES / "proxy" / "variants").glob("*.toml")]
    assert list(VARIANTS["proxy"]) == sorted([*files, "mounted"])
    assert "default" in VARIANTS["proxy"]


@pytest.mark.parametrize("variant", VARIANTS["proxy"])
def test_each_variant_of_the_proxy_starts_and_its_certificate_is_judged(
    clock: Clock, variant: str
) -> None:
    is_trusted = not variant.startswith("tls-")

    async def asked() -> int:
        async with (
            Targets(clock, Profile()).instance("proxy", variant) as instance,
            connected(instance.url) as client,
        ):
            assert instance.url.startswith("https:" if variant.startswith("tls") else "http:")
            return (await client.get("/health")).status_code

    if is_trusted:
        assert clock.run(asked()) == 200
        return
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        clock.run(asked())


def test_a_proxy_asks_the_provider_whose_journal_is_read(clock: Clock) -> None:
    async def asked() -> None:
        async with (
            Targets(clock, Profile()).instance("proxy", "default") as instance,
            connected(instance.url) as client,
        ):
            events = await stream(client)
            assert [events[0]["type"], events[-1]["type"]] == ["start", "done"]
            assert instance.control is not None
            (entry,) = await instance.control.entries()
            assert (entry.path, entry.outcome) == ("/v1/messages", "finished")
            assert instance.log is None

    clock.run(asked())


def test_a_chain_is_two_proxies_before_one_provider(clock: Clock) -> None:
    async def asked() -> None:
        async with (
            Targets(clock, Profile()).instance("proxy", "chain") as instance,
            connected(instance.url) as client,
        ):
            events = await stream(client)
            assert events[-1]["partial"]["provider"] == "chain"
            assert instance.control is not None
            (entry,) = await instance.control.entries()
            assert entry.path == "/v1/messages"

    clock.run(asked())


def test_a_mounted_proxy_is_served_by_another_application(clock: Clock) -> None:
    async def asked() -> None:
        async with (
            Targets(clock, Profile()).instance("proxy", "mounted") as instance,
            connected(instance.url) as client,
        ):
            assert instance.url.endswith(MOUNT)
            response = await client.post("/stream", content=BODY, headers=JSON)
            assert response.headers["x-served-by"] == "the outer application"
            assert response.text.count("\n\n") == 8
            refused = await client.post("/stream", content=BODY, headers={**JSON, "X-Blocked": "1"})
            assert (refused.status_code, refused.content) == (403, b"")

    clock.run(asked())


def test_the_log_of_an_instance_is_its_own_and_leaves_nothing_behind(clock: Clock) -> None:
    logger = logging.getLogger(NAME)

    async def asked() -> None:
        async with (
            Targets(clock, Profile()).instance("proxy", "logs") as instance,
            connected(instance.url) as client,
        ):
            assert instance.log is not None
            assert instance.log.lines() == []
            await client.post("/stream", content=BODY, headers=JSON)
            await stream(client, TOKEN)
            assert [(line["status"], line["outcome"]) for line in instance.log.lines()] == [
                (401, "refused"),
                (200, "done"),
            ]

    before = logger.level, logger.propagate, list(logger.handlers)
    for _ in range(2):
        clock.run(asked())
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


@pytest.mark.parametrize("headers", [[], [(b"x-blocked", b"1")]])
def test_what_is_mounted_sees_its_root_path_unless_the_outer_one_refuses(
    headers: list[tuple[bytes, bytes]],
) -> None:
    scopes, sent = [], []

    async def inner(scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        scopes.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"x"})

    async def send(event: Any) -> None:  # noqa: ANN401 - ASGI's
        sent.append(event)

    async def receive() -> Any:  # noqa: ANN401 - ASGI's
        raise AssertionError

    scope: Any = {"type": "http", "path": f"{MOUNT}/health", "headers": headers}

    async def asked() -> None:
        await behind_another(inner)(scope, receive, send)

    asyncio.run(asked())
    if headers:
        assert (scopes, sent[0]["status"]) == ([], 403)
        return
    assert [each["root_path"] for each in scopes] == [MOUNT]
    assert "root_path" not in scope
    assert sent[0]["headers"] == [(b"a", b"b"), (b"x-served-by", b"the outer application")]
    assert sent[1]["body"] == b"x"
