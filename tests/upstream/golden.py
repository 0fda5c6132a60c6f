# A conversation with everything that one can hold, and what it becomes in each format, by hand.
from typing import Any, Final

from sluicegate.wire.assistant.message import (
    AssistantMessage,
    Image,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
)
from sluicegate.wire.assistant.request import Context, Tool

SCHEMA: Final = {"type": "object", "properties": {"city": {"type": "string"}}}

CONVERSATION: Final = Context(
    system_prompt="Be brief.",
    tools=(Tool("get_weather", SCHEMA, "The weather of a city."), Tool("now", {})),
    messages=(
        UserMessage((Text("What is this?"), Image("aGk=", "image/png"))),
        AssistantMessage((Text("A hat."),)),
        UserMessage((Text("And the weather?"),)),
        AssistantMessage(
            (
                Thinking("They want two things."),
                Text("Let me see."),
                ToolCall(
                    "call|1", "get_weather", {"city": "K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln"}
                ),
                ToolCall("call_2", "now"),
            )
        ),
        ToolResult("call|1", "get_weather", (Text("rain"), Image("d2V0", "image/jpeg"))),
        ToolResult("call_2", "now", (Text("no"), Text("clock")), is_error=True),
        AssistantMessage(()),
        UserMessage((Text("Thanks"),)),
    ),
)

OPENAI: Final[list[dict[str, Any]]] = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        ],
    },
    {"role": "assistant", "content": "A hat."},
    {"role": "user", "content": "And the weather?"},
    {
        "role": "assistant",
        "content": "They want two things.\n\nLet me see.",
        "tool_calls": [
            {
                "id": "call|1",
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "arguments": '{"city":"K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln"}',
                },
            },
            {"id": "call_2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
        ],
    },
    {"role": "tool", "tool_call_id": "call|1", "content": "rain"},
    {"role": "tool", "tool_call_id": "call_2", "content": "no\nclock"},
    {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,d2V0"}}],
    },
    {"role": "user", "content": "Thanks"},
]
OPENAI_TOOLS: Final[list[dict[str, Any]]] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    },
    {"type": "function", "function": {"name": "now", "parameters": {}}},
]

ANTHROPIC: Final[list[dict[str, Any]]] = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
            },
        ],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "A hat."}]},
    {"role": "user", "content": [{"type": "text", "text": "And the weather?"}]},
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "They want two things."},
            {"type": "text", "text": "Let me see."},
            {
                "type": "tool_use",
                "id": "call_1",
                "name": "get_weather",
                "input": {"city": "K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln"},
            },
            {"type": "tool_use", "id": "call_2", "name": "now", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "call_1",
                "content": [
                    {"type": "text", "text": "rain"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/jpeg", "data": "d2V0"},
                    },
                ],
            },
            {
                "type": "tool_result",
                "tool_use_id": "call_2",
                "content": [{"type": "text", "text": "no"}, {"type": "text", "text": "clock"}],
                "is_error": True,
            },
        ],
    },
    {"role": "user", "content": [{"type": "text", "text": "Thanks"}]},
]
ANTHROPIC_TOOLS: Final[list[dict[str, Any]]] = [
    {
        "name": "get_weather",
        "description": "The weather of a city.",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
    {"name": "now", "input_schema": {"type": "object"}},
]
