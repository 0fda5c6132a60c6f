"""Connections that an application can break below its framework, in plain text and under TLS."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Literal

from hypercorn.events import Closed, Event

from sluicegate.runtime.connection import Connection
from sluicegate.runtime.server import Server

STATE: Final = "sluicegate.connection"
"""The key of a scope's `state` under which an application finds its `FaultyConnection`."""

Fault = Literal["reset", "cut"]
"""How a connection was broken: with ECONNRESET for the client, or with an early end of file."""

Settle = Callable[[], Awaitable[None]]
"""Waits until what was written has arrived, where the clock can know: `Clock.quiesce`."""

_LINGER_0: Final = struct.pack("ii", 1, 0)


class FaultyConnection(Connection):
    """Hypercorn's side of one connection, which its application finds in `scope["state"]`.

    `fault` is how the application broke it, if it has. On HTTP/2 every stream of it breaks.
    """

    http2 = True

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - Hypercorn's own arguments, passed on
        super().__init__(*args)
        self.state = {**self.state, STATE: self}
        self.fault: Fault | None = None

    @property
    def is_stopping(self) -> bool:
        """Tell whether its server stops."""
        return bool(self.context.terminated.is_set())

    async def protocol_send(self, event: Event) -> None:
        """Do what Hypercorn's protocol wants of the connection, unless it is broken."""
        # Hypercorn would still end the answer, and say goodbye under TLS.
        if self.fault is None:
            await super().protocol_send(event)

    async def write(self, data: bytes) -> None:
        """Send bytes past the framework, after all that it has sent."""
        async with self.send_lock:
            if self.fault is None and not self.writer.is_closing():
                self.writer.write(data)
                await self._drain()

    async def break_off(self, fault: Fault) -> None:
        """Break the connection; the first fault counts.

        `reset`: the client sees ECONNRESET; what the kernel has no room for is lost. `cut`: the
        client gets all that was written, then the end of file, without the end of a chunked body
        and without TLS's close_notify.
        """
        if self.fault is None:
            self.fault = fault
            await (self._reset() if fault == "reset" else self._cut())
            # The application hears of it now, not when a client that is slow to read lets go.
            await self.protocol.handle(Closed())

    async def _reset(self) -> None:
        with suppress(OSError):  # the client has gone already
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        self.writer.transport.abort()

    async def _cut(self) -> None:
        transport = self.writer.transport
        if self.writer.get_extra_info("ssl_object") is None:
            transport.close()
        else:
            # TLS holds back what the socket's transport has no room for.
            transport.set_write_buffer_limits(high=1, low=0)
            await self._drain()
            await self._close_below_tls()

    async def _close_below_tls(self) -> None:
        tls = getattr(self.writer.transport, "_ssl_protocol", None)
        if tls is None:
            await self._end_below_tls()
        elif tls._transport is not None:  # noqa: SLF001 - nothing else shows the socket's transport
            tls._transport.close()  # noqa: SLF001 - see above

    async def _end_below_tls(self) -> None:
        # uvloop shows the socket alone, and writes to it at the end of a turn. What the kernel has
        # no room for is lost.
        await asyncio.sleep(0)
        with suppress(OSError), self._socket.dup() as end:
            end.shutdown(socket.SHUT_WR)
        self.writer.transport.abort()

    async def _drain(self) -> None:
        with suppress(ConnectionError):
            await self.writer.drain()

    @property
    def _socket(self) -> socket.socket:
        end: socket.socket = self.writer.get_extra_info("socket")
        return end


class FaultyServer(Server):
    """A server whose application can break its connections."""

    connection_type = FaultyConnection
