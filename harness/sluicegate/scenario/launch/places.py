"""The places of a profile: which of their instances are alive, and which one a scenario gets."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sluicegate.errors import NotJudgedError
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.chat import plain_request
from sluicegate.scenario.exchange import Request
from sluicegate.scenario.profile import DEFAULT_VARIANT, Place, Start, System
from sluicegate.scenario.systems import AGENTS, GATEWAY, Instance, Lines, Output, json_lines

from .agents import AgentPool, Served
from .home import after, last_lines, secrets_of, size
from .instance import Recipe, Started, started
from .ready import listens, reset, wait_until_ready, warm

MOST: Final = 3
"""Started instances that are kept alive; the least recently used one is stopped first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a scenario wants: a variant of a system, at the place that the profile has for it.

    `capability` is the one that has a place of its own, if that is it.
    """

    kind: str
    variant: str
    capability: str
    system: System
    place: Place

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others."""
        return self.kind, self.variant, self.capability

    def __str__(self) -> str:
        variant = "" if self.variant == DEFAULT_VARIANT else f"'s variant {self.variant}"
        needing = f", for {self.capability}," if self.capability else ""
        return f"the {self.kind}{variant}{needing}"


@dataclass(frozen=True, slots=True)
class _Kept:
    instance: Started
    stack: AsyncExitStack


@dataclass(frozen=True, slots=True)
class _Reached:
    url: str
    pid: int | None = None
    printed: Path | None = None


class Places:
    """The instances of a profile's places, and the agents that the harness serves to them.

    They last until `aclose`. All is to be awaited on the clock's loop.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._agents = AgentPool(clock)
        self._kept: OrderedDict[tuple[str, str, str], _Kept] = OrderedDict()
        self._troubles: dict[object, str] = {}

    @asynccontextmanager
    async def lease(self, wanted: Wanted, *, is_served: bool) -> AsyncIterator[Instance]:
        """Yield an instance, with the agents that the harness serves to it if `is_served`.

        Raises NotJudgedError, which blames the profile, where it is not ready.
        """
        place = wanted.place
        served = None
        if is_served:
            served = await self._agents.serve(wanted.key, AGENTS[wanted.kind], place.ports)
        async with self._reached(wanted, served) as reached:
            if place.reset:
                await reset(reached.url, place.reset, place.headers)
            with self._watched(reached):
                yield _instance(wanted, served, reached)

    async def aclose(self) -> None:
        """Stop every instance, then the agents."""
        kept, self._kept = self._kept.values(), OrderedDict()
        await asyncio.gather(*(each.stack.aclose() for each in kept))
        await self._agents.aclose()

    def _watched(self, reached: _Reached) -> AbstractContextManager[None]:
        """Let the waits of those who serve the instance excuse what comes late."""
        if reached.pid is None:
            return self._clock.watch_url(reached.url)
        return self._clock.watch(reached.pid)

    @asynccontextmanager
    async def _reached(self, wanted: Wanted, served: Served | None) -> AsyncIterator[_Reached]:
        place = wanted.place
        if place.start is None:
            yield _Reached(await self._found(wanted))
            return
        recipe = _recipe(wanted, place.start, served)
        if place.isolation == "process":
            fresh = await self._started(wanted, recipe)
            async with fresh.stack:
                yield _reached(fresh.instance)
        else:
            yield _reached(await self._kept_alive(wanted, recipe))

    async def _found(self, wanted: Wanted) -> str:
        """Wait for a system that somebody else runs, once in a run; its variants are not asked."""
        own, ready = wanted.place.url or "", wanted.system.ready
        url = wanted.system.urls.get(DEFAULT_VARIANT, own)
        if url not in self._troubles:
            trouble = await wait_until_ready(url, ready, wanted.place.headers)
            advice = (
                f", asked for {ready.within:g} s; start it, or correct its url and ready in the "
                "profile"
            )
            self._troubles[url] = trouble and trouble + advice
        self._refuse_troubled(wanted, url)
        return own

    async def _kept_alive(self, wanted: Wanted, recipe: Recipe) -> Started:
        """Return the instance that the scenarios before had, unless they were too much for it."""
        kept = self._kept.pop(wanted.key, None)
        if kept is not None and not await _lives(kept.instance):
            await kept.stack.aclose()
            kept = None
        if kept is None:
            while len(self._kept) >= MOST:
                await self._stop_oldest()
            kept = await self._started(wanted, recipe)
            if wanted.kind == GATEWAY:
                await warm(kept.instance.url, _opening(wanted))
        self._kept[wanted.key] = kept
        return kept.instance

    async def _started(self, wanted: Wanted, recipe: Recipe) -> _Kept:
        self._refuse_troubled(wanted, wanted.key)
        stack = AsyncExitStack()
        try:
            instance = await stack.enter_async_context(started(recipe))
        except NotJudgedError as error:
            # What has never been ready is not waited for again.
            self._troubles.setdefault(wanted.key, str(error))
            raise NotJudgedError(_not_ready(wanted, str(error)), blame=error.blame) from None
        self._troubles[wanted.key] = ""
        return _Kept(instance, stack)

    def _refuse_troubled(self, wanted: Wanted, key: object) -> None:
        if trouble := self._troubles.get(key):
            raise NotJudgedError(_not_ready(wanted, trouble), blame="the profile")

    async def _stop_oldest(self) -> None:
        _, oldest = self._kept.popitem(last=False)
        await oldest.stack.aclose()


def _not_ready(wanted: Wanted, trouble: str) -> str:
    return f"{wanted} is not ready: {trouble}"


def _reached(instance: Started) -> _Reached:
    return _Reached(instance.url, instance.process.pid, instance.home.output)


def _opening(wanted: Wanted) -> Request:
    return plain_request("", wanted.place.headers.items(), wanted.system.models)


async def _lives(instance: Started) -> bool:
    # A process that has just crashed may not have been waited for yet.
    return not instance.has_ended and await listens(instance.url)


def _instance(wanted: Wanted, served: Served | None, reached: _Reached) -> Instance:
    log = wanted.system.logs.get(wanted.variant, reached.printed)
    return Instance(
        reached.url,
        None if served is None else served.control,
        log=log_of(log),
        output=_output_of(log, secrets_of(wanted.place.headers)),
        agents={} if served is None else served.urls,
    )


def _recipe(wanted: Wanted, start: Start, served: Served | None) -> Recipe:
    return Recipe(
        start,
        wanted.system.ready,
        wanted.variant,
        {} if served is None else served.urls,
        wanted.place.headers,
    )


def log_of(path: Path | None) -> Lines | None:
    """Return what reads a log from where it ends by now."""
    return None if path is None else partial(_lines_after, path, size(path))


def _lines_after(path: Path, begin: int) -> list[dict[str, object]]:
    if not path.exists():
        raise NotJudgedError(
            f"the profile names the log {path}, and there is no such file", blame="the profile"
        )
    return json_lines(after(path, begin))


def _output_of(path: Path | None, secrets: tuple[str, ...]) -> Output:
    return list if path is None else partial(last_lines, path, size(path), secrets=secrets)
