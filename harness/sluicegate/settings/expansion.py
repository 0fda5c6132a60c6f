"""`${NAME}` in a configuration, which stands for an environment variable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, Final, cast

from sluicegate.errors import SluicegateError

Place = tuple[str | int, ...]
"""Where a value stands in a document: keys, and the numbers of items."""

# Braces forgotten: `$NAME` is how a shell would have it.
_BARE: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_REFERENCE: Final = re.compile(r"\$(?:(?P<dollar>\$)|\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)\})?)")


class UnsetVariableError(SluicegateError):
    """A text refers to an environment variable that is not set; `variable` is its name."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"the environment variable {variable} is not set; export it, or write the value itself"
        )
        self.variable = variable


@dataclass(frozen=True, slots=True)
class Expanded:
    """A document without references.

    `mistakes` are those whose variable is not set, or which are none: their values are as they
    were. `variables` are the names that the other values were made of.
    """

    document: dict[str, Any]
    mistakes: dict[Place, SluicegateError] = field(default_factory=dict)
    variables: dict[Place, tuple[str, ...]] = field(default_factory=dict)

    def emptied(self, place: Place) -> str | None:
        """Say which variables made the text at a place empty; None unless they did."""
        names = tuple(dict.fromkeys(self.variables.get(place, ())))
        if not names or _at(self.document, place):
            return None
        return (
            f"the environment variable {names[0]} is empty"
            if len(names) == 1
            else f"the environment variables {', '.join(names)} are empty"
        )


def _at(document: object, place: Place) -> object:
    # A place leads through objects and arrays alone.
    return reduce(lambda table, key: table[key], place, cast("Any", document))


def expanded(text: str, environ: Mapping[str, str]) -> str:
    """Replace `${NAME}` by the variable's value, and `$$` by a dollar sign; a lone `$` stays.

    Raises UnsetVariableError, and SluicegateError for a `${` that begins no name, and for a text
    that is `$NAME`; none shows the text, which may be a secret, but a name in capitals.
    """
    if bare := _BARE.fullmatch(text):
        raise SluicegateError(_without_braces(bare[1], environ))
    return _REFERENCE.sub(partial(_value, environ), text)


def _without_braces(name: str, environ: Mapping[str, str]) -> str:
    shown = name if name.isupper() or name in environ else "NAME"
    return (
        f"expected braces around the name of an environment variable: write ${{{shown}}}; to mean "
        f"the text itself, write $${shown}"
    )


def _value(environ: Mapping[str, str], reference: re.Match[str]) -> str:
    name = reference["name"]
    if reference["dollar"]:
        return "$"
    if name is None:
        raise SluicegateError(
            "expected ${NAME}, with letters, digits and _ in its name; to mean ${ write $${"
        )
    if name not in environ:
        raise UnsetVariableError(name)
    return environ[name]


def expand(document: Mapping[str, Any], environ: Mapping[str, str]) -> Expanded:
    """Expand every text in a document, but its keys."""
    result = Expanded({})
    for key, value in document.items():
        result.document[key] = _expand(value, (key,), environ, result)
    return result


def _expand(value: object, place: Place, environ: Mapping[str, str], result: Expanded) -> object:
    if isinstance(value, str):
        return _expand_text(value, place, environ, result)
    if isinstance(value, dict):
        return {key: _expand(v, (*place, key), environ, result) for key, v in value.items()}
    if isinstance(value, list):
        return [_expand(v, (*place, index), environ, result) for index, v in enumerate(value)]
    return value


def _expand_text(text: str, place: Place, environ: Mapping[str, str], result: Expanded) -> str:
    try:
        whole = expanded(text, environ)
    except SluicegateError as error:
        result.mistakes[place] = error
        return text
    if names := tuple(found["name"] for found in _REFERENCE.finditer(text) if found["name"]):
        result.variables[place] = names
    return whole
