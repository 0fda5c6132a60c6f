"""The agents that the harness serves to the instances of a profile's places."""

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sluicegate.errors import NotJudgedError
from sluicegate.provider.plan import Plan
from sluicegate.runtime.clock import Clock
from sluicegate.runtime.server import PortTakenError
from sluicegate.scenario import systems
from sluicegate.scenario.control import Control


@dataclass(frozen=True, slots=True)
class Served:
    """Agents that are being served: their URLs by name, and their control."""

    control: Control
    urls: Mapping[str, str]
    ports: frozenset[int]
    stack: AsyncExitStack


class AgentPool:
    """Agents by the place that asks them; they last until `aclose`.

    Places that expect them on the same ports share them.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._served: dict[Hashable, Served] = {}

    async def serve(
        self, place: Hashable, names: Sequence[str], ports: Mapping[str, int]
    ) -> Served:
        """Return the agents of a place, on the ports that it expects, or else any.

        Raises NotJudgedError, which blames the profile, where another program has such a port.
        """
        key = tuple(sorted(ports.items())) or place
        if key not in self._served:
            await self._make_way(frozenset(ports.values()))
            self._served[key] = await self._start(names, ports)
        return self._served[key]

    async def aclose(self) -> None:
        """Stop all of them."""
        while self._served:
            await self._served.popitem()[1].stack.aclose()

    async def _start(self, names: Sequence[str], ports: Mapping[str, int]) -> Served:
        async with AsyncExitStack() as stack:
            serving = systems.agents(dict.fromkeys(names, Plan()), self._clock, ports)
            try:
                control, urls = await stack.enter_async_context(serving)
            except PortTakenError as error:
                raise NotJudgedError(_taken(error, ports), blame="the profile") from None
            return Served(control, urls, frozenset(ports.values()), stack.pop_all())

    async def _make_way(self, ports: frozenset[int]) -> None:
        """Stop the agents of other places that have one of the ports."""
        for key in [key for key, served in self._served.items() if served.ports & ports]:
            await self._served.pop(key).stack.aclose()


def _taken(error: PortTakenError, ports: Mapping[str, int]) -> str:
    expected = ", ".join(f"{agent} = {port}" for agent, port in ports.items())
    return (
        f"the system expects its agents at {expected}, where the harness is to serve them, and "
        f"{error}"
    )
