"""ASGI middleware for answers that are ready before the request's body has arrived."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hypercorn.typing import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPRequestEvent,
    HTTPScope,
)

Application = Callable[[HTTPScope, ASGIReceiveCallable, ASGISendCallable], Awaitable[None]]

LONGEST_REST = 64 * 1024 * 1024
"""Bytes of a body that are read, and thrown away, for the sake of an answer that came early."""

LONGEST_WAIT = 30.0
"""Seconds, on the loop's clock, that the rest of a body may take after its answer."""


class _Linger:
    def __init__(
        self, receive: ASGIReceiveCallable, send: ASGISendCallable, *, keeps: bool
    ) -> None:
        self._receive = receive
        self._keeps = keeps
        self._answers = False
        self._send = send
        self._rest = LONGEST_REST
        self._done = asyncio.Event()

    async def receive(self) -> ASGIReceiveEvent:
        event = await self._receive()
        if event["type"] != "http.request" or self._is_enough(event):
            self._done.set()
        if event["type"] == "http.request" and self._answers and not self._keeps:
            return {**event, "body": b""}
        return event

    def _is_enough(self, event: HTTPRequestEvent) -> bool:
        self._rest -= len(event.get("body", b""))
        return self._rest < 0 or not event.get("more_body", False)

    async def send(self, event: ASGISendEvent) -> None:
        self._answers = True
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_WAIT):
                    await self._done.wait()
        await self._send(event)


def lingering(application: Application, *, keeps: bool = False) -> Application:
    """Keep the connection of an early answer open until the request's body has arrived.

    A server that closes a connection with unread bytes resets it, and the reset can overtake the
    answer (RFC 9112, section 9.6). The application must send its body before the event that ends
    it, and go on receiving meanwhile, as Quart does. Quart would keep all of it: what comes once
    the answer has begun is emptied, unless the application `keeps` it for good reason.
    """

    async def run(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        linger = _Linger(receive, send, keeps=keeps)
        await application(scope, linger.receive, linger.send)

    return run
