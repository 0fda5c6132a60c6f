"""The query parameters that make the provider slow, wrong or broken."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal
from urllib.parse import parse_qsl

from .refusal import RefusedError

LONGEST_DELAY = 86_400_000
"""The largest `delay`, in milliseconds: one day."""

LARGEST_CHUNK = 1_000_000
"""The largest `fail_chunk`."""

# ASCII digits only: `int` would also read `1_000`, `+1`, ` 1` and the digits of other scripts.
# No number that is accepted has more of them.
_DIGITS = re.compile(r"[0-9]{1,8}")

# A name as close as this to a known one is a slip of the pen, and a fault that is silently not
# simulated makes a test pass that tests nothing. The bound tells `file` from `fail`.
_ALIKE = 0.76

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Faults:
    """What one request asks the provider to do wrong.

    `delay` is in seconds. `stream` is None where the query leaves the choice to the body.
    `fail_chunk` counts from 1; 0 is off.
    """

    delay: float = 0.0
    fail: int | Literal["timeout"] | None = None
    stream: bool | None = None
    fail_chunk: int = 0


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter: what it accepts, in words and as a reader that returns None if not."""

    accepts: str
    read: Callable[[str], Any]


def _whole(value: str, largest: int) -> int | None:
    number = int(value) if _DIGITS.fullmatch(value) else None
    return number if number is not None and number <= largest else None


def _delay(value: str) -> float | None:
    milliseconds = _whole(value, LONGEST_DELAY)
    return None if milliseconds is None else milliseconds / 1000


def _fail(value: str) -> int | Literal["timeout"] | None:
    if value == "timeout":
        return "timeout"
    return int(value) if re.fullmatch(r"[45][0-9]{2}", value, re.ASCII) else None


def _stream(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value)


def _fail_chunk(value: str) -> int | None:
    return _whole(value, LARGEST_CHUNK)


PARAMETERS = {
    "delay": Parameter(f"a whole number of milliseconds from 0 to {LONGEST_DELAY}", _delay),
    "fail": Parameter("a status from 400 to 599, or timeout", _fail),
    "stream": Parameter("true or false", _stream),
    "fail_chunk": Parameter(f"a whole number from 0 (off) to {LARGEST_CHUNK}", _fail_chunk),
}


def read_faults(query: bytes) -> Faults:
    """Read the faults that a query string asks for.

    Parameters of other names are left to whoever they are meant for (`api-version`), unless
    they look like a known one misspelt. Raises `RefusedError` for a value that is not accepted,
    a parameter given twice and a misspelt name; its `param` is the name as it was given.
    """
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True):
        if name in found:
            raise RefusedError(f"Parameter {name!r} is given more than once.", param=name)
        if name in PARAMETERS:
            found[name] = _read(name, value)
        else:
            _refuse_if_misspelt(name)
    return Faults(**found)


def _read(name: str, value: str) -> object:
    parameter = PARAMETERS[name]
    result = parameter.read(value)
    if result is None:
        raise RefusedError(
            f"Parameter {name!r}: expected {parameter.accepts}, got {_shown(value)}.", param=name
        )
    return result


def _shown(value: str) -> str:
    return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}..."


def _refuse_if_misspelt(name: str) -> None:
    meant = _meant(name)
    if meant is not None:
        raise RefusedError(
            f"Unknown parameter {name!r}: did you mean {meant!r}?"
            f" Accepted are {', '.join(PARAMETERS)}.",
            param=name,
        )


def _meant(name: str) -> str | None:
    plain = name.strip().casefold().replace("-", "_")
    # Few misspell the first letter, and many honest names end alike: `upstream`.
    candidates = [known for known in PARAMETERS if known[0] == plain[:1]]
    swapped = [known for known in candidates if sorted(known) == sorted(plain)]
    # `fail:429`, and `?fail` of a question mark too many.
    whole = [word for word in re.split(r"[^a-z_]+", plain) if word in PARAMETERS]
    return next(iter(swapped or whole or get_close_matches(plain, candidates, 1, _ALIKE)), None)
