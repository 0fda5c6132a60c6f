"""What `sluicegate profile check` says of a profile: what is wrong, then what a look shows."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sluicegate.scenario.preflight import trouble
from sluicegate.scenario.profile import load

from .looking import looks
from .profile_learnt import learnt
from .profile_mistakes import mistakes

WIDTH: Final = 100
"""Columns that a line takes at most, but for long words."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line about a profile, and whether it says that something is wrong."""

    text: str
    is_wrong: bool = False


def checked(path: Path) -> Iterator[Line]:
    """Yield everything that is wrong; where nothing is, what one look at the system shows."""
    wrong = mistakes(path)
    if wrong:
        yield Line(f"The profile {path} is not right:", is_wrong=True)
        yield from (Line(item(each), is_wrong=True) for each in wrong)
        return
    yield Line(f"The profile {path} is right, as far as it can be read. Looking ...")
    for name, look in looks(load(path)).items():
        yield Line("")
        yield Line(f"The {name}:")
        if found := trouble(look):
            yield Line(item(found), is_wrong=True)
        yield from (Line(item(each)) for each in learnt(look))


def item(text: str) -> str:
    """Return a text as an item of a list, line by line."""
    return "\n".join(_indented(text.splitlines()))


def _indented(lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        first = "  " if number else "- "
        yield textwrap.fill(
            line,
            WIDTH,
            initial_indent=first,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
