"""A plain answer: one document, what can be wrong with it, and its length."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from . import framing
from .answer import Answer, Part
from .encoding import encode
from .failures import phrase
from .frames import Document, Format, Headers
from .script import Body, ContentLength, Script
from .stream import MALFORMED

JSON: Final = "application/json"

FIRST_ERROR: Final = 400
"""The lowest status that says that there is no answer."""

_MISCOUNT: Final = 10
"""Bytes by which a wrong Content-Length is wrong, as far as the body has them."""


def document(status: int, content: Document, headers: Headers = ()) -> Answer:
    """Answer with one JSON document."""
    data = encode(content)
    kind = (("Content-Type", JSON), ("Content-Length", str(len(data))))
    return Answer(status, kind + headers, (Part(0.0, data),))


def plain(
    status: int, format_: Format, content: Document, script: Script, headers: Headers
) -> Answer:
    """Answer with one JSON document, or with what the script puts in its place."""
    kind, data = _BODIES[script.body](script, format_, status, content)
    parts: tuple[Part, ...] = (Part(0.0, data),)
    if script.encoding == "gzip":
        parts = framing.compress(parts)
    answer = Answer(status, typed((("Content-Type", kind),), script), parts)
    measured = _LENGTHS[script.content_length](answer)
    return replace(measured, headers=measured.headers + headers)


def typed(headers: Headers, script: Script) -> Headers:
    """Put the script's own content type and encoding into the headers."""
    if script.content_type is not None:
        headers = tuple(each for each in headers if each[0] != "Content-Type")
    if script.content_type not in (None, "none"):
        headers = (("Content-Type", script.content_type), *headers)
    return headers if script.encoding == "identity" else (*headers, ("Content-Encoding", "gzip"))


_BODIES: dict[Body, Callable[[Script, Format, int, Document], tuple[str, bytes]]] = {
    "whole": lambda *given: (JSON, encode(given[-1])),
    "malformed": lambda *_: (JSON, MALFORMED),
    "truncated": lambda *given: (JSON, _half(encode(given[-1]))),
    "empty": lambda *_: (JSON, b""),
    "html": lambda _, __, status, ___: ("text/html; charset=utf-8", _page(status)),
    "error": lambda *given: (JSON, encode(_error(*given))),
    "numeric_error": lambda *given: (JSON, encode(_numeric(*given))),
}


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _page(status: int) -> bytes:
    title = f"{status} {phrase(status)}"
    return (
        f"<html>\n<head><title>{title}</title></head>\n"
        f"<body>\n<center><h1>{title}</h1></center>\n</body>\n</html>\n"
    ).encode()


def _error(script: Script, format_: Format, status: int, _: Document) -> Document:
    return format_.failure(status if status >= FIRST_ERROR else 500, script.error_message)


def _numeric(script: Script, format_: Format, status: int, whole: Document) -> Document:
    content = _error(script, format_, status, whole)
    code = status if status >= FIRST_ERROR else 500
    return {**content, "error": {**content["error"], "code": code}}


def _right(answer: Answer) -> Answer:
    return _with_length(answer, len(answer.parts[0].data))


def _too_long(answer: Answer) -> Answer:
    length = len(answer.parts[0].data) + _MISCOUNT
    return replace(_with_length(answer, length), ending="cut")


def _too_short(answer: Answer) -> Answer:
    data = answer.parts[0].data
    length = max(0, len(data) - _MISCOUNT)
    # What follows would pass for the answer to the next request.
    closing = replace(answer, headers=(*answer.headers, ("Connection", "close")))
    told = replace(closing, parts=(Part(0.0, data[:length]),), surplus=data[length:])
    return _with_length(told, length)


def _with_length(answer: Answer, length: int) -> Answer:
    return replace(answer, headers=(*answer.headers, ("Content-Length", str(length))))


_LENGTHS: dict[ContentLength, Callable[[Answer], Answer]] = {
    "right": _right,
    "too_long": _too_long,
    "too_short": _too_short,
}
