"""A request for an answer, read from its query, its headers and the bytes of its body."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from sluicegate.wire.schema import violations

from .refusal import RefusedError


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What the provider needs to know of a valid request."""

    model: str
    stream: bool
    include_usage: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: its parameters, and its body as far as it can be read.

    `document` is the body; `refused` is why it is none, or no JSON object.
    """

    query: bytes = b""
    header: str | None = None
    document: dict[str, Any] | None = None
    refused: RefusedError | None = None

    @property
    def model(self) -> str | None:
        """The model that the body names, where it names one."""
        model = (self.document or {}).get("model")
        return model if isinstance(model, str) else None

    def request(self, schema: str) -> ChatRequest:
        """Return the request; raises RefusedError with the wrong field in `param`."""
        if self.document is None:
            raise self.refused or RefusedError("Expected a JSON object as the body, got no body.")
        return validated(self.document, schema)


def read(query: bytes, header: str | None, body: bytes) -> Asked:
    """Read a request, whatever its body is.

    The content type is not looked at: a body that is JSON is taken. Of a key given twice the
    last counts, as with providers.
    """
    try:
        return Asked(query, header, _parse(body))
    except RefusedError as refused:
        return Asked(query, header, refused=refused)


def validated(document: dict[str, Any], schema: str) -> ChatRequest:
    """Validate a request's body; raises RefusedError with the wrong field in `param`."""
    try:
        found = violations(document, schema, profile="compatible")
    except RecursionError:
        raise RefusedError("The body is nested too deeply.") from None
    if found:
        param = found[0].param
        raise RefusedError(f"{param or 'The body'}: {found[0].message}", param=param)
    # Of the Anthropic format it is no member, and may be anything.
    options = document.get("stream_options")
    return ChatRequest(
        model=document["model"],
        stream=bool(document.get("stream")),
        include_usage=isinstance(options, dict) and bool(options.get("include_usage")),
    )


def _parse(body: bytes) -> dict[str, Any]:
    if not body:
        raise RefusedError("Expected a JSON object as the body, got no body.")
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise RefusedError(
            f"The body is not UTF-8: {error.reason} at byte {error.start}."
        ) from None
    except RecursionError:
        raise RefusedError("The body is nested too deeply.") from None
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
