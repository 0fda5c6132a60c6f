import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import httpx
import pytest
from quart import Quart

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Server

DEPARTURE = 2.5


# An application that notes when its work was cancelled.
class Witness:
    def __init__(self) -> None:
        self.cancelled_at: list[float] = []
        self.app = Quart("witness")
        self.app.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None)
        self.app.add_url_rule("/before-headers", view_func=self.before_headers)
        self.app.add_url_rule("/after-headers", view_func=self.after_headers)
        self.app.add_url_rule("/mid-stream", view_func=self.mid_stream)

    async def wait(self) -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            self.cancelled_at.append(asyncio.get_running_loop().time())
            raise

    async def before_headers(self) -> str:
        await self.wait()
        return "too late"

    async def after_headers(self) -> AsyncIterator[bytes]:
        async def pieces() -> AsyncIterator[bytes]:
            await self.wait()
            yield b"too late"

        return pieces()

    async def mid_stream(self) -> AsyncIterator[bytes]:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(2):
                yield b"piece"
                await asyncio.sleep(1)
            await self.wait()

        return pieces()


def close(writer: asyncio.StreamWriter) -> None:
    writer.close()


def half_close(writer: asyncio.StreamWriter) -> None:
    writer.write_eof()


def reset(writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


stages = pytest.mark.parametrize("stage", ["before-headers", "after-headers", "mid-stream"])


@stages
@pytest.mark.parametrize("leave", [close, half_close, reset])
def test_a_clients_departure_cancels_the_work_for_it_at_the_same_instant(
    clock: SimulatedClock, stage: str, leave: Callable[[asyncio.StreamWriter], None]
) -> None:
    witness = Witness()

    async def scenario() -> tuple[list[float], int]:
        async with Server(witness.app) as server:
            _, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(f"GET /{stage} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
            await asyncio.sleep(DEPARTURE)
            leave(writer)
            await asyncio.sleep(1)
            seen = witness.cancelled_at, len(server._connections)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        return seen

    assert clock.run(scenario()) == ([DEPARTURE], 0)


def make_relay(client: httpx.AsyncClient, url: str) -> Quart:
    relay = Quart("relay")
    relay.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None)

    @relay.get("/")
    async def stream() -> AsyncIterator[bytes]:
        async def pieces() -> AsyncIterator[bytes]:
            async with client.stream("GET", url) as response:
                async for piece in response.aiter_raw():
                    yield piece

        return pieces()

    return relay


@stages
def test_a_departure_reaches_through_a_relay_at_the_same_instant(
    clock: SimulatedClock, trust: ssl.SSLContext, stage: str
) -> None:
    witness = Witness()

    async def scenario() -> list[float]:
        async with Server(witness.app) as origin, httpx.AsyncClient(verify=trust) as inner:
            relay = make_relay(inner, f"{origin.url}/{stage}")
            async with Server(relay) as server, httpx.AsyncClient(verify=trust) as outer:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(DEPARTURE):
                        await outer.get(server.url)
                await asyncio.sleep(1)
        return witness.cancelled_at

    assert clock.run(scenario()) == [DEPARTURE]
