"""The places of a profile: which of their instances are alive, and which one a scenario gets."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sluicegate.errors import NotJudgedError
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.chat import plain_request
from sluicegate.scenario.exchange import Request
from sluicegate.scenario.logs import Log
from sluicegate.scenario.profile import DEFAULT_VARIANT, Place, Start, System
from sluicegate.scenario.systems import AGENTS, GATEWAY, Instance, Output

from .agents import AgentPool, Served
from .home import after, last_lines, secrets_of, size
from .instance import EndedError, Recipe, Started, printed, started
from .limits import DEATH_LIMIT
from .ready import listens, reset, wait_until_found, warm

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
    started: Started | None = None


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
                yield _instance(wanted, served, reached, self._clock)
            if reached.started is not None and not await _lives(reached.started):
                await self._require_life(wanted, reached.started, "during the scenario")

    async def aclose(self) -> None:
        """Stop every instance, then the agents."""
        kept, self._kept = self._kept.values(), OrderedDict()
        await asyncio.gather(*(each.stack.aclose() for each in kept))
        await self._agents.aclose()

    def _watched(self, reached: _Reached) -> AbstractContextManager[None]:
        """Let the waits of those who serve the instance excuse what comes late."""
        if reached.started is None:
            return self._clock.watch_url(reached.url)
        return self._clock.watch(reached.started.process.pid)

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
            self._troubles[url] = await wait_until_found(
                url, ready, wanted.place.headers, is_looked_at=wanted.kind == GATEWAY
            )
        self._refuse_troubled(wanted, url)
        return own

    async def _kept_alive(self, wanted: Wanted, recipe: Recipe) -> Started:
        """Return the instance that the scenarios before had, unless they were too much for it."""
        kept = self._kept.get(wanted.key)
        if kept is not None and not await _lives(kept.instance):
            await self._require_life(wanted, kept.instance, "after the scenario before")
            await self._stop(wanted.key)
        kept = self._kept.pop(wanted.key, None)
        if kept is None:
            while len(self._kept) >= MOST:
                await self._stop(next(iter(self._kept)))
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

    async def _require_life(self, wanted: Wanted, instance: Started, when: str) -> None:
        """Raise EndedError where the process of an instance has ended by itself."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DEATH_LIMIT):
                await instance.process.wait()
        if instance.has_ended:
            told = printed(instance.home, wanted.place.headers)
            await self._stop(wanted.key)
            raise EndedError(f"{wanted} {instance.ending}", when, told)

    async def _stop(self, key: tuple[str, str, str]) -> None:
        if kept := self._kept.pop(key, None):
            await kept.stack.aclose()


def _not_ready(wanted: Wanted, trouble: str) -> str:
    return f"{wanted} is not ready: {trouble}"


def _reached(instance: Started) -> _Reached:
    return _Reached(instance.url, instance)


def _opening(wanted: Wanted) -> Request:
    return plain_request("", wanted.place.headers.items(), wanted.system.models)


async def _lives(instance: Started) -> bool:
    # A process that has just crashed may not have been waited for yet.
    return not instance.has_ended and await listens(instance.url)


def _instance(wanted: Wanted, served: Served | None, reached: _Reached, clock: Clock) -> Instance:
    named = wanted.system.logs.get(wanted.variant)
    output = None if reached.started is None else reached.started.home.output
    secrets = secrets_of(wanted.place.headers)
    return Instance(
        reached.url,
        None if served is None else served.control,
        log=log_of(named, output, clock, secrets),
        output=_output_of(named or output, secrets),
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


def log_of(
    named: Path | None, output: Path | None, clock: Clock, secrets: tuple[str, ...] = ()
) -> Log | None:
    """Return the log from where it ends by now: the one that the profile names, or what is printed.

    None where there is neither.
    """
    if named is None:
        return None if output is None else Log(_reader(output), clock, secrets=secrets)
    return Log(_reader(named), clock, str if output is None else _reader(output), secrets)


def _reader(path: Path) -> Callable[[], str]:
    return partial(_text_after, path, size(path))


def _text_after(path: Path, begin: int) -> str:
    if not path.exists():
        raise NotJudgedError(
            f"the profile names the log {path}, and there is no such file", blame="the profile"
        )
    return after(path, begin)


def _output_of(path: Path | None, secrets: tuple[str, ...]) -> Output:
    return list if path is None else partial(last_lines, path, size(path), secrets=secrets)
