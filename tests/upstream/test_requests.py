from typing import Any

import pytest

from sluicegate.provider import anthropic_history
from sluicegate.upstream import anthropic_request, openai_request
from sluicegate.wire.assistant.message import (
    AssistantMessage,
    Block,
    Image,
    Message,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
)
from sluicegate.wire.assistant.request import Context, Options, StreamRequest
from sluicegate.wire.schema import violations

from . import golden

HELLO = UserMessage((Text("Hello"),))
KEEP = {"type": "ephemeral", "ttl": "5m"}


def openai(*messages: Message, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - as Options
    asked = StreamRequest("gpt-4", Context(messages or (HELLO,)), Options(**options))
    return openai_request.request(asked)[1]


def anthropic(*messages: Message, system: str = "", **options: Any) -> dict[str, Any]:  # noqa: ANN401
    context = Context(messages or (HELLO,), system_prompt=system)
    return anthropic_request.request(StreamRequest("claude", context, Options(**options)))[1]


def test_an_openai_request_has_all_that_was_said() -> None:
    options = Options(max_tokens=1024, temperature=0.7)
    asked = StreamRequest("gpt-4", golden.CONVERSATION, options)
    path, body = openai_request.request(asked)
    assert path == "/chat/completions"
    assert body == {
        "model": "gpt-4",
        "messages": golden.OPENAI,
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": golden.OPENAI_TOOLS,
        "max_tokens": 1024,
        "temperature": 0.7,
    }
    assert not violations(body, "openai/request", profile="strict")


def test_an_anthropic_request_has_all_that_was_said() -> None:
    options = Options(max_tokens=1024, temperature=0.7)
    asked = StreamRequest("claude", golden.CONVERSATION, options)
    path, body = anthropic_request.request(asked)
    assert path == "/v1/messages"
    assert body == {
        "model": "claude",
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": golden.ANTHROPIC,
        "stream": True,
        "tools": golden.ANTHROPIC_TOOLS,
        "max_tokens": 1024,
        "temperature": 0.7,
    }
    assert not violations(body, "anthropic/request", profile="strict")


def test_what_is_left_open_is_left_out() -> None:
    assert openai() == {
        "model": "gpt-4",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert anthropic() == {
        "model": "claude",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
        "stream": True,
        "max_tokens": 8192,
    }


@pytest.mark.parametrize("level", ["minimal", "low", "medium", "high", "xhigh"])
def test_a_level_of_thinking_is_an_effort_of_reasoning(level: str) -> None:
    body = openai(thinking_level=level, max_tokens=10)
    assert body["reasoning_effort"] == level
    assert (body["max_completion_tokens"], "max_tokens" in body) == (10, False)


@pytest.mark.parametrize(
    ("level", "budget"),
    [("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", 16384), ("xhigh", 16384)],
)
def test_a_level_of_thinking_is_a_budget_on_top_of_the_answers_tokens(
    level: str, budget: int
) -> None:
    body = anthropic(thinking_level=level, max_tokens=100, temperature=0.7)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert body["max_tokens"] == 100 + budget
    assert "temperature" not in body


def test_no_thinking_is_neither() -> None:
    assert openai(thinking_level="off", max_tokens=10) == openai(max_tokens=10)
    assert anthropic(thinking_level="off", temperature=0.0) == anthropic(temperature=0.0)


@pytest.mark.parametrize(("retention", "ttl"), [("short", "5m"), ("long", "1h")])
def test_the_system_prompt_and_what_the_user_said_last_are_kept_in_the_cache(
    retention: str, ttl: str
) -> None:
    answer = AssistantMessage((Text("Hi"),))
    more = UserMessage((Text("See"), Image("aGk=", "image/png")))
    body = anthropic(HELLO, answer, more, system="Be brief.", cache_retention=retention)
    keep = {"type": "ephemeral", "ttl": ttl}
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": keep}]
    first, _, last = body["messages"]
    assert "cache_control" not in first["content"][-1]
    assert [block.get("cache_control") for block in last["content"]] == [None, keep]


def test_the_results_of_tools_are_what_the_user_said_last() -> None:
    call = AssistantMessage((ToolCall("1", "now"),))
    body = anthropic(HELLO, call, ToolResult("1", "now", (Text("12"),)), cache_retention="short")
    assert body["messages"][-1]["content"][-1]["cache_control"] == KEEP
    assert "system" not in body


def test_nothing_is_kept_unless_it_is_asked_for() -> None:
    assert anthropic(cache_retention="none") == anthropic()
    assert openai(cache_retention="long") == openai()


def test_thoughts_that_the_upstream_signed_are_thoughts_again() -> None:
    signed = Thinking("Hm.", extra={"signature": "c2ln"})
    message = AssistantMessage((signed, Text("Yes")))
    assert anthropic(HELLO, message)["messages"][1]["content"][0] == {
        "type": "thinking",
        "thinking": "Hm.",
        "signature": "c2ln",
    }
    assert openai(HELLO, message)["messages"][1]["content"] == "Hm.\n\nYes"


REDACTED = Thinking("", extra={"signature": "c2VjcmV0", "redacted": True})
SIGNED = Thinking("Hm.", extra={"signature": "c2ln"})
UNSIGNED = Thinking("Hm.")
CALL = ToolCall("1", "now")
RESULT = ToolResult("1", "now", (Text("12"),))


def answer(*content: Block) -> AssistantMessage:
    return AssistantMessage(content)


def test_thoughts_that_only_the_upstream_can_read_are_given_back_to_it() -> None:
    redacted = {"type": "redacted_thinking", "data": "c2VjcmV0"}
    assert anthropic(HELLO, answer(REDACTED, Text("Yes")))["messages"][1]["content"][0] == redacted
    assert openai(HELLO, answer(REDACTED, Text("Yes")))["messages"][1]["content"] == "Yes"


@pytest.mark.parametrize("signature", [None, "", 5, ["c2ln"]])
def test_what_is_no_signature_signs_nothing(signature: object) -> None:
    message = answer(Thinking("Hm.", extra={"signature": signature, "redacted": True}))
    assert anthropic(HELLO, message)["messages"][1]["content"] == [{"type": "text", "text": "Hm."}]


# Whether the turn goes on with thinking, and how many blocks of thoughts are given back.
@pytest.mark.parametrize(
    ("messages", "thinks", "thoughts"),
    [
        ([HELLO, answer(SIGNED, CALL), RESULT], True, 1),
        ([HELLO, answer(REDACTED, SIGNED, CALL), RESULT], True, 2),
        # Without a word from the user it is all one turn.
        ([HELLO, answer(SIGNED, CALL), RESULT, answer(CALL), RESULT], True, 1),
        ([HELLO, answer(SIGNED, CALL), RESULT, answer(Text("Yes")), HELLO], True, 1),
        ([HELLO, answer(UNSIGNED, CALL), RESULT, answer(Text("Yes")), HELLO], True, 0),
        ([HELLO, answer(UNSIGNED, CALL), RESULT], False, 0),
        ([HELLO, answer(CALL), RESULT], False, 0),
        ([HELLO, answer(CALL), RESULT, HELLO], False, 0),
        ([HELLO, answer(CALL), RESULT, answer(SIGNED, CALL), RESULT], False, 0),
        ([HELLO, answer(SIGNED, CALL), RESULT, HELLO, answer(CALL), RESULT], False, 0),
        ([answer(CALL), RESULT], False, 0),
    ],
)
def test_a_turn_goes_on_with_thinking_if_it_began_so(
    messages: list[Message],
    thinks: bool,  # noqa: FBT001 - a parameter
    thoughts: int,
) -> None:
    body = anthropic(*messages, thinking_level="low", max_tokens=10, temperature=0.7)
    assert ("thinking" in body, body["max_tokens"]) == (thinks, 10 + 2048 * thinks)
    assert ("temperature" in body) == (not thinks)
    kinds = [block["type"] for message in body["messages"] for block in message["content"]]
    assert len([kind for kind in kinds if kind.endswith("thinking")]) == thoughts
    anthropic_history.check(body)


def test_thoughts_are_left_out_where_thinking_is_off_and_kept_where_nobody_says_so() -> None:
    turn = HELLO, answer(SIGNED), HELLO, answer(SIGNED, CALL), RESULT
    off, unsaid = anthropic(*turn, thinking_level="off"), anthropic(*turn)
    assert [message["role"] for message in off["messages"]] == ["user", "user", "assistant", "user"]
    assert off["messages"][2]["content"][0]["type"] == "tool_use"
    assert unsaid["messages"][3]["content"][0]["signature"] == "c2ln"


def test_a_result_that_is_an_image_alone_says_so_where_it_cannot_be_one() -> None:
    call = AssistantMessage((ToolCall("1", "look"), ToolCall("2", "hush")))
    seen = ToolResult("1", "look", (Image("aGk=", "image/png"),))
    body = openai(HELLO, call, seen, ToolResult("2", "hush"))
    assert body["messages"][1]["content"] is None
    assert [each["content"] for each in body["messages"][2:4]] == ["(see the attached image)", ""]
    assert body["messages"][4]["role"] == "user"


def test_an_empty_text_is_left_out_where_it_is_refused() -> None:
    message = UserMessage((Text(" \n"), Text("Hi")))
    assert anthropic(message)["messages"][0]["content"] == [{"type": "text", "text": "Hi"}]


def test_ids_of_other_upstreams_are_made_to_fit() -> None:
    name = "call:1+" + "x" * 100
    body = anthropic(HELLO, AssistantMessage((ToolCall(name, "f"),)), ToolResult(name, "f"))
    _, call, result = body["messages"]
    assert call["content"][0]["id"] == "call_1_" + "x" * 57
    assert result["content"][0]["tool_use_id"] == call["content"][0]["id"]


def test_a_key_stands_where_each_format_wants_it() -> None:
    assert openai_request.headers("k") == {"Authorization": "Bearer k"}
    assert anthropic_request.headers("k") == {"anthropic-version": "2023-06-01", "x-api-key": "k"}


def test_no_key_is_no_header() -> None:
    assert openai_request.headers("") == {}
    assert anthropic_request.headers("") == {"anthropic-version": "2023-06-01"}
