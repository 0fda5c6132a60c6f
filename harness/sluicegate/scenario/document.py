"""The document of a profile: what its file says, and where that departs from the schema."""

import copy
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any, Final

from sluicegate.errors import SluicegateError
from sluicegate.wire.schema import Violation, violations

from .urls import url_trouble

Document = dict[str, Any]

_STAND_IN: Final = "http://127.0.0.1:9"
"""A URL in place of one that is wrong: port 9 is for what is thrown away."""

_ROUNDS: Final = 5
"""How often what is wrong is left out: less can be wrong otherwise."""


def read(path: Path) -> Document:
    """Read the file of a profile, with its days as texts; raises SluicegateError."""
    document: Document = _plain(_toml(path))
    return document


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        # Editors may leave a byte order mark.
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except IsADirectoryError:
        raise SluicegateError("is a directory: name the file in it") from None
    except OSError as error:
        raise SluicegateError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SluicegateError(f"is not UTF-8 in line {line}: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SluicegateError(f"is not TOML: {error}") from None


def _plain(value: Any) -> Any:  # noqa: ANN401 - what TOML has
    """Return what TOML has as JSON would: a day is a text."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, (date, time)) else value


def departures(document: Document) -> list[Violation]:
    """Return where a document departs from the schema; of URLs it says why, and shows none."""
    return [_of_url(document, each) for each in violations(document, "sluicegate/profile")]


def _of_url(document: Document, violation: Violation) -> Violation:
    value = _at(document, violation.path)
    is_url = violation.path[-1:] in {("url",), ("control",)} or violation.path[-2:-1] == (
        "variants",
    )
    trouble = url_trouble(value) if is_url and isinstance(value, str) else ""
    return replace(violation, message=trouble) if trouble else violation


def rest(document: Document) -> Document:
    """Return what is left of a document without what departs from the schema, as far as possible.

    A system that has lost its address gets one at which nobody is.
    """
    left = copy.deepcopy(document)
    for _ in range(_ROUNDS):
        found = violations(left, "sluicegate/profile")
        if not found:
            break
        _leave_out(left, found)
    for kind in ("gateway", "proxy"):
        if not {"url", "command"} & {*left.get(kind, {"url": ""})}:
            left[kind]["url"] = _STAND_IN
    return left


def _leave_out(document: Document, found: Iterable[Violation]) -> None:
    paths = {_known(document, each.path) for each in found}
    # From behind, so that the numbers before are still right.
    for path in sorted(paths, reverse=True):
        holder = _at(document, path[:-1])
        if path[-1:] == ("url",):
            holder["url"] = _STAND_IN
        elif path:
            del holder[path[-1]]


def _known(document: Document, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return as much of a path as leads to something."""
    while path and _at(document, path) is None:
        path = path[:-1]
    return path


def _at(document: Document, path: Iterable[str | int]) -> Any:  # noqa: ANN401 - what TOML has
    """Return what a path leads to, None where that is nothing: TOML has no null."""
    value: Any = document
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
