"""Which requests of a kind a fault strikes, where it does not strike them all."""

from collections import OrderedDict
from collections.abc import Hashable
from random import Random
from typing import Final

from .script import Script

MOST_KINDS: Final = 10_000
"""Kinds of requests that are counted; then the one that was asked longest ago is forgotten."""


class Repetition:
    """Counts the requests of each kind, for `fail_times` and `fail_rate`."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Hashable, int] = OrderedDict()

    def strikes(self, script: Script, kind: Hashable) -> bool:
        """Tell whether the faults of this request take place; counts it, where that matters."""
        if script.fail_times is None and script.fail_rate is None:
            return True
        number = self._count(kind)
        is_early = script.fail_times is None or number <= script.fail_times
        return is_early and _is_drawn(script, number)

    def clear(self) -> None:
        """Begin to count anew."""
        self._counts.clear()

    def _count(self, kind: Hashable) -> int:
        self._counts[kind] = self._counts.pop(kind, 0) + 1
        if len(self._counts) > MOST_KINDS:
            self._counts.popitem(last=False)
        return self._counts[kind]


def _is_drawn(script: Script, number: int) -> bool:
    if script.fail_rate is None:
        return True
    # Each request's draw depends on its number alone, whatever was asked meanwhile.
    return Random(f"{script.seed} {number}").random() < script.fail_rate  # noqa: S311 - no secret
