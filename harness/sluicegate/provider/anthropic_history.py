"""What the Anthropic format demands of a conversation that goes on with thinking."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .refusal import RefusedError

_Message = Mapping[str, Any]
_Block = Mapping[str, Any]

_THOUGHTS: Final = ("thinking", "redacted_thinking")

# In the provider's own words, down to their spelling.
_EXPECTED: Final = (
    "Expected `thinking` or `redacted_thinking`, but found `{}`. When `thinking` is enabled, a "
    "final `assistant` message must start with a thinking block (preceeding the lastmost set of "
    "`tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous "
    "turns. To avoid this requirement, disable `thinking`."
)


def check(document: Mapping[str, Any]) -> None:
    """Raise RefusedError for a request, valid by its schema, that lost the thoughts of its turn.

    With thinking enabled, a turn of the assistant that goes on with results of tools must begin
    with a block of thinking, and with its signature.
    """
    thinking = document.get("thinking") or {}
    place = _begun(document["messages"]) if thinking.get("type") == "enabled" else None
    if place is None:
        return
    first = _blocks(document["messages"][place])[0]
    at = f"messages.{place}.content.0"
    if first["type"] not in _THOUGHTS:
        raise RefusedError(f"{at}.type: {_EXPECTED.format(first['type'])}")
    if first["type"] == "thinking" and not first.get("signature"):
        raise RefusedError(f"{at}.thinking.signature: Field required")


def _begun(messages: Sequence[_Message]) -> int | None:
    """Return the place of the message with which the turn began that calls of tools interrupted."""
    said = [place for place, each in enumerate(messages) if each["role"] == "assistant"]
    if not said or "tool_use" not in _kinds(messages[said[-1]]):
        return None
    begun = said[-1]
    for place in reversed(range(begun)):
        if messages[place]["role"] == "assistant":
            begun = place
        elif _kinds(messages[place]) != {"tool_result"}:
            break
    return begun


def _kinds(message: _Message) -> set[str]:
    return {block["type"] for block in _blocks(message)}


def _blocks(message: _Message) -> Sequence[_Block]:
    content = message["content"]
    # Without any block, too, it begins with no thought.
    return [{"type": "text"}] if isinstance(content, str) or not content else content
