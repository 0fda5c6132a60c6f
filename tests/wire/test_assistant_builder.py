import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.builder import ArgumentsError, Builder
from sluicegate.wire.assistant.event import read_event
from sluicegate.wire.assistant.invariants import Invariants
from sluicegate.wire.assistant.message import AssistantMessage, Cost, Text, ToolCall, Usage
from sluicegate.wire.schema import violations

USAGE = Usage(10, 5, 2, 1, 18, cost=Cost(0.1, 0.2, 0.0, 0.0, 0.3))

Say = Callable[[Builder], tuple[bytes, ...]]


def begun(*, framing: bool = False) -> Builder:
    builder = Builder("gpt-4", "openai", 1700000000000, framing=framing)
    builder.start()
    return builder


def only(events: tuple[bytes, ...]) -> dict[str, Any]:
    (event,) = events
    document: dict[str, Any] = json.loads(event)
    return document


def types(*events: bytes) -> str:
    return " ".join(json.loads(event)["type"] for event in events)


def contents(events: tuple[bytes, ...]) -> Any:  # noqa: ANN401 - any JSON
    return only(events)["partial"]["content"]


def test_the_first_event_is_a_message_that_says_nothing_yet() -> None:
    events = Builder("gpt-4", "openai", 1700000000000).start()
    zeros = dict.fromkeys(("input", "output", "cache_read", "cache_write"), 0)
    assert only(events) == {
        "type": "start",
        "partial": {
            "role": "assistant",
            "model": "gpt-4",
            "provider": "openai",
            "timestamp": 1700000000000,
            "content": [],
            "usage": {**zeros, "total_tokens": 0, "cost": {**zeros, "total": 0}},
            "stop_reason": "",
        },
    }


def test_text_grows_by_its_deltas() -> None:
    builder = begun()
    first, second = only(builder.text("Hello")), only(builder.text(", world!"))
    assert (first["delta"], second["delta"]) == ("Hello", ", world!")
    assert first["partial"]["content"] == [{"type": "text", "text": "Hello"}]
    assert second["partial"]["content"] == [{"type": "text", "text": "Hello, world!"}]


def test_text_after_thinking_is_a_block_of_its_own_and_so_is_what_follows() -> None:
    builder = begun()
    builder.thinking("Hm.")
    builder.text("Yes")
    assert contents(builder.thinking("Wait.")) == [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Yes"},
        {"type": "thinking", "thinking": "Wait."},
    ]


def test_a_tool_call_has_its_arguments_at_its_end_and_not_before() -> None:
    builder = begun()
    call = {"type": "tool_call", "id": "c1", "name": "bash", "arguments": {}}
    start = only(builder.tool_call_start("c1", "bash"))
    assert (start["type"], start["delta"]) == ("tool_call_start", "bash")
    assert start["partial"]["content"] == [call]
    piece = only(builder.tool_call_delta('{"command":'))
    assert (piece["type"], piece["delta"]) == ("tool_call_delta", '{"command":')
    assert piece["partial"]["content"] == [call]
    builder.tool_call_delta('"ls"}')
    end = only(builder.tool_call_end())
    assert end["type"] == "tool_call_end"
    assert "delta" not in end
    assert end["partial"]["content"] == [{**call, "arguments": {"command": "ls"}}]


@pytest.mark.parametrize("pieces", [[], [""], [" ", "\n"]])
def test_a_tool_call_without_pieces_has_no_arguments(pieces: list[str]) -> None:
    builder = begun()
    builder.tool_call_start("c1", "now")
    for piece in pieces:
        builder.tool_call_delta(piece)
    assert contents(builder.tool_call_end())[0]["arguments"] == {}


def test_arguments_stay_as_the_model_wrote_them_on_one_line() -> None:
    builder = begun()
    builder.tool_call_start("c1", "sum")
    builder.tool_call_delta('{\r\n  "n": 1.0,\n  "big": 1e999\n}\n')
    (end,) = builder.tool_call_end()
    assert b'"arguments":{    "n": 1.0,   "big": 1e999 }}' in end


@pytest.mark.parametrize(
    "pieces",
    ['{"command', "[]", "3", '"ls"', "null", "{} {}", '{"n": NaN}', "[" * 100_000, "\u00a0"],
)
def test_arguments_that_are_no_json_object_leave_room_for_an_error_alone(pieces: str) -> None:
    builder = begun()
    builder.text("I look.")
    builder.tool_call_start("c1", "bash")
    builder.tool_call_delta(pieces)
    words = "expected a JSON object as the arguments of the tool 'bash', got "
    with pytest.raises(ArgumentsError, match=words):
        builder.tool_call_end()
    with pytest.raises(SluicegateError, match="out of place"):
        builder.done("length", USAGE)
    event = only(builder.error("No.", USAGE))
    assert (event["type"], event["partial"]["usage"]["output"]) == ("error", 5)
    assert event["partial"]["content"][0] == {"type": "text", "text": "I look."}
    assert event["partial"]["content"][1]["arguments"] == {}


def test_done_has_the_reason_and_what_it_took() -> None:
    builder = begun()
    builder.text("Hi")
    done = only(builder.done("length", USAGE))
    assert (done["type"], done["partial"]["stop_reason"]) == ("done", "length")
    assert done["partial"]["usage"]["total_tokens"] == 18
    assert done["partial"]["usage"]["cost"]["total"] == 0.3
    assert "error_message" not in done["partial"]


@pytest.mark.parametrize(("aborted", "reason"), [(False, "error"), (True, "aborted")])
def test_an_error_keeps_what_was_said(aborted: bool, reason: str) -> None:  # noqa: FBT001 - parametrised
    builder = begun()
    builder.text("Hel")
    event = only(builder.error("cut off", USAGE, aborted=aborted))
    assert event["type"] == "error"
    assert event["partial"]["stop_reason"] == reason
    assert event["partial"]["error_message"] == "cut off"
    assert event["partial"]["content"] == [{"type": "text", "text": "Hel"}]
    assert event["partial"]["usage"]["total_tokens"] == 18


def test_an_error_may_come_within_a_tool_call_and_without_usage() -> None:
    builder = begun()
    builder.tool_call_start("c1", "bash")
    builder.tool_call_delta('{"comm')
    partial = only(builder.error("cut off"))["partial"]
    assert partial["content"][0]["arguments"] == {}
    assert partial["usage"]["total_tokens"] == 0


def test_empty_deltas_are_no_events() -> None:
    builder = begun(framing=True)
    assert builder.text("") == builder.thinking("") == ()
    builder.tool_call_start("c1", "bash")
    assert builder.tool_call_delta("") == ()
    builder.tool_call_end()
    assert types(*builder.done("stop", USAGE)) == "done"


def test_a_signature_ends_a_block_of_thinking_and_shows_with_what_follows() -> None:
    builder = begun()
    builder.thinking("Hm")
    assert builder.thinking_signature("c2ln") == ()
    first = {"type": "thinking", "thinking": "Hm", "signature": "c2ln"}
    second = {"type": "thinking", "thinking": "Oh"}
    assert contents(builder.thinking("Oh")) == [first, second]
    assert contents(builder.done("stop", USAGE)) == [first, second]
    assert [block.extra for block in builder.message.content] == [{"signature": "c2ln"}, {}]


@pytest.mark.parametrize("redacted", [False, True])
def test_thinking_that_is_not_shown_is_an_empty_block_with_its_signature(redacted: bool) -> None:  # noqa: FBT001 - parametrised
    builder = begun()
    event = only(builder.thinking_signature("c2ln", redacted=redacted))
    told = {"redacted": True} if redacted else {}
    block = {"type": "thinking", "thinking": "", "signature": "c2ln", **told}
    assert (event["type"], event["delta"]) == ("thinking_delta", "")
    assert event["partial"]["content"] == [block]


def test_redacted_thinking_is_a_block_of_its_own() -> None:
    builder = begun(framing=True)
    builder.thinking("Hm")
    sent = builder.thinking_signature("c2ln", redacted=True)
    assert types(*sent) == "thinking_end thinking_start thinking_delta thinking_end"
    assert [block.extra for block in builder.message.content] == [
        {},
        {"signature": "c2ln", "redacted": True},
    ]


def test_framing_events_are_sent_on_request() -> None:
    builder = begun(framing=True)
    sent = [
        *builder.thinking("Hm"),
        *builder.thinking("."),
        *builder.text("Yes"),
        *builder.tool_call_start("c1", "bash"),
        *builder.tool_call_end(),
        *builder.text("Done"),
        *builder.done("stop", USAGE),
    ]
    assert types(*sent) == (
        "thinking_start thinking_delta thinking_delta thinking_end text_start text_delta text_end "
        "tool_call_start tool_call_end text_start text_delta text_end done"
    )


def test_the_message_so_far_can_be_read() -> None:
    builder = begun()
    builder.text("I look.")
    builder.tool_call_start("c1", "bash")
    builder.tool_call_delta('{"command": "ls"}')
    builder.tool_call_end()
    builder.done("tool_use", USAGE)
    assert builder.message == AssistantMessage(
        (Text("I look."), ToolCall("c1", "bash", {"command": "ls"})),
        "gpt-4",
        "openai",
        USAGE,
        "tool_use",
        timestamp=1700000000000,
    )


@pytest.mark.parametrize("text", ['"\\\n\r\t\0\x7f', "é 漢 😀", "\u2028\x85", "\ud800"])
def test_any_text_is_one_line_of_valid_json(text: str) -> None:
    builder = begun()
    (event,) = builder.text(text)
    assert len(event.splitlines()) == 1
    assert json.loads(event)["delta"] == text
    assert json.loads(event)["partial"]["content"][0]["text"] == text


def test_a_character_that_was_cut_in_two_is_whole_again() -> None:
    builder = begun()
    builder.text("\ud83d")
    assert contents(builder.text("\ude00")) == [{"type": "text", "text": "😀"}]


def test_arguments_with_a_character_that_was_cut_in_two_are_whole_again() -> None:
    builder = begun()
    builder.tool_call_start("c1", "say")
    builder.tool_call_delta('{"text": "\ud83d')
    builder.tool_call_delta('\ude00"}')
    assert contents(builder.tool_call_end())[0]["arguments"] == {"text": "😀"}


CALLS: dict[str, Say] = {
    "start": lambda builder: builder.start(),
    "text": lambda builder: builder.text("x"),
    "nothing": lambda builder: builder.text(""),
    "thinking": lambda builder: builder.thinking("x"),
    "sign": lambda builder: builder.thinking_signature("s"),
    "call": lambda builder: builder.tool_call_start("c", "t"),
    "piece": lambda builder: builder.tool_call_delta("{}"),
    "end": lambda builder: builder.tool_call_end(),
    "done": lambda builder: builder.done("stop", USAGE),
    "error": lambda builder: builder.error("no"),
}


@pytest.mark.parametrize(
    ("before", "out_of_place", "hint"),
    [
        ("", "text nothing thinking sign call piece end done error", r"call start\(\) first"),
        ("start", "start", r"start\(\) came before"),
        ("start", "piece end", r"call tool_call_start\(\) first"),
        ("start text", "start piece end", "is out of place"),
        ("start call", "text nothing thinking sign call done", r"call tool_call_end\(\) first"),
        ("start call end", "piece end", r"call tool_call_start\(\) first"),
        ("start done", " ".join(CALLS), "the last event was sent"),
        ("start error", " ".join(CALLS), "the last event was sent"),
    ],
)
def test_a_call_out_of_place_is_refused_and_changes_nothing(
    before: str, out_of_place: str, hint: str
) -> None:
    for call in out_of_place.split():
        builder = Builder("m", "p", 0)
        for name in before.split():
            CALLS[name](builder)
        message = builder.message
        with pytest.raises(SluicegateError, match=hint):
            CALLS[call](builder)
        assert builder.message == message


def test_a_raw_reason_of_an_upstream_is_refused() -> None:
    with pytest.raises(SluicegateError, match="expected one of stop, length, tool_use as the reas"):
        begun().done("end_turn", USAGE)  # type: ignore[arg-type]  # what the test is about


def test_an_error_without_words_is_refused() -> None:
    with pytest.raises(SluicegateError, match="says what went wrong"):
        begun().error("")


TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=5)
KINDS = ["text", "thinking", "signature", "tool_call"]
ARGUMENTS = st.dictionaries(TEXT, TEXT | st.integers() | st.booleans() | st.none(), max_size=3)


@st.composite
def said(draw: st.DrawFn) -> list[bytes]:
    builder = Builder(draw(TEXT) or "m", "p", 0, framing=draw(st.booleans()))
    sent = [*builder.start()]
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=6)):
        if kind == "signature":
            sent += builder.thinking_signature(draw(TEXT), redacted=draw(st.booleans()))
        elif kind == "tool_call":
            sent += builder.tool_call_start(f"c{len(sent)}", draw(TEXT) or "t")
            arguments = json.dumps(draw(ARGUMENTS), ensure_ascii=draw(st.booleans()))
            cut = draw(st.integers(0, len(arguments)))
            sent += builder.tool_call_delta(arguments[:cut])
            sent += builder.tool_call_delta(arguments[cut:])
            sent += builder.tool_call_end()
        else:
            sent += getattr(builder, kind)(draw(TEXT))
    last = builder.done("stop", USAGE) if draw(st.booleans()) else builder.error("x", USAGE)
    return [*sent, *last]


@settings(max_examples=25)
@given(said())
def test_whatever_is_said_keeps_the_invariants_and_the_strict_schema(sent: list[bytes]) -> None:
    judge = Invariants()
    for data in sent:
        document = json.loads(data)
        assert judge.feed(document) == []
        assert violations(document, "assistant/event", profile="strict") == []
        assert read_event(document).type == document["type"]
    assert judge.finish() == []
