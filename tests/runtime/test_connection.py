import asyncio
import errno
import ssl
from dataclasses import replace

import pytest
from quart import Quart, request

from sluicegate.cli.serve import Reports
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.connection import ClientLimits
from sluicegate.runtime.server import Certificate, Server

LIMITS = ClientLimits()


def make_app() -> Quart:
    app = Quart(__name__)
    app.config.update(BODY_TIMEOUT=None, RESPONSE_TIMEOUT=None)

    @app.post("/")
    async def read() -> str:
        return str(len(await request.get_data()))

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(500)
        return "done"

    return app


# What a client of a server gets for these pieces, each so many seconds after the one before, and
# when the server has closed the connection.
def got(
    clock: SimulatedClock, *pieces: tuple[float, bytes], limits: ClientLimits | None = LIMITS
) -> tuple[bytes, float]:
    async def act() -> tuple[bytes, float]:
        async with Server(make_app(), limits=limits) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for wait, piece in pieces:
                await asyncio.sleep(wait)
                writer.write(piece)
            try:
                data = await reader.read()
            except ConnectionError:
                data = b""
            writer.close()
            return data, round(clock.time(), 1)

    return clock.run(act())


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
WHOLE = (0.0, HEAD + b"abc")


@pytest.mark.parametrize(
    ("pieces", "end"),
    [
        ([], 10.0),
        ([(0, b"POST / HT")], 10.0),
        ([(4, b"POST"), (4, b" / H")], 10.0),
        ([WHOLE], 75.0),
        ([WHOLE, (50, b"POST / H")], 60.0),
        ([WHOLE, (50, HEAD + b"abc")], 125.0),
        ([(0, HEAD)], 30.0),
        ([(0, HEAD), (20, b"a"), (20, b"b")], 70.0),
        ([(0, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")], 575.0),
    ],
)
def test_a_client_has_so_long_for_its_request(
    clock: SimulatedClock, pieces: list[tuple[float, bytes]], end: float
) -> None:
    assert got(clock, *pieces)[1] == end


def test_a_connection_too_many_is_told_to_come_back(clock: SimulatedClock) -> None:
    async def act() -> None:
        async with Server(make_app(), limits=replace(LIMITS, connections=2)) as server:
            pairs = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
            assert b"503 Service Unavailable" in await pairs[2][0].read()
            pairs[0][1].close()
            await clock.quiesce()
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(WHOLE[1])
            assert b"200" in await reader.readline()
            for _, each in (*pairs[1:], (reader, writer)):
                each.close()

    clock.run(act())


PRIOR_KNOWLEDGE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
UPGRADE = (
    b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"
)
BOTH = HEAD[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "status"), [(PRIOR_KNOWLEDGE, b"505"), (UPGRADE, b"200"), (BOTH, b"400")]
)
def test_only_plain_http_1_is_spoken(clock: SimulatedClock, sent: bytes, status: bytes) -> None:
    data, _ = got(clock, (0.0, sent), limits=None)
    assert data.startswith(b"HTTP/1.1 " + status)


def test_http_2_is_not_agreed_upon_under_tls(
    clock: SimulatedClock, certificate: Certificate, trust: ssl.SSLContext
) -> None:
    trust.set_alpn_protocols(["h2", "http/1.1"])

    async def act() -> str | None:
        async with Server(make_app(), certificate=certificate) as server:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
            agreed: str | None = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            writer.transport.abort()
            return agreed

    assert clock.run(act()) == "http/1.1"


def test_a_listener_without_descriptors_is_told_of_rarely(
    clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def act() -> None:
        reports, loop = Reports(), asyncio.get_running_loop()
        for _ in range(130):
            error = OSError(errno.EMFILE, "Too many open files")
            reports(loop, {"message": "socket.accept() out of system resource", "exception": error})
            await asyncio.sleep(1)

    clock.run(act())
    assert caplog.messages == ["cannot accept connections: Too many open files"] * 3
