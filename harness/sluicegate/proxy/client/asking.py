"""What is asked: messages and options, as the body of a request."""

from collections.abc import Sequence
from typing import TypedDict

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.encoding import encoded
from sluicegate.wire.assistant.message import Message, Text, ToolCall, ToolResult, UserMessage
from sluicegate.wire.assistant.request import (
    CacheRetention,
    Context,
    Options,
    StreamRequest,
    ThinkingLevel,
    Tool,
    write_request,
)

Said = str | Message | Sequence[str | Message]
"""A conversation: its messages, or a single one; a text is a message of the user's."""


class Asking(TypedDict, total=False):
    """How to ask; what is None, or left out, is left to the proxy.

    `upstream` is the name of the proxy's upstream, None for its own choice. With `framing` the
    proxy sends `text_start`, `text_end`, `thinking_start` and `thinking_end`, too.
    """

    model: str
    system_prompt: str | None
    tools: Sequence[Tool]
    max_tokens: int | None
    temperature: float | None
    thinking_level: ThinkingLevel | None
    cache_retention: CacheRetention | None
    upstream: str | None
    framing: bool


def tool_result(call: ToolCall, text: str, *, is_error: bool = False) -> ToolResult:
    """Return the message that answers the call of a tool."""
    return ToolResult(call.id, call.name, (Text(text),), is_error=is_error)


def body(said: Said, asking: Asking) -> bytes:
    """Return the body of a request; raises SluicegateError for what cannot be one."""
    if not asking.get("model"):
        raise SluicegateError("expected a model: give it to the client, or to the request")
    tools = tuple(asking.get("tools") or ())
    context = Context(_messages(said), asking.get("system_prompt"), tools)
    options = Options(
        asking.get("max_tokens"),
        asking.get("temperature"),
        asking.get("thinking_level"),
        asking.get("cache_retention"),
    )
    try:
        return encoded(write_request(StreamRequest(asking["model"], context, options)))
    except (TypeError, ValueError) as error:
        raise SluicegateError(f"the request cannot be written as JSON: {error}") from None


def _messages(said: Said) -> tuple[Message, ...]:
    listed = said if isinstance(said, Sequence) and not isinstance(said, str) else (said,)
    return tuple(UserMessage((Text(each),)) if isinstance(each, str) else each for each in listed)
