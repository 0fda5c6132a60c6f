"""ASGI middleware that numbers every exchange, and gives an account of what became of it."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, HTTPScope

from sluicegate.runtime.linger import Application

from .costs import Totals
from .log import Outcome, RequestLog, Served

if TYPE_CHECKING:
    from .relay import Relay

HEADER: Final = "X-Request-Id"
"""The header of every answer that holds the number of its exchange."""

_EXTENSION: Final = "sluicegate.proxy.exchange"
_FIRST_ERROR: Final = 400


class Exchange:
    """What is known of one exchange; `relay` is its stream's, once it has one."""

    __slots__ = ("began", "client", "id", "model", "outcome", "relay", "status", "upstream")

    def __init__(self, client: str, began: float) -> None:
        self.id = secrets.token_hex(8)
        self.client = client
        self.began = began
        self.upstream = ""
        self.model = ""
        self.status = 0
        self.relay: Relay | None = None
        self.outcome: Outcome | None = None

    def sent(self, event: ASGISendEvent) -> None:
        """Take note of what the server has taken to send."""
        if event["type"] == "http.response.start":
            self.status = event["status"]
            if self.relay is None and self.status >= _FIRST_ERROR:
                self.outcome = "refused"
        elif self.relay is not None and self.relay.outcome:
            self.outcome = self.relay.outcome

    @property
    def aborted(self) -> bool:
        """Whether the client went away, once it is over."""
        return self.outcome is None and (self.relay is not None or not self.status)

    def served(self, now: float) -> Served | None:
        """Return the account of it, None for an answer that is neither a stream nor a refusal."""
        outcome = "aborted" if self.aborted else self.outcome
        if outcome is None:
            return None
        return Served(
            request_id=self.id,
            client=self.client,
            upstream=self.upstream,
            model=self.model,
            outcome=outcome,
            status=self.status,
            duration=now - self.began,
            usage=None if self.relay is None else self.relay.usage,
            failure=self.relay.failure if self.relay and outcome == "error" else None,
        )


def accounting(application: Application, log: RequestLog, totals: Totals | None) -> Application:
    """Give each exchange of an application a number; the application finds it with `exchange_of`.

    When one is over, also because its client has gone, the log is told, and streams are added to
    the totals. The client is the address that the server names: behind another proxy, that one's
    unless the server, or outer middleware, puts the client's own into the scope.
    """

    async def run(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        now = asyncio.get_running_loop().time
        exchange = Exchange(_client(scope), now())

        async def numbered(event: ASGISendEvent) -> None:
            await send(_numbered(event, exchange.id))
            exchange.sent(event)

        try:
            await application(_extended(scope, exchange), receive, numbered)
        finally:
            served = exchange.served(now())
            if served is not None:
                _tell(served, log, totals)

    return run


def exchange_of(scope: Mapping[str, Any]) -> Exchange:
    """Return the exchange of an application's scope, which `accounting` has made."""
    exchange: Exchange = scope["extensions"][_EXTENSION]["exchange"]
    return exchange


def _tell(served: Served, log: RequestLog, totals: Totals | None) -> None:
    if totals is not None and served.usage is not None:
        totals.add(served.upstream, served.model, served.usage)
    log.tell(served)


def _client(scope: HTTPScope) -> str:
    # A server on a Unix socket knows no address.
    client = scope.get("client")
    return client[0] if client else ""


def _numbered(event: ASGISendEvent, number: str) -> ASGISendEvent:
    if event["type"] != "http.response.start":
        return event
    header = (HEADER.lower().encode(), number.encode())
    numbered = event.copy()
    numbered["headers"] = [*event["headers"], header]
    return numbered


def _extended(scope: HTTPScope, exchange: Exchange) -> HTTPScope:
    # A copy: what a server puts into a scope is the server's.
    extended = scope.copy()
    extended["extensions"] = {
        **(scope.get("extensions") or {}),
        _EXTENSION: {"exchange": exchange},
    }
    return extended
