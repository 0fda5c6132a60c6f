"""Targets: the systems under test, embedded on the harness's clock or found by a profile."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import httpx
import pytest

from sluicegate.errors import NotJudgedError, SluicegateError
from sluicegate.provider.guard import VARIABLE
from sluicegate.runtime.clock import Clock

from . import systems
from .checks.values import meant, quoted
from .client import connected
from .control import Control, HttpControl, UncontrolledError
from .profile import DEFAULT_VARIANT, External, Profile, ProfileError
from .systems import AGENTS, GATEWAY, PROVIDER, VARIANTS, Instance, Lines

_PROBE_EVERY = 0.1
_PROBE_LIMIT = 2.0


class Targets:
    """Every system that scenarios speak to, for one run: started, or found ready, when first asked.

    Embedded systems are started anew for each scenario, so that none sees another's state.
    """

    def __init__(self, clock: Clock, profile: Profile) -> None:
        self.clock = clock
        self._profile = profile
        self._troubles: dict[str, str] = {}
        self._run = secrets.token_hex(4)
        self._scenarios = count(1)
        self._seen: dict[tuple[str, str], int] = {}

    @staticmethod
    def check(profile: Profile) -> None:
        """Raise ProfileError where the profile names a variant that no scenario can ask for."""
        for system, external in profile.systems.items():
            named = external.urls.keys() | external.logs.keys()
            unknown = sorted(named - set(VARIANTS[system]))
            if unknown:
                raise ProfileError(_no_variant(system, unknown[0]))

    def is_external(self, system: str) -> bool:
        """Tell whether somebody else runs the system."""
        return system in self._profile.systems

    def known(self, system: str, variant: str) -> str:
        """Return the variant; raises SluicegateError for one that nobody knows."""
        if variant not in VARIANTS[system]:
            raise SluicegateError(_no_variant(system, variant))
        return variant

    def token(self) -> str:
        """Return a token for one scenario, under which its plans are filed.

        A provider that somebody else runs may be asked by other runs, too.
        """
        is_ours = not self._profile.systems
        return "scenario" if is_ours else f"{self._run}-{next(self._scenarios)}"

    @asynccontextmanager
    async def instance(self, system: str, variant: str) -> AsyncIterator[Instance]:
        """Yield a running instance of the system, and of the provider that it asks.

        Skips the scenario where the profile does not claim the variant. Raises NotJudgedError
        where the system is not ready, SluicegateError for a variant that nobody knows.
        """
        self.known(system, variant)
        if system == PROVIDER:
            async with self._provider(variant) as provider:
                yield provider
            return
        external = self._profile.systems.get(system)
        if external is not None:
            async with self._external(system, variant, external) as instance:
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

    @asynccontextmanager
    async def _external(
        self, system: str, variant: str, external: External
    ) -> AsyncIterator[Instance]:
        url = await self._found(system, external, variant)
        if external.reset:
            await _reset(url, external.reset)
        log = _log_of(external, variant)
        if not self.is_external(PROVIDER):
            yield Instance(url, trouble=_UNWITNESSED, log=log)
            return
        async with self._provider(DEFAULT_VARIANT, AGENTS[system]) as provider:
            yield replace(provider, url=url, log=log)

    @asynccontextmanager
    async def _provider(
        self, variant: str, agents: Sequence[str] = AGENTS[PROVIDER]
    ) -> AsyncIterator[Instance]:
        external = self._profile.systems.get(PROVIDER)
        if external is None:
            async with systems.provider(variant, self.clock) as instance:
                yield instance
            return
        url = await self._found(PROVIDER, external, variant)
        elsewhere = external.control if variant == DEFAULT_VARIANT else None
        async with connected(elsewhere or url) as client:
            control = HttpControl(client, os.environ.get(VARIABLE))
            names = [external.agent] if agents == AGENTS[PROVIDER] else agents
            yield await self._controlled(url, control, names)

    async def _controlled(self, url: str, control: Control, agents: Sequence[str]) -> Instance:
        """Find out whether there is a control API, and which requests are older than this one."""
        try:
            seen = {agent: await self._last(url, control, agent) for agent in agents}
        except UncontrolledError as error:
            return Instance(url, trouble=str(error))
        return Instance(url, control, seen)

    async def _last(self, url: str, control: Control, agent: str) -> int:
        """Return the number of the last request; those of earlier scenarios are not read again."""
        known = self._seen.get((url, agent), 0)
        entries = await control.entries(agent, since=known)
        self._seen[url, agent] = max((each.number for each in entries), default=known)
        return self._seen[url, agent]

    async def _found(self, system: str, external: External, variant: str) -> str:
        url = external.urls.get(variant)
        if url is None:
            pytest.skip(
                f"not claimed: the profile names no variant {quoted(variant)} of the {system}"
            )
        if system not in self._troubles:
            self._troubles[system] = await _wait_until_ready(external)
        if self._troubles[system]:
            raise NotJudgedError(f"the {system} is not ready: {self._troubles[system]}")
        return url


async def _wait_until_ready(external: External) -> str:
    """Ask until the system is ready; return what is wrong with it, "" when nothing is."""
    url, ready = external.urls[DEFAULT_VARIANT], external.ready
    trouble = "did not answer"
    try:
        async with connected(url) as client, asyncio.timeout(max(ready.within, _PROBE_EVERY)):
            # Another process sets no event: it is asked again and again.
            while trouble := await _probe(client, ready.path, ready.statuses):  # noqa: ASYNC110
                await asyncio.sleep(_PROBE_EVERY)
    except TimeoutError:
        return (
            f"GET {url}{ready.path} {trouble}, asked for {ready.within:g} s; start it, or correct "
            "its url and ready in the profile"
        )
    return ""


async def _probe(client: httpx.AsyncClient, path: str, statuses: tuple[int, ...]) -> str:
    try:
        response = await client.get(path, timeout=_PROBE_LIMIT)
    except httpx.HTTPError as error:
        return f"failed ({type(error).__name__}: {error})"
    if response.status_code in statuses:
        return ""
    return f"answered {response.status_code}, expected {' or '.join(map(str, statuses))}"


def _no_variant(system: str, variant: str) -> str:
    return f"the {system} has no variant {quoted(variant)}; {meant(variant, VARIANTS[system])}"


_UNWITNESSED = "the profile names no [provider] that the system would ask"


async def _reset(url: str, path: str) -> None:
    """Let a system be as if it had just started."""
    async with connected(url) as client:
        try:
            (await client.post(path, timeout=_PROBE_LIMIT)).raise_for_status()
        except httpx.HTTPError as error:
            raise NotJudgedError(
                f"POST {url}{path}, by which the profile resets the system, failed: {error}"
            ) from None


def _log_of(external: External, variant: str) -> Lines | None:
    path = external.logs.get(variant)
    return None if path is None else partial(_lines_after, path, _size(path))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _lines_after(path: Path, begin: int) -> list[dict[str, object]]:
    """Read what a log has got since it had so many bytes."""
    if not path.exists():
        raise NotJudgedError(f"the profile names the log {path}, and there is no such file")
    with path.open("rb") as log:
        log.seek(begin)
        return systems.json_lines(log.read().decode(errors="replace"))
