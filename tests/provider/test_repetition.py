import pytest

from sluicegate.provider import openai
from sluicegate.provider.frames import Identity
from sluicegate.provider.repetition import Repetition
from sluicegate.provider.request import read
from sluicegate.provider.respond import Responder
from sluicegate.provider.script import Script
from sluicegate.runtime.clock import SimulatedClock

from .wire_client import CHAT, ask, body, post, serving


def responder() -> Responder:
    return Responder(lambda model: Identity("mock-1", 0, model), lambda: 0.0, Repetition())


def statuses(asking: Responder, query: str, times: int, kind: object = None) -> list[int | None]:
    asked = read(query.encode(), None, body())
    return [asking.respond(openai, asked, {}, kind).status for _ in range(times)]


@pytest.mark.parametrize("times", [0, 1, 3])
def test_only_the_first_requests_of_a_kind_fail(times: int) -> None:
    query = f"fail=429&fail_times={times}"
    assert statuses(responder(), query, 5) == [429] * times + [200] * (5 - times)


def test_kinds_of_requests_are_counted_apart() -> None:
    asking = responder()
    for kind in ("one", "other"):
        assert statuses(asking, "fail=429&fail_times=1", 2, kind) == [429, 200]
        assert statuses(asking, "fail=503&fail_times=1", 2, kind) == [503, 200]


def drawn(rate: float, seed: int) -> list[bool]:
    repetition = Repetition()
    script = Script(fail=429, fail_rate=rate, seed=seed)
    return [repetition.strikes(script, "kind") for _ in range(1000)]


@pytest.mark.parametrize("rate", [0.05, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 1, 99_999_999])
def test_requests_fail_at_about_the_rate_and_the_same_ones_for_each_seed(
    rate: float, seed: int
) -> None:
    first = drawn(rate, seed)
    assert drawn(rate, seed) == first
    assert first.count(True) == pytest.approx(1000 * rate, abs=50)
    responded = statuses(responder(), f"fail=429&fail_rate={rate}&seed={seed}", 20)
    assert responded == [429 if strikes else 200 for strikes in first[:20]]


@pytest.mark.parametrize(("rate", "status"), [("0", 200), ("0.0", 200), ("1", 429), ("1.0", 429)])
def test_a_rate_of_nothing_or_one_leaves_nothing_to_chance(rate: str, status: int) -> None:
    assert statuses(responder(), f"fail=429&fail_rate={rate}", 50) == [status] * 50


def test_another_seed_lets_other_requests_fail() -> None:
    queries = (f"fail=429&fail_rate=0.5&seed={seed}" for seed in range(10))
    assert len({tuple(statuses(responder(), query, 50)) for query in queries}) == 10


def test_requests_fail_at_a_rate_among_the_first_so_many() -> None:
    drawn = statuses(responder(), "fail=429&fail_rate=0.5", 20)
    limited = statuses(responder(), "fail=429&fail_rate=0.5&fail_times=10", 20)
    assert limited == drawn[:10] + [200] * 10


def test_the_provider_counts_the_requests_of_all_connections(clock: SimulatedClock) -> None:
    async def scenario() -> list[int | None]:
        async with serving(clock) as server:
            asked = post(CHAT, "fail=429&fail_times=2")
            return [(await ask(clock, server, asked)).status for _ in range(3)]

    assert clock.run(scenario()) == [429, 429, 200]
