"""Calls of tools in the OpenAI format, whole and in pieces, and how providers get them wrong."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain, zip_longest
from typing import Final

from .frames import Document
from .script import Script, ToolCall

QUIRKS: Final[Mapping[str, str]] = {
    "tool_call_whole": "each call of a tool comes whole, in one delta",
    "tool_indexes_swapped": "the pieces of several calls take turns, and the last call begins",
    "tool_index_missing": "no piece of a call tells which call it belongs to",
    "tool_head_repeated": "every piece of a call carries the call's id, type and name",
    "tool_arguments_broken": "the arguments of each call lack their end, and so are no JSON",
    "object_arguments": "the arguments of each call are an object, not a string with JSON",
    "stop_after_tools": "finish_reason is stop, although there are calls",
}
"""What goes wrong with calls, each in one sentence; without a call it cannot."""

_PIECE: Final = 10
"""Characters of the arguments in each delta."""

_UNCUT = frozenset({"tool_call_whole", "object_arguments"})


def calls(script: Script) -> list[Document]:
    """Build the calls as a plain answer lists them."""
    return [
        _head(position) | {"function": {"name": call.name, "arguments": _arguments(call, script)}}
        for position, call in enumerate(script.tool_calls)
    ]


def deltas(script: Script) -> Iterator[Document]:
    """Yield the deltas that bring the calls, one call after the other."""
    pieces = [list(_pieces(place, call, script)) for place, call in enumerate(script.tool_calls)]
    for piece in _order(pieces, script):
        yield {"tool_calls": [piece]}


def _order(pieces: list[list[Document]], script: Script) -> Iterator[Document]:
    if "tool_indexes_swapped" not in script.quirks:
        return chain.from_iterable(pieces)
    rounds = zip_longest(*reversed(pieces))
    return (piece for each in rounds for piece in each if piece is not None)


def _pieces(position: int, call: ToolCall, script: Script) -> Iterator[Document]:
    index = {} if "tool_index_missing" in script.quirks else {"index": position}
    is_repeated = "tool_head_repeated" in script.quirks
    for number, piece in enumerate(_cut(_arguments(call, script), script)):
        is_head = number == 0 or is_repeated
        head, name = (_head(position), {"name": call.name}) if is_head else ({}, {})
        yield {**index, **head, "function": {**name, "arguments": piece}}


def _head(position: int) -> Document:
    # The same in every answer: a stream is built once, and sent under many identities.
    return {"id": f"call_mock_{position + 1}", "type": "function"}


def _cut(arguments: object, script: Script) -> list[object]:
    if not isinstance(arguments, str) or script.quirks & _UNCUT:
        return [arguments]
    starts = range(0, len(arguments), _PIECE)
    return ["", *(arguments[start : start + _PIECE] for start in starts)]


def _arguments(call: ToolCall, script: Script) -> object:
    if "object_arguments" in script.quirks:
        return json.loads(call.arguments)
    return call.arguments[:-1] if "tool_arguments_broken" in script.quirks else call.arguments
