"""Scenarios selected by their place: `pytest features/stream.feature:12`."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import pytest
from pytest_bdd.gherkin_parser import Background, Rule
from pytest_bdd.gherkin_parser import Scenario as ScenarioNode

from .collection import FeatureFile, Scenario
from .document import Document

PLACE: Final = re.compile(r"(?P<file>.+\.feature):(?P<line>\d+)")
"""An argument of pytest's that names a line of a feature file."""

_Part = Background | Rule | ScenarioNode


class Selection:
    """A plugin of pytest's that runs those scenarios only whose lines were asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._lines: dict[Path, set[int]] = {}
        whole: set[Path] = set()
        for number, argument in enumerate(config.args):
            place = PLACE.fullmatch(argument)
            file = place["file"] if place else argument.partition("::")[0]
            path = Path(config.invocation_params.dir, file).resolve()
            if place:
                config.args[number] = file
                self._lines.setdefault(path, set()).add(int(place["line"]))
            else:
                whole.add(path)
        for path in whole:
            self._lines.pop(path, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave the other scenarios of these files out; UsageError where no scenario stands."""
        chosen = [item for item in items if self._is_chosen(item)]
        if left := [*{*items}.difference(chosen)]:
            config.hook.pytest_deselected(items=left)
            items[:] = chosen

    def _is_chosen(self, item: pytest.Item) -> bool:
        lines = self._lines.get(item.path)
        if lines is None or not isinstance(item, Scenario):
            return True
        document = cast("Document", cast("FeatureFile", item.parent).document)
        where = os.path.relpath(item.path, item.config.invocation_params.dir)
        return item.template.line_number in {_scenario_at(document, n, where) for n in lines}


def _scenario_at(document: Document, line: int, where: str) -> int:
    """Return the line of the keyword of the scenario to which a line belongs."""
    parts = [part for part in _parts(document) if _first_line(part) <= line]
    is_inside = line <= len(document.source)
    if not is_inside or not parts or not isinstance(parts[-1], ScenarioNode):
        lines = ", ".join(str(scenario.location.line) for scenario in document.scenarios())
        raise pytest.UsageError(f"{where}:{line}: no scenario is there; they begin in line {lines}")
    return parts[-1].location.line


def _parts(document: Document) -> Iterator[_Part]:
    for child in document.tree.feature.children:
        inner = child.rule.children if child.rule is not None else []
        parts = (child.background, child.rule, child.scenario)
        yield from filter(None, parts)
        yield from filter(
            None, (part for each in inner for part in (each.background, each.scenario))
        )


def _first_line(part: _Part) -> int:
    tags = [] if isinstance(part, Background) else part.tags
    return min([part.location.line, *(tag.location.line for tag in tags)])
