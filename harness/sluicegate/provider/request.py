"""A chat completion request, read from the bytes of its body."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from sluicegate.wire.schema import violations

from .refusal import RefusedError


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What the provider needs to know of a valid request; `document` is all of it."""

    model: str
    stream: bool
    include_usage: bool
    document: dict[str, Any]


def read_request(body: bytes) -> ChatRequest:
    """Read and validate a request body.

    The content type is not looked at: a body that is JSON is taken. Of a key given twice the
    last counts, as with providers. Raises `RefusedError` with the wrong field in `param`.
    """
    try:
        document = _parse(body)
        found = violations(document, "openai/request", profile="compatible")
    except RecursionError:
        raise RefusedError("The body is nested too deeply.") from None
    if found:
        param = found[0].param
        raise RefusedError(f"{param or 'The body'}: {found[0].message}", param=param)
    return _from_document(document)


def _parse(body: bytes) -> dict[str, Any]:
    if not body:
        raise RefusedError("Expected a JSON object as the body, got no body.")
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise RefusedError(
            f"The body is not UTF-8: {error.reason} at byte {error.start}."
        ) from None
    except ValueError as error:
        raise RefusedError(f"The body is not valid JSON: {error}.") from None
    if not isinstance(document, dict):
        raise RefusedError(f"Expected a JSON object as the body, got {_kind(document)}.")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _kind(document: object) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(document), "a number")


def _from_document(document: dict[str, Any]) -> ChatRequest:
    options = document.get("stream_options") or {}
    return ChatRequest(
        model=document["model"],
        stream=bool(document.get("stream")),
        include_usage=bool(options.get("include_usage")),
        document=document,
    )
