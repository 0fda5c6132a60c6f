import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack

import pytest
from tests.provider.sdk_cases import Case, parameters
from tests.provider.wire_client import Seen
from tests.upstream.test_faults import OUTCOMES, asked_of

from sluicegate.runtime.clock import SimulatedClock

from .gatewaying import KEYS, Gateway, chat, claims, error_of, gatewaying, said
from .witness import Given, given

CASES = asked_of("openai")
STOPPING = {f"fail={status}" for status in (400, 401, 403, 404, 422)}
# Repaired, where the proxy's upstreams fail: the answer says why it ended, and ends cleanly.
REPAIRED = {"end=no_done"}
WHOLE = {"stop", "tool_use"}
# Kept as it is: the gateway does not guess, and who reads it must blame the provider.
KEPT = {"quirks=tool_index_missing", "quirks=object_arguments"}
LONGEST_ATTEMPTS = 20 + 15 + 15

Scenario = Callable[[Gateway], Coroutine[None, None, None]]
Run = Callable[[Scenario], None]


@pytest.fixture(scope="module")
def module_clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock


# Runs a scenario with the gateway of all tests, as if it had just been started.
@pytest.fixture(scope="module", params=[True, False], ids=["fallback", "no fallback"])
def run(request: pytest.FixtureRequest, module_clock: SimulatedClock) -> Iterator[Run]:
    stack = AsyncExitStack()
    gateway = module_clock.run(
        stack.enter_async_context(gatewaying(module_clock, fallback_enabled=request.param))
    )

    def run(scenario: Scenario) -> None:
        gateway.app.gateway.circuits.reset()
        for agent in gateway.agents.values():
            agent.answers({})
        module_clock.run(scenario(gateway))
        # What nobody waits for ends, too.
        module_clock.run(asyncio.sleep(1))

    yield run
    module_clock.run(stack.aclose())


def check(case: Case, seen: Seen, witnesses: list[Given]) -> None:
    assert seen.ending == "complete"
    assert seen.ended <= LONGEST_ATTEMPTS
    assert claims(seen) == any(each.is_whole for each in witnesses)
    if seen.status == 200:
        assert said(seen, is_valid=case.fault not in KEPT) == witnesses[-1].text
    else:
        assert error_of(seen)["message"]
    shown = f"{seen.headers} {seen.data!r}"
    assert not [each for each in ("127.0.0.1", *KEYS, *KEYS.values()) if each in shown]


async def ask(gateway: Gateway, *, stream: bool) -> tuple[Seen, list[Given]]:
    for agent in gateway.agents.values():
        agent.journal.clear()
    seen = await gateway.ask(chat(stream=stream))
    entries = [entry for agent in gateway.agents.values() for entry in agent.entries]
    return seen, [given(entry) for entry in sorted(entries, key=lambda each: each.started)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_the_client_gets_no_more_than_the_agents_gave(run: Run, case: Case) -> None:
    async def scenario(gateway: Gateway) -> None:
        for agent in gateway.agents.values():
            agent.answers(parameters(case.query))
        for stream in (True, False):
            check(case, *await ask(gateway, stream=stream))

    run(scenario)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_a_fault_of_one_agent_ends_as_documented(run: Run, case: Case) -> None:
    text, outcome, at = OUTCOMES[case.fault]
    is_whole = outcome in WHOLE or case.fault in REPAIRED
    # Another attempt mends it, while nothing was sent.
    is_final = bool(text) or case.fault in STOPPING

    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers(parameters(case.query))
        has_fallback = gateway.app.gateway.settings.fallback_enabled
        seen, witnesses = await ask(gateway, stream=True)
        check(case, seen, witnesses)
        assert claims(seen) == (is_whole or (has_fallback and not is_final))
        assert has_fallback or (len(witnesses) == 1 and seen.ended <= at)
        seen, witnesses = await ask(gateway, stream=False)
        check(case, seen, witnesses)
        assert claims(seen) or not has_fallback or case.fault in STOPPING

    run(scenario)
