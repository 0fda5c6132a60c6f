"""Masks a key in what an upstream says, however its words are cut into pieces."""

import re
import string
from collections.abc import Sequence
from typing import Final

from sluicegate.upstream.masking import MASK

SHORTEST: Final = 8
"""Characters of the shortest key that is masked: a shorter one stands in ordinary words, too."""

_LEAST_FREE: Final = 4
_MOST_FREE: Final = 24
"""Characters of a run that are shown at once, at least and at most, whatever the key's length."""

# What keys are made of; what else the key itself is made of is added.
_COMMON: Final = string.ascii_letters + string.digits + "_.-"

_ESCAPE: Final = "\\"
# Each stands for one character; an escape may lack its rest, or be none.
_UNIT: Final = re.compile(
    r"\\u[0-9A-Fa-f]{4}|\\[^u]|[^\\]|\\(?:u[0-9A-Fa-f]{0,3})?\Z|\\", re.DOTALL
)
_BEGUN: Final = re.compile(r"\\(?:u[0-9A-Fa-f]{0,3})?")
_MEANT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Censor:
    """Masks a key in one text that comes in pieces.

    Within a run of characters that keys are made of, what goes beyond the first half of a key's
    length is held back until the run ends, or has gone on for a key's length. What is held back
    depends on the length of the run alone, never on what it says: were it the beginning of the key
    that is held back, whoever makes a model say what they like could read the key off the delays,
    letter by letter. A part of the key alone is not masked, nor are two parts with another text
    between them. With `in_json` the text is JSON, where each character of the key may be written as
    an escape.
    """

    __slots__ = ("_dropped", "_free", "_in_json", "_kept", "_key", "_passed", "_run_of")

    def __init__(self, key: str, *, in_json: bool = False) -> None:
        self._key = key
        self._in_json = in_json
        self._free = min(max(len(key) // 2, _LEAST_FREE), _MOST_FREE)
        self._run_of = _COMMON + "".join(sorted(set(key) - set(_COMMON)))
        self._begin("", 0, 0)

    def feed(self, piece: str) -> str:
        """Take the next piece; return what may be shown by now."""
        text = self._kept + piece
        if not (self._in_json and _ESCAPE in text):
            return self._shown(text, text, "")
        units = _UNIT.findall(text)
        begun = units.pop() if _BEGUN.fullmatch(units[-1]) else ""
        return self._shown(units, "".join(map(_meant, units)), begun)

    def flush(self) -> str:
        """End the text; return what was held back."""
        units = _UNIT.findall(self._kept) if self._in_json else self._kept
        held = "".join(units[self._passed :])
        self._begin("", 0, 0)
        return held

    def _begin(self, kept: str, passed: int, dropped: int) -> None:
        """Keep the end of a run: how much of it was shown, and how much more of it there was."""
        self._kept, self._passed, self._dropped = kept, passed, dropped

    def _shown(self, units: Sequence[str], meant: str, begun: str) -> str:
        """Mask the key in what `units` mean, a character each; hold the end of a run back."""
        shown, at, start = [], self._passed, 0
        while (found := meant.find(self._key, start)) >= 0:
            shown += ["".join(units[at:found]), MASK]
            at = start = found + len(self._key)
        run = max(start, len(meant.rstrip(self._run_of)))
        dropped = 0 if run else self._dropped
        # The key may begin here at the earliest, else it would have been whole.
        earliest = len(meant) - len(self._key) + 1
        end = max(at, min(run + self._free - dropped, len(meant)), earliest)
        shown.append("".join(units[at:end]))
        keep = max(run, earliest)
        self._begin("".join(units[keep:]) + begun, end - keep, dropped + keep - run)
        return "".join(shown)


def _meant(unit: str) -> str:
    if len(unit) == 1:
        return unit
    kind, digits = unit[1], unit[2:]
    return chr(int(digits, 16)) if digits else _MEANT.get(kind, kind)
