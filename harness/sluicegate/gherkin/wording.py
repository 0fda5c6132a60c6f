"""Pieces that the messages share."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

_LONGEST: Final = 60
_SIMILARITY: Final = 0.6


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a mistyped one was probably meant to be, if there is one."""
    folded = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=_SIMILARITY)
    return folded[found[0]] if found else None


def listed(words: Sequence[str]) -> str:
    """Write words in a row, as in `a, b and c`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def shown(text: str) -> str:
    """Write a line of a file in quotes, and cut it if it is long."""
    return f"'{text}'" if len(text) <= _LONGEST else f"'{text[:_LONGEST]}…'"
