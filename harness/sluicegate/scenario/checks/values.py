"""Values in JSON documents: how a scenario names them, and how it writes what they should be."""

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

from sluicegate.errors import SluicegateError
from sluicegate.wire.schema import names

MISSING = object()
"""What a path leads to where the document has no such member."""

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]")
_PATH = re.compile(rf"\$(?:{_STEP.pattern})*")

_BRIEF = 60
"""Characters of a value in a sentence."""

_BEFORE = 16
"""Characters of it that stand before the one that is meant."""


def parsed(data: str | bytes) -> object:
    """Read JSON strictly by RFC 8259: UTF-8 without a BOM, no NaN, no member twice.

    Raises ValueError saying what is wrong.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_members)
    except json.JSONDecodeError as error:
        raise ValueError(f"it goes wrong at character {error.pos + 1}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        known = [name for name, _ in pairs]
        twice = next(name for name in known if known.count(name) > 1)
        raise ValueError(f"the member {quoted(twice)} stands twice in one object")
    return document


def at(document: object, path: str) -> object:
    """Return what `path` leads to, as in $.choices[0].message, or MISSING.

    Raises SluicegateError for what is no path.
    """
    if not _PATH.fullmatch(path):
        raise SluicegateError(f"expected a path such as $.choices[0].message, got {quoted(path)}")
    value = document
    for name, index in _STEP.findall(path):
        value = _member(value, name) if name else _entry(value, int(index))
    return value


def _member(value: object, name: str) -> object:
    return value.get(name, MISSING) if isinstance(value, dict) else MISSING


def _entry(value: object, index: int) -> object:
    return value[index] if isinstance(value, list) and index < len(value) else MISSING


def listed(text: str) -> tuple[str, ...]:
    """Read a list of texts in JSON; raises SluicegateError for what is none, or empty."""
    try:
        found = parsed(text)
    except ValueError as error:
        raise SluicegateError(f"expected texts in JSON, got {quoted(text)}: {error}") from None
    if not isinstance(found, list) or not found or not all(isinstance(each, str) for each in found):
        raise SluicegateError(f"expected a list of texts in JSON, got {quoted(text)}")
    return tuple(found)


def written(cell: str) -> object:
    """Read a table's cell: JSON where it is JSON (10, null, []), otherwise the text itself."""
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def same(left: object, right: object) -> bool:
    """Compare as JSON does: true is not 1; what is MISSING is the same as nothing else."""
    if MISSING in (left, right):
        return left is right
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def sought(text: str) -> str:
    """Return a text that is to be found; raises SluicegateError for an empty one."""
    if not text:
        raise SluicegateError("expected a text to look for, got an empty one: it is everywhere")
    return text


def forms(text: str) -> tuple[str, ...]:
    """Return how a text can be written: plainly, and in JSON, where characters may be escaped."""
    within = (json.dumps(text, ensure_ascii=ascii_only) for ascii_only in (True, False))
    return (sought(text), *(each[1:-1] for each in (*within, show(text))))


def show(value: object) -> str:
    """Write a value as JSON for a message; what cannot be printed is escaped."""
    if value is MISSING:
        return "missing"
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def brief(value: object) -> str:
    """Write a value as JSON, shortened to fit into a sentence."""
    text = show(value)
    end = '..."' if isinstance(value, str) else "..."
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - len(end)]}{end}"


def contrasted(got: str, expected: str) -> tuple[str, str]:
    """Write two texts as JSON, each to fit into a sentence: long ones from where they differ."""
    if max(len(show(got)), len(show(expected))) <= _BRIEF:
        return show(got), show(expected)
    pairs = enumerate(zip(got, expected, strict=False))
    apart = (place for place, (one, other) in pairs if one != other)
    start = max(0, next(apart, min(len(got), len(expected))) - _BEFORE)
    return _window(got, start), _window(expected, start)


def _window(text: str, start: int) -> str:
    end = start + _BRIEF - len('"......"')
    before, after = "..." if start else "", "..." if end < len(text) else ""
    return show(f"{before}{text[start:end]}{after}")


def number(count: int, noun: str) -> str:
    """Write a number with its noun: 1 entry, 2 entries, 0 events."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def times(count: int) -> str:
    """Write how often something happened: once, 2 times, 0 times."""
    return "once" if count == 1 else f"{count} times"


def quoted(text: str | bytes, most: int = 200) -> str:
    """Write a text, or bytes that may be one, in double quotes, at most so many characters."""
    plain = text if isinstance(text, str) else text.decode(errors="backslashreplace")
    return show(plain if len(plain) <= most else f"{plain[:most]}...")


def require_schema(name: str) -> None:
    """Raise SluicegateError with the nearest names unless there is a schema of that name."""
    known = names()
    if name not in known:
        raise SluicegateError(f"there is no schema {quoted(name)}; {meant(name, known)}")


def meant(name: str, known: Iterable[str]) -> str:
    """Say which of the known names a mistaken one may stand for, or else name them all."""
    every = sorted(known)
    near = get_close_matches(name, every)
    told = " or ".join(map(quoted, near)) if near else ", ".join(map(quoted, every))
    return f"did you mean {told}?" if near else f"there are {told}"
