"""Checks JSON documents against the shipped schemas and says in plain words what is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from sluicegate import shipped
from sluicegate.errors import SluicegateError

from .keywords import plain_validator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from referencing import Resource

    from .keywords import Validator

Profile = Literal["compatible", "strict"]

_STRICT = ".strict"


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a document departs from its schema, and how."""

    path: tuple[str | int, ...]
    message: str

    @property
    def json_path(self) -> str:
        """The place as a JSONPath, such as `$.choices[0].delta` or `$["x y"]`."""
        return "$" + "".join(map(_step, self.path))

    @property
    def param(self) -> str | None:
        """The place as OpenAI's errors name it, such as `messages[0].role`; None for the root."""
        return self.json_path[1:].removeprefix(".") or None

    def __str__(self) -> str:
        return f"{self.json_path}: {self.message}"


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if key.isidentifier() else f"[{json.dumps(key)}]"


def names() -> tuple[str, ...]:
    """List the schemas that documents can be checked against, sorted."""
    return tuple(name for name in sorted(_schemas(shipped.SCHEMAS)) if _is_whole(name))


def violations(
    document: object, schema: str, *, profile: Profile = "compatible"
) -> list[Violation]:
    """List the violations of a schema in its own order, at most one for each place.

    `compatible` tolerates what widely used compatible servers do differently; `strict` demands
    the provider's specification. An unknown schema, or one whose reference leads nowhere, raises
    SluicegateError.
    """
    validator = _validator(shipped.SCHEMAS, schema, profile)
    found: dict[tuple[str | int, ...], Violation] = {}
    try:
        for error in validator.iter_errors(document):
            path = tuple(error.absolute_path)
            found.setdefault(path, Violation(path, error.message))
    except RecursionError:
        found.setdefault((), Violation((), "is nested too deeply to be checked"))
    except Unresolvable as error:
        raise SluicegateError(
            f"schema {schema!r} refers to {error.ref!r}, which is not in {shipped.SCHEMAS};"
            " schemas are never fetched: add the file, or correct the $ref"
        ) from error
    return list(found.values())


def explain(found: Sequence[Violation]) -> str:
    """Write violations one per line."""
    return "\n".join(map(str, found))


def _is_whole(name: str) -> bool:
    return not name.endswith(("/common", _STRICT))


@cache
def _schemas(folder: Path) -> dict[str, Any]:
    files = sorted(folder.glob("*/*.json"))
    return {
        file.relative_to(folder).as_posix().removesuffix(".json"): json.loads(file.read_bytes())
        for file in files
    }


@cache
def _registry(folder: Path) -> Registry[Any]:
    return Registry().with_resources(_resource(schema) for schema in _schemas(folder).values())


def _resource(schema: dict[str, Any]) -> tuple[str, Resource[Any]]:
    # By its $schema, jsonschema would go on with its own validator instead of the plain one.
    contents = {keyword: value for keyword, value in schema.items() if keyword != "$schema"}
    return schema["$id"], DRAFT202012.create_resource(contents)


@cache
def _validator(folder: Path, name: str, profile: Profile) -> Validator:
    schemas = _schemas(folder)
    if name not in schemas or not _is_whole(name):
        known = ", ".join(names()) or "none"
        raise SluicegateError(f"expected the name of a schema, got {name!r}; known are: {known}")
    strict = profile == "strict" and name + _STRICT in schemas
    return plain_validator(schemas[name + _STRICT * strict], _registry(folder))
