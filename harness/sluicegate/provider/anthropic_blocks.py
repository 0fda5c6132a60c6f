"""The content of an Anthropic message, block by block: whole, and as the events of a stream."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .frames import Document, Kind
from .script import Script, ToolCall

_OF_TOOLS: Final[Mapping[str, str]] = {
    "tool_call_whole": "each call of a tool comes whole, in one delta",
    "tool_arguments_broken": "the arguments of each call lack their end, and so are no JSON",
    "end_turn_after_tools": "stop_reason is end_turn, although there are calls",
}
QUIRKS: Final[Mapping[str, str]] = {
    "redacted_thinking": "a block of redacted thinking, which has no delta, comes first",
    **_OF_TOOLS,
}
"""What can be odd about blocks, each in one sentence."""

QUIRKS_OF_TOOLS: Final = frozenset(_OF_TOOLS)

SIGNATURE: Final = "c2x1aWNlZ2F0ZQ=="
"""The signature of every thinking block, and the data of a redacted one."""

_PIECE: Final = 10
"""Characters of a tool's input in each delta."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block: as a plain answer has it, as it starts in a stream, and what is added to it.

    `deltas` are the content, piece by piece; `last` is what comes after it.
    """

    whole: Document
    start: Document
    deltas: tuple[Document, ...] = ()
    last: tuple[Document, ...] = ()


def blocks(script: Script, greeting: Sequence[str]) -> Iterator[Block]:
    """Yield the blocks of an answer; `greeting` is the text of one that is told nothing."""
    if "redacted_thinking" in script.quirks:
        redacted = {"type": "redacted_thinking", "data": SIGNATURE}
        yield Block(redacted, redacted)
    if script.reasoning:
        yield _thinking(script.reasoning)
    text = script.text
    if text is None:
        text = () if script.tool_calls else tuple(greeting)
    if text:
        yield _text(text)
    for number, call in enumerate(script.tool_calls, start=1):
        yield _tool_use(number, call, script)


def events(index: int, block: Block) -> Iterator[tuple[Kind, Document]]:
    """Yield the events that bring a block, each with what it is for."""
    yield "start", {"type": "content_block_start", "index": index, "content_block": block.start}
    yield from (("content", _delta(index, each)) for each in block.deltas)
    yield from (("start", _delta(index, each)) for each in block.last)
    yield "start", {"type": "content_block_stop", "index": index}


def _delta(index: int, delta: Document) -> Document:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _thinking(pieces: Sequence[str]) -> Block:
    return Block(
        {"type": "thinking", "thinking": "".join(pieces), "signature": SIGNATURE},
        {"type": "thinking", "thinking": "", "signature": ""},
        tuple({"type": "thinking_delta", "thinking": piece} for piece in pieces),
        ({"type": "signature_delta", "signature": SIGNATURE},),
    )


def _text(pieces: Sequence[str]) -> Block:
    return Block(
        {"type": "text", "text": "".join(pieces)},
        {"type": "text", "text": ""},
        tuple({"type": "text_delta", "text": piece} for piece in pieces),
    )


def _tool_use(number: int, call: ToolCall, script: Script) -> Block:
    # The id is the same in every answer: a stream is built once, and sent under many identities.
    use = {"type": "tool_use", "id": f"toolu_mock{number}", "name": call.name}
    return Block(
        {**use, "input": json.loads(call.arguments)},
        {**use, "input": {}},
        tuple(
            {"type": "input_json_delta", "partial_json": piece}
            for piece in _pieces(call.arguments, script)
        ),
    )


def _pieces(arguments: str, script: Script) -> list[str]:
    if "tool_arguments_broken" in script.quirks:
        arguments = arguments[:-1]
    if "tool_call_whole" in script.quirks:
        return [arguments]
    # The first delta is empty, as from the real provider.
    starts = range(0, len(arguments), _PIECE)
    return ["", *(arguments[start : start + _PIECE] for start in starts)]
