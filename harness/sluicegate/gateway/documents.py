"""The JSON that an agent sends: taken for an answer, or for what it is instead."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from sluicegate.upstream.documents import documents, member, reported
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.masking import Mask

Document = Mapping[str, Any]

COMPLETION: Final = "chat.completion"
CHUNK: Final = "chat.completion.chunk"

_SHOWN: Final = 60


def parsed(text: str, where: str, mask: Mask) -> Document:
    """Parse a JSON object that is no error; raises UpstreamError for anything else."""
    try:
        document = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        shown = mask(text)[:_SHOWN]
        raise UpstreamError("malformed", f"expected a JSON object as {where}, got {shown!r}")
    if document.get("error") or document.get("object") == "error":
        raise reported(document, mask)
    return document


def completion(body: bytes, mask: Mask) -> tuple[str, Document]:
    """Return the text and the document of a complete chat.completion; raises UpstreamError.

    Of the body nothing but a byte order mark is taken away.
    """
    try:
        text = body.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise UpstreamError("malformed", "the upstream's answer is not in UTF-8") from None
    document = parsed(text, "the upstream's answer", mask)
    check_complete(document)
    return text, document


def check_complete(document: Document) -> None:
    """Raise UpstreamError unless each choice of an answer says why it ended."""
    choices = documents(document, "choices")
    if not choices or not all(member(choice, "message", dict) for choice in choices):
        raise UpstreamError("malformed", "the upstream's answer is no chat.completion")
    if not all(member(choice, "finish_reason", str) for choice in choices):
        raise UpstreamError("broken", "the upstream's answer has no finish_reason")


def without(document: Document, *names: str) -> dict[str, Any]:
    """Return a document without some of its members."""
    return {name: value for name, value in document.items() if name not in names}


def _refuse(name: str) -> NoReturn:
    # Python's parser takes NaN and Infinity, which are no JSON, and would pass them on.
    raise ValueError(f"{name} is no JSON number")
