"""Masks a key in what an upstream says, however its words are cut into pieces."""

import re
from collections.abc import Sequence
from typing import Final

from sluicegate.upstream.masking import MASK

SHORTEST: Final = 8
"""Characters of the shortest key that is masked: a shorter one stands in ordinary words, too."""

_ESCAPE: Final = "\\"
# Each stands for one character; an escape may lack its rest, or be none.
_UNIT: Final = re.compile(
    r"\\u[0-9A-Fa-f]{4}|\\[^u]|[^\\]|\\(?:u[0-9A-Fa-f]{0,3})?\Z|\\", re.DOTALL
)
_BEGUN: Final = re.compile(r"\\(?:u[0-9A-Fa-f]{0,3})?")
_MEANT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Censor:
    """Masks a key in one text that comes in pieces.

    Held back is only what may be the beginning of the key; all else flows at once. With `in_json`
    the text is JSON, where each character of the key may be written as an escape.
    """

    __slots__ = ("_held", "_in_json", "_key")

    def __init__(self, key: str, *, in_json: bool = False) -> None:
        self._key = key
        self._in_json = in_json
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take the next piece; return what may be shown by now."""
        is_plain = not (self._in_json and _ESCAPE in piece)
        if is_plain and not self._held and self._key[0] not in piece:
            return piece
        text = self._held + piece
        if self._in_json and _ESCAPE in text:
            return self._of_json(text)
        return self._shown(text, text, "")

    def flush(self) -> str:
        """End the text; return what was held back, masked where it is the better half of a key."""
        held, self._held = self._held, ""
        count = len(_UNIT.findall(held)) if self._in_json else len(held)
        return MASK if 2 * count >= len(self._key) else held

    def _of_json(self, text: str) -> str:
        units = _UNIT.findall(text)
        begun = units.pop() if _BEGUN.fullmatch(units[-1]) else ""
        return self._shown(units, "".join(map(_meant, units)), begun)

    def _shown(self, units: Sequence[str], meant: str, begun: str) -> str:
        """Mask the key in what `units` mean, a character each; hold its beginning back."""
        shown, at = [], 0
        while (found := meant.find(self._key, at)) >= 0:
            shown += ["".join(units[at:found]), MASK]
            at = found + len(self._key)
        beginning = self._beginning(meant, at)
        shown.append("".join(units[at:beginning]))
        self._held = "".join(units[beginning:]) + begun
        return "".join(shown)

    def _beginning(self, meant: str, start: int) -> int:
        """Return where the longest end that is a beginning of the key begins."""
        at = meant.find(self._key[0], max(start, len(meant) - len(self._key) + 1))
        while at >= 0:
            if self._key.startswith(meant[at:]):
                return at
            at = meant.find(self._key[0], at + 1)
        return len(meant)


def _meant(unit: str) -> str:
    if len(unit) == 1:
        return unit
    kind, digits = unit[1], unit[2:]
    return chr(int(digits, 16)) if digits else _MEANT.get(kind, kind)
