"""The deltas of a stream: what is understood of them, and their correct form."""

from typing import Final

from sluicegate.upstream.documents import documents, member, written

from .documents import Document, without

ASSISTANT: Final = "assistant"
"""The role of every answer, whatever an agent calls it."""

_TEXTS: Final = ("content", "refusal")
_CONTENT: Final = (*_TEXTS, "tool_calls", "function_call", "audio")
_THOUGHTS: Final = ("reasoning_content", "reasoning")

# Members that are absent where they have no value.
_NEVER_NULL: Final = ("content", "tool_calls", "function_call")


def commits(choice: Document) -> bool:
    """Tell whether a choice of a chunk commits the answer.

    The first text, call of a tool, refusal or finish_reason does; roles, thoughts and what is
    empty do not.
    """
    return bool(choice.get("finish_reason")) or _has(choice, _CONTENT)


def says(choice: Document) -> bool:
    """Tell whether a choice of a chunk says something, be it only a thought."""
    return _has(choice, (*_CONTENT, *_THOUGHTS))


def corrected(delta: Document) -> Document:
    """Return a delta in its correct form; raises UpstreamError for what has none."""
    for name in _TEXTS:
        member(delta, name, str)
    delta = without(delta, *(name for name in _NEVER_NULL if delta.get(name) is None))
    if calls := documents(delta, "tool_calls"):
        delta = {**delta, "tool_calls": [_with_text(call) for call in calls]}
    return delta


def _with_text(call: Document) -> Document:
    function = member(call, "function", dict)
    arguments = function.get("arguments")
    # Some servers send the object itself, not its JSON in a string.
    if not isinstance(arguments, dict):
        return call
    return {**call, "function": {**function, "arguments": written(arguments)}}


def _has(choice: Document, names: tuple[str, ...]) -> bool:
    delta: Document = choice.get("delta") or {}
    return any(delta.get(name) for name in names)
