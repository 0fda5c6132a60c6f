"""Hides the keys of agents in what is passed on: no answer needs them, whoever let them slip in."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from sluicegate.upstream.masking import MASK

SHORTEST: Final = 8
"""Characters of the shortest key that is hidden: a shorter one stands in ordinary words, too."""

Conceal = Callable[[str], str]


def concealing(keys: Iterable[str]) -> Conceal:
    """Return what hides keys in JSON; a text without any stays as it is.

    Nothing is held back for it, so a key whose pieces come in several events is not found.
    """
    written = sorted({form for key in keys for form in _forms(key)}, key=len, reverse=True)
    if not written:
        return str
    pattern = re.compile("|".join(map(re.escape, written)))
    return lambda text: pattern.sub(MASK, text)


def _forms(key: str) -> Iterator[str]:
    # A number stands outside of strings, too, where a mask would be no JSON.
    if len(key) >= SHORTEST and not key.isdigit():
        escaped = json.dumps(key)[1:-1]
        yield from (key, escaped, escaped.replace("/", "\\/"))
