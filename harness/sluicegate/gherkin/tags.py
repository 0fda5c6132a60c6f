"""The tags that the scenarios of a feature file may have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from . import register
from .register import RegisterError, Requirement

REQUIREMENT: Final = register.TAG.removeprefix("@")
NEED: Final = "needs:"
"""How a tag that names a capability begins, as in @needs:streaming."""

USUAL: Final = ("core", "extended", "slow")


@dataclass(frozen=True, slots=True)
class KnownTags:
    """The tags that are known: requirements, and marks that the project registered itself.

    `trouble` says what is wrong with the project's own register, if anything is.
    """

    requirements: Mapping[str, Requirement]
    markers: frozenset[str] = frozenset()
    trouble: str = ""

    @property
    def capabilities(self) -> list[str]:
        """Return the capabilities that any requirement needs."""
        return sorted({need for each in self.requirements.values() for need in each.needs})


def known_tags(feature: Path, config: pytest.Config) -> KnownTags:
    """Return the tags for a feature file: the shipped ones and those of its project."""
    requirements, troubles = dict(register.requirements()), []
    for path in _own_registers(feature, config.rootpath):
        try:
            requirements |= register.requirements(path)
        except RegisterError as error:
            troubles.append(str(error))
    markers = frozenset(map(_name, config.getini("markers")))
    return KnownTags(requirements, markers, "\n".join(troubles))


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
