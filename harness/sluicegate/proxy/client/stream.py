"""One streamed answer: its events within the limits, and its end on request."""

import asyncio
import math
from dataclasses import replace
from typing import Final, Self

import httpx

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.event import Event
from sluicegate.wire.assistant.message import AssistantMessage

from .errors import Limit, LimitError, ProxyError
from .exchange import Exchange
from .limits import Limits
from .place import Place

ABORTED: Final = "the client cancelled the answer"
"""The `error_message` of a message that was cancelled."""


class Stream:
    """One answer, to be iterated within `async with`; it is asked for with the first event.

    `message` is the message so far, and the whole one after the last event. An `error` event
    raises nothing: the message says why, in `stop_reason` and `error_message`. Every other failure
    raises a ProxyError. Whoever leaves `async with`, or is cancelled, takes the request back at
    once.
    """

    def __init__(
        self, client: httpx.AsyncClient, place: Place, body: bytes, model: str, limits: Limits
    ) -> None:
        self.message = AssistantMessage(model=model)
        self._exchange = Exchange(client, place, body)
        self._place = place
        self._limits = limits
        self._limit: Limit = "first event"
        self._end: float | None = None
        self._waiting: asyncio.Timeout | None = None
        self._closed = asyncio.Event()
        self._is_entered = self._is_aborted = self._is_over = False

    async def __aenter__(self) -> Self:
        self._is_entered = True
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self._is_over:
                await self._exchange.linger()
        finally:
            self._is_over = True
            await self._close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Return the next event; raises ProxyError."""
        if not self._is_entered:
            raise SluicegateError("expected `async with client.stream(...) as stream` around it")
        if self._is_over:
            raise StopAsyncIteration
        event = None if self._is_aborted else await self._next()
        if event is None:
            self._is_over = True
            return Event("error", self.message)
        self.message, self._is_over = event.partial, event.terminal
        return event

    async def cancel(self) -> None:
        """End the answer, from any task: when this returns, the connection is closed.

        The last event is an `error` then: its message is the one so far, with the stop reason
        `aborted`. After the last event, nothing changes.
        """
        if self._is_over:
            return
        if not self._is_aborted:
            self._is_aborted = True
            self.message = replace(self.message, stop_reason="aborted", error_message=ABORTED)
        if self._waiting is None:
            await self._close()
            return
        if not self._waiting.expired():
            self._waiting.reschedule(asyncio.get_running_loop().time())
        await self._closed.wait()

    async def _next(self) -> Event | None:
        """Return the next event, None where the answer was cancelled meanwhile."""
        error: ProxyError | None = None
        try:
            event = await self._within_limits()
        except ProxyError as failure:
            error = failure
        if self._is_aborted or error:
            await self._close()
        if self._is_aborted:
            return None
        if error:
            self._is_over = True
            error.message = None if self._limit == "first event" else self.message
            raise error
        self._limit = "gap"
        return event

    async def _within_limits(self) -> Event:
        now = asyncio.get_running_loop().time()
        if self._end is None:
            self._end = now + self._limits.whole
        until = min(now + self._seconds(self._limit), self._end)
        try:
            async with asyncio.timeout_at(None if math.isinf(until) else until) as self._waiting:
                return await self._exchange.event()
        except TimeoutError:
            passed: Limit = "whole stream" if until == self._end else self._limit
            raise self._passed(passed) from None
        finally:
            self._waiting = None

    def _seconds(self, limit: Limit) -> float:
        limits = self._limits
        known = {"connect": limits.connect, "first event": limits.first_event, "gap": limits.gap}
        return known.get(limit, limits.whole)

    def _passed(self, limit: Limit) -> LimitError:
        return LimitError(
            f"{self._place}: the limit {limit!r} of {self._seconds(limit):g} s passed: "
            "look at the proxy's log, or pass other limits",
            limit,
        )

    async def _close(self) -> None:
        await self._exchange.aclose()
        self._closed.set()
