"""The messages of a conversation, the blocks that they are made of, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from .document import Part, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

StopReason = Literal["stop", "length", "tool_use", "error", "aborted", ""]
"""Why a message ended; empty until that is known."""


@dataclass(frozen=True, slots=True)
class Cost(Part):
    """What the tokens of a message cost, in dollars."""

    input: float = 0
    output: float = 0
    cache_read: float = 0
    cache_write: float = 0
    total: float = 0


@dataclass(frozen=True, slots=True)
class Usage(Part):
    """The tokens of a message; `input` leaves out those that a cache gave or took.

    `total_tokens` is the sum of the other four.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    total_tokens: int = 0
    cost: Cost = field(default_factory=Cost)


@dataclass(frozen=True, slots=True)
class Text(Part):
    """A block of text."""

    TAG: ClassVar[Mapping[str, str]] = {"type": "text"}

    text: str


@dataclass(frozen=True, slots=True)
class Thinking(Part):
    """A block of what the model thought before it spoke."""

    TAG: ClassVar[Mapping[str, str]] = {"type": "thinking"}

    thinking: str


@dataclass(frozen=True, slots=True)
class Image(Part):
    """An image; `data` is in base64."""

    TAG: ClassVar[Mapping[str, str]] = {"type": "image"}

    data: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class ToolCall(Part):
    """A call of a tool; `arguments` are empty until all of them have come."""

    TAG: ClassVar[Mapping[str, str]] = {"type": "tool_call"}

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


Block = Text | Thinking | Image | ToolCall


@dataclass(frozen=True, slots=True)
class UserMessage(Part):
    """What the user said; a `timestamp` is in milliseconds since 1970 in every message."""

    TAG: ClassVar[Mapping[str, str]] = {"role": "user"}

    content: tuple[Block, ...]
    timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class AssistantMessage(Part):
    """What a model said, as a whole or so far."""

    TAG: ClassVar[Mapping[str, str]] = {"role": "assistant"}

    content: tuple[Block, ...] = ()
    model: str = ""
    provider: str = ""
    usage: Usage = field(default_factory=Usage)
    stop_reason: StopReason = ""
    error_message: str | None = None
    timestamp: int = 0

    @property
    def role(self) -> str:
        """The role of its author, which is `assistant`."""
        return self.TAG["role"]

    @property
    def text(self) -> str:
        """What the model said, without what it thought."""
        return "".join(block.text for block in self.content if isinstance(block, Text))

    @property
    def thinking(self) -> str:
        """What the model thought before it spoke."""
        return "".join(block.thinking for block in self.content if isinstance(block, Thinking))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls of tools, to be answered where `stop_reason` is `tool_use`.

        In a message that broke off, the last one may have no arguments yet.
        """
        return tuple(block for block in self.content if isinstance(block, ToolCall))


@dataclass(frozen=True, slots=True)
class ToolResult(Part):
    """What a tool answered when it was called."""

    TAG: ClassVar[Mapping[str, str]] = {"role": "tool_result"}

    tool_call_id: str
    tool_name: str
    content: tuple[Block, ...] = ()
    is_error: bool = False
    timestamp: int | None = None


Message = UserMessage | AssistantMessage | ToolResult


def read_message(document: Mapping[str, Any]) -> Message:
    """Read a message of any role that was checked by its schema."""
    return _ROLES[document["role"]](document)


def read_assistant(document: Mapping[str, Any]) -> AssistantMessage:
    """Read an assistant's message that was checked by its schema."""
    return read(AssistantMessage, document, content=_blocks, usage=_usage, timestamp=int)


def _blocks(content: Iterable[Mapping[str, Any]]) -> tuple[Block, ...]:
    return tuple(_BLOCKS[block["type"]](block) for block in content)


# In JSON, 2.0 is an integer.
_cost = partial(read, Cost)
_usage = partial(
    read,
    Usage,
    input=int,
    output=int,
    cache_read=int,
    cache_write=int,
    total_tokens=int,
    cost=_cost,
)

_BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], Block]] = {
    "text": partial(read, Text),
    "thinking": partial(read, Thinking),
    "image": partial(read, Image),
    "tool_call": partial(read, ToolCall),
}
_ROLES: Mapping[str, Callable[[Mapping[str, Any]], Message]] = {
    "user": partial(read, UserMessage, content=_blocks, timestamp=int),
    "assistant": read_assistant,
    "tool_result": partial(read, ToolResult, content=_blocks, timestamp=int),
}
