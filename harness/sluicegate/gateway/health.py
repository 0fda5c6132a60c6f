"""Checks of the health of agents, made in the background when a request finds them due."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import httpx

from sluicegate.upstream.connections import http_client
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.exchange import answered
from sluicegate.upstream.limits import Limits, Watch
from sluicegate.upstream.masking import Mask

from .routing import CHECK_LIMIT, Health, means_healthy
from .settings import Agent

_LIMITS: Final = Limits(CHECK_LIMIT, CHECK_LIMIT, CHECK_LIMIT, CHECK_LIMIT)


@dataclass(frozen=True, slots=True)
class _Place:
    client: httpx.AsyncClient
    url: httpx.URL


class Checks:
    """Knows which agents are healthy; to be closed by `aclose`.

    No timer runs while nobody asks: a check begins when a request finds that one is due. Such a
    request goes on with what is known, and waits only where nothing is.
    """

    def __init__(self, agents: Iterable[Agent], mask: Mask) -> None:
        urls = {agent.name: agent.health_url for agent in agents}
        self._places = {name: _place(url) for name, url in urls.items() if url}
        self._mask = mask
        self._health = Health(self._places)
        self._running: dict[str, asyncio.Task[None]] = {}

    async def learn(self, agent: str) -> None:
        """Begin the checks that are due, and wait where nothing is known of an agent."""
        for each in self._health.due(_now()):
            self._running[each] = asyncio.create_task(self._check(each, self._health))
        if not self._health.knows(agent, _now()) and agent in self._running:
            # It outlives a client that leaves: others may wait for it, too.
            await asyncio.wait({self._running[agent]})

    def is_healthy(self, agent: str) -> bool:
        """Tell whether an agent is healthy, as far as is known."""
        return self._health.is_healthy(agent, _now())

    async def reset(self) -> None:
        """Forget everything."""
        await self._stop()
        self._health = Health(self._places)

    async def aclose(self) -> None:
        """Break off all checks, and close their connections."""
        await self._stop()
        for place in self._places.values():
            await place.client.aclose()

    async def _stop(self) -> None:
        running = list(self._running.values())
        self._running.clear()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _check(self, agent: str, health: Health) -> None:
        try:
            status = await self._status(self._places[agent])
            health.found(agent, _now(), healthy=means_healthy(status))
        finally:
            if self._running.get(agent) is asyncio.current_task():
                del self._running[agent]

    async def _status(self, place: _Place) -> int | None:
        request = place.client.build_request("GET", place.url)
        try:
            async with answered(place.client, request, Watch(_LIMITS), self._mask) as answer:
                while await answer.piece():
                    pass
                return 200
        except UpstreamError as error:
            return error.status


def _place(url: str) -> _Place:
    # Agents may be checked anywhere: their keys are not for whoever answers there.
    found = httpx.URL(url)
    return _Place(http_client(found, {}, _LIMITS), found)


def _now() -> float:
    return asyncio.get_running_loop().time()
