"""A client's session with a system under test, and what the provider behind it witnessed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sluicegate.provider.journal import Entry
from sluicegate.runtime.clock import Clock

from .checks.provider import THE_PROVIDER
from .client import connected
from .control import Control
from .exchange import Exchange, Provided
from .systems import PROVIDER, Instance
from .target import Targets

NOTICE = 1.0
"""Seconds on the clock in which a provider's journal must have noted that the client has gone.

On the wall clock, what processes waited for a processor meanwhile is added.
"""

Ask = Callable[[httpx.AsyncClient], Awaitable[Exchange]]


class Session:
    """One variant of a system, started or found when it is first asked, until `aclose`.

    `token` is what the scenario's plans are filed under, `needs` are the capabilities that it
    needs. All is to be awaited on the clock's loop.
    """

    def __init__(
        self,
        targets: Targets,
        system: str,
        variant: str,
        token: str,
        needs: frozenset[str] = frozenset(),
    ) -> None:
        self._targets = targets
        self._place = (system, variant, needs)
        self._token = token
        self._open = AsyncExitStack()
        self._client: httpx.AsyncClient | None = None
        self._instance = Instance("")
        self._seen: dict[str, int] = {}
        self._begun: list[asyncio.Future[Exchange]] = []

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

    async def file(self, plans: Mapping[str, dict[str, Any]]) -> None:
        """Let the agents answer as planned; skips the scenario where they take no plans."""
        instance = await self.instance()
        if instance.control is None:
            pytest.skip(f"not claimed: the provider takes no plans: {instance.trouble}")
        for agent, plan in plans.items():
            await instance.control.file(agent, plan, self._token)

    async def fall_ill(self, agent: str) -> None:
        """Let an agent say that it is not healthy, until the session ends."""
        instance = await self.instance()
        if instance.control is None:
            pytest.skip(f"not claimed: the provider takes no plans: {instance.trouble}")
        await instance.control.file(agent, {"healthy": False})
        self._open.push_async_callback(instance.control.file, agent, {})

    async def begin(self, ask: Ask) -> None:
        """Let a client ask, and wait for nothing but that its request has arrived."""
        client = await self._connection()
        task = asyncio.ensure_future(ask(client))
        self._begun.append(task)
        self._open.push_async_callback(_cancelled, task)
        await self._clock.quiesce()

    async def exchange(self, ask: Ask, *, is_marked: bool) -> Exchange:
        """Let the client ask; add what the providers noted meanwhile, of marked requests alone."""
        return (await self.exchanges([ask], is_marked=is_marked))[-1]

    async def exchanges(self, asks: Sequence[Ask], *, is_marked: bool) -> list[Exchange]:
        """Let several clients ask at once; what the providers noted is added to the last one."""
        client = await self._connection()
        *others, last = await asyncio.gather(*(ask(client) for ask in asks))
        if self._instance.control is None:
            return [*others, last]
        token = self._token if is_marked else None
        noted = [
            (entry, agent)
            for agent in self._seen
            for entry in await self._noted(self._instance.control, agent, token)
        ]
        noted.sort(key=lambda each: each[0].started)
        witnessed = tuple(Provided(called(agent), entry) for entry, agent in noted)
        return [*others, replace(last, provided=witnessed)]

    async def _connection(self) -> httpx.AsyncClient:
        if self._client is None:
            found = self._targets.instance(*self._place)
            self._instance = await self._open.enter_async_context(found)
            self._seen = dict(self._instance.seen)
            self._client = await self._open.enter_async_context(connected(self._instance.url))
        return self._client

    async def _noted(self, control: Control, agent: str, token: str | None) -> tuple[Entry, ...]:
        """Return the new entries; the provider is to learn first that the client has gone."""
        begun = self._clock.time()
        while True:
            await self._clock.quiesce()
            entries = _of(token, await control.entries(agent, None, self._seen[agent]))
            still_asking = sum(not task.done() for task in self._begun)
            if sum(entry.outcome == "open" for entry in entries) <= still_asking:
                break
            if self._clock.left_of(NOTICE, begun) < 0:
                break
            await asyncio.sleep(NOTICE / 100)
        self._seen[agent] = max((each.number for each in entries), default=self._seen[agent])
        return entries


def _of(token: str | None, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return those filed under a token, and what has no prompt that could bear its mark."""
    return tuple(each for each in entries if token is None or each.token == token or _is_bare(each))


def _is_bare(entry: Entry) -> bool:
    return entry.token is None and entry.method == "GET"


async def _cancelled(task: asyncio.Future[Exchange]) -> None:
    task.cancel()
    await asyncio.wait([task])


def called(agent: str) -> str:
    """Return what a scenario calls an agent."""
    return THE_PROVIDER if agent == PROVIDER else f'the agent "{agent}"'
