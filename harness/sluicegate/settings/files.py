"""Configuration files, in TOML or in YAML."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from sluicegate.errors import SluicegateError

_ALIAS: Final = "*"


def read_file(path: Path) -> dict[str, Any]:
    """Read a file by its suffix: .toml, .yaml or .yml.

    YAML is that of version 1.2, where `off` and `no` are words, without aliases. Nothing may stand
    twice in a table, and every key is a string. Raises SluicegateError with the file, and the line
    where there is one; the message holds no value, which may be a secret.
    """
    try:
        return _table(_reader(path)(_text(path)))
    except RecursionError:
        raise SluicegateError(f"{path}: is nested too deeply") from None
    except SluicegateError as error:
        raise SluicegateError(f"{path}: {error}") from None


def _reader(path: Path) -> Callable[[str], object]:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise SluicegateError(
            f"expected the name of a file that ends in {', '.join(_READERS)}, got {path.name!r}"
        )
    return reader


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SluicegateError(f"cannot be read: {error.strerror}") from None
    try:
        # Editors may leave a byte order mark.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SluicegateError(f"line {line}: expected UTF-8") from None


def _toml(text: str) -> object:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SluicegateError(f"is not TOML: {error}") from None


def _yaml(text: str) -> object:
    try:
        if _ALIAS in text:
            _refuse_aliases(text)
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        raise SluicegateError(f"is not YAML: {_place(error)}{_problem(error)}") from None
    except YAMLError as error:
        raise SluicegateError(f"is not YAML: {str(error).splitlines()[0]}") from None
    except ValueError:
        raise SluicegateError("is not YAML: a date, or what a tag announces, is none") from None


def _refuse_aliases(text: str) -> None:
    # A few lines of them can mean more values than there is memory.
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            line = event.start_mark.line + 1
            raise SluicegateError(f"line {line}: expected the value itself, got an alias of it")


def _place(error: MarkedYAMLError) -> str:
    return "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "


def _problem(error: MarkedYAMLError) -> str:
    # What follows is the value of a key that stands twice.
    return (error.problem or error.context or "").partition(" with value ")[0]


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    ".toml": _toml,
    ".yaml": _yaml,
    ".yml": _yaml,
}


def _table(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        found = "nothing" if document is None else f"a {type(document).__name__}"
        raise SluicegateError(f"expected keys with values, got {found}")
    for key in _keys(document):
        if not isinstance(key, str):
            raise SluicegateError(f'expected strings as keys, got {key!r}: write "{key}"')
    return document


def _keys(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        yield from chain.from_iterable(map(_keys, value))
