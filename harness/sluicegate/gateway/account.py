"""ASGI middleware that numbers every exchange, and ends and tells whatever became of it."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, HTTPScope

from sluicegate.runtime.linger import Application

from .log import GatewayLog, Outcome, Served

if TYPE_CHECKING:
    from .answering import Answering
    from .request import Asked

HEADER: Final = "X-Request-Id"
"""The header of every answer that names its exchange: an agent's own, or the gateway's."""

_NAME: Final = HEADER.lower().encode()
_EXTENSION: Final = "sluicegate.gateway.exchange"
_FIRST_ERROR: Final = 400


class Exchange:
    """What is known of one exchange; `answering` is there once a circuit has let it through."""

    __slots__ = ("answering", "asked", "began", "code", "id", "selected", "status")

    def __init__(self, began: float) -> None:
        self.id = secrets.token_hex(8)
        self.began = began
        self.asked: Asked | None = None
        self.answering: Answering | None = None
        self.selected = ""
        self.status = 0
        self.code: str | None = None

    def numbered(self, event: ASGISendEvent) -> ASGISendEvent:
        """Take note of what is sent, and give its headers a number if they have none."""
        if event["type"] != "http.response.start":
            return event
        self.status = event["status"]
        if any(name.lower() == _NAME for name, _ in event["headers"]):
            return event
        numbered = event.copy()
        numbered["headers"] = [*event["headers"], (_NAME, self.id.encode())]
        return numbered

    def served(self, now: float) -> Served | None:
        """Return the account of it, None for an answer that is neither a model's nor an error."""
        outcome = self._outcome()
        if outcome is None:
            return None
        answering, asked = self.answering, self.asked
        return Served(
            request_id=self.id,
            model=asked.model if asked else "",
            agent=self.selected,
            mode=asked.mode if asked else None,
            outcome=outcome,
            status=self.status,
            code=self.code or (answering.code if answering else None),
            attempts=len(answering.course.made) if answering else 0,
            chunks=answering.chunks if answering else 0,
            duration=now - self.began,
        )

    def _outcome(self) -> Outcome | None:
        if self.answering is not None:
            return self.answering.outcome
        if not self.status:
            return "left"
        return "refused" if self.status >= _FIRST_ERROR else None


def accounting(application: Application, log: GatewayLog) -> Application:
    """Give each exchange of an application a number; the application finds it with `exchange_of`.

    When one is over, also because its client has gone, its answering is closed and the log is told.
    """

    async def run(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        now = asyncio.get_running_loop().time
        exchange = Exchange(now())

        async def numbered(event: ASGISendEvent) -> None:
            await send(exchange.numbered(event))

        try:
            await application(_extended(scope, exchange), receive, numbered)
        finally:
            await _close(exchange, log, now())

    return run


def exchange_of(scope: Mapping[str, Any]) -> Exchange:
    """Return the exchange of an application's scope, which `accounting` has made."""
    exchange: Exchange = scope["extensions"][_EXTENSION]["exchange"]
    return exchange


async def _close(exchange: Exchange, log: GatewayLog, now: float) -> None:
    if exchange.answering is not None:
        exchange.answering.leave()
    if served := exchange.served(now):
        log.tell(served)
    if exchange.answering is not None:
        await exchange.answering.aclose()


def _extended(scope: HTTPScope, exchange: Exchange) -> HTTPScope:
    # A copy: what a server puts into a scope is the server's.
    extended = scope.copy()
    extended["extensions"] = {
        **(scope.get("extensions") or {}),
        _EXTENSION: {"exchange": exchange},
    }
    return extended
