"""How a request selects its script: by plan, query, header and model, in this precedence."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import parse_qsl

from .combinations import check
from .parameters import FAULTY, PARAMETERS, SWITCH, NotAcceptedError
from .refusal import RefusedError
from .script import Script

HEADER: Final = "X-Sluicegate-Faults"
"""The header that selects parameters, written as in a query: `fail=429&delay=100`."""

# A name as close as this to a known one is a slip of the pen, and a fault that is silently not
# simulated makes a test pass that tests nothing. The bound tells `file` from `fail`.
_ALIKE = 0.76

_SHOWN = 40

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """The parameters that were given, with their values, and the script that they make."""

    values: Values
    script: Script

    def without_faults(self) -> Script:
        """Return the script of a request that `fail_times` or `fail_rate` spares."""
        return _script(
            {n: value for n, value in self.values.items() if PARAMETERS[n].group not in FAULTY}
        )


def select(query: bytes, header: str | None, model: str | None, planned: Values) -> Selection:
    """Read what a request asks for; each parameter counts where the strongest source names it.

    `planned` are values that `read_planned` returned. `model` may end in `?` and parameters, as in
    `gpt-4?fail=429`. Raises RefusedError for what `read_parameters` refuses, and for a parameter
    that would do nothing beside the others.
    """
    suffix = (model or "").partition("?")[2]
    values = {
        **read_parameters(suffix, "the model"),
        **read_parameters(header or "", f"the header {HEADER}"),
        **read_parameters(query.decode("utf-8", "replace")),
        **planned,
    }
    script = _script(values)
    check(script, values.keys())
    return Selection(values, script)


def read_parameters(text: str, where: str = "") -> dict[str, Any]:
    """Read the parameters in a text that is written as a query; `where` it stands, if elsewhere.

    In a query those of other names are left to whoever they are meant for (`api-version`), unless
    they look like a known one misspelt. Raises RefusedError for a value that is not accepted, a
    parameter given twice and an unknown name; its `param` is the name as it was given.
    """
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in found:
            raise RefusedError(f"{_named(name, where)} is given more than once.", param=name)
        if name in PARAMETERS:
            found[name] = _read(name, value, where)
        elif where or _meant(name):
            raise _unknown(name, where)
    return found


def read_planned(answer: Mapping[str, object]) -> dict[str, Any]:
    """Read the parameters of an answer in a plan: JSON values, or texts as in a query.

    Raises RefusedError, also for an unknown name.
    """
    unknown = next((name for name in answer if name not in PARAMETERS), None)
    if unknown is not None:
        raise _unknown(unknown, "")
    values = {name: _read(name, _text(name, value), "") for name, value in answer.items()}
    check(_script(values), values.keys())
    return values


def _script(values: Values) -> Script:
    return Script(**values)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value) if name == "quirks" else json.dumps(value)
    is_switch = PARAMETERS[name].accepts == SWITCH
    if is_switch if isinstance(value, bool) else isinstance(value, int | float):
        return json.dumps(value)
    accepts = PARAMETERS[name].accepts
    raise RefusedError(f"Parameter {name!r}: expected {accepts}, got another value.", param=name)


def _read(name: str, value: str, where: str) -> object:
    parameter = PARAMETERS[name]
    try:
        return parameter.read(value)
    except NotAcceptedError:
        raise RefusedError(
            f"{_named(name, where)}: expected {parameter.accepts}, got {_shown(value)}.",
            param=name,
        ) from None


def _named(name: str, where: str) -> str:
    return f"Parameter {name!r} in {where}" if where else f"Parameter {name!r}"


def _shown(value: str) -> str:
    return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}..."


def _unknown(name: str, where: str) -> RefusedError:
    near = _meant(name)
    what = _named(name, where).removeprefix("Parameter ")
    hint = f"did you mean {near!r}? " if near else ""
    accepted = f"Accepted are {', '.join(PARAMETERS)}."
    return RefusedError(f"Unknown parameter {what}: {hint}{accepted}", param=name)


def _meant(name: str) -> str | None:
    plain = name.strip().casefold().replace("-", "_")
    # Few misspell the first letter, and many honest names end alike: `upstream`.
    candidates = [known for known in PARAMETERS if known[0] == plain[:1]]
    swapped = [known for known in candidates if sorted(known) == sorted(plain)]
    # `fail:429`, and `?fail` of a question mark too many.
    whole = [word for word in re.split(r"[^a-z_]+", plain) if word in PARAMETERS]
    return next(iter(swapped or whole or get_close_matches(plain, candidates, 1, _ALIKE)), None)
