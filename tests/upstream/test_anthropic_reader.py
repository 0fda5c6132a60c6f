import json
from typing import Any

import pytest

from sluicegate.upstream.anthropic_reader import Reader
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
from sluicegate.upstream.errors import Kind, UpstreamError
from sluicegate.upstream.masking import Mask
from sluicegate.wire.assistant.message import Usage
from sluicegate.wire.sse import Event

Document = dict[str, Any]

DONE = "[DONE]"
USED = {"input_tokens": 4, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2}
START: Document = {
    "type": "message_start",
    "message": {"id": "msg_1", "usage": {**USED, "output_tokens": 1}},
}
STOP: Document = {"type": "message_stop"}


def ended(reason: str | None = "end_turn", **usage: object) -> Document:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def block(kind: str, *deltas: Document, place: int = 0, **members: object) -> list[Document]:
    return [
        {"type": "content_block_start", "index": place, "content_block": {"type": kind, **members}},
        *({"type": "content_block_delta", "index": place, "delta": each} for each in deltas),
        {"type": "content_block_stop", "index": place},
    ]


def text(piece: str) -> Document:
    return {"type": "text_delta", "text": piece}


def thought(piece: str) -> Document:
    return {"type": "thinking_delta", "thinking": piece}


def signed(signature: str) -> Document:
    return {"type": "signature_delta", "signature": signature}


def arguments(piece: str) -> Document:
    return {"type": "input_json_delta", "partial_json": piece}


def read(*events: Document | str, reader: Reader | None = None) -> list[Delta]:
    reader = reader or Reader(Mask())
    data = [each if isinstance(each, str) else json.dumps(each) for each in events]
    found = [said for each in data for said in reader.feed(Event(data=each))]
    return [*found, *reader.end()]


def last(*events: Document | str) -> Finished:
    found = read(*events)[-1]
    assert isinstance(found, Finished)
    return found


def test_blocks_come_in_their_order() -> None:
    assert read(
        START,
        *block("redacted_thinking", data="aGk="),
        {"type": "ping"},
        *block("thinking", thought("Hm"), signed("c2ln"), place=1, thinking="", signature=""),
        *block("text", text("Hi"), text(""), text(" you"), place=2, text=""),
        *block("tool_use", arguments(""), arguments("{}"), place=3, id="1", name="now", input={}),
        ended("tool_use", output_tokens=5),
        STOP,
    ) == [
        ThinkingSignature("aGk=", redacted=True),
        ThinkingDelta("Hm"),
        ThinkingSignature("c2ln"),
        TextDelta("Hi"),
        TextDelta(" you"),
        ToolCallStart("1", "now"),
        ToolCallDelta("{}"),
        ToolCallEnd(),
        Finished("tool_use", Usage(4, 5, 3, 2, 14)),
    ]


def test_thinking_that_is_not_shown_is_signed_all_the_same() -> None:
    thoughts = block("thinking", signed("c2"), signed("ln"), thinking="", signature="")
    assert read(START, *thoughts, ended(), STOP)[:-1] == [ThinkingSignature("c2ln")]


@pytest.mark.parametrize("following", [block("text", text("Hi"), place=1), []])
def test_a_signature_counts_without_the_end_of_its_block(following: list[Document]) -> None:
    begun = block("thinking", thought("Hm"), signed("c2ln"))[:-1]
    found = read(START, *begun, *following, ended(), STOP)
    assert found[:2] == [ThinkingDelta("Hm"), ThinkingSignature("c2ln")]


def test_an_input_may_come_at_once() -> None:
    call = block("tool_use", id="1", name="f", input={"x": 1})
    assert read(START, *call, ended("tool_use"), STOP)[:3] == [
        ToolCallStart("1", "f"),
        ToolCallDelta('{"x":1}'),
        ToolCallEnd(),
    ]


def test_an_input_that_comes_twice_counts_once() -> None:
    call = block("tool_use", arguments('{"x":1}'), id="1", name="f", input={"x": 1})
    assert read(START, *call, ended("tool_use"), STOP)[1:3] == [
        ToolCallDelta('{"x":1}'),
        ToolCallEnd(),
    ]


def test_tools_that_the_upstream_runs_itself_are_none_of_the_clients() -> None:
    search = block("server_tool_use", arguments("{}"), id="1", name="web_search", input={})
    found = block("web_search_tool_result", place=1, tool_use_id="1", content=[])
    assert read(START, *search, *found, ended(), STOP) == [Finished("stop", Usage(4, 1, 3, 2, 10))]


@pytest.mark.parametrize(
    ("reason", "meant"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_use"),
        ("refusal", "error"),
        ("sensitive", "error"),
    ],
)
def test_a_reason_is_said_in_the_agents_words(reason: str, meant: str) -> None:
    found = last(START, ended(reason), STOP)
    assert found.stop_reason == meant
    assert reason not in found.error_message
    assert bool(found.error_message) == (meant == "error")


def test_calls_make_a_stop_a_use_of_tools() -> None:
    call = block("tool_use", id="1", name="now", input={})
    assert last(START, *call, ended(), STOP).stop_reason == "tool_use"


def test_usage_is_what_was_told_last() -> None:
    later = ended(None, output_tokens=7), ended(output_tokens=9, input_tokens=None)
    assert last(START, *later, STOP).usage == Usage(4, 9, 3, 2, 18)
    nulls = dict.fromkeys(("cache_read_input_tokens", "cache_creation_input_tokens"))
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 4, **nulls}}}
    assert last(start, ended(output_tokens=1), STOP).usage == Usage(4, 1, 0, 0, 5)


def test_types_that_are_not_known_are_passed_over() -> None:
    unknown = {"type": "message_progress", "progress": 0}
    parts = block("hologram", {"type": "hologram_delta", "light": 1})
    assert read(START, unknown, *parts, ended(), STOP) == read(START, ended(), STOP)


def test_a_name_stands_for_a_missing_type() -> None:
    reader = Reader(Mask())
    said = list(reader.feed(Event("message_delta", '{"delta": {"stop_reason": "end_turn"}}')))
    assert [*said, *reader.feed(Event("message_stop", "{}"))] == [Finished("stop", Usage())]


def test_nothing_is_read_after_the_end() -> None:
    late: Document = {"type": "error", "error": {}}
    more = [*block("text", text("more")), STOP, late]
    assert read(START, ended(), STOP, DONE, "{", *more) == read(START, ended(), STOP)


FAILURES: list[tuple[str, tuple[Document | str, ...], Kind, str]] = [
    ("nothing", (), "broken", "ended without stop_reason"),
    ("no end", (START, *block("text", text("Hi"))), "broken", "ended without stop_reason"),
    ("no marker", (START, ended()), "broken", "ended without message_stop"),
    ("another marker", (START, ended(), DONE), "broken", "ended without message_stop"),
    ("no reason", (START, STOP), "broken", "has no stop_reason"),
    ("no JSON", ('{"broken": ',), "malformed", "expected a JSON object"),
    ("no text", tuple(block("text", text=1)), "malformed", "expected a string"),
    ("no place", ({**block("text")[0], "index": "0"},), "malformed", "expected a number"),
    ("no type", ({"type": ["ping"]},), "malformed", "expected a string as the upstream's 'type'"),
    ("an error", ({"type": "error", "error": {"message": "Oops"}},), "error", ": Oops"),
    ("an error without its type", ({"error": {"message": "Oops"}},), "error", ": Oops"),
    ("an error without a word", ({"type": "error"},), "error", "reported an error$"),
]


@pytest.mark.parametrize(
    ("_", "events", "kind", "words"), FAILURES, ids=[name for name, *_ in FAILURES]
)
def test_what_is_no_whole_answer_fails(
    _: str, events: tuple[Document | str, ...], kind: Kind, words: str
) -> None:
    with pytest.raises(UpstreamError, match=words) as caught:
        read(*events)
    assert caught.value.kind == kind


def test_an_end_without_its_marker_may_be_taken() -> None:
    lenient = Reader(Mask(), takes_unmarked_end=True)
    assert read(START, ended(), reader=lenient)[-1] == Finished("stop", Usage(4, 1, 3, 2, 10))
    with pytest.raises(UpstreamError, match="without stop_reason"):
        read(START, reader=Reader(Mask(), takes_unmarked_end=True))


def test_a_document_is_an_answer() -> None:
    content = [
        {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "1", "name": "a", "input": {"x": 1}},
        {"type": "tool_use", "id": "1", "name": "b", "input": {}},
    ]
    usage = {**USED, "output_tokens": 5}
    message = {"type": "message", "content": content, "stop_reason": "tool_use", "usage": usage}
    assert list(Reader(Mask()).whole(message)) == [
        ThinkingDelta("Hm"),
        ThinkingSignature("c2ln"),
        TextDelta("Hi"),
        ToolCallStart("1", "a"),
        ToolCallDelta('{"x":1}'),
        ToolCallEnd(),
        ToolCallStart("1_2", "b"),
        ToolCallEnd(),
        Finished("tool_use", Usage(4, 5, 3, 2, 14)),
    ]


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"type": "error", "error": {"message": "Oops"}}, "error"),
        ({"type": "message", "content": []}, "broken"),
        ({"id": "x"}, "malformed"),
    ],
)
def test_another_document_is_no_answer(document: Document, kind: Kind) -> None:
    with pytest.raises(UpstreamError) as caught:
        list(Reader(Mask()).whole(document))
    assert caught.value.kind == kind
