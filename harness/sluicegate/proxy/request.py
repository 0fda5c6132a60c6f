"""A request for a stream, read from its query and the bytes of its body."""

import json
import math
from collections.abc import Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from sluicegate.wire.assistant.document import DocumentError, Part
from sluicegate.wire.assistant.request import StreamRequest, read_request
from sluicegate.wire.schema import Violation

from .refusals import RefusedError

_ALIKE: Final = 0.85
"""How alike two names are of which one is taken for the other misspelt, from 0 to 1."""


def wants_framing(values: Sequence[str]) -> bool:
    """Read the values of the query's `framing`: whether events that frame blocks are asked for.

    Raises RefusedError for any other than `true`.
    """
    for value in values:
        if value != "true":
            raise RefusedError(
                f"Parameter 'framing': expected 'true', got {value!r}.", param="framing"
            )
    return bool(values)


def read(body: bytes) -> StreamRequest:
    """Read a body of JSON; of a key given twice the last counts.

    Members that are not known are kept, unless they are known ones misspelt. Raises RefusedError
    with the wrong field in `param`.
    """
    try:
        asked = read_request(_parsed(body))
    except DocumentError as error:
        place = error.field or "The body"
        raise RefusedError(f"{place}: {error.reason}", param=error.field) from None
    _refuse_misspelt("context", asked.context)
    _refuse_misspelt("options", asked.options)
    return asked


def _refuse_misspelt(where: str, part: Part) -> None:
    known = {_plain(each.name): each.name for each in fields(part) if each.name != "extra"}
    for name, value in part.extra.items():
        near = get_close_matches(_plain(name), known, n=1, cutoff=_ALIKE)
        if near and value is not None:
            field = Violation((where, name), "").param
            raise RefusedError(f"{field}: is unknown; did you mean {known[near[0]]}?", param=field)


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    if not body:
        raise RefusedError("Expected a JSON object as the body, got no body.")
    try:
        return json.loads(body.decode(), parse_constant=_refuse_number, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise RefusedError(
            f"The body is not UTF-8: {error.reason} at byte {error.start}."
        ) from None
    except RecursionError:
        raise RefusedError("The body is nested too deeply.") from None
    except ValueError as error:
        raise RefusedError(f"The body is not valid JSON: {error}.") from None


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse_number(number)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no number that can be passed on")
