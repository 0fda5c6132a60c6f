"""Hypercorn's connections on a listener of our own, so that a server starts and stops at once."""

import asyncio
import errno
import logging
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed
from hypercorn.utils import wrap_app

from sluicegate.errors import SluicegateError

from .connection import BUSY, ClientLimits, Connection
from .limits import DEPARTURE_LIMIT

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework as ASGIApp

logger = logging.getLogger(__name__)

BACKLOG: Final = 1024
"""Connections that may wait to be accepted: beyond it the kernel drops a SYN for a second."""

SETTINGS: Final[dict[str, Any]] = {
    # These run on the loop's clock, where a client may pause for minutes in no time at all. No
    # contract speaks of them, and a timer would hide from the watchdog that nothing is left to
    # happen.
    "keep_alive_timeout": None,
    "read_timeout": None,
    "keep_alive_max_requests": sys.maxsize,
    # These read the real clock, and would make two runs differ.
    "include_date_header": False,
    "accesslog": None,
    # Hypercorn would set up handlers of its own.
    "errorlog": logger,
}


class PortTakenError(SluicegateError):
    """The address on which a server is to listen belongs to another program."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where a server's certificate chain and private key lie, both in PEM."""

    certfile: Path
    keyfile: Path


class Server:
    """An ASGI application on an address, listening from `__aenter__` to `__aexit__`.

    `port` 0 takes a free port on the first entry and keeps it: a server that is entered again is
    the same server come back. `grace` is how long, in seconds on the loop's clock, running
    exchanges may take to end when the server stops; what remains is aborted. The lifespan protocol
    is not spoken: what an application needs is made before its server and closed after it. `limits`
    are on the loop's clock, and for servers on the wall clock alone. Only HTTP/1.1 is spoken,
    unless the `connection_type` says otherwise.
    """

    connection_type: ClassVar[type[Connection]] = Connection

    def __init__(  # noqa: PLR0913 - what a server is made of, each with its default
        self,
        app: "ASGIApp",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Certificate | None = None,
        grace: float = 0.0,
        limits: ClientLimits | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.grace = grace
        self._limits = limits
        self._config = _configure(certificate, limits, http2=self.connection_type.http2)
        self._app = wrap_app(app, self._config.wsgi_max_body_size, "asgi")
        self._tls = self._config.create_ssl_context()
        self._connections: dict[asyncio.Task[None], Connection] = {}

    @property
    def url(self) -> str:
        """The server's address without a path, such as `http://127.0.0.1:8001`."""
        scheme = "http" if self._tls is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Listen. Raises PortTakenError when the address belongs to another program."""
        self._loop = asyncio.get_running_loop()
        self._context = WorkerContext(None)
        self._socket = _listen(self.host, self.port)
        self.port = self._socket.getsockname()[1]
        self._listener = await asyncio.start_server(
            self._accept,
            sock=self._socket,
            ssl=self._tls,
            ssl_handshake_timeout=self._limits.header if self._limits and self._tls else None,
            # As often as this asyncio tries to accept at once, and once more for each try when it
            # runs out of descriptors.
            backlog=1 if self._limits else BACKLOG,
        )
        self._socket.listen(BACKLOG)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop: let running exchanges end within the grace, then abort what remains."""
        await self._stop_listening()
        await self._context.terminated.set()  # idle connections close, busy ones after their answer
        await self._wait(set(self._connections), self.grace)
        await self._abort()
        await self._let_transports_close()

    async def _stop_listening(self) -> None:
        self._loop.remove_reader(self._socket)
        # A connection accepted just now gets its transport in the next turn, for which the listener
        # must still be open, and reaches `_accept` in the one after.
        for _ in range(2):
            await asyncio.sleep(0)
        self._listener.close()

    async def _abort(self) -> None:
        for transport in self._transports():
            transport.abort()
        # Hypercorn sees a client go by reading, which it does not do while a request waits behind
        # another on the same connection.
        departures = {self._loop.create_task(_depart(each)) for each in self._connections.values()}
        await self._wait({*self._connections, *departures}, DEPARTURE_LIMIT)
        # Only now, because a framework that is cancelled, other than told, may leave tasks behind.
        remaining = {*self._connections, *departures}
        for task in remaining:
            task.cancel()
        await self._wait(remaining, None)

    async def _wait(self, tasks: set[asyncio.Task[None]], limit: float | None) -> None:
        if tasks:
            await asyncio.wait(tasks, timeout=limit)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._limits and len(self._connections) >= self._limits.connections:
            writer.write(BUSY)
            writer.close()
            return
        connection = self.connection_type(
            self._app, self._loop, self._config, self._context, {}, reader, writer
        )
        connection.limits = self._limits
        task = self._loop.create_task(_serve(connection))
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    async def _let_transports_close(self) -> None:
        # An aborted transport needs one more turn, and before 3.12 asyncio has no event for it.
        while self._transports():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # and a handshake that was cut off one more

    def _transports(self) -> list[asyncio.WriteTransport]:
        # TLS handshakes among them, of which neither the connection tasks nor asyncio's own server
        # (before 3.13) know anything. uvloop has no such list.
        everyone: dict[int, Any] | None = getattr(self._loop, "_transports", None)
        if everyone is None:
            return [each.writer.transport for each in self._connections.values()]
        return [each for each in everyone.values() if each._server is self._listener]  # noqa: SLF001 - see above


async def _serve(connection: Connection) -> None:
    try:
        await connection
    except Exception:
        logger.exception("a connection ended with an error")


async def _depart(connection: Connection) -> None:
    if hasattr(connection, "protocol"):  # it has begun to serve
        await connection.protocol.handle(Closed())


def _configure(
    certificate: Certificate | None, limits: ClientLimits | None, *, http2: bool
) -> Config:
    config = Config.from_mapping(SETTINGS)
    if limits is not None:
        config.keep_alive_timeout = limits.idle
    if not http2:
        config.alpn_protocols = ["http/1.1"]
    if certificate is not None:
        config.certfile = str(certificate.certfile)
        config.keyfile = str(certificate.keyfile)
    return config


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches off Nagle's algorithm by its number.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Accepted sockets inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.settimeout(0)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(
                f"{host}:{port} is taken by another program: stop it, or choose another port"
            ) from error
        raise
    return listener
