"""JSON from an upstream: parsed, and taken for what it must be."""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast

from sluicegate.wire.assistant.encoding import encoded

from .errors import UpstreamError
from .masking import Mask

Document = Mapping[str, Any]

T = TypeVar("T")

MOST: Final = 10**12
"""Tokens, or dollars, of one answer that are believed: sums of more could be no numbers."""

_SHOWN: Final = 60
_NAMES: Final = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
}


def parsed(data: str | bytes, where: str, mask: Mask) -> Document:
    """Parse a JSON object; raises UpstreamError for anything else."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return document
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    raise UpstreamError(
        "malformed", f"expected a JSON object as {where}, got {mask(text)[:_SHOWN]!r}"
    )


def member(document: Document, name: str, kind: type[T]) -> T:
    """Return a member, empty where it is absent or null; raises UpstreamError for a wrong type."""
    value = document.get(name)
    if value is None:
        return kind()
    if isinstance(value, bool) or not isinstance(value, kind):
        raise UpstreamError(
            "malformed",
            f"expected {_NAMES[kind]} as the upstream's {name!r}, got {_NAMES[type(value)]}",
        )
    return value


def documents(document: Document, name: str) -> list[Document]:
    """Return the objects in a list; raises UpstreamError for another list, or none at all."""
    listed = member(document, name, list)
    if not all(isinstance(each, dict) for each in listed):
        raise UpstreamError("malformed", f"expected a list of objects as the upstream's {name!r}")
    return listed


def written(document: Document) -> str:
    """Write an object as JSON again; raises UpstreamError for a number that JSON cannot write."""
    try:
        return encoded(document).decode()
    except (ValueError, RecursionError):
        raise UpstreamError("malformed", "expected finite numbers from the upstream") from None


def count(document: Document, name: str) -> int:
    """Return a number of tokens; whatever is none, or cannot be true, counts as 0."""
    # In JSON, 2.0 is an integer.
    return int(amount(document.get(name)))


def amount(value: object) -> float:
    """Return a number from 0 to `MOST`; whatever is none counts as 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return cast("float", value) if is_number and 0 <= cast("float", value) <= MOST else 0


def words_of(document: Document) -> str:
    """Return what an error document says, in any of the shapes that servers give it."""
    error = document.get("error")
    found = [error, document.get("message"), document.get("detail")]
    if isinstance(error, dict):
        found = [error.get("message"), error.get("type"), *found[1:]]
    return next((each for each in found if each and isinstance(each, str)), "")


def reported(document: Document, mask: Mask) -> UpstreamError:
    """Return the failure that an error document in place of an answer is."""
    return UpstreamError("error", "the upstream reported an error", said=mask(words_of(document)))
