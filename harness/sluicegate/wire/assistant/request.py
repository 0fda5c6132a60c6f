"""Requests for a streamed answer, read from JSON and written as it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from .document import Part, checked, read, write
from .message import read_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .message import Message

ThinkingLevel = Literal["off", "minimal", "low", "medium", "high", "xhigh"]
CacheRetention = Literal["none", "short", "long"]


@dataclass(frozen=True, slots=True)
class Tool(Part):
    """A tool that the model may call; `parameters` is the JSON Schema of its arguments."""

    name: str
    parameters: Mapping[str, Any]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Context(Part):
    """What the model gets to see."""

    messages: tuple[Message, ...]
    system_prompt: str | None = None
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True)
class Options(Part):
    """How the model is to answer; what is None is left to the upstream."""

    max_tokens: int | None = None
    temperature: float | None = None
    thinking_level: ThinkingLevel | None = None
    cache_retention: CacheRetention | None = None


@dataclass(frozen=True, slots=True)
class StreamRequest(Part):
    """The body of `POST /stream`."""

    model: str
    context: Context
    options: Options = field(default_factory=Options)


def read_request(document: object) -> StreamRequest:
    """Read a request from JSON.

    Unknown members are kept in `extra`; null counts as absent. Raises DocumentError, whose
    `field` names the wrong place, such as `context.messages[0].role`.
    """
    found = checked(document, "proxy/request", "the request")
    return read(StreamRequest, found, context=_context, options=_options)


def write_request(request: StreamRequest) -> dict[str, Any]:
    """Write a request as JSON; what is None or empty is left out."""
    document = write(request)
    for part, name in ((document, "options"), (document["context"], "tools")):
        if not part[name]:
            del part[name]
    return document


def _context(document: Mapping[str, Any]) -> Context:
    return read(Context, document, messages=_messages, tools=_tools)


def _messages(listed: Iterable[Mapping[str, Any]]) -> tuple[Message, ...]:
    return tuple(map(read_message, listed))


def _tools(listed: Iterable[Mapping[str, Any]]) -> tuple[Tool, ...]:
    return tuple(read(Tool, each) for each in listed)


_options = partial(read, Options, max_tokens=int)
