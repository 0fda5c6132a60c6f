"""Values in JSON documents: how a scenario names them, and how it writes what they should be."""

import json
import re
from typing import NoReturn

from sluicegate.errors import SluicegateError

MISSING = object()
"""What a path leads to where the document has no such member."""

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]")


def parsed(data: str | bytes) -> object:
    """Read JSON strictly by RFC 8259: UTF-8 without a BOM, no NaN, no member twice.

    Raises ValueError saying what is wrong.
    """
    text = data if isinstance(data, str) else data.decode("utf-8")
    return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_members)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError(f"a member stands twice in an object of {[name for name, _ in pairs]}")
    return document


def at(document: object, path: str) -> object:
    """Return what `path` leads to, as in $.choices[0].message, or MISSING."""
    value = document
    for name, index in _STEP.findall(path):
        value = _member(value, name) if name else _entry(value, int(index))
    return value


def _member(value: object, name: str) -> object:
    return value.get(name, MISSING) if isinstance(value, dict) else MISSING


def _entry(value: object, index: int) -> object:
    return value[index] if isinstance(value, list) and index < len(value) else MISSING


def written(cell: str) -> object:
    """Read a table's cell: JSON where it is JSON (10, null, []), otherwise the text itself."""
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def same(left: object, right: object) -> bool:
    """Compare as JSON does: true is not 1."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def sought(text: str) -> str:
    """Return a text that is to be found; raises SluicegateError for an empty one."""
    if not text:
        raise SluicegateError("expected a text to look for, got an empty one: it is everywhere")
    return text


def show(value: object) -> str:
    """Write a value as JSON for a message."""
    return "nothing" if value is MISSING else json.dumps(value, ensure_ascii=False)
