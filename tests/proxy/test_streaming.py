import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.provider.wire_client import connect
from tests.upstream.asking import connections, gone

from sluicegate.provider.anthropic_blocks import SIGNATURE
from sluicegate.provider.app import create_app
from sluicegate.provider.plan import read_plan
from sluicegate.provider.plans import Plans
from sluicegate.provider.token import mark
from sluicegate.provider.transport import FaultyServer
from sluicegate.proxy.relay import Relay
from sluicegate.proxy.settings import Price
from sluicegate.runtime.clock import SIMULATED_EPOCH, SimulatedClock
from sluicegate.upstream.client import Upstream
from sluicegate.upstream.deltas import Finished, TextDelta
from sluicegate.wire.assistant.builder import Builder
from sluicegate.wire.assistant.message import Usage

from .proxying import (
    Document,
    Proxy,
    asked,
    body,
    checked,
    documents,
    proxying,
    stream,
    text_of,
    upstreams_at,
)

FORMATS = pytest.mark.parametrize("name", ["openai", "anthropic"])


def kinds(events: list[Document]) -> list[str]:
    return [event["type"] for event in events]


@FORMATS
def test_the_documented_sequence_is_what_is_sent(clock: SimulatedClock, name: str) -> None:
    query = 'reasoning=Hm&text=Hi+you&tool_calls=now{"a":1}'
    seen, proxy = asked(clock, stream(name, content=body(query)))
    events = checked(seen)
    assert kinds(events) == [
        "start",
        "thinking_delta",
        "text_delta",
        "text_delta",
        "tool_call_start",
        "tool_call_delta",
        "tool_call_end",
        "done",
    ]
    partial = events[-1]["partial"]
    began = proxy.entry.started + SIMULATED_EPOCH
    assert (partial["provider"], partial["timestamp"]) == (name, int(began * 1000))
    assert (partial["model"], partial["stop_reason"]) == (f"gpt-4?{query}", "tool_use")
    signed = {"signature": SIGNATURE} if name == "anthropic" else {}
    assert partial["content"][:2] == [
        {"type": "thinking", "thinking": "Hm", **signed},
        {"type": "text", "text": "Hi you"},
    ]
    assert seen.headers == (
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        ("x-request-id", proxy.served.request_id),
        ("transfer-encoding", "chunked"),
    )


@FORMATS
def test_each_event_comes_at_the_instant_its_cause_was_sent(
    clock: SimulatedClock, name: str
) -> None:
    seen, _ = asked(clock, stream(name, content=body("delay=5000&pace=250&text=Hi+you")))
    times = [(at, event["type"]) for at, data in seen.reads for event in documents(data)]
    assert times == [
        (0.0, "start"),
        (5.0, "text_delta"),
        (5.25, "text_delta"),
        (5.5, "done"),
    ]
    assert seen.ended == 5.5


def test_events_that_frame_blocks_are_sent_on_request(clock: SimulatedClock) -> None:
    request = stream("", "framing=true&other=1", body("reasoning=Hm&text=Hi"))
    events = checked(asked(clock, request)[0])
    assert kinds(events) == [
        "start",
        "thinking_start",
        "thinking_delta",
        "thinking_end",
        "text_start",
        "text_delta",
        "text_end",
        "done",
    ]


def test_what_an_upstream_sends_after_its_last_event_holds_nobody_up(clock: SimulatedClock) -> None:
    async def scenario() -> tuple[float, float, list[int]]:
        async with proxying(clock) as proxy:
            left = []
            for query in ("end=open", ""):
                seen = await proxy.ask(stream(content=body(query)))
                assert checked(seen)[-1]["type"] == "done"
                await asyncio.sleep(1)
                left.append(connections(proxy.app.proxy.routes[0].upstream))
            return seen.ended, gone(proxy.journal.entries[0]), left

    assert clock.run(scenario()) == (0.6, 0.7, [0, 1])


def test_a_proxy_that_closes_breaks_off_what_has_not_ended(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with proxying(clock) as proxy:
            await proxy.ask(stream(content=body("end=open")))
            await proxy.app.aclose()
            await clock.quiesce()
            assert gone(proxy.entry) == 0.6
            await proxy.app.aclose()

    clock.run(scenario())


async def leave(proxy: Proxy, request: bytes, after: float) -> None:
    client = await connect(proxy.server)
    client.send(request)
    await client.watch(after)
    client.transport.close()
    await proxy.clock.quiesce()


@FORMATS
@pytest.mark.parametrize(
    "query", ["delay=5000", "fail=hang", "fail=silence", "pace=400", "fail=timeout"]
)
def test_a_client_that_goes_away_takes_the_request_back_at_once(
    clock: SimulatedClock, name: str, query: str
) -> None:
    async def scenario() -> None:
        async with proxying(clock, prices={"gpt-4": Price(1.0)}) as proxy:
            before = asyncio.all_tasks()
            await leave(proxy, stream(name, content=body(query)), 1.5)
            assert (proxy.entry.outcome, gone(proxy.entry)) == ("client went away", 1.5)
            assert (proxy.served.outcome, proxy.served.status) == ("aborted", 200)
            assert round(proxy.served.duration, 6) == 1.5
            assert proxy.app.proxy.totals
            total = proxy.app.proxy.totals.document()["total"]
            # Only the one format tells of the prompt before it is through.
            tokens = 11 if (name, query) == ("anthropic", "pace=400") else 0
            assert (total["requests"], total["tokens"]["total_tokens"]) == (1, tokens)
            assert asyncio.all_tasks() <= before

    clock.run(scenario())


def test_a_client_that_goes_away_while_it_asks_is_told_of_once(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with proxying(clock) as proxy:
            await leave(proxy, stream()[:-10], 1.5)
            assert (proxy.served.outcome, proxy.served.status) == ("aborted", 0)
            assert proxy.journal.entries == ()

    clock.run(scenario())


def test_a_client_that_leaves_after_the_last_event_has_had_it_all(clock: SimulatedClock) -> None:
    seen, proxy = asked(clock, stream(content=body("fail=429")))
    (_, last) = checked(seen)
    assert last["partial"]["error_message"] == "the upstream answered 429: Rate limit exceeded"
    assert proxy.served.outcome == "error"


def held(proxy: Proxy) -> int:
    return sum(each.get_write_buffer_size() for each in proxy.server._transports())


# Each event holds the whole message: unread, they would take 200 MB.
def test_a_client_that_does_not_read_holds_the_upstream_up(clock: SimulatedClock) -> None:
    plans = Plans()
    plans.file("provider", read_plan({"answers": [{"pace": 0, "text": ["x" * 1000] * 600}]}), "x")
    # Without a clock that it would wait for until its bytes have been read.
    endless = create_app(plans=plans)

    async def scenario() -> None:
        async with FaultyServer(endless) as server:
            upstreams = upstreams_at(server.url)
            async with proxying(clock, upstreams=upstreams) as proxy:
                client = await connect(proxy.server)
                client.transport.pause_reading()
                client.send(stream(content=body(prompt=mark("x"))))
                # The clock stands still while bytes are on their way: its turns are counted.
                while held(proxy) == 0:  # noqa: ASYNC110 - until the kernel has room for no more
                    await asyncio.sleep(0)
                for _ in range(1000):
                    await asyncio.sleep(0)
                assert held(proxy) < 1_000_000
                client.transport.abort()
                await clock.quiesce()
                assert proxy.served.outcome == "aborted"

    clock.run(scenario())


def test_an_error_without_words_is_an_error_all_the_same(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object) -> AsyncIterator[Finished]:
        yield Finished("error", Usage(1, 2, 0, 0, 3))

    monkeypatch.setattr(Upstream, "stream", silent)
    seen, proxy = asked(clock, stream())
    assert checked(seen)[-1]["partial"]["error_message"] == "the proxy made a mistake"
    assert proxy.served.outcome == "error"


# A plan says what a query cannot: each piece by itself, and nothing of it is in the request.
def planned(clock: SimulatedClock, answer: Document, name: str, key: str) -> list[Document]:
    plans = Plans()
    plans.file("provider", read_plan({"answers": [{"pace": 0, **answer}]}), "echo")

    async def scenario() -> list[Document]:
        async with proxying(clock, plans, members={"key": key}) as proxy:
            seen = await proxy.ask(stream(name, content=body(prompt=mark("echo"))))
            assert key not in seen.data.decode()
            return checked(seen)

    return clock.run(scenario())


@FORMATS
@pytest.mark.parametrize("key", ["open/sesame", 'sk-"quoted"'])
def test_a_key_that_the_upstream_says_does_not_reach_the_client(
    clock: SimulatedClock, name: str, key: str
) -> None:
    spoken = f"the key is {key}, you know: {key[:3]}"
    written = json.dumps({"key": key})
    answer = {
        "text": list(spoken),
        "reasoning": [spoken[:14], spoken[14:]],
        "tool_calls": f"open{written}",
    }
    thinking, text, call = planned(clock, answer, name, key)[-1]["partial"]["content"]
    for said in (thinking["thinking"], text["text"], f"the key is {call['arguments']['key']}, you"):
        begun = said.removeprefix("the key is ").partition("***, you")[0]
        assert key.startswith(begun)
        assert 2 * len(begun) <= len(key)


@FORMATS
def test_what_was_held_back_comes_with_an_answer_that_breaks_off(
    clock: SimulatedClock, name: str
) -> None:
    answer = {"text": ["My key: open-no", "key", "e"], "fail_chunk": 3}
    last = planned(clock, answer, name, "open-sesame")[-1]
    assert (last["type"], text_of(last)) == ("error", "My key: open-nokey")


def test_a_mistake_of_the_proxy_is_an_event_that_gives_nothing_away(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistake(*_: object) -> None:
        raise ZeroDivisionError("tpmorp a"[::-1])

    monkeypatch.setattr(Relay, "tell", mistake)
    seen, proxy = asked(clock, stream())
    *_, last = checked(seen)
    assert last["partial"]["error_message"] == "the proxy made a mistake"
    assert proxy.served.outcome == "error"
    assert proxy.entry.outcome == "client went away"
    assert "ZeroDivisionError" in caplog.text
    assert "in mistake" in caplog.text
    assert "a prompt" not in caplog.text


def test_no_log_holds_a_prompt_a_token_or_a_key(
    clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Authorization": "Bearer let-me-in"}
    settings: dict[str, Any] = {"token": "let-me-in", "members": {"key": "opensesame"}}
    with caplog.at_level(logging.DEBUG, logger="sluicegate"):
        for query in ("", "fail=500", "fail_chunk=2", "body=error"):
            content = body(query, "the prompt", options={"max_tokens": 5})
            _, proxy = asked(clock, stream("", "", content, headers), **settings)
            told = f"{proxy.served} {caplog.text}"
            assert "the prompt" not in told
            assert "let-me-in" not in told
            assert "opensesame" not in told


def test_tokens_have_their_price_and_are_told_once(clock: SimulatedClock) -> None:
    price = Price(input=1.0, output=2.0, cache_read=0.5)

    async def scenario() -> None:
        async with proxying(clock, prices={"gpt-4?cached_tokens=4": price}) as proxy:
            request = stream("anthropic", content=body("cached_tokens=4"))
            events = checked(await proxy.ask(request))
            cost = events[-1]["partial"]["usage"]["cost"]
            assert (cost["input"], cost["output"], cost["cache_read"]) == (6e-06, 3e-05, 2e-06)
            assert cost["total"] == 3.8e-05
            assert proxy.served.usage
            assert proxy.served.usage.cost.total == cost["total"]
            assert proxy.app.proxy.totals
            assert proxy.app.proxy.totals.document()["total"]["cost"]["total"] == cost["total"]

    clock.run(scenario())


def test_the_tokens_of_a_failure_count_too(clock: SimulatedClock) -> None:
    request = stream("anthropic", content=body("fail_chunk=2&cached_tokens=4"))
    seen, proxy = asked(clock, request)
    assert checked(seen)[-1]["partial"]["usage"]["total_tokens"] == 11
    assert proxy.served.usage
    assert proxy.served.usage.total_tokens == 11


CUT = 'text=Hi&tool_calls=a{"x":1},b{}&quirks=tool_arguments_broken'


@FORMATS
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ""),
        ("finish_reason=LENGTH", "; the upstream ended the answer at the limit of its tokens"),
        ("finish_reason=ERROR", "; "),
        ("end=no_done", "; the upstream's answer ended without "),
    ],
)
def test_arguments_that_were_cut_are_an_error_with_all_that_was_used(
    clock: SimulatedClock, name: str, query: str, words: str
) -> None:
    reasons = {"openai": ("length", "content_filter"), "anthropic": ("max_tokens", "refusal")}
    length, error = reasons[name]
    query = query.replace("LENGTH", length).replace("ERROR", error)
    seen, proxy = asked(clock, stream(name, content=body(f"{CUT}&{query}" if query else CUT)))
    *_, before, last = checked(seen)
    assert (before["type"], last["type"]) == ("tool_call_delta", "error")
    message = last["partial"]["error_message"]
    start = "expected a JSON object as the arguments of the tool 'a', got '{\"x\":1'"
    assert message.startswith(start + words)
    assert (message == start) == (not words)
    assert last["partial"]["usage"]["total_tokens"] == 25
    assert proxy.served.usage
    assert (proxy.served.outcome, proxy.served.usage.total_tokens) == ("error", 25)


@FORMATS
@pytest.mark.parametrize("query", ["finish_reason=content_filter", "finish_reason=refusal"])
def test_an_answer_that_is_refused_has_its_price(
    clock: SimulatedClock, name: str, query: str
) -> None:
    price = Price(input=1.0, output=2.0)
    model = f"gpt-4?{query}"
    seen, proxy = asked(clock, stream(name, content=body(query)), prices={model: price})
    usage = checked(seen)[-1]["partial"]["usage"]
    assert (usage["total_tokens"], usage["cost"]["total"]) == (25, 0.00004)
    assert proxy.app.proxy.totals
    assert proxy.app.proxy.totals.document()["total"]["cost"]["total"] == 0.00004


def test_signed_thoughts_go_back_to_their_upstream_with_the_results(clock: SimulatedClock) -> None:
    async def scenario() -> tuple[Document, Document]:
        async with proxying(clock) as proxy:
            query = "reasoning=Hm&tool_calls=now{}&quirks=redacted_thinking"
            call = checked(await proxy.ask(stream("anthropic", content=body(query))))[-1]["partial"]
            said = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}
            result = {"role": "tool_result", "tool_name": "now", "content": []}
            result["tool_call_id"] = call["content"][-1]["id"]
            more = {"messages": [said, call, result]}
            options = {"thinking_level": "low"}
            content = body("", context=more, options=options)
            seen = await proxy.ask(stream("anthropic", content=content))
            asked_for: Document = json.loads(proxy.journal.entries[1].body)
            return checked(seen)[-1], asked_for

    last, asked_for = clock.run(scenario())
    assert last["type"] == "done"
    assert asked_for["thinking"]["type"] == "enabled"
    assert asked_for["messages"][1]["content"] == [
        {"type": "redacted_thinking", "data": SIGNATURE},
        {"type": "thinking", "thinking": "Hm", "signature": SIGNATURE},
        {"type": "tool_use", "id": "toolu_mock1", "name": "now", "input": {}},
    ]


# What is done for an event does not depend on how many there were: nothing reads the message so
# far, nothing of it is encoded again, and what is held back is shorter than the key.
@pytest.mark.parametrize("key", ["", "words-of-a-key"])
def test_the_work_for_an_event_does_not_grow_with_the_message(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    grow = Builder.text

    def text(builder: Builder, delta: str) -> tuple[bytes, ...]:
        calls.append(delta)
        return grow(builder, delta)

    monkeypatch.setattr("sluicegate.proxy.relay._TELL", {"text": text, "thinking": grow})
    monkeypatch.setattr(Builder, "message", property(lambda _: pytest.fail("read")))
    monkeypatch.setattr("sluicegate.wire.assistant.encoding.write", lambda _: {})
    relay = Relay(Builder("m", "p", 0), key, lambda usage: usage)
    assert len(relay.start()) == 1
    assert all(len(relay.tell(TextDelta("word "))) == 1 for _ in range(10_000))
    assert len(relay.tell(Finished("stop", Usage()))) == 1
    assert (len(calls), {*map(len, calls)}) == (10_000, {5})


def test_an_upstream_is_asked_by_nothing_but_the_request(clock: SimulatedClock) -> None:
    headers = {"X-Own": "mine", "Cookie": "a=b", "Authorization": "Bearer anything"}
    _, proxy = asked(clock, stream("", "other=1", body("", "Hi"), headers))
    names = {name for name, _ in proxy.entry.headers}
    assert not names & {"x-own", "cookie"}
    assert (proxy.entry.query, dict(proxy.entry.headers)["authorization"]) == ("", "Bearer ***")
