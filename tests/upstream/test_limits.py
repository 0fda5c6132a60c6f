import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import NoReturn

import anyio
import pytest

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.client import Upstream
from sluicegate.upstream.errors import Limit, UpstreamError
from sluicegate.upstream.formats import FormatName
from sluicegate.upstream.limits import Limits, Watch

from .asking import asked, exhaust, gone, heard, use_stream

FORMATS = pytest.mark.parametrize("format_", ["openai", "anthropic"])


@dataclass(frozen=True, slots=True)
class Slow:
    query: str
    limit: Limit
    at: float
    limits: Limits = field(default_factory=Limits)

    def __str__(self) -> str:
        return self.query


SLOW = [
    Slow("delay=20001", "first content", 20.0),
    Slow("first_token=20001", "first content", 20.0),
    Slow("first_token=30000&keep_alive=5000", "first content", 20.0),
    Slow("pace=20001", "gap", 20.0),
    Slow("pace=30000&keep_alive=5000", "gap", 20.0),
    Slow("pace=15000", "whole stream", 60.0),
    Slow("first_token=10000&keep_alive=100", "whole stream", 5.0, Limits(whole=5)),
    Slow("fail=hang", "first content", 3.0, Limits(first_content=3)),
    Slow("stream=false&delay=5000", "first content", 3.0, Limits(first_content=3)),
]


@FORMATS
@pytest.mark.parametrize("slow", SLOW, ids=str)
def test_a_limit_that_passes_ends_the_request_at_once(
    clock: SimulatedClock, format_: FormatName, slow: Slow
) -> None:
    found = heard(clock, format_, asked(slow.query), limits=slow.limits)
    assert found.error
    assert (found.error.kind, found.error.limit) == ("timeout", slow.limit)
    assert (found.entry.outcome, gone(found.entry)) == ("client went away", slow.at)
    assert found.ended == slow.at
    assert f"within {slow.at:g} s" in str(found.error)


@pytest.mark.parametrize("query", ["delay=19999", "first_token=19999", "pace=9999"])
def test_an_answer_within_its_limits_is_whole(clock: SimulatedClock, query: str) -> None:
    assert heard(clock, "openai", asked(query)).last.stop_reason == "stop"


def test_no_limit_is_no_limit(clock: SimulatedClock) -> None:
    limits = Limits(math.inf, math.inf, math.inf, math.inf)
    found = heard(clock, "openai", asked("pace=1000000"), limits=limits)
    assert (found.last.stop_reason, found.ended) == ("stop", 6000.0)


def test_a_callers_own_time_is_not_the_upstreams(clock: SimulatedClock) -> None:
    times = []

    async def dawdle(stream: AsyncIterator[object]) -> None:
        async with aclosing(stream):  # type: ignore[type-var]  # it is a generator
            async for _ in stream:
                times.append(clock.time())
                await asyncio.sleep(30)

    use_stream(clock, "text=a+b&end=open", dawdle, limits=Limits(whole=math.inf))
    assert len(times) == 3


def test_the_whole_limit_is_for_the_callers_time_too(clock: SimulatedClock) -> None:
    async def dawdle(stream: AsyncIterator[object]) -> None:
        await anext(stream)
        await asyncio.sleep(61)
        with pytest.raises(UpstreamError) as caught:
            await exhaust(stream)
        assert caught.value.limit == "whole stream"

    use_stream(clock, "text=a+b", dawdle)


def test_the_whole_limit_ends_the_request_although_nobody_waits(clock: SimulatedClock) -> None:
    async def dawdle(stream: AsyncIterator[object]) -> None:
        await anext(stream)
        await asyncio.sleep(100)
        with pytest.raises(UpstreamError):
            await anext(stream)

    entry = use_stream(clock, "text=a+b&end=open", dawdle)
    assert (entry.outcome, gone(entry)) == ("client went away", 60.0)


def test_a_connection_that_is_not_accepted_in_time_is_given_up(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel accepts whatever comes to 127.0.0.1.
    async def connect(*_: object, **__: object) -> NoReturn:
        await asyncio.sleep(math.inf)
        raise AssertionError

    async def scenario() -> UpstreamError:
        async with Upstream("http://127.0.0.1:9", "openai", limits=Limits(connect=4)) as upstream:
            with pytest.raises(UpstreamError) as caught:
                await anext(upstream.stream(asked()))
            return caught.value

    monkeypatch.setattr(anyio, "connect_tcp", connect)
    error = clock.run(scenario())
    assert (error.kind, error.limit, clock.time()) == ("timeout", "connect", 4.0)


async def waited(watch: Watch, seconds: float) -> None:
    async with watch.limit():
        await asyncio.sleep(seconds)


def test_after_the_first_content_every_event_is_a_sign_of_life(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        watch = Watch(Limits(first_content=10, gap=4))
        watch.heard()
        await waited(watch, 9)
        watch.said()
        await waited(watch, 3)
        watch.heard()
        await waited(watch, 3)
        with pytest.raises(UpstreamError, match="did not go on with its answer within 4 s"):
            await waited(watch, 2)

    clock.run(scenario())
    assert clock.time() == 16.0


def test_before_the_first_content_no_event_is(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        watch = Watch(Limits(first_content=10, gap=4))
        await waited(watch, 6)
        watch.heard()
        with pytest.raises(UpstreamError, match="did not begin to answer within 10 s"):
            await waited(watch, 6)

    clock.run(scenario())
    assert clock.time() == 10.0


def test_a_timeout_of_somebody_else_is_not_the_upstreams(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            async with Watch(Limits()).limit():
                raise TimeoutError

    clock.run(scenario())
