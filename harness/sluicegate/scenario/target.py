"""Targets: the systems under test, embedded on the harness's clock or found by a profile."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx
import pytest

from sluicegate.errors import NotJudgedError, SluicegateError
from sluicegate.provider.agents import Agents, AgentSide
from sluicegate.provider.guard import VARIABLE
from sluicegate.provider.journal import Journal
from sluicegate.provider.plan import Plan
from sluicegate.provider.plans import Plans
from sluicegate.runtime.clock import Clock

from .checks.values import meant, quoted
from .client import connected
from .control import Control, EmbeddedControl, HttpControl, UncontrolledError
from .profile import DEFAULT_VARIANT, External, Profile, ProfileError

_PROBE_EVERY = 0.1
_PROBE_LIMIT = 2.0


PROVIDER = "provider"
"""The name of the agent that the provider of a scenario is."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running system: its URL, and how to control it.

    `control` is None where that is not possible, and `trouble` says why. `seen` is the number of
    the last entry in its journal that is older than the instance.
    """

    url: str
    control: Control | None = None
    agent: str = PROVIDER
    seen: int = 0
    trouble: str = ""


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
        self._seen: dict[str, int] = {}

    @staticmethod
    def check(profile: Profile) -> None:
        """Raise ProfileError where the profile names a variant that no scenario can ask for."""
        for system, external in profile.systems.items():
            unknown = sorted(external.urls.keys() - VARIANTS[system].keys())
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
        is_ours = not self.is_external(PROVIDER)
        return "scenario" if is_ours else f"{self._run}-{next(self._scenarios)}"

    @asynccontextmanager
    async def instance(self, system: str, variant: str) -> AsyncIterator[Instance]:
        """Yield a running instance of the system.

        Skips the scenario where the profile does not claim the variant. Raises NotJudgedError
        where the system is not ready, SluicegateError for a variant that nobody knows.
        """
        plan = VARIANTS[system][self.known(system, variant)]
        external = self._profile.systems.get(system)
        if external is None:
            async with _BUILDERS[system](plan, self.clock) as instance:
                yield instance
            return
        url = await self._found(system, external, variant)
        elsewhere = external.control if variant == DEFAULT_VARIANT else None
        async with connected(elsewhere or url) as client:
            control = HttpControl(client, os.environ.get(VARIABLE))
            yield await self._controlled(url, control, external.agent)

    async def _controlled(self, url: str, control: Control, agent: str) -> Instance:
        """Find out whether there is a control API, and which requests are older than this one."""
        try:
            entries = await control.entries(agent, since=self._seen.get(url, 0))
        except UncontrolledError as error:
            return Instance(url, trouble=str(error))
        self._seen[url] = max((each.number for each in entries), default=self._seen.get(url, 0))
        return Instance(url, control, agent, self._seen[url])

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


@asynccontextmanager
async def _provider(plan: Plan, clock: Clock) -> AsyncIterator[Instance]:
    # Quart takes 0.3 s to import, and a run against external systems needs none of it.
    from sluicegate.provider.app import create_app  # noqa: PLC0415 - see above
    from sluicegate.provider.transport import FaultyServer  # noqa: PLC0415

    plans, journal = Plans({PROVIDER: plan}), Journal()
    settle = clock.quiesce if clock.name == "simulated" else None
    app = create_app(agent=PROVIDER, plans=plans, journal=journal, unix=clock.unix, settle=settle)
    async with FaultyServer(app) as server:
        side = AgentSide(journal, app.repetition.clear)
        yield Instance(server.url, EmbeddedControl(Agents({PROVIDER: side}, plans)))


VARIANTS: Mapping[str, Mapping[str, Plan]] = {
    "provider": {
        DEFAULT_VARIANT: Plan(),
        "two-models": Plan(models=("first-model", "second-model")),
        "unhealthy": Plan(healthy=False),
    },
}
"""The variants of each system that scenarios can choose."""

_Builder = Callable[[Plan, Clock], AbstractAsyncContextManager[Instance]]
_BUILDERS: Mapping[str, _Builder] = {"provider": _provider}
