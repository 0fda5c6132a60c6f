"""What is asked: messages and options, as the body of a request."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, TypedDict

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


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_tools(value: object) -> bool:
    return isinstance(value, Sequence) and all(isinstance(each, Tool | Mapping) for each in value)


# What no proxy can be told, as it makes no request; what is wrong in another way, the proxy says.
_ACCEPTED: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "model": ("a text", _is_text),
    "system_prompt": ("a text", _is_text),
    "upstream": ("a text", _is_text),
    "tools": ("a sequence of Tool", _are_tools),
    "framing": ("True or False", lambda value: isinstance(value, bool)),
}


def checked(asking: Asking) -> Asking:
    """Return options of a request; raises SluicegateError for unknown ones, and wrong kinds."""
    known = Asking.__annotations__
    for name, value in asking.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            told = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise SluicegateError(f"the option {name} is unknown; {told}")
        words, fits = _ACCEPTED.get(name, ("", None))
        if value is not None and fits and not fits(value):
            raise SluicegateError(f"{name}: expected {words}, got {value!r}")
    return asking


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
