"""Where what a client got says something else than what was sent, however both are written."""

from collections.abc import Iterator
from typing import Final

from .values import MISSING, brief, number, parsed, quoted, same

_OWN: Final = frozenset({"id", "created", "model"})
"""The members of an answer that a gateway may set itself."""


def difference(got: bytes, sent: bytes) -> str:
    """Return, in words, the first thing that was sent and did not come, empty if all came.

    Members may be added, but for what is said in a delta or a message, and one that is null is as
    good as none. What is no JSON is compared byte for byte.
    """
    try:
        told, given = parsed(got), parsed(sent)
    except ValueError:
        return "" if got == sent else f"it is {quoted(got, 60)}, and {quoted(sent, 60)} was sent"
    if isinstance(given, dict):
        given = {name: value for name, value in given.items() if name not in _OWN}
    return next(_differences(told, given, "$"), "")


def _differences(told: object, given: object, path: str) -> Iterator[str]:
    if isinstance(given, dict) and isinstance(told, dict):
        for name, value in given.items():
            yield from _differences(told.get(name, MISSING), value, f"{path}.{name}")
        yield from _additions(told, given, path)
    elif isinstance(given, list) and isinstance(told, list) and len(given) == len(told):
        for place, (one, other) in enumerate(zip(told, given, strict=True)):
            yield from _differences(one, other, f"{path}[{place}]")
    elif not same(told, given) and not (told is MISSING and given is None):
        yield f"{path} is {_shown(told)}, and {_shown(given)} was sent"


def _additions(told: dict[str, object], given: dict[str, object], path: str) -> Iterator[str]:
    if path.endswith((".delta", ".message")):
        for name in sorted(told.keys() - given.keys() - {"role"}):
            if not _is_nothing(told[name]):
                yield f"{path}.{name} is {_shown(told[name])}, and nothing was sent"


def _is_nothing(value: object) -> bool:
    if isinstance(value, dict | list):
        return all(map(_is_nothing, value.values() if isinstance(value, dict) else value))
    return value in (None, "")


def _shown(value: object) -> str:
    return f"a list of {number(len(value), 'entry')}" if isinstance(value, list) else brief(value)
