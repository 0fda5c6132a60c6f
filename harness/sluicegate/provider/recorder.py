"""ASGI middleware that records every exchange of an application in a journal."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import quote

from hypercorn.typing import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPScope,
)

from .journal import Headers, Journal, Outcome

Application = Callable[[HTTPScope, ASGIReceiveCallable, ASGISendCallable], Awaitable[None]]


class Recorder:
    """Records one exchange: the application is called with its `receive` and `send`."""

    def __init__(
        self,
        journal: Journal,
        scope: HTTPScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        self._journal = journal
        self._receive = receive
        self._send = send
        self._now = asyncio.get_running_loop().time
        self._has_body = scope["method"] != "HEAD"
        self._recording = journal.open(
            self._now(),
            scope["method"],
            _target(scope),
            scope["query_string"].decode("latin-1"),
            _headers(scope["headers"]),
        )

    async def receive(self) -> ASGIReceiveEvent:
        """Pass on the next event of the client's; its departure ends the exchange."""
        event = await self._receive()
        if event["type"] == "http.request":
            self._recording.received(event.get("body", b""))
        elif event["type"] == "http.disconnect":
            self.end("client went away")
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
                self.end("finished")
        await self._send(event)

    def end(self, outcome: Outcome) -> None:
        """End the exchange now; the first end counts."""
        self._journal.close(self._recording, self._now(), outcome)


def recording(application: Application, journal: Journal) -> Application:
    """Record both directions of every exchange of an application."""

    async def run(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        recorder = Recorder(journal, scope, receive, send)
        try:
            await application(scope, recorder.receive, recorder.send)
        except asyncio.CancelledError:
            recorder.end("server stopped")
            raise
        finally:
            recorder.end("failed")

    return run


def _target(scope: HTTPScope) -> str:
    # As it was sent: the decoded path may hold line ends. ASGI servers need not tell it.
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
