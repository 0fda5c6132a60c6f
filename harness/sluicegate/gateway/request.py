"""A request for a chat completion, read from the bytes of its body, and as agents are asked it."""

import json
import math
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from sluicegate.wire.assistant.encoding import encoded
from sluicegate.wire.schema import violations

from .documents import Document, without
from .errors import RefusedError, bad_input
from .fallback import Mode

SCHEMA: Final = "openai/request"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is valid; `document` is all of its body, `mode` how it is to be answered.

    `with_usage` tells whether the stream is to have a chunk with the usage.
    """

    document: Document
    model: str
    mode: Mode
    with_usage: bool

    def body(self, mode: Mode) -> bytes:
        """Return the body with which an agent is asked in a mode; nothing else is changed."""
        if mode == "streamed":
            return encoded(self.document)
        asked = without(self.document, "stream_options")
        return encoded({**asked, "stream": False} if asked.get("stream") else asked)


def read(body: bytes) -> Asked:
    """Read a body, whatever its content type; of a key given twice the last counts.

    Raises RefusedError with the wrong field.
    """
    document = _parsed(body)
    if found := violations(document, SCHEMA):
        place = found[0].param
        raise RefusedError(bad_input(400, f"{place or 'The body'}: {found[0].message}", place))
    options = document.get("stream_options") or {}
    return Asked(
        document,
        document["model"],
        "streamed" if document.get("stream") else "plain",
        bool(options.get("include_usage")),
    )


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - any JSON; the schema says what is wrong with it
    if not body:
        raise _refused("Expected a JSON object as the body, got no body.")
    try:
        document = json.loads(
            body.decode(), parse_constant=_refuse, parse_float=_finite, parse_int=_integer
        )
        # What can be read can be too deep to be written.
        encoded(document)
    except UnicodeDecodeError as error:
        raise _refused(f"The body is not UTF-8: {error.reason} at byte {error.start}.") from None
    except RecursionError:
        raise _refused("The body is nested too deeply.") from None
    except ValueError as error:
        raise _refused(f"The body is not valid JSON: {error}.") from None
    return document


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


def _integer(number: str) -> int:
    try:
        return int(number)
    except ValueError:  # Python's own limit of digits
        _refuse(number)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no number that can be passed on")


def _refused(message: str) -> RefusedError:
    return RefusedError(bad_input(400, message))
