"""The JSON Schema keywords, reporting violations in plain words."""

from __future__ import annotations

import json
import operator
import re
from typing import TYPE_CHECKING, Any, Protocol

# jsonschema carries no type information.
from jsonschema import (  # type: ignore[import-untyped]
    Draft202012Validator,
    ValidationError,
    validators,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from referencing import Registry

    # The validator, what the schema sets the keyword to, the document's value, the schema.
    Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]

_SHOWN = 60
_TYPES = {
    "array": ("an array",),
    "boolean": ("true", "false"),
    "integer": ("an integer",),
    "null": ("null",),
    "number": ("a number",),
    "object": ("an object",),
    "string": ("a string",),
}


class Validator(Protocol):
    """What jsonschema's validators offer here."""

    def iter_errors(self, value: object, /) -> Iterator[ValidationError]:
        """Find what is wrong with a document."""

    def descend(
        self, value: object, schema: object, /, *, path: str | None = None
    ) -> Iterator[ValidationError]:
        """Find what is wrong with a value of the document by a part of the schema."""

    def is_type(self, value: object, name: str, /) -> bool:
        """Tell whether a value has the type that a schema calls by this name."""


def shown(value: object) -> str:
    """Write a JSON value on one line, strings in Python's quotes, cut after 60 characters."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}…"
    return _json(value)


def described(value: object) -> str:
    """Write a JSON value after the name of its type, as in `the number 3`."""
    kind = {str: "string", int: "number", float: "number", list: "array", dict: "object"}
    name = kind.get(type(value))
    return f"the {name} {shown(value)}" if name else shown(value)


def _json(value: object) -> str:
    text = ""
    # Encoded piece by piece: a document may be far deeper and longer than what is shown.
    for piece in json.JSONEncoder(default=repr).iterencode(value):
        text += piece
        if len(text) > _SHOWN:
            return text[:_SHOWN] + "…"
    return text


def _either(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _names(types: str | Sequence[str]) -> list[str]:
    return [types] if isinstance(types, str) else list(types)


def _same(one: object, other: object) -> bool:
    # In Python, unlike in JSON, true equals 1.
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _wrong_type(types: Sequence[str], value: object) -> ValidationError:
    words = [word for name in types for word in _TYPES[name]]
    return ValidationError(f"expected {_either(words)}, got {described(value)}")


def _wrong_value(allowed: Sequence[object], value: object) -> ValidationError:
    words = ", ".join(one if isinstance(one, str) else shown(one) for one in allowed)
    return ValidationError(f"expected one of {words}, got {shown(value)}")


def _type(
    validator: Validator, types: str | list[str], value: object, _: object
) -> Iterator[ValidationError]:
    names = _names(types)
    if not any(validator.is_type(value, name) for name in names):
        yield _wrong_type(names, value)


def _enum(_: object, allowed: list[object], value: object, __: object) -> Iterator[ValidationError]:
    if not any(_same(one, value) for one in allowed):
        yield _wrong_value(allowed, value)


def _const(_: object, allowed: object, value: object, __: object) -> Iterator[ValidationError]:
    if not _same(allowed, value):
        yield ValidationError(f"expected {shown(allowed)}, got {shown(value)}")


def _required(
    _: object, members: list[str], value: object, __: object
) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        missing = (member for member in members if member not in value)
        yield from (ValidationError("is missing", path=(member,)) for member in missing)


def _additional(
    validator: Validator, rule: object, value: object, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    # jsonschema's own keyword goes through a set, in another order on every run.
    extra = _extra_members(value, schema) if isinstance(value, dict) else {}
    if rule is False:
        known = ", ".join(schema.get("properties", ())) or "none"
        yield from (ValidationError(f"is unknown; known are {known}", path=(e,)) for e in extra)
    else:
        for member, content in extra.items():
            yield from validator.descend(content, rule, path=member)


def _extra_members(value: dict[str, object], schema: dict[str, Any]) -> dict[str, object]:
    named, patterns = schema.get("properties", ()), schema.get("patternProperties", ())
    return {
        member: content
        for member, content in value.items()
        if member not in named and not any(re.search(pattern, member) for pattern in patterns)
    }


def _pattern(
    _: object, pattern: str, value: object, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not re.search(pattern, value):
        examples = " or ".join(map(shown, schema.get("examples", ())))
        wanted = f"such as {examples}" if examples else f"that matches {pattern}"
        yield ValidationError(f"expected a string {wanted}, got {shown(value)}")


def _sized(kind: type, fits: Callable[[Any, Any], bool], bound: str, unit: str) -> Keyword:
    def keyword(_: object, limit: float, value: object, __: object) -> Iterator[ValidationError]:
        # isinstance() narrows to `object`s that mypy cannot measure, hence the two conditions.
        size = len(value) if isinstance(value, str | list | dict) else 0
        if isinstance(value, kind) and not fits(size, limit):
            plural = "" if limit == 1 else "s"
            yield ValidationError(f"expected {bound} {limit} {unit}{plural}, got {size}")

    return keyword


def _ranged(fits: Callable[[Any, Any], bool], bound: str) -> Keyword:
    def keyword(
        validator: Validator, limit: float, value: object, _: object
    ) -> Iterator[ValidationError]:
        if validator.is_type(value, "number") and not fits(value, limit):
            yield ValidationError(f"expected a number {bound} {limit}, got {shown(value)}")

    return keyword


def _branches(
    validator: Validator, schemas: list[object], value: object
) -> list[list[ValidationError]]:
    return [list(validator.descend(value, schema)) for schema in schemas]


def _any_of(
    validator: Validator, schemas: list[object], value: object, _: object
) -> Iterator[ValidationError]:
    branches = _branches(validator, schemas, value)
    if all(branches):
        yield from _nearest(branches, value)


def _one_of(
    validator: Validator, schemas: list[object], value: object, _: object
) -> Iterator[ValidationError]:
    branches = _branches(validator, schemas, value)
    if all(branches):
        yield from _nearest(branches, value)
    elif branches.count([]) > 1:
        yield ValidationError(f"fits several forms that exclude each other: {described(value)}")


def _nearest(branches: list[list[ValidationError]], value: object) -> list[ValidationError]:
    """Report what keeps the value from the form that it was probably meant to have."""
    of_type = [errors for errors in branches if not _type_errors(errors)]
    if not of_type:
        wrong = [error for errors in branches for error in _type_errors(errors)]
        names = [name for error in wrong for name in _names(error.validator_value)]
        return [_wrong_type(list(dict.fromkeys(names)), value)]
    tags = [tag for errors in of_type for tag in _tag_errors(errors)]
    untagged = [errors for errors in of_type if not _tag_errors(errors)]
    if not untagged and len({tuple(tag.path) for tag in tags}) == 1:
        return [_no_such_tag(tags)]
    return min(untagged or of_type, key=len)


def _type_errors(errors: list[ValidationError]) -> list[ValidationError]:
    return [error for error in errors if error.validator == "type" and not error.path]


def _tag_errors(errors: list[ValidationError]) -> list[ValidationError]:
    return [e for e in errors if e.validator in {"const", "enum"} and len(e.path) <= 1]


def _no_such_tag(tags: list[ValidationError]) -> ValidationError:
    allowed: list[object] = []
    for tag in tags:
        allowed += tag.validator_value if tag.validator == "enum" else [tag.validator_value]
    error = _wrong_value(allowed, tags[0].instance)
    error.path.extend(tags[0].path)
    return error


PLAIN_WORDS: dict[str, Keyword] = {
    "additionalProperties": _additional,
    "anyOf": _any_of,
    "const": _const,
    "enum": _enum,
    "exclusiveMaximum": _ranged(operator.lt, "below"),
    "exclusiveMinimum": _ranged(operator.gt, "above"),
    "maxItems": _sized(list, operator.le, "at most", "item"),
    "maxLength": _sized(str, operator.le, "at most", "character"),
    "maxProperties": _sized(dict, operator.le, "at most", "member"),
    "maximum": _ranged(operator.le, "of at most"),
    "minItems": _sized(list, operator.ge, "at least", "item"),
    "minLength": _sized(str, operator.ge, "at least", "character"),
    "minProperties": _sized(dict, operator.ge, "at least", "member"),
    "minimum": _ranged(operator.ge, "of at least"),
    "oneOf": _one_of,
    "pattern": _pattern,
    "required": _required,
    "type": _type,
}

_PlainValidator = validators.extend(Draft202012Validator, validators=PLAIN_WORDS)


def plain_validator(schema: object, registry: Registry[Any]) -> Validator:
    """Make a validator whose violations are in plain words, and whose references stay local."""
    validator: Validator = _PlainValidator(schema, registry=registry)
    return validator
