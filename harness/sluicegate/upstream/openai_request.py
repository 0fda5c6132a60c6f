"""Requests in the format of OpenAI's chat completions."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sluicegate.wire.assistant.encoding import encoded
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
from sluicegate.wire.assistant.request import Options, StreamRequest, Tool

Document = dict[str, Any]

PATH: Final = "/chat/completions"

_ATTACHED: Final = "(see the attached image)"


def request(asked: StreamRequest) -> tuple[str, Document]:
    """Return the path, below the base URL, and the body of a request for a stream."""
    tools = [_tool(tool) for tool in asked.context.tools]
    return PATH, {
        "model": asked.model,
        "messages": list(_messages(asked)),
        "stream": True,
        "stream_options": {"include_usage": True},
        **({"tools": tools} if tools else {}),
        **_options(asked.options),
    }


def headers(key: str) -> Mapping[str, str]:
    """Return the headers by which an upstream knows its client."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def _options(options: Options) -> Document:
    # The caching of this format is automatic. `off` is no effort at all: models that do not think
    # refuse the option, whatever its value.
    effort = None if options.thinking_level == "off" else options.thinking_level
    # Models that think refuse `max_tokens`, and older servers know no other name.
    limit = "max_completion_tokens" if effort else "max_tokens"
    given = {
        limit: options.max_tokens,
        "temperature": options.temperature,
        "reasoning_effort": effort,
    }
    return {name: value for name, value in given.items() if value is not None}


def _tool(tool: Tool) -> Document:
    described = {"description": tool.description} if tool.description else {}
    function = {"name": tool.name, **described, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _messages(asked: StreamRequest) -> Iterator[Document]:
    if asked.context.system_prompt:
        yield {"role": "system", "content": asked.context.system_prompt}
    images: list[Image] = []
    for message in asked.context.messages:
        # The results of one turn come right after its calls, and only then what they show.
        if images and not isinstance(message, ToolResult):
            yield _shown(images)
            images = []
        yield from _message(message)
        if isinstance(message, ToolResult):
            images += [block for block in message.content if isinstance(block, Image)]
    if images:
        yield _shown(images)


def _message(message: Message) -> Iterator[Document]:
    match message:
        case UserMessage():
            yield {"role": "user", "content": _user_content(message.content)}
        case AssistantMessage():
            yield from _assistant(message)
        case ToolResult():
            yield {
                "role": "tool",
                "tool_call_id": message.tool_call_id,
                "content": _result(message.content),
            }


def _user_content(blocks: tuple[Block, ...]) -> str | list[Document]:
    match blocks:
        case (Text(text=text),):
            return text
    return [_PARTS[type(block)](block) for block in blocks if type(block) in _PARTS]


def _assistant(message: AssistantMessage) -> Iterator[Document]:
    text = "\n\n".join(filter(None, map(_spoken, message.content)))
    calls = [_call(block) for block in message.content if isinstance(block, ToolCall)]
    if text or calls:
        called = {"tool_calls": calls} if calls else {}
        yield {"role": "assistant", "content": text or None, **called}


def _spoken(block: Block) -> str:
    # The format has no place for thoughts of earlier turns: they are given back as text.
    match block:
        case Text():
            return block.text
        case Thinking():
            return block.thinking
    return ""


def _call(call: ToolCall) -> Document:
    arguments = encoded(dict(call.arguments)).decode()
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


def _result(blocks: tuple[Block, ...]) -> str:
    text = "\n".join(block.text for block in blocks if isinstance(block, Text))
    return text or (_ATTACHED if blocks else "")


def _shown(images: list[Image]) -> Document:
    return {"role": "user", "content": [_image(image) for image in images]}


def _image(image: Image) -> Document:
    url = f"data:{image.mime_type};base64,{image.data}"
    return {"type": "image_url", "image_url": {"url": url}}


_PARTS: Final[Mapping[type, Any]] = {
    Text: lambda block: {"type": "text", "text": block.text},
    Image: _image,
}
