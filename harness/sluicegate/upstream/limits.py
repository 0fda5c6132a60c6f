"""How long an upstream may take, on the loop's clock."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from .errors import Limit, UpstreamError

LINGER: Final = 0.1
"""Seconds that an answer whose last event has come may take to end; then it is broken off."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds; `math.inf` is no limit.

    `connect`: for the connection. `first_content`: from the request to the first text, thinking or
    call. `gap`: between two events after that, of which pings are none. `whole`: for all of it,
    the client's own time included; that is nothing to the others.
    """

    connect: float = 10.0
    first_content: float = 20.0
    gap: float = 20.0
    whole: float = 60.0


_SAID: Final[dict[Limit, str]] = {
    "first content": "the upstream did not begin to answer",
    "gap": "the upstream did not go on with its answer",
    "whole stream": "the upstream did not end its answer",
}


class Watch:
    """Watches one answer: what waits for the upstream does so in `limit`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + limits.whole
        self._limit: Limit = "first content"
        self._left = limits.first_content
        self._waits = self._is_over = False

    def heard(self) -> None:
        """Take note of an event that is no ping."""
        if self._limit == "gap":
            self._left = self._limits.gap

    def said(self) -> None:
        """Take note of content."""
        self._limit, self._left = "gap", self._limits.gap

    @asynccontextmanager
    async def limit(self) -> AsyncIterator[None]:
        """Wait in here for the upstream; raises UpstreamError when a limit passes."""
        began = self._now()
        if self._is_over or began >= self._end:
            raise self._passed("whole stream")
        until = min(began + self._left, self._end)
        self._waits = True
        try:
            async with asyncio.timeout_at(None if until == inf else until) as timeout:
                yield
        except TimeoutError:
            if not timeout.expired():
                raise
            raise self._passed("whole stream" if until == self._end else self._limit) from None
        finally:
            self._waits = False
            # Only what was waited counts: the client's own time is not the upstream's.
            self._left -= self._now() - began

    @asynccontextmanager
    async def enforced(self, close: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
        """Call `close` when the whole time has passed while nobody waits in `limit`."""
        closing: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()

        def end() -> None:
            self._is_over = True
            if not self._waits:
                closing.append(loop.create_task(close()))

        timer = None if self._end == inf else loop.call_at(self._end, end)
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            await asyncio.gather(*closing, return_exceptions=True)

    def _passed(self, limit: Limit) -> UpstreamError:
        limits = self._limits
        told = {"first content": limits.first_content, "gap": limits.gap}
        seconds = told.get(limit, limits.whole)
        return UpstreamError("timeout", f"{_SAID[limit]} within {seconds:g} s", limit=limit)
