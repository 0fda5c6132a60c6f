"""What an event may change in a message: the blocks of one snapshot, judged by those before it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from sluicegate.wire.keywords import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    # The blocks before, the event's delta, the blocks now; what is wrong with them, if anything.
    Rule = Callable[[Sequence[Any], Any, Sequence[Any]], str | None]

_SHORT = 60
_MEMBERS = {
    "text": ("text",),
    "thinking": ("thinking",),
    "image": ("data", "mime_type"),
    "tool_call": ("id", "name", "arguments"),
}


def blocks(content: object) -> list[Any]:
    """Return the blocks of a snapshot's content, each with its documented members alone.

    Null counts as no blocks, as it does for arguments.
    """
    return [_essence(block) for block in content] if isinstance(content, list) else []


def misgrown(kind: str, before: Sequence[Any], delta: object, after: Sequence[Any]) -> str | None:
    """Say how the blocks after an event differ from what the blocks before and its delta make."""
    rule = _RULES.get(kind)
    return rule(before, delta, after) if rule else None


def misended(before: Sequence[Any], at: int, pieces: str, after: Sequence[Any]) -> str | None:
    """Say what is wrong with the blocks at the end of the tool call at the index `at`.

    Nothing can be said where that is no tool call, as after a start without a snapshot.
    """
    arguments = _parsed(pieces)
    if not isinstance(arguments, dict):
        return f"expected pieces that make up a JSON object, got {shown(pieces)}"
    if not _is("tool_call", before[: at + 1]):
        return None
    ended = {**before[at], "arguments": arguments}
    return _difference([*before[:at], ended, *before[at + 1 :]], after)


def _parsed(pieces: str) -> object:
    try:
        return json.loads(pieces if pieces.strip() else "{}", parse_constant=_no_constant)
    except ValueError:
        return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _essence(block: Any) -> Any:  # noqa: ANN401 - any JSON
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str) or kind not in _MEMBERS:
        return block
    known = {"type": kind} | {name: block.get(name) for name in _MEMBERS[kind]}
    if kind == "tool_call" and known["arguments"] is None:
        known["arguments"] = {}
    return known


def _nothing_yet(_: Sequence[Any], __: object, after: Sequence[Any]) -> str | None:
    return f"expected no content yet, got {_counted(after)}" if after else None


def _unchanged(before: Sequence[Any], _: object, after: Sequence[Any]) -> str | None:
    return _difference(before, after)


def _argument(before: Sequence[Any], delta: object, after: Sequence[Any]) -> str | None:
    return _no_string(delta) or _difference(before, after)


def _no_string(delta: object) -> str | None:
    return None if isinstance(delta, str) else f"expected a string as the delta, got {shown(delta)}"


def _piece(kind: str, before: Sequence[Any], delta: object, after: Sequence[Any]) -> str | None:
    if wrong := _no_string(delta):
        return wrong
    if not delta and len(after) == len(before):
        return _difference(before, after)
    if len(after) > len(before) or not _is(kind, before):
        return _difference([*before, {"type": kind, kind: delta}], after)
    last = before[-1]
    return _difference([*before[:-1], {"type": kind, kind: f"{last[kind]}{delta}"}], after)


def _framed(kind: str, before: Sequence[Any], _: object, after: Sequence[Any]) -> str | None:
    if len(after) == len(before):
        return _difference(before, after)
    return _difference([*before, {"type": kind, kind: ""}], after)


def _called(before: Sequence[Any], name: object, after: Sequence[Any]) -> str | None:
    last = after[-1] if len(after) > len(before) and _is("tool_call", after) else {"id": None}
    call = {"type": "tool_call", "id": last["id"], "name": name, "arguments": {}}
    taken = [block.get("id") for block in before if _is("tool_call", [block])]
    if wrong := _difference([*before, call], after):
        return wrong
    if not last["id"] or not isinstance(last["id"], str):
        return f"expected an id of the tool call, got {shown(last['id'])}"
    return f"expected an id of its own, got {last['id']!r} again" if last["id"] in taken else None


_RULES: Mapping[str, Rule] = {
    "start": _nothing_yet,
    "text_start": partial(_framed, "text"),
    "text_delta": partial(_piece, "text"),
    "text_end": _unchanged,
    "thinking_start": partial(_framed, "thinking"),
    "thinking_delta": partial(_piece, "thinking"),
    "thinking_end": _unchanged,
    "tool_call_start": _called,
    "tool_call_delta": _argument,
    "done": _unchanged,
    "error": _unchanged,
}
TYPES = frozenset({*_RULES, "tool_call_end"})
"""The types of events that are documented, and those that frame text and thinking."""


def _is(kind: str, content: Sequence[Any]) -> bool:
    return bool(content) and isinstance(content[-1], dict) and content[-1].get("type") == kind


def _counted(content: Sequence[Any]) -> str:
    return f"{len(content) or 'no'} block{'' if len(content) == 1 else 's'}"


def _difference(expected: Sequence[Any], got: Sequence[Any]) -> str | None:
    if len(expected) != len(got):
        return f"expected {_counted(expected)}, got {_counted(got)}"
    pairs = enumerate(zip(expected, got, strict=True), 1)
    wrong = (f"block {at}: {_apart(*pair)}" for at, pair in pairs if not _same(*pair))
    return next(wrong, None)


def _apart(expected: object, got: object) -> str:
    if not isinstance(expected, dict) or not isinstance(got, dict):
        return f"expected {shown(expected)}, got {shown(got)}"
    members = [*expected, *(member for member in got if member not in expected)]
    name = next(m for m in members if not _has_same(expected, got, m))
    return f"{name}: {_values_apart(expected.get(name), got.get(name))}"


def _has_same(one: Mapping[str, Any], other: Mapping[str, Any], name: str) -> bool:
    return name in one and name in other and _same(one[name], other[name])


def _values_apart(expected: object, got: object) -> str:
    if not isinstance(expected, str) or not isinstance(got, str) or len(expected + got) <= _SHORT:
        return f"expected {shown(expected)}, got {shown(got)}"
    pairs = enumerate(zip(expected, got, strict=False))
    at = next((n for n, (one, other) in pairs if one != other), min(len(expected), len(got)))
    return f"expected {shown(expected[at:])} from character {at + 1} on, got {shown(got[at:])}"


def _same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _paired(one) == _paired(other)
    # In Python, unlike in JSON, true equals 1.
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _paired(text: str) -> str:
    """Join the halves of surrogate pairs that came in different pieces."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
