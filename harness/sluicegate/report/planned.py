"""The scenarios that a run has before it, as their files tell: their names, and which are slow."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_bdd.parser import ScenarioTemplate


@dataclass(frozen=True, slots=True)
class Planned:
    """What is known of scenarios by their node ids.

    `slow` are those tagged @slow; `names` are those with the values of their Examples row.
    """

    slow: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)


def planned(nodeids: Iterable[str], root: Path) -> Planned:
    """Look the scenarios up in their files; nothing is known of those of an unreadable one.

    The files' paths in node ids are relative to `root`.
    """
    templates = cache(_templates)
    slow: set[str] = set()
    names: dict[str, str] = {}
    for nodeid in nodeids:
        file, _, node = nodeid.partition("::")
        name, _, row = node.partition("[")
        template = templates(root / file).get(name)
        if template is None:
            continue
        if "slow" in _tags(template):
            slow.add(nodeid)
        if rendered := dict(_rows(template)).get(row):
            names[nodeid] = rendered
    return Planned(frozenset(slow), names)


def _templates(file: Path) -> dict[str, "ScenarioTemplate"]:
    # pytest-bdd is imported by then, as scenarios are being run.
    from sluicegate.gherkin.document import UnreadableError, node_name, read  # noqa: PLC0415

    try:
        scenarios = read(file).feature.scenarios
    except (OSError, UnreadableError):
        return {}
    return {node_name(name): each for name, each in scenarios.items()}


def _tags(template: "ScenarioTemplate") -> set[str]:
    rule = template.rule.tags if template.rule else set()
    return {*template.feature.tags, *rule, *template.tags}


def _rows(template: "ScenarioTemplate") -> Iterator[tuple[str, str]]:
    """Yield the rows of a scenario's Examples: as they stand in node ids, and the names."""
    for examples in template.examples:
        for row in examples.as_contexts():
            yield "-".join(row.values()) + "]", template.render(row).name
