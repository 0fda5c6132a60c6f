"""A request for a stream, read from its query and the bytes of its body."""

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

from sluicegate.wire.assistant.document import DocumentError
from sluicegate.wire.assistant.request import StreamRequest, read_request

from .refusals import RefusedError


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
    """Read a body, whatever its content type; of a key given twice the last counts.

    Raises RefusedError with the wrong field in `param`.
    """
    try:
        return read_request(_parsed(body))
    except DocumentError as error:
        place = error.field or "The body"
        raise RefusedError(f"{place}: {error.reason}", param=error.field) from None


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
