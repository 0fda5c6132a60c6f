"""Requests in the format of Anthropic's Messages."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, dropwhile
from typing import Any, Final

from sluicegate.wire.assistant.message import (
    AssistantMessage,
    Block,
    Image,
    Message,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from sluicegate.wire.assistant.request import CacheRetention, Options, StreamRequest, Tool

Document = dict[str, Any]

PATH: Final = "/v1/messages"
VERSION: Final = "2023-06-01"

MAX_TOKENS: Final = 8192
"""The `max_tokens`, which this format demands, of a request that has none."""

_BUDGETS: Final[Mapping[str | None, int]] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 16_384,
}
_LIFETIMES: Final[Mapping[CacheRetention | None, str]] = {"short": "5m", "long": "1h"}

_NO_ID = re.compile("[^A-Za-z0-9_-]")
_LONGEST_ID: Final = 64

_THOUGHTS: Final = ("thinking", "redacted_thinking")


def request(asked: StreamRequest) -> tuple[str, Document]:
    """Return the path, below the base URL, and the body of a request for a stream.

    In the middle of a turn, between calls of tools and their results, thinking cannot be switched
    on: where the turn did not begin with signed thoughts, it goes on without thinking, whatever the
    options say.
    """
    system = [{"type": "text", "text": asked.context.system_prompt}]
    tools = [_tool(tool) for tool in asked.context.tools]
    messages = list(_messages(asked.context.messages))
    level = asked.options.thinking_level
    budget = _BUDGETS.get(level) if _may_think(messages) else None
    # Without thinking, signed thoughts are refused; one that nobody spoke of may be the default.
    if level is not None and budget is None:
        messages = list(_without_thoughts(messages))
    if lifetime := _LIFETIMES.get(asked.options.cache_retention):
        _keep(system, messages, {"type": "ephemeral", "ttl": lifetime})
    return PATH, {
        "model": asked.model,
        **({"system": system} if asked.context.system_prompt else {}),
        "messages": messages,
        "stream": True,
        **({"tools": tools} if tools else {}),
        **_options(asked.options, budget),
    }


def headers(key: str) -> Mapping[str, str]:
    """Return the headers by which an upstream knows its client."""
    return {"anthropic-version": VERSION, **({"x-api-key": key} if key else {})}


def _options(options: Options, budget: int | None) -> Document:
    limit = options.max_tokens or MAX_TOKENS
    if budget is not None:
        # Thinking takes its tokens from the same limit, and no other temperature than its own.
        thinking = {"type": "enabled", "budget_tokens": budget}
        return {"max_tokens": limit + budget, "thinking": thinking}
    heat = {} if options.temperature is None else {"temperature": options.temperature}
    return {"max_tokens": limit, **heat}


def _may_think(messages: list[Document]) -> bool:
    """Tell whether the turn that goes on began with signed thoughts; true of any other."""
    begun = _begun(messages)
    return not begun or begun[0]["type"] in _THOUGHTS


def _begun(messages: list[Document]) -> list[Document]:
    """Return how the turn began that goes on with the results of tools, if there is one."""
    begun: list[Document] = []
    for message in _from_the_last_answer(messages):
        kinds = {block["type"] for block in message["content"]}
        if message["role"] == "assistant" and (begun or "tool_use" in kinds):
            begun = message["content"]
        elif not begun or kinds != {"tool_result"}:
            break
    return begun


def _from_the_last_answer(messages: list[Document]) -> Iterator[Document]:
    """Yield the messages from the assistant's last one back to the first."""
    return dropwhile(lambda message: message["role"] != "assistant", reversed(messages))


def _without_thoughts(messages: Iterable[Document]) -> Iterator[Document]:
    for message in messages:
        if content := [each for each in message["content"] if each["type"] not in _THOUGHTS]:
            yield {**message, "content": content}


def _keep(system: list[Document], messages: list[Document], control: Document) -> None:
    """Let the upstream cache the system prompt, and all up to the last thing that the user said."""
    said = [message["content"] for message in messages if message["role"] == "user"]
    for blocks in (system, *said[-1:]):
        blocks[-1] = {**blocks[-1], "cache_control": control}


def _tool(tool: Tool) -> Document:
    described = {"description": tool.description} if tool.description else {}
    return {
        "name": tool.name,
        **described,
        "input_schema": {"type": "object", **tool.parameters},
    }


def _messages(messages: Iterable[Message]) -> Iterator[Document]:
    for turn in _turns(messages):
        role = "assistant" if isinstance(turn[0], AssistantMessage) else "user"
        # A message without content is refused.
        if content := list(chain.from_iterable(map(_content, turn))):
            yield {"role": role, "content": content}


def _turns(messages: Iterable[Message]) -> list[list[Message]]:
    """Put the results of calls that were made together into one turn, each other into its own."""
    turns: list[list[Message]] = []
    for message in messages:
        if isinstance(message, ToolResult) and turns and isinstance(turns[-1][0], ToolResult):
            turns[-1].append(message)
        else:
            turns.append([message])
    return turns


def _content(message: Message) -> list[Document]:
    if isinstance(message, ToolResult):
        return [_result(message)]
    return _blocks(message.content)


def _result(result: ToolResult) -> Document:
    wrong = {"is_error": True} if result.is_error else {}
    return {
        "type": "tool_result",
        "tool_use_id": _id(result.tool_call_id),
        "content": _blocks(result.content),
        **wrong,
    }


def _blocks(blocks: Iterable[Block]) -> list[Document]:
    return [written for block in blocks if (written := _BLOCKS[type(block)](block))]


def _text(text: str) -> Document:
    # An empty text is refused.
    return {"type": "text", "text": text} if text.strip() else {}


def _thinking(block: Thinking) -> Document:
    # Thoughts that the upstream did not sign are refused as such: they are given back as text.
    signature = block.extra.get("signature")
    if not signature or not isinstance(signature, str):
        return _text(block.thinking)
    if block.extra.get("redacted") is True:
        return {"type": "redacted_thinking", "data": signature}
    return {"type": "thinking", "thinking": block.thinking, "signature": signature}


def _image(image: Image) -> Document:
    source = {"type": "base64", "media_type": image.mime_type, "data": image.data}
    return {"type": "image", "source": source}


def _call(call: ToolCall) -> Document:
    return {
        "type": "tool_use",
        "id": _id(call.id),
        "name": call.name,
        "input": dict(call.arguments),
    }


def _id(call_id: str) -> str:
    """Return an id as this format takes it; another upstream may have made it."""
    return _NO_ID.sub("_", call_id)[:_LONGEST_ID]


_BLOCKS: Final[Mapping[type, Callable[[Any], Document]]] = {
    Text: lambda block: _text(block.text),
    Thinking: _thinking,
    Image: _image,
    ToolCall: _call,
}
