import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from quart import Quart

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Certificate, PortTakenError, Server


def test_a_server_listens_when_it_is_entered(
    clock: SimulatedClock,
    app: Quart,
) -> None:
    async def scenario() -> str:
        async with Server(app) as server:
            with socket.create_connection((server.host, server.port)):
                return server.url

    assert clock.run(scenario()).startswith("http://127.0.0.1:")


def test_a_server_starts_and_stops_at_one_instant(clock: SimulatedClock, app: Quart) -> None:
    async def scenario() -> None:
        for _ in range(20):
            async with Server(app):
                pass

    clock.run(scenario())
    assert clock.time() == 0.0


def test_a_taken_port_is_an_error_that_names_the_address_and_the_remedy(
    clock: SimulatedClock,
    app: Quart,
) -> None:
    async def scenario(port: int) -> None:
        async with Server(app, port=port):
            pass

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"127\.0\.0\.1:{port} is taken .* another port"):
            clock.run(scenario(port))


def test_an_address_that_is_not_ours_keeps_its_own_error(
    clock: SimulatedClock,
    app: Quart,
) -> None:
    async def scenario() -> None:
        async with Server(app, host="192.0.2.1"):
            pass

    with pytest.raises(OSError, match="assign requested address"):
        clock.run(scenario())


def test_a_server_that_is_entered_again_keeps_its_port(
    clock: SimulatedClock, app: Quart, trust: ssl.SSLContext
) -> None:
    async def scenario() -> tuple[set[str], str]:
        server = Server(app)
        urls = set()
        async with httpx.AsyncClient(verify=trust) as client:
            for _ in range(3):
                async with server:
                    urls.add(server.url)
                    answer = (await client.get(server.url)).text
        return urls, answer

    urls, answer = clock.run(scenario())

    assert (len(urls), answer) == (1, "hello")


def test_an_ipv6_address_stands_in_brackets(app: Quart) -> None:
    assert Server(app, host="::1", port=8001).url == "http://[::1]:8001"


def test_a_certificate_makes_it_https(
    clock: SimulatedClock, app: Quart, certificate: Certificate, trust: ssl.SSLContext
) -> None:
    async def scenario() -> tuple[str, str]:
        async with (
            Server(app, certificate=certificate) as server,
            httpx.AsyncClient(verify=trust) as client,
        ):
            return server.url, (await client.get(server.url)).text

    url, answer = clock.run(scenario())

    assert url.startswith("https://127.0.0.1:")
    assert answer == "hello"


def test_an_answer_may_take_longer_than_every_default_timeout(
    clock: SimulatedClock, app: Quart, trust: ssl.SSLContext
) -> None:
    # Quart's BODY_TIMEOUT and RESPONSE_TIMEOUT are 60 s, and real timers on the loop's clock.
    async def scenario() -> list[tuple[str, float]]:
        seen = []
        async with (
            Server(app) as server,
            httpx.AsyncClient(verify=trust, timeout=1000.0) as client,
        ):
            for path in ("slow", "stream"):
                start = clock.time()
                answer = await client.get(f"{server.url}/{path}/100.0")
                seen.append((answer.text, clock.time() - start))
        return seen

    assert clock.run(scenario()) == [("at last", 100.0), ("firstsecond", 100.0)]


def test_a_body_may_arrive_slowly(clock: SimulatedClock, app: Quart, trust: ssl.SSLContext) -> None:
    async def body() -> AsyncIterator[bytes]:
        for part in (b"slow", b"ly"):
            await asyncio.sleep(100)
            yield part

    async def scenario() -> str:
        async with (
            Server(app) as server,
            httpx.AsyncClient(verify=trust, timeout=1000.0) as client,
        ):
            return (await client.post(f"{server.url}/echo", content=body())).text

    assert clock.run(scenario()) == "slowly"


async def request_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str = "/"
) -> bytes:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(5)
    return head


def test_a_connection_is_kept_through_any_pause_and_any_number_of_requests(
    clock: SimulatedClock,
    app: Quart,
) -> None:
    # Hypercorn's own limits are 5 s of (simulated) idleness and 1000 requests.
    async def scenario() -> set[bytes]:
        async with Server(app) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            heads = {await request_on(reader, writer) for _ in range(1100)}
            await asyncio.sleep(3600)
            heads.add(await request_on(reader, writer))
            writer.close()
            await writer.wait_closed()
        return heads

    assert len(clock.run(scenario())) == 1


def test_an_answer_has_no_date(
    clock: SimulatedClock,
    app: Quart,
) -> None:
    async def scenario() -> bytes:
        async with Server(app) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            head = await request_on(reader, writer)
            writer.close()
            await writer.wait_closed()
        return head.lower()

    assert b"\r\ndate:" not in clock.run(scenario())


def test_nothing_is_logged_for_an_ordinary_request(
    clock: SimulatedClock, app: Quart, trust: ssl.SSLContext, capfd: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with Server(app) as server, httpx.AsyncClient(verify=trust) as client:
            await client.get(server.url)

    clock.run(scenario())

    assert capfd.readouterr() == ("", "")


def test_an_error_of_the_application_is_logged(
    clock: SimulatedClock, trust: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        del scope, receive, send
        raise LookupError("planned")

    async def scenario() -> int:
        async with Server(broken) as server, httpx.AsyncClient(verify=trust) as client:
            return (await client.get(server.url)).status_code

    assert clock.run(scenario()) == 500
    assert "planned" in caplog.text
