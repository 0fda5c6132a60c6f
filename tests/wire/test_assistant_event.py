from typing import Any

import pytest

from sluicegate.wire.assistant.document import DocumentError
from sluicegate.wire.assistant.event import Event, read_event
from sluicegate.wire.assistant.message import AssistantMessage, Cost, Text, ToolCall, Usage

NOTHING_YET: dict[str, Any] = {
    "role": "assistant",
    "content": None,
    "model": "m",
    "provider": "p",
    "usage": {},
    "stop_reason": "",
    "timestamp": 5,
}
COMPLETE: dict[str, Any] = {
    "role": "assistant",
    "content": [{"type": "text", "text": "Hello"}],
    "model": "m",
    "provider": "p",
    "usage": {
        "input": 1,
        "output": 2,
        "cache_read": 3,
        "cache_write": 4,
        "total_tokens": 10,
        "cost": {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0, "total": 0.5},
    },
    "stop_reason": "stop",
    "timestamp": 5,
}


def event(kind: str, partial: dict[str, Any], **members: object) -> dict[str, Any]:
    return {"type": kind, "partial": partial, **members}


def test_a_server_may_have_nothing_yet() -> None:
    read = read_event(event("start", NOTHING_YET))
    assert read == Event("start", AssistantMessage((), "m", "p", timestamp=5))
    assert not read.terminal


@pytest.mark.parametrize(
    "members", [{"usage": None}, {"stop_reason": None}, {"usage": {"input": None, "cost": None}}]
)
def test_null_is_nothing_yet(members: dict[str, Any]) -> None:
    read = read_event(event("start", {**NOTHING_YET, **members}))
    assert read.partial == AssistantMessage((), "m", "p", timestamp=5)


def test_a_delta_is_read_with_the_message_that_has_it() -> None:
    partial = {**NOTHING_YET, "content": [{"type": "text", "text": "Hello"}]}
    read = read_event(event("text_delta", partial, delta="lo"))
    assert (read.delta, read.partial.content) == ("lo", (Text("Hello"),))


def test_arguments_that_have_not_come_are_empty() -> None:
    call = {"type": "tool_call", "id": "c", "name": "bash", "arguments": None}
    read = read_event(event("tool_call_start", {**NOTHING_YET, "content": [call]}, delta="bash"))
    assert read.partial.content == (ToolCall("c", "bash", {}),)


def test_the_last_event_has_the_complete_message() -> None:
    read = read_event(event("done", COMPLETE))
    assert read.terminal
    usage = Usage(1, 2, 3, 4, 10, cost=Cost(total=0.5))
    message = AssistantMessage((Text("Hello"),), "m", "p", usage, "stop", timestamp=5)
    assert read.partial == message
    assert read.partial.role == "assistant"


@pytest.mark.parametrize("kind", ["text_start", "text_end", "thinking_start", "thinking_end"])
def test_framing_events_are_read(kind: str) -> None:
    assert read_event(event(kind, NOTHING_YET)).type == kind


def test_unknown_members_are_kept() -> None:
    partial = {**NOTHING_YET, "content": [{"type": "thinking", "thinking": "", "signature": "s"}]}
    read = read_event(event("thinking_delta", partial, delta="", contentIndex=0))
    assert read.extra == {"contentIndex": 0}
    assert read.partial.content[0].extra == {"signature": "s"}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ("[DONE]", None),
        ({"type": "message_end", "partial": NOTHING_YET}, "type"),
        ({"type": "text_delta", "delta": "Hi"}, "partial"),
        (event("text_delta", NOTHING_YET), "delta"),
        (event("text_delta", NOTHING_YET, delta=None), "delta"),
        (event("start", {**NOTHING_YET, "stop_reason": "end_turn"}), "partial.stop_reason"),
        (event("start", {**NOTHING_YET, "content": "Hi"}), "partial.content"),
        (event("done", {**COMPLETE, "content": None}), "partial.content"),
        (event("done", {**COMPLETE, "stop_reason": ""}), "partial.stop_reason"),
        (event("done", {**COMPLETE, "stop_reason": "error"}), "partial.stop_reason"),
        (event("done", {**COMPLETE, "usage": {}}), "partial.usage.input"),
        (event("error", {**COMPLETE, "stop_reason": "error"}), "partial.error_message"),
        (
            event("error", {**COMPLETE, "stop_reason": "error", "error_message": ""}),
            "partial.error_message",
        ),
    ],
)
def test_a_wrong_event_is_refused_with_the_name_of_its_field(
    document: object, field: str | None
) -> None:
    with pytest.raises(DocumentError) as caught:
        read_event(document)
    assert caught.value.field == field
