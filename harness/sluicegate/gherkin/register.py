"""The register of requirements, and the requirements that a feature file's tags name."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sluicegate import shipped

from .document import read

TAG = "@req:"
"""How a tag that names a requirement begins, as in @req:PROVIDER-010."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One behaviour that the contract promises; `planned` while no feature covers it yet."""

    id: str
    sentence: str
    level: Literal["core", "extended"]
    needs: tuple[str, ...]
    source: str
    planned: bool = False


def requirements(path: Path = shipped.FEATURES / "requirements.toml") -> dict[str, Requirement]:
    """Read the register, by ID, in its own order."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: Requirement(id=name, **{**entry, "needs": tuple(entry["needs"])})
        for name, entry in document.items()
    }


def tagged(feature: Path) -> set[str]:
    """Return the IDs that the tags of a feature file name; raises UnreadableError."""
    names = (tag.name for tag in read(feature).tags())
    return {name.removeprefix(TAG) for name in names if name.startswith(TAG)}
