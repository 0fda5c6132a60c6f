"""ASGI middleware that records every exchange of an application in a journal."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn
from urllib.parse import quote

from hypercorn.typing import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPScope,
)

from sluicegate.errors import SluicegateError
from sluicegate.runtime.linger import Application

from .journal import Headers, Journal, Outcome, Recording
from .transport import STATE, Fault, FaultyConnection, Settle

EXTENSION: Final = "sluicegate.exchange"
"""The name of the ASGI extension; `exchange_of` reads it."""


class OpenExchange:
    """What an application may do to its exchange where ASGI ends; all of it is recorded.

    `settle` waits until what was written has arrived, where the clock can know.
    """

    def __init__(
        self,
        journal: Journal,
        recording: Recording,
        connection: FaultyConnection | None,
        settle: Settle,
    ) -> None:
        self.settle = settle
        self._journal = journal
        self._recording = recording
        self._connection = connection
        self._now = asyncio.get_running_loop().time

    def file_under(self, token: str) -> None:
        """Say which token the exchange belongs to."""
        self._recording.filed(token)

    async def write(self, data: bytes) -> None:
        """Send bytes past the framework, after all that it was given before.

        They are recorded as a write of the body. Raises SluicegateError where the server is no
        FaultyServer.
        """
        connection = self._breakable()
        self._recording.wrote(self._now(), data)
        await connection.write(data)

    async def reset(self) -> NoReturn:
        """Reset the connection, after what was written has arrived.

        Never returns: the server tells the application that the client has gone, and Quart cancels
        the handler. Raises SluicegateError where the server is no FaultyServer.
        """
        await self._break_off("reset")

    async def cut(self) -> NoReturn:
        """End the connection in the middle, after what was written; otherwise like `reset`."""
        await self._break_off("cut")

    def end(self, outcome: Outcome) -> None:
        """End the exchange now; the first end counts."""
        self._journal.close(self._recording, self._now(), outcome)

    def disconnected(self) -> None:
        """End the exchange of a connection that is gone: as planned, or by the server or client."""
        connection = self._connection
        if connection is not None and connection.fault:
            self.end(connection.fault)
        else:
            is_stopping = connection is not None and connection.is_stopping
            self.end("server stopped" if is_stopping else "client went away")

    async def _break_off(self, fault: Fault) -> NoReturn:
        connection = self._breakable()
        await self.settle()
        self.end(fault)
        await connection.break_off(fault)
        while True:
            await asyncio.get_running_loop().create_future()

    def _breakable(self) -> FaultyConnection:
        if self._connection is None:
            raise SluicegateError(
                "expected a connection that can be broken, got one of another server: serve the "
                "application with sluicegate.provider.transport.FaultyServer"
            )
        return self._connection


class Recorder:
    """Records one exchange: the application is called with its `receive` and `send`."""

    def __init__(
        self,
        recording: Recording,
        exchange: OpenExchange,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
        *,
        has_body: bool,
    ) -> None:
        self._recording = recording
        self._exchange = exchange
        self._receive = receive
        self._send = send
        self._has_body = has_body
        self._now = asyncio.get_running_loop().time

    async def receive(self) -> ASGIReceiveEvent:
        """Pass on the next event of the client's; its departure ends the exchange."""
        event = await self._receive()
        if event["type"] == "http.request":
            self._recording.received(event.get("body", b""))
        elif event["type"] == "http.disconnect":
            self._exchange.disconnected()
        return event

    async def send(self, event: ASGISendEvent) -> None:
        """Pass on an event of the application's, recorded at the instant of its sending."""
        if event["type"] == "http.response.start":
            headers = _headers(event["headers"])
            self._recording.answered(self._now(), event["status"], headers)
        elif event["type"] == "http.response.body":
            if self._has_body and event.get("body"):
                self._recording.wrote(self._now(), event["body"])
            if not event.get("more_body", False):
                # Before the last event is passed on: the server answers it with a disconnect.
                self._exchange.end("finished")
        await self._send(event)


async def _yield_once() -> None:
    await asyncio.sleep(0)


def recording(
    application: Application, journal: Journal, settle: Settle | None = None
) -> Application:
    """Record both directions of every exchange of an application.

    The application finds its own exchange with `exchange_of`; `settle` is the clock's `quiesce`.
    """

    async def run(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        recording = _open(journal, scope)
        state: Mapping[str, Any] = scope.get("state") or {}
        exchange = OpenExchange(journal, recording, state.get(STATE), settle or _yield_once)
        recorder = Recorder(recording, exchange, receive, send, has_body=scope["method"] != "HEAD")
        try:
            await application(_extended(scope, exchange), recorder.receive, recorder.send)
        except asyncio.CancelledError:
            exchange.end("server stopped")
            raise
        finally:
            exchange.end("failed")

    return run


def exchange_of(scope: Mapping[str, Any]) -> OpenExchange:
    """Return the exchange of an application's scope.

    Raises SluicegateError where the application is not called by `recording`.
    """
    extensions: Mapping[str, Any] = scope.get("extensions") or {}
    if EXTENSION not in extensions:
        raise SluicegateError(
            f"expected the extension {EXTENSION!r} in the scope, got {sorted(extensions)}: call "
            "the application through sluicegate.provider.recorder.recording"
        )
    exchange: OpenExchange = extensions[EXTENSION]["exchange"]
    return exchange


def _open(journal: Journal, scope: HTTPScope) -> Recording:
    return journal.open(
        asyncio.get_running_loop().time(),
        scope["method"],
        _target(scope),
        scope["query_string"].decode("latin-1"),
        _headers(scope["headers"]),
    )


def _extended(scope: HTTPScope, exchange: OpenExchange) -> HTTPScope:
    # A copy: what a server puts into a scope is the server's.
    extended = scope.copy()
    extended["extensions"] = {
        **(scope.get("extensions") or {}),
        EXTENSION: {"exchange": exchange},
    }
    return extended


def _target(scope: HTTPScope) -> str:
    # As it was sent: the decoded path may hold line ends. ASGI servers need not tell it.
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
