"""The tags that the scenarios of a feature file may have."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from sluicegate import shipped

from . import register
from .register import RegisterError, Requirement
from .wording import nearest

REQUIREMENT: Final = register.TAG.removeprefix("@")
NEED: Final = "needs:"
"""How a tag that names a capability begins, as in @needs:streaming."""

_REQUIREMENTS: Final = re.compile(rf"\b{REQUIREMENT}([^\s()]+)")

USUAL: Final = ("core", "extended", "slow")


@dataclass(frozen=True, slots=True)
class KnownTags:
    """The tags that are known: requirements, and marks that the project registered itself.

    `is_registered` tells whether there is a register for just these features; `trouble` says what
    is wrong with the project's own, if anything is.
    """

    requirements: Mapping[str, Requirement]
    markers: frozenset[str] = frozenset()
    is_registered: bool = False
    trouble: str = ""

    @property
    def capabilities(self) -> list[str]:
        """Return the capabilities that any requirement needs."""
        return sorted({need for each in self.requirements.values() for need in each.needs})


def known_tags(feature: Path, config: pytest.Config) -> KnownTags:
    """Return the tags for a feature file: the shipped ones and those of its project."""
    requirements, troubles = dict(register.requirements()), []
    own = list(_own_registers(feature, config.rootpath))
    for path in own:
        try:
            requirements |= register.requirements(path)
        except RegisterError as error:
            troubles.append(str(error))
    markers = frozenset(map(_name, config.getini("markers")))
    is_registered = bool(own) or feature.is_relative_to(shipped.FEATURES)
    return KnownTags(requirements, markers, is_registered, "\n".join(troubles))


def unknown_in(expression: str, tags: Iterable[KnownTags]) -> str | None:
    """Return what is wrong with a requirement in an expression of the option -m, if anything is."""
    known = {name: each for one in tags for name, each in one.requirements.items()}
    for name in _REQUIREMENTS.findall(expression):
        if name not in known:
            guess = nearest(name, known)
            return f"no requirement {name} is known" + (f"; did you mean {guess}?" if guess else "")
        if known[name].planned:
            return f"the requirement {name} is planned, and has no scenario yet"
    return None


def _own_registers(feature: Path, root: Path) -> Iterator[Path]:
    """Yield the registers above a feature file, the farthest first, so that the nearest wins."""
    folders = [each for each in feature.parents if each.is_relative_to(root)] or [feature.parent]
    for folder in reversed(folders):
        path = folder / register.FILE
        if path.is_file():
            yield path


def _name(line: str) -> str:
    # As pytest reads a line of the option: `name(arguments): what it means`.
    return line.split(":", 1)[0].split("(", 1)[0].strip()
