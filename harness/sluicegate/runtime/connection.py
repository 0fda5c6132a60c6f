"""The server's side of one connection: what it speaks, and how long it waits for its client."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from ssl import SSLError
from typing import Any, ClassVar, Final, cast

import h11
from hypercorn.asyncio.tcp_server import MAX_RECV, TCPServer
from hypercorn.events import Closed, RawData
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol

BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n"
    b"Retry-After: 1\r\n\r\n"
)
"""What a connection too many is told."""


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What a server on the wall clock allows its clients: times in seconds.

    `header`: until the header of a request is whole, from its first byte, or that of the
    connection; `idle`: between two requests; `body`: between two pieces of a body. `connections`
    is how many there may be at the same time.
    """

    header: float = 10.0
    idle: float = 75.0
    body: float = 30.0
    connections: int = 400


class _Http1(H11Protocol):
    """HTTP/1.1 alone.

    Hypercorn's HTTP/2 reads from an application whatever it has, whether or not its client reads:
    one stream of it fills the memory.
    """

    async def _check_protocol(self, event: h11.Request) -> None:
        """Upgrade to nothing (RFC 9110, section 7.8: a server MAY ignore it)."""

    async def _create_stream(self, request: h11.Request) -> None:
        refused = _refused(request)
        if refused is None:
            await super()._create_stream(request)
        else:
            await self._send_error_response(refused)
            await self.send(Closed())


def _refused(request: h11.Request) -> int | None:
    if not request.http_version.startswith(b"1."):
        return HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    # Whoever stands before this server may have gone by the other one (RFC 9112, section 6.1).
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in request.headers}:
        return HTTPStatus.BAD_REQUEST
    return None


class Connection(TCPServer):
    """Hypercorn's side of one connection, which ends as soon as its client has gone."""

    http2: ClassVar[bool] = False
    limits: ClientLimits | None = None
    _header_ends: float | None = None

    async def _read_data(self) -> None:
        if not self.http2:
            self.protocol.protocol = _http1(self.protocol)
        await (super()._read_data() if self.limits is None else self._read_within(self.limits))
        # Hypercorn keeps the connection half open until its keep-alive limit has passed.
        await self.idle_task.stop()

    async def _read_within(self, limits: ClientLimits) -> None:
        self._header_ends = self.loop.time() + limits.header
        while not self.reader.at_eof():
            try:
                async with asyncio.timeout_at(self._end(limits)):
                    data = await self.reader.read(MAX_RECV)
            except (OSError, SSLError, TimeoutError):
                # Also what is still to be written: who is this late does not read it.
                self.writer.transport.abort()
                break
            await self.protocol.handle(RawData(data))
        await self.protocol.handle(Closed())

    def _end(self, limits: ClientLimits) -> float | None:
        """Return when the next bytes must have come; between requests, Hypercorn watches."""
        connection = cast("Any", self.protocol.protocol).connection
        # HTTP/2 has none.
        waits_for = getattr(connection, "their_state", None)
        if waits_for is h11.SEND_BODY:
            self._header_ends = None
            return self.loop.time() + limits.body
        if waits_for is not h11.IDLE or not (self._header_ends or connection.trailing_data[0]):
            self._header_ends = None
        elif self._header_ends is None:
            self._header_ends = self.loop.time() + limits.header
        return self._header_ends


def _http1(wrapper: ProtocolWrapper) -> _Http1:
    return _Http1(
        wrapper.app,
        wrapper.config,
        wrapper.context,
        wrapper.task_group,
        wrapper.state,
        wrapper.ssl,
        wrapper.client,
        wrapper.server,
        wrapper.send,
    )
