"""A client's session with a system under test, and what the provider behind it witnessed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sluicegate.provider.journal import Entry
from sluicegate.runtime.clock import Clock

from .client import connected
from .exchange import Exchange, Provided
from .systems import Instance
from .target import Targets

NOTICE = 1.0
"""Seconds on the clock in which a provider's journal must have noted that the client has gone."""

Ask = Callable[[httpx.AsyncClient], Awaitable[Exchange]]


class Session:
    """One variant of a system, started or found when it is first asked, until `aclose`.

    `token` is what the scenario's plans are filed under. All is to be awaited on the clock's loop.
    """

    def __init__(self, targets: Targets, system: str, variant: str, token: str) -> None:
        self._targets = targets
        self._place = (system, variant)
        self._token = token
        self._open = AsyncExitStack()
        self._client: httpx.AsyncClient | None = None
        self._instance = Instance("")
        self._seen = 0

    @property
    def is_open(self) -> bool:
        """Whether the system has been asked."""
        return self._client is not None

    @property
    def _clock(self) -> Clock:
        return self._targets.clock

    async def instance(self) -> Instance:
        """Return the instance."""
        await self._connection()
        return self._instance

    async def aclose(self) -> None:
        """Close the connections, then the servers."""
        await self._open.aclose()

    async def file(self, plan: dict[str, Any]) -> None:
        """Let the provider answer as planned; skips the scenario where it takes no plans."""
        instance = await self.instance()
        if instance.control is None:
            pytest.skip(f"not claimed: the provider takes no plans: {instance.trouble}")
        await instance.control.file(instance.agent, plan, self._token)

    async def exchange(self, ask: Ask, *, is_marked: bool) -> Exchange:
        """Let the client ask; add what the provider noted meanwhile, of marked requests alone."""
        exchange = await ask(await self._connection())
        if self._instance.control is None:
            return exchange
        entries = await self._noted(self._token if is_marked else None)
        self._seen = max((entry.number for entry in entries), default=self._seen)
        return replace(
            exchange, provided=tuple(Provided("the provider", entry) for entry in entries)
        )

    async def _connection(self) -> httpx.AsyncClient:
        if self._client is None:
            found = self._targets.instance(*self._place)
            self._instance = await self._open.enter_async_context(found)
            self._seen = self._instance.seen
            self._client = await self._open.enter_async_context(connected(self._instance.url))
        return self._client

    async def _noted(self, token: str | None) -> tuple[Entry, ...]:
        """Return the new entries; the provider is to learn first that the client has gone."""
        control = self._instance.control
        limit = self._clock.time() + NOTICE
        while control is not None:
            await self._clock.quiesce()
            entries = await control.entries(self._instance.agent, token, self._seen)
            if all(entry.outcome != "open" for entry in entries) or self._clock.time() > limit:
                return entries
            await asyncio.sleep(NOTICE / 100)
        return ()
