"""The register of requirements, and the requirements that a feature file's tags name."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_bdd.gherkin_parser import Feature, Rule, Scenario, get_gherkin_document

from sluicegate import shipped

TAG = "req:"
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
    """Return the IDs that the tags of a feature file name above at least one scenario."""
    document = get_gherkin_document(str(feature))
    return {tag.removeprefix(TAG) for tag in _tags(document.feature) if tag.startswith(TAG)}


def _tags(node: Feature | Rule) -> Iterator[str]:
    """Yield the tags that reach a scenario."""
    parts = [part for child in node.children for part in (child.rule, child.scenario) if part]
    for part in parts:
        if isinstance(part, Scenario):
            yield from (tag.name.removeprefix("@") for tag in [*part.tags, *node.tags])
        else:
            yield from _tags(part)
            if part.children:
                yield from (tag.name.removeprefix("@") for tag in node.tags)
