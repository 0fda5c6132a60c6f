import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.proxy.proxying import proxying

from sluicegate.provider.transport import FaultyServer
from sluicegate.proxy.app import create_app
from sluicegate.proxy.settings import Settings, UpstreamSettings
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream import proxy_request
from sluicegate.upstream.client import Upstream
from sluicegate.upstream.deltas import (
    Delta,
    Finished,
    TextDelta,
    ThinkingDelta,
    ThinkingSignature,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.limits import Limits
from sluicegate.upstream.masking import Mask
from sluicegate.upstream.proxy_reader import Reader
from sluicegate.wire.assistant.builder import Builder
from sluicegate.wire.assistant.message import Cost, Usage
from sluicegate.wire.assistant.request import StreamRequest, read_request
from sluicegate.wire.sse import Event

from . import golden
from .asking import KEY, asked
from .test_any_answer import JUNK, NAME, TEXT, build, objects, say

USAGE = Usage(1, 2, 3, 4, 10, Cost(0.1, 0.2, 0.3, 0.4, 1.0))


def said(*events: bytes | dict[str, Any] | str) -> list[Delta]:
    return list(_said(Reader(Mask((KEY,))), *events))


def _said(reader: Reader, *events: bytes | dict[str, Any] | str) -> Iterator[Delta]:
    for event in events:
        data = json.dumps(event) if isinstance(event, dict) else event
        yield from reader.feed(Event(data=data.decode() if isinstance(data, bytes) else data))
    yield from reader.end()


def failure(*events: bytes | dict[str, Any] | str) -> UpstreamError:
    reader = Reader(Mask((KEY,)))
    with pytest.raises(UpstreamError) as caught:
        list(_said(reader, *events))
    return caught.value


def event(kind: str, *content: dict[str, Any], **members: object) -> dict[str, Any]:
    return {"type": kind, "partial": {"role": "assistant", "content": content}, **members}


def done(reason: str | None = "stop", **members: object) -> dict[str, Any]:
    return {"type": "done", "partial": {"content": [], "stop_reason": reason, **members}}


CALL = {"type": "tool_call", "id": "c", "name": "now", "arguments": {}}


@pytest.mark.parametrize("framing", [False, True])
def test_what_a_proxy_says_is_what_was_said_to_it(framing: bool) -> None:  # noqa: FBT001 - a parameter
    builder = Builder("m", "p", 0, framing=framing)
    events = [
        *builder.start(),
        *builder.thinking("Hm"),
        *builder.text("Hi"),
        *builder.text(" you"),
        *builder.tool_call_start("c1", "now"),
        *builder.tool_call_delta('{"a":'),
        *builder.tool_call_delta("1}"),
        *builder.tool_call_end(),
        *builder.tool_call_start("c2", "then"),
        *builder.tool_call_end(),
        *builder.done("tool_use", USAGE),
    ]
    assert said(*events) == [
        ThinkingDelta("Hm"),
        TextDelta("Hi"),
        TextDelta(" you"),
        ToolCallStart("c1", "now"),
        ToolCallDelta('{"a":'),
        ToolCallDelta("1}"),
        ToolCallEnd(),
        ToolCallStart("c2", "then"),
        ToolCallEnd(),
        Finished("tool_use", USAGE),
    ]


@pytest.mark.parametrize("framing", [False, True])
def test_signatures_cross_a_proxy_each_with_its_thoughts(framing: bool) -> None:  # noqa: FBT001 - see above
    deltas: list[Delta] = [
        ThinkingSignature("r1", redacted=True),
        ThinkingDelta("Hm"),
        ThinkingDelta("..."),
        ThinkingSignature("s1"),
        ThinkingDelta("Oh"),
        ThinkingSignature("r2", redacted=True),
        TextDelta("Hi"),
        ThinkingSignature("s2"),
        ToolCallStart("c1", "now"),
        ToolCallEnd(),
        ThinkingDelta("Well"),
        ThinkingSignature("s3"),
    ]
    builder = Builder("m", "p", 0, framing=framing)
    events = [*builder.start(), *[each for delta in deltas for each in say(builder, delta)]]
    assert said(*events, *builder.done("stop", USAGE))[:-1] == deltas


THOUGHT = {"type": "thinking", "thinking": "Hm", "signature": "s"}


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([THOUGHT], [ThinkingDelta("Hm"), ThinkingSignature("s")]),
        ([{**THOUGHT, "signature": None}], [ThinkingDelta("Hm")]),
        ([{**THOUGHT, "signature": 5}], [ThinkingDelta("Hm")]),
        ([{**THOUGHT, "type": "text"}], [ThinkingDelta("Hm")]),
        ([5], [ThinkingDelta("Hm")]),
    ],
)
def test_a_signature_may_come_with_the_last_of_the_thoughts(
    blocks: list[Any], found: list[Delta]
) -> None:
    assert said(event("thinking_delta", *blocks, delta="Hm"), done())[:-1] == found


@pytest.mark.parametrize(
    ("events", "deltas"),
    [
        ([{"type": "start", "partial": {"content": None, "usage": None}}], []),
        (["", "[DONE]", {"type": "ping"}, {"type": "text_start"}], []),
        ([event("text_delta", delta="")], []),
        ([{"type": "text_delta", "delta": "Hi"}], [TextDelta("Hi")]),
        (
            [event("tool_call_start", CALL), event("tool_call_end", CALL)],
            [ToolCallStart("c", "now"), ToolCallEnd()],
        ),
        (
            [
                event("tool_call_start", CALL, delta="now"),
                event("tool_call_end", {**CALL, "arguments": {"a": 1}}),
            ],
            [ToolCallStart("c", "now"), ToolCallDelta('{"a":1}'), ToolCallEnd()],
        ),
        (
            [event("tool_call_start", {"type": "text", "text": "?"}, delta="now")],
            [ToolCallStart("call_1", "now"), ToolCallEnd()],
        ),
        ([event("tool_call_end", CALL)], []),
    ],
    ids=["null", "nothing", "empty", "no partial", "no delta", "at once", "no id", "no start"],
)
def test_the_oddities_of_honest_servers_are_taken(
    events: list[dict[str, Any]], deltas: list[Delta]
) -> None:
    assert said(*events, done())[:-1] == deltas


@pytest.mark.parametrize(
    ("reason", "meant"),
    [("stop", "stop"), ("length", "length"), ("", "error"), (None, "error"), ("end_turn", "error")],
)
def test_a_reason_that_is_not_known_is_an_error(reason: str | None, meant: str) -> None:
    (last,) = said(done(reason))
    assert isinstance(last, Finished)
    assert (last.stop_reason, bool(last.error_message)) == (meant, meant == "error")


def test_what_follows_the_last_event_is_not_read() -> None:
    assert len(said(done(), done(), "no JSON")) == 1


def test_the_total_is_the_sum_and_no_count_is_believed_that_is_none() -> None:
    usage = {"input": 1, "output": 2.0, "cache_read": -1, "total_tokens": 99, "cost": {"total": -1}}
    (last,) = said(done(usage=usage))
    assert isinstance(last, Finished)
    assert last.usage == Usage(1, 2, 0, 0, 3)


ERROR = {"content": [], "stop_reason": "error", "error_message": f"no {KEY}", "usage": {"input": 5}}


@pytest.mark.parametrize(
    ("events", "kind", "words"),
    [
        (
            [{"type": "error", "partial": ERROR}],
            "error",
            "the upstream reported an error: no ***",
        ),
        (
            [{"type": "error"}],
            "error",
            "the upstream reported an error",
        ),
        ([{"error": {"message": "No"}}], "error", "the upstream reported an error: No"),
        ([], "broken", "the upstream's answer ended without done or error"),
        (["[DONE]"], "broken", "the upstream's answer ended without done or error"),
        (
            [f"no {KEY}"],
            "malformed",
            "expected a JSON object as an event of the upstream, got 'no ***'",
        ),
        (
            [event("tool_call_delta", delta="{}")],
            "malformed",
            "the upstream sent arguments before the start of a tool call",
        ),
        (
            [
                event("tool_call_start", CALL, delta="now"),
                event("tool_call_end", CALL),
                event("tool_call_delta", CALL, delta="1"),
            ],
            "malformed",
            "the arguments of the call of a tool go on after their end",
        ),
        (
            [event("tool_call_start", {**CALL, "name": ""}), done()],
            "malformed",
            "the upstream called a tool without a name",
        ),
        (
            [{"type": "text_delta", "delta": 5}],
            "malformed",
            "expected a string as the upstream's 'delta', got a number",
        ),
        (
            [{"type": "start", "partial": []}],
            "malformed",
            "expected an object as the upstream's 'partial', got an array",
        ),
        (
            [
                event("tool_call_start", CALL, delta="now"),
                {"type": "tool_call_end", "partial": {"content": ["x"]}},
            ],
            "malformed",
            "expected a list of objects as the upstream's 'content'",
        ),
    ],
)
def test_a_failure_says_what_is_wrong(events: list[Any], kind: str, words: str) -> None:
    error = failure(*events)
    assert (error.kind, str(error)) == (kind, words)


def test_a_failure_tells_what_had_been_used() -> None:
    reader = Reader(Mask())
    with pytest.raises(UpstreamError):
        list(reader.feed(Event(data=json.dumps({"type": "error", "partial": ERROR}))))
    assert reader.usage == Usage(5, 0, 0, 0, 5)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"error": {"message": "No"}}, "the upstream reported an error: No"),
        ({"role": "assistant"}, "the upstream's answer is no stream of events"),
    ],
)
def test_a_document_is_no_answer(document: dict[str, Any], words: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        Reader(Mask()).whole(document)
    assert str(caught.value) == words


CALLING = ["tool_call_start", "tool_call_delta", "tool_call_end"]
KINDS = st.sampled_from(["start", "text_delta", "thinking_delta", *CALLING, "done", "error"])
CALLS = objects(
    JUNK, type=st.just("tool_call"), id=NAME, name=NAME, arguments=objects(JUNK, x=TEXT)
)
THOUGHTS = objects(JUNK, type=st.just("thinking"), signature=TEXT, redacted=st.booleans())
PARTIALS = objects(
    JUNK,
    content=st.lists(CALLS | THOUGHTS, max_size=3),
    stop_reason=st.sampled_from(["stop", "tool_use", ""]),
    usage=objects(JUNK, input=st.integers(), cost=objects(JUNK, total=st.floats())),
)
EVENTS = objects(JUNK, type=KINDS, delta=TEXT, partial=PARTIALS)


@given(st.lists(EVENTS, max_size=8))
def test_whatever_a_proxy_says_is_read_or_refused(events: list[dict[str, Any]]) -> None:
    reader, deltas = Reader(Mask()), list[Delta]()
    try:
        deltas.extend(_said(reader, *events))
        assert [type(delta) for delta in deltas].index(Finished) == len(deltas) - 1
    except UpstreamError:
        assert reader.usage.total_tokens >= 0
    build(deltas)


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/stream"),
        ("/", "/stream"),
        ("/ai", "/ai/stream"),
        ("/stream", "/stream"),
        ("/stream/", "/stream"),
        ("/stream/openai", "/stream/openai"),
        ("/ai/stream/openai", "/ai/stream/openai"),
        ("/streams", "/streams/stream"),
    ],
)
def test_a_base_may_be_a_path_of_streams_already(base: str, path: str) -> None:
    assert proxy_request.place(base) == path


def test_the_request_is_the_one_that_was_asked() -> None:
    request = StreamRequest("gpt-4", golden.CONVERSATION)
    path, body = proxy_request.request(request)
    assert path == "/stream"
    assert read_request(json.loads(json.dumps(body))) == request


def test_a_proxy_can_be_the_upstream_of_a_proxy(clock: SimulatedClock) -> None:
    tokens = "inner", "outer"

    async def scenario() -> list[tuple[float, Delta]]:
        async with proxying(clock, token=tokens[0]) as inner:
            upstream = UpstreamSettings("inner", "proxy", inner.server.url, tokens[0])
            app = create_app(Settings((upstream,), "inner", token=tokens[1]))
            async with (
                app,
                FaultyServer(app) as outer,
                Upstream(outer.url, "proxy", key=tokens[1]) as client,
            ):
                request = asked('text=Hi+you&reasoning=Hm&tool_calls=now{"a":1}')
                return [(clock.time(), delta) async for delta in client.stream(request)]

    heard = clock.run(scenario())
    began = heard[0][0]
    assert [(round(at - began, 6), type(delta)) for at, delta in heard] == [
        (0.0, ThinkingDelta),
        (0.1, TextDelta),
        (0.2, TextDelta),
        (0.3, ToolCallStart),
        (0.4, ToolCallDelta),
        (0.5, ToolCallEnd),
        (0.5, Finished),
    ]
    assert heard[-1][1] == Finished("tool_use", Usage(10, 15, 0, 0, 25))


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        ("fail=503", "", "the upstream answered 503: The server is overloaded"),
        ("fail_chunk=3&fail_chunk_mode=reset", "Hello from", "the connection to the upstream"),
        ("fail_chunk=3&fail_chunk_mode=silence", "Hello from", "the upstream did not go on"),
    ],
)
def test_a_failure_crosses_a_proxy_with_all_that_came(
    clock: SimulatedClock, query: str, text: str, words: str
) -> None:
    deltas: list[Delta] = []

    async def scenario() -> None:
        async with (
            proxying(clock) as proxy,
            Upstream(proxy.server.url, "proxy", limits=Limits(gap=30)) as upstream,
        ):
            async for delta in upstream.stream(asked(query)):
                deltas.append(delta)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(UpstreamError) as caught:
        clock.run(scenario())
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == text
    assert (caught.value.kind, caught.value.status) == ("error", None)
    assert str(caught.value).startswith(f"the upstream reported an error: {words}")
