"""How a request selects its script: by plan, query, header and model, in this precedence."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import parse_qsl

from .parameters import FAULTY, PARAMETERS, NotAcceptedError
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
    """Read the parameters in a text that is written as a query.

    Those of other names are left to whoever they are meant for (`api-version`), unless they look
    like a known one misspelt. Raises RefusedError for a value that is not accepted, a parameter
    given twice and a misspelt name; its `param` is the name as it was given.
    """
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in found:
            raise RefusedError(f"{_named(name, where)} is given more than once.", param=name)
        if name in PARAMETERS:
            found[name] = _read(name, value, where)
        else:
            _refuse_if_misspelt(name, where)
    return found


def read_planned(answer: Mapping[str, object]) -> dict[str, Any]:
    """Read the parameters of an answer in a plan: JSON values, or texts as in a query.

    Raises RefusedError, also for an unknown name.
    """
    unknown = next((name for name in answer if name not in PARAMETERS), None)
    if unknown is not None:
        near = _meant(unknown)
        hint = f"did you mean {near!r}? " if near else ""
        accepted = f"{hint}Accepted are {', '.join(PARAMETERS)}."
        raise RefusedError(f"Unknown parameter {unknown!r}: {accepted}", param=unknown)
    values = {name: _read(name, _text(name, value), "") for name, value in answer.items()}
    check(_script(values), values.keys())
    return values


def check(script: Script, given: Iterable[str]) -> None:
    """Raise RefusedError for a parameter that would do nothing beside the others that were given.

    A fault that silently does not take place makes a test pass that tests nothing.
    """
    names = set(given)
    for name, (needs, is_met) in _NEEDS.items():
        if name in names and not is_met(script, names):
            raise RefusedError(f"Parameter {name!r} does nothing without {needs}.", param=name)


def _is_silent(script: Script, _: set[str]) -> bool:
    return script.fail in ("timeout", "silence") or script.fail_chunk_mode == "silence"


def _can_be_cut(script: Script, _: set[str]) -> bool:
    if script.cut == "characters":
        said = "".join((*(script.text or ()), *script.reasoning))
        return script.encoding == "identity" and not said.isascii()
    return script.cut != "line_ends" or (
        script.line_end == "crlf" and script.encoding == "identity"
    )


def _can_fail(_: Script, given: set[str]) -> bool:
    return any(PARAMETERS[name].group in FAULTY for name in given)


_NEEDS: Final[Mapping[str, tuple[str, Callable[[Script, set[str]], bool]]]] = {
    "fail_chunk_mode": ("fail_chunk", lambda _, given: "fail_chunk" in given),
    "silence": ("fail=timeout, fail=silence or fail_chunk_mode=silence", _is_silent),
    "cut": (
        (
            "something to cut: characters needs a text that is not ASCII, line_ends needs"
            " line_end=crlf, and neither goes with gzip"
        ),
        _can_be_cut,
    ),
    "jitter": ("seconds to vary: pace is 0", lambda script, _: script.pace > 0),
    "fail_times": ("a fault beside it", _can_fail),
    "fail_rate": ("a fault beside it", _can_fail),
}


def _script(values: Values) -> Script:
    return Script(**values)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value) if name == "quirks" else json.dumps(value)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    raise RefusedError(f"Parameter {name!r}: expected a text or a number.", param=name)


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


def _refuse_if_misspelt(name: str, where: str) -> None:
    meant = _meant(name)
    if meant is not None:
        what = _named(name, where).removeprefix("Parameter ")
        raise RefusedError(
            f"Unknown parameter {what}: did you mean {meant!r}?"
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
