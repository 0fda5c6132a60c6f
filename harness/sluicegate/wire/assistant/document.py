"""JSON documents: checked by a schema as they come, read into dataclasses, and written again."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sluicegate.errors import SluicegateError
from sluicegate.wire.schema import violations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class DocumentError(SluicegateError):
    """A document departs from its schema.

    `field` is where, such as `context.messages[0].role`, or None where the whole document is
    wrong; `reason` is what is wrong there.
    """

    def __init__(self, reason: str, field: str | None, kind: str) -> None:
        super().__init__(f"{field or kind}: {reason}")
        self.reason = reason
        self.field = field


@dataclass(frozen=True, slots=True)
class Part:
    """A JSON object; the members that its class does not name are kept in `extra`."""

    TAG: ClassVar[Mapping[str, str]] = {}

    extra: Mapping[str, Any] = field(default_factory=dict, kw_only=True)


P = TypeVar("P", bound=Part)


def checked(document: object, schema: str, kind: str) -> dict[str, Any]:
    """Return a document that fits a schema, which demands an object; raises DocumentError.

    `kind` is what to call a document that is wrong as a whole.
    """
    for wrong in violations(document, schema):
        raise DocumentError(wrong.message, wrong.param, kind)
    assert isinstance(document, dict)  # noqa: S101 - the schema says so
    return document


def read(kind: type[P], document: Mapping[str, Any], **readers: Callable[[Any], object]) -> P:
    """Read a JSON object that was checked; null counts as absent.

    `readers` convert the members of their names.
    """
    names = {each.name for each in fields(kind)} - {"extra"}
    known = {name: document[name] for name in names if document.get(name) is not None}
    converted = {name: readers[name](known[name]) for name in readers.keys() & known.keys()}
    tagged = names | kind.TAG.keys()
    extra = {name: value for name, value in document.items() if name not in tagged}
    return kind(**{**known, **converted}, extra=extra)


def write(part: Part) -> dict[str, Any]:
    """Write a part as JSON; members that are None are left out."""
    members = {each.name: getattr(part, each.name) for each in fields(part)}
    del members["extra"]
    written = {name: _written(value) for name, value in members.items() if value is not None}
    return {**part.TAG, **written, **part.extra}


def _written(value: object) -> object:
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    return write(value) if isinstance(value, Part) else value
