"""Targets: the systems under test, embedded on the harness's clock or found by a profile."""

import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Self

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.guard import VARIABLE
from sluicegate.runtime.clock import Clock

from . import systems
from .checks.values import meant, quoted
from .claims import Claims
from .client import connected
from .control import Control, HttpControl, UncontrolledError
from .launch.places import Places, Wanted
from .profile import DEFAULT_VARIANT, Place, Profile, ProfileError
from .systems import AGENTS, GATEWAY, PROVIDER, VARIANTS, Instance


class Targets:
    """Every system that scenarios speak to, for one run: started, or found ready, when first asked.

    Embedded systems are started anew for each scenario, so that none sees another's state; what
    lives longer ends with `aclose`, or with the `with` block of synchronous code.
    """

    def __init__(self, clock: Clock, profile: Profile) -> None:
        self.clock = clock
        self._profile = profile
        self._run = secrets.token_hex(4)
        self._scenarios = count(1)
        self._places = Places(clock)
        self._seen: dict[tuple[object, str], int] = {}

    @staticmethod
    def check(profile: Profile) -> None:
        """Raise ProfileError where the profile names a variant that no scenario can ask for."""
        for system, external in profile.systems.items():
            named = external.places.keys() | external.logs.keys()
            unknown = sorted(named - set(VARIANTS[system]))
            if unknown:
                raise ProfileError(_no_variant(system, unknown[0]))

    def is_external(self, system: str) -> bool:
        """Tell whether the profile names the system, so that it is not embedded."""
        return system in self._profile.systems

    def is_shared(self, system: str) -> bool:
        """Tell whether other scenarios ask the system's providers, too.

        Then its requests need a mark, by which the providers tell whose they are.
        """
        named = self._profile.systems.get(system)
        places = named.places.values() if named else ()
        return self.is_external(PROVIDER) or any(map(self._is_served, places))

    def known(self, system: str, variant: str) -> str:
        """Return the variant; raises SluicegateError for one that nobody knows."""
        if variant not in VARIANTS[system]:
            raise SluicegateError(_no_variant(system, variant))
        return variant

    def headers(
        self, system: str, variant: str, needs: frozenset[str] = frozenset()
    ) -> tuple[tuple[str, str], ...]:
        """Return the headers that the profile wants of every client of a variant."""
        named = self._profile.systems.get(system)
        place = named.place(variant, needs) if named else None
        return tuple(place.headers.items()) if place else ()

    def models(self, system: str) -> Mapping[str, str]:
        """Return what the system calls the features' models, where it calls them otherwise."""
        named = self._profile.systems.get(system)
        return named.models if named else {}

    def claims(self, system: str) -> Claims:
        """Return what the profile claims of the system."""
        named = self._profile.systems.get(system)
        return named.claims if named else Claims()

    def token(self) -> str:
        """Return a token for one scenario, under which its plans are filed.

        A provider that somebody else runs may be asked by other runs, too.
        """
        is_ours = not self._profile.systems
        return "scenario" if is_ours else f"{self._run}-{next(self._scenarios)}"

    @asynccontextmanager
    async def instance(
        self, system: str, variant: str, needs: frozenset[str] = frozenset()
    ) -> AsyncIterator[Instance]:
        """Yield a running instance of the system, and of the provider that it asks.

        `needs` are the capabilities that the scenario needs. Skips the scenario where the profile
        does not claim the variant. Raises NotJudgedError where the system is not ready,
        SluicegateError for a variant that nobody knows.
        """
        self.known(system, variant)
        if system == PROVIDER:
            async with self._provider(variant) as provider:
                yield provider
        elif self.is_external(system):
            async with self._external(self._wanted(system, variant, needs)) as instance:
                yield instance
        elif system == GATEWAY:
            async with systems.gateway(variant, self.clock) as instance:
                yield instance
        else:
            async with (
                self._provider(DEFAULT_VARIANT) as provider,
                systems.proxy(variant, self.clock, provider) as instance,
            ):
                yield instance

    async def aclose(self) -> None:
        """Stop what is still running; to be awaited on the clock's loop."""
        await self._places.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clock.run(self.aclose())

    def _is_served(self, place: Place) -> bool:
        """Tell whether the harness serves the agents that the system asks at its place."""
        return not self.is_external(PROVIDER) and bool(place.start or place.ports)

    def _wanted(self, system: str, variant: str, needs: frozenset[str] = frozenset()) -> Wanted:
        named = self._profile.systems[system]
        place = named.place(variant, needs)
        if place is None:
            pytest.skip(
                f"not claimed: the profile names no variant {quoted(variant)} of the {system}"
            )
        capability = next((name for name in named.needing if name in needs), "")
        return Wanted(system, variant, capability, named, place)

    @asynccontextmanager
    async def _external(self, wanted: Wanted) -> AsyncIterator[Instance]:
        agents = AGENTS[wanted.kind]
        async with self._places.lease(wanted, is_served=self._is_served(wanted.place)) as instance:
            if instance.control is not None:
                yield await self._witnessed(instance, instance.control, agents)
            elif not self.is_external(PROVIDER):
                yield replace(instance, trouble=_UNWITNESSED)
            else:
                async with self._provider(DEFAULT_VARIANT, agents) as provider:
                    yield replace(
                        provider, url=instance.url, log=instance.log, output=instance.output
                    )

    @asynccontextmanager
    async def _provider(
        self, variant: str, agents: Sequence[str] = AGENTS[PROVIDER]
    ) -> AsyncIterator[Instance]:
        if not self.is_external(PROVIDER):
            async with systems.provider(variant, self.clock) as instance:
                yield instance
            return
        wanted = self._wanted(PROVIDER, variant)
        elsewhere = wanted.system.control if variant == DEFAULT_VARIANT else None
        async with (
            self._places.lease(wanted, is_served=False) as instance,
            connected(elsewhere or instance.url) as client,
        ):
            control = HttpControl(client, os.environ.get(VARIABLE))
            names = [wanted.system.agent] if agents == AGENTS[PROVIDER] else agents
            yield await self._witnessed(replace(instance, control=control), instance.url, names)

    async def _witnessed(
        self, instance: Instance, where: object, agents: Sequence[str]
    ) -> Instance:
        """Find out whether there is a control API, and which requests are older than this one.

        `where` stands for the journals, as long as they last.
        """
        try:
            seen = {each: await self._last(instance.control, where, each) for each in agents}
        except UncontrolledError as error:
            return replace(instance, control=None, trouble=str(error))
        return replace(instance, seen=seen)

    async def _last(self, control: Control | None, where: object, agent: str) -> int:
        """Return the number of the last request; those of earlier scenarios are not read again."""
        known = self._seen.get((where, agent), 0)
        entries = () if control is None else await control.entries(agent, since=known)
        self._seen[where, agent] = max((each.number for each in entries), default=known)
        return self._seen[where, agent]


def _no_variant(system: str, variant: str) -> str:
    return f"the {system} has no variant {quoted(variant)}; {meant(variant, VARIANTS[system])}"


_UNWITNESSED = "the profile names no [provider] that the system would ask, and no ports of agents"
