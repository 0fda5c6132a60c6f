"""ASGI middleware for answers that are ready before the request's body has arrived."""

import asyncio
from collections.abc import Awaitable, Callable

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


class _Linger:
    def __init__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._receive = receive
        self._send = send
        self._rest = LONGEST_REST
        self._done = asyncio.Event()

    async def receive(self) -> ASGIReceiveEvent:
        event = await self._receive()
        if event["type"] != "http.request" or self._is_enough(event):
            self._done.set()
        return event

    def _is_enough(self, event: HTTPRequestEvent) -> bool:
        self._rest -= len(event.get("body", b""))
        return self._rest < 0 or not event.get("more_body", False)

    async def send(self, event: ASGISendEvent) -> None:
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            await self._done.wait()
        await self._send(event)


def lingering(application: Application) -> Application:
    """Keep the connection of an early answer open until the request's body has arrived.

    A server that closes a connection with unread bytes resets it, and the reset can overtake the
    answer (RFC 9112, section 9.6). The application must send its body before the event that ends
    it, and go on receiving meanwhile, as Quart does.
    """

    async def run(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        linger = _Linger(receive, send)
        await application(scope, linger.receive, linger.send)

    return run
