"""Events as they come: what is plain is read at once, all else is judged by the schema."""

import json
from collections.abc import Mapping
from types import NoneType
from typing import Any, Final, TypeGuard, get_args

from sluicegate.wire.assistant.document import DocumentError, read
from sluicegate.wire.assistant.event import TERMINAL, Event, EventType, read_event
from sluicegate.wire.assistant.message import StopReason, read_assistant

from .errors import ProtocolError
from .place import Place

_TYPES: Final = frozenset(get_args(EventType))
_REASONS: Final = (*get_args(StopReason), None)
_HAVE_A_DELTA: Final = frozenset(
    {"text_delta", "thinking_delta", "tool_call_start", "tool_call_delta"}
)

_Members = Mapping[str, type | tuple[type, ...]]

# What a member must be for its event to be plain.
_MESSAGE: Final[_Members] = {
    "role": str,
    "content": list,
    "model": str,
    "provider": str,
    "timestamp": int,
}
_BLOCKS: Final[Mapping[str, _Members]] = {
    "text": {"text": str},
    "thinking": {"thinking": str},
    "tool_call": {"id": str, "name": str, "arguments": (dict, NoneType)},
}
_COUNTED: Final = ("input", "output", "cache_read", "cache_write")
_USAGE: Final[_Members] = {**dict.fromkeys((*_COUNTED, "total_tokens"), int), "cost": dict}
_COST: Final[_Members] = dict.fromkeys((*_COUNTED, "total"), (int, float))


def event_of(data: str, place: Place) -> Event | None:
    """Read the data of an event; raises ProtocolError for what is none.

    The last event of a stream is always judged by the schema. An event of an unknown type, which
    comes with a new feature, is None.
    """
    try:
        document = json.loads(data)
        kind = document.get("type") if isinstance(document, dict) else None
        if isinstance(kind, str) and kind not in _TYPES:
            return None
        return _read(document)
    except DocumentError as error:
        wrong = str(error)
    except (ValueError, RecursionError):
        wrong = "no JSON that can be read"
    raise ProtocolError(
        f"expected AssistantMessage events from {place}, got {place.masked(data)[:60]!r} "
        f"({place.masked(wrong)}): make sure that base_url is that of a proxy of this format"
    )


def _read(document: Any) -> Event:  # noqa: ANN401 - any JSON
    # The schema takes half a millisecond, many times what all else does.
    return (
        read(Event, document, partial=read_assistant)
        if _is_plain(document)
        else read_event(document)
    )


def _is_plain(event: Any) -> bool:  # noqa: ANN401 - any JSON
    """Tell, for the usual events, that the schema would find nothing wrong."""
    kind = event.get("type") if isinstance(event, dict) else None
    if not isinstance(kind, str) or kind in TERMINAL:
        return False
    if kind in _HAVE_A_DELTA and not isinstance(event.get("delta"), str):
        return False
    partial = event.get("partial")
    return (
        _has(partial, _MESSAGE)
        and partial["role"] == "assistant"
        and partial.get("stop_reason") in _REASONS
        and partial.get("error_message") is None
        and _is_plain_usage(partial.get("usage"))
        and all(map(_is_plain_block, partial["content"]))
    )


def _is_plain_usage(usage: object) -> bool:
    return usage is None or (_has(usage, _USAGE) and _has(usage["cost"], _COST))


def _is_plain_block(block: object) -> bool:
    kind = block.get("type") if isinstance(block, dict) else None
    return isinstance(kind, str) and kind in _BLOCKS and _has(block, _BLOCKS[kind])


def _has(document: object, members: _Members) -> TypeGuard[dict[str, Any]]:
    return isinstance(document, dict) and all(
        isinstance(value := document.get(name, False), kind) and not isinstance(value, bool)
        for name, kind in members.items()
    )
