import json
from typing import Any

import pytest

from sluicegate.upstream.deltas import (
    Delta,
    Finished,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from sluicegate.upstream.errors import Kind, UpstreamError
from sluicegate.upstream.masking import Mask
from sluicegate.upstream.openai_reader import Reader
from sluicegate.wire.assistant.message import Usage
from sluicegate.wire.sse import Event

Chunk = dict[str, Any]

DONE = "[DONE]"
USED = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def delta(reason: str | None = None, /, **members: object) -> Chunk:
    return {"choices": [{"index": 0, "delta": members, "finish_reason": reason}]}


STOP = delta("stop")


def read(*chunks: Chunk | str, reader: Reader | None = None) -> list[Delta]:
    reader = reader or Reader(Mask())
    data = [each if isinstance(each, str) else json.dumps(each) for each in chunks]
    found = [said for each in data for said in reader.feed(Event(data=each))]
    return [*found, *reader.end()]


def failure(*chunks: Chunk | str) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        read(*chunks)
    return caught.value


def last(*chunks: Chunk | str) -> Finished:
    found = read(*chunks)[-1]
    assert isinstance(found, Finished)
    return found


def test_text_and_thinking_come_in_their_order() -> None:
    assert read(
        delta(role="assistant", content=""),
        delta(reasoning_content="Hm"),
        delta(reasoning=".", reasoning_content=None),
        delta(content="Hi"),
        delta(refusal=" no"),
        STOP,
        DONE,
    ) == [
        ThinkingDelta("Hm"),
        ThinkingDelta("."),
        TextDelta("Hi"),
        TextDelta(" no"),
        Finished("stop", Usage()),
    ]


def test_thoughts_that_come_under_two_names_come_once() -> None:
    said = read(delta(reasoning="Hm", reasoning_content="Hm"), STOP, DONE)
    assert said[:-1] == [ThinkingDelta("Hm")]


@pytest.mark.parametrize(
    ("reason", "meant"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_use"),
        ("function_call", "tool_use"),
        ("content_filter", "error"),
        ("eos_token", "error"),
    ],
)
def test_a_reason_is_said_in_the_agents_words(reason: str, meant: str) -> None:
    found = last(delta(reason), DONE)
    assert found.stop_reason == meant
    assert reason not in found.error_message
    assert bool(found.error_message) == (meant == "error")


def test_calls_make_a_stop_a_use_of_tools() -> None:
    call = {"index": 0, "id": "1", "function": {"name": "now", "arguments": "{}"}}
    assert read(delta(tool_calls=[call]), STOP, DONE) == [
        ToolCallStart("1", "now"),
        ToolCallDelta("{}"),
        ToolCallEnd(),
        Finished("tool_use", Usage()),
    ]


def test_the_deprecated_call_of_a_function_is_the_call_of_a_tool() -> None:
    assert read(
        {"id": "mock-1", **delta(function_call={"name": "now", "arguments": ""})},
        delta(function_call={"arguments": "{}"}),
        delta("function_call"),
        DONE,
    )[:3] == [ToolCallStart("mock-1_1", "now"), ToolCallDelta("{}"), ToolCallEnd()]


def test_cached_tokens_are_no_input() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2}}
    usage = {"choices": [], "usage": {**USED, **details}}
    assert last(STOP, usage, DONE).usage == Usage(4, 5, 4, 2, 15)


@pytest.mark.parametrize(
    "chunks",
    [
        (STOP, {"choices": [], "usage": USED}, DONE),
        ({**STOP, "usage": USED}, DONE),
        (
            {**delta(content="Hi"), "usage": {**USED, "completion_tokens": 1}},
            {**STOP, "usage": USED},
            DONE,
        ),
        (STOP, {"usage": USED}, {"choices": [], "usage": None}, DONE),
    ],
    ids=["of its own", "with the reason", "everywhere", "without choices"],
)
def test_usage_may_stand_anywhere(chunks: tuple[Chunk, ...]) -> None:
    assert last(*chunks).usage == Usage(10, 5, 0, 0, 15)


def test_numbers_of_tokens_that_are_none_count_as_nothing() -> None:
    usage = {"prompt_tokens": "10", "completion_tokens": -5, "prompt_tokens_details": None}
    assert last({**STOP, "usage": usage}, DONE).usage == Usage()
    assert last({**STOP, "usage": {"prompt_tokens": 2.0}}, DONE).usage == Usage(2, 0, 0, 0, 2)


def test_what_is_not_there_is_no_trouble() -> None:
    empty: list[Chunk | str] = ["", " ", {}, {"choices": None}, {"choices": [{}]}]
    nulls = {"choices": [{"index": None, "delta": None, "finish_reason": None}]}
    assert read(*empty, nulls, delta(content=None, tool_calls=None), STOP, DONE) == [
        Finished("stop", Usage())
    ]


def test_the_first_choice_is_the_answer() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "No"}, "finish_reason": "length"}]}
    assert read(delta(content="Yes"), other, STOP, DONE)[0] == TextDelta("Yes")
    assert last(delta(content="Yes"), other, STOP, DONE).stop_reason == "stop"


def test_nothing_is_read_after_the_end() -> None:
    whole = read(STOP, DONE)
    assert read(STOP, DONE, DONE, delta(content="more"), "{", {"error": "late"}) == whole


FAILURES: list[tuple[str, tuple[Chunk | str, ...], Kind, str]] = [
    ("no end", (delta(content="Hi"),), "broken", "ended without finish_reason"),
    ("no marker", (STOP,), "broken", r"ended without \[DONE\]"),
    ("no reason", (delta(content="Hi"), DONE), "broken", "without finish_reason"),
    ("an empty reason", (delta(""), DONE), "broken", "without finish_reason"),
    ("no JSON", ('{"broken": ',), "malformed", "expected a JSON object"),
    ("no object", ("[1]",), "malformed", "expected a JSON object"),
    ("deep JSON", ("[" * 100_000,), "malformed", "expected a JSON object"),
    ("no list", ({"choices": {}},), "malformed", "expected an array as the upstream's 'choices'"),
    ("no objects", ({"choices": [1]},), "malformed", "list of objects as the upstream's 'choices'"),
    (
        "no text",
        (delta(content=1),),
        "malformed",
        "expected a string as the upstream's 'content', got a number",
    ),
    (
        "a boolean",
        ({"choices": [{"finish_reason": True}]},),
        "malformed",
        "expected a string as .*, got a boolean",
    ),
    (
        "an endless number",
        ('{"choices": [{"delta": {"tool_calls": [{"function": {"arguments": {"x": 1e999}}}]}}]}',),
        "malformed",
        "expected finite numbers",
    ),
    ("an error", ({"error": {"message": "Oops"}},), "error", "reported an error: Oops"),
    ("an error in a word", ({"error": "Oops"},), "error", "reported an error: Oops"),
    ("an error of a type", ({"error": {"type": "bad"}},), "error", "reported an error: bad"),
    ("an error without a word", ({"error": {"code": 5}},), "error", "reported an error$"),
]


@pytest.mark.parametrize(
    ("_", "chunks", "kind", "words"), FAILURES, ids=[name for name, *_ in FAILURES]
)
def test_what_is_no_whole_answer_fails(
    _: str, chunks: tuple[Chunk | str, ...], kind: Kind, words: str
) -> None:
    error = failure(*chunks)
    assert error.kind == kind
    error_is = pytest.raises(UpstreamError, match=words)
    with error_is:
        raise error


def test_an_event_named_error_is_one() -> None:
    reader = Reader(Mask())
    with pytest.raises(UpstreamError, match="reported an error: Oops"):
        list(reader.feed(Event("error", '{"message": "Oops"}')))


def test_an_upstreams_words_are_masked() -> None:
    error = failure({"error": {"message": "wrong key sk-12345678"}})
    assert error.said == "wrong key ***"


def test_an_end_without_its_marker_may_be_taken() -> None:
    lenient = Reader(Mask(), takes_unmarked_end=True)
    assert read(delta(content="Hi"), STOP, reader=lenient)[-1] == Finished("stop", Usage())
    with pytest.raises(UpstreamError, match="without finish_reason"):
        read(delta(content="Hi"), reader=Reader(Mask(), takes_unmarked_end=True))


def whole(message: Chunk, reason: str | None = "stop") -> list[Delta]:
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return list(Reader(Mask()).whole({"choices": [choice], "usage": USED}))


def test_a_document_is_an_answer() -> None:
    functions = [{"name": "a", "arguments": '{"x":1}'}, {"name": "b", "arguments": {"y": 2}}]
    calls = [{"id": "1", "type": "function", "function": each} for each in functions]
    message = {"content": "Hi", "reasoning_content": "Hm", "tool_calls": calls}
    assert whole(message, "tool_calls") == [
        ThinkingDelta("Hm"),
        TextDelta("Hi"),
        ToolCallStart("1", "a"),
        ToolCallDelta('{"x":1}'),
        ToolCallEnd(),
        ToolCallStart("1_2", "b"),
        ToolCallDelta('{"y":2}'),
        ToolCallEnd(),
        Finished("tool_use", Usage(10, 5, 0, 0, 15)),
    ]


def test_a_document_without_a_reason_is_no_whole_answer() -> None:
    with pytest.raises(UpstreamError, match="has no finish_reason"):
        whole({"content": "Hi"}, None)


@pytest.mark.parametrize(
    ("document", "kind"), [({"error": {"code": 500}}, "error"), ({"id": "x"}, "malformed")]
)
def test_another_document_is_no_answer(document: Chunk, kind: Kind) -> None:
    with pytest.raises(UpstreamError) as caught:
        list(Reader(Mask()).whole(document))
    assert caught.value.kind == kind
