from typing import Any

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.document import DocumentError
from sluicegate.wire.assistant.message import (
    AssistantMessage,
    Cost,
    Image,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Usage,
    UserMessage,
)
from sluicegate.wire.assistant.request import (
    Context,
    Options,
    StreamRequest,
    Tool,
    read_request,
    write_request,
)

# As the document has it.
EXAMPLE: dict[str, Any] = {
    "model": "claude-sonnet-4-5",
    "context": {
        "system_prompt": "You are a helpful assistant.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello!"}]}],
    },
    "options": {
        "max_tokens": 1024,
        "temperature": 0.7,
        "thinking_level": "medium",
        "cache_retention": "short",
    },
}
USAGE = Usage(10, 20, 3, 4, 37, cost=Cost(0.1, 0.2, 0.3, 0.4, 1.0))
FULL = StreamRequest(
    "m",
    Context(
        (
            UserMessage((Text("Look:"), Image("aGk=", "image/png")), timestamp=1),
            AssistantMessage(
                (Thinking("Hm."), Text("I look."), ToolCall("c1", "read", {"path": "a"})),
                "m",
                "anthropic",
                USAGE,
                "tool_use",
                timestamp=2,
            ),
            ToolResult("c1", "read", (Text("No such file."),), is_error=True, timestamp=3),
            AssistantMessage(stop_reason="error", error_message="cut off"),
        ),
        "Be brief.",
        (Tool("read", {"type": "object"}, "Reads a file."),),
    ),
    Options(100, 0.5, "xhigh", "long"),
)


def request(**members: object) -> dict[str, Any]:
    return {**EXAMPLE, **members}


def asked(*messages: object, **members: object) -> dict[str, Any]:
    return request(context={"messages": list(messages), **members})


def test_the_documents_example_is_read_literally() -> None:
    assert read_request(EXAMPLE) == StreamRequest(
        model="claude-sonnet-4-5",
        context=Context(
            messages=(UserMessage((Text("Hello!"),)),),
            system_prompt="You are a helpful assistant.",
        ),
        options=Options(1024, 0.7, "medium", "short"),
    )


def test_the_documents_example_is_written_as_it_was_read() -> None:
    assert write_request(read_request(EXAMPLE)) == EXAMPLE


def test_what_is_written_is_read_again() -> None:
    assert read_request(write_request(FULL)) == FULL


def test_the_written_form_is_the_documented_one() -> None:
    user, assistant, result, failed = write_request(FULL)["context"]["messages"]
    assert user == {
        "role": "user",
        "content": [
            {"type": "text", "text": "Look:"},
            {"type": "image", "data": "aGk=", "mime_type": "image/png"},
        ],
        "timestamp": 1,
    }
    assert assistant == {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm."},
            {"type": "text", "text": "I look."},
            {"type": "tool_call", "id": "c1", "name": "read", "arguments": {"path": "a"}},
        ],
        "model": "m",
        "provider": "anthropic",
        "usage": {
            "input": 10,
            "output": 20,
            "cache_read": 3,
            "cache_write": 4,
            "total_tokens": 37,
            "cost": {
                "input": 0.1,
                "output": 0.2,
                "cache_read": 0.3,
                "cache_write": 0.4,
                "total": 1.0,
            },
        },
        "stop_reason": "tool_use",
        "timestamp": 2,
    }
    assert result == {
        "role": "tool_result",
        "tool_call_id": "c1",
        "tool_name": "read",
        "content": [{"type": "text", "text": "No such file."}],
        "is_error": True,
        "timestamp": 3,
    }
    assert (failed["stop_reason"], failed["error_message"]) == ("error", "cut off")


def test_what_may_be_absent_may_be_null() -> None:
    nulls = asked(
        {"role": "user", "content": [{"type": "text", "text": "Hi"}], "timestamp": None},
        {"role": "assistant", "content": None, "usage": None, "stop_reason": None, "model": None},
        {"role": "tool_result", "tool_call_id": "c", "tool_name": "t", "content": None},
        system_prompt=None,
        tools=None,
    )
    assert read_request({**nulls, "options": None}) == StreamRequest(
        "claude-sonnet-4-5",
        Context((UserMessage((Text("Hi"),)), AssistantMessage(), ToolResult("c", "t"))),
    )


def test_an_empty_tool_call_of_the_history_may_have_null_as_arguments() -> None:
    call = {"type": "tool_call", "id": "c", "name": "t", "arguments": None}
    read = read_request(asked({"role": "assistant", "content": [call]}))
    assert read.context.messages == (AssistantMessage((ToolCall("c", "t"),)),)


def test_members_that_are_unknown_are_kept_wherever_they_stand() -> None:
    block = {"type": "text", "text": "Hi", "role": "x", "extra": None}
    document = asked(
        {"role": "user", "content": [block], "type": "x", "name": "Ann"},
        tools=[{"name": "t", "parameters": {}, "description": "", "strict": True}],
        cwd="/",
    )
    document["options"] = {"top_p": 0.9}
    document["trace"] = {"extra": 1}
    read = read_request(document)
    assert read.extra == {"trace": {"extra": 1}}
    assert read.options.extra == {"top_p": 0.9}
    assert read.context.extra == {"cwd": "/"}
    assert write_request(read) == document


def test_integers_may_be_written_with_a_point() -> None:
    read = read_request(request(options={"max_tokens": 5.0}))
    assert repr(read.options.max_tokens) == "5"


@pytest.mark.parametrize(
    ("document", "field", "words"),
    [
        ({}, "model", "model: is missing"),
        ([], None, "the request: expected an object, got the array []"),
        (request(model=""), "model", "model: expected at least 1 character, got 0"),
        (request(context={}), "context.messages", "context.messages: is missing"),
        (asked(), "context.messages", "context.messages: expected at least 1 item, got 0"),
        (
            asked({"role": "system", "content": []}),
            "context.messages[0].role",
            "context.messages[0].role: expected one of user, assistant, tool_result, got 'system'",
        ),
        (
            asked({"role": "user", "content": [{"type": "video"}]}),
            "context.messages[0].content[0].type",
            "context.messages[0].content[0].type: expected one of text, image, got 'video'",
        ),
        (
            request(options={"cache_retention": "ever"}),
            "options.cache_retention",
            "options.cache_retention: expected one of none, short, long, null, got 'ever'",
        ),
    ],
)
def test_a_wrong_request_is_refused_with_the_name_of_its_field(
    document: object, field: str | None, words: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        read_request(document)
    assert (caught.value.field, str(caught.value)) == (field, words)
    assert str(caught.value).endswith(caught.value.reason)
    assert isinstance(caught.value, SluicegateError)
