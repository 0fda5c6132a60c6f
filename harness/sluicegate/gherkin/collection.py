"""The collection of .feature files: each is a collector, each scenario or Examples row an item."""

import os
import re
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

import pytest
from _pytest._code.code import ExceptionRepr, Traceback, TracebackStyle
from pytest_bdd.parser import ScenarioTemplate

from sluicegate.errors import SluicegateError

from . import execution, failures, internals, lint, lookup, vocabulary
from .document import Document, Problem, UnreadableError, node_name, read
from .tags import KnownTags, known_tags

VERBOSE: Final = 2
"""From `-vv` on, every failure shows its Python traceback."""


class Scenario(pytest.Function):
    """One scenario, or one row of its Examples."""

    @property
    def template(self) -> ScenarioTemplate:
        """Return pytest-bdd's template of the scenario."""
        return cast("FeatureFile", self.parent).templates[self.originalname]

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the place of the scenario in its feature file, for reports."""
        return self.path, self.template.line_number - 1, self.name

    def _repr_failure_py(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: TracebackStyle | None = None,
    ) -> ExceptionRepr:
        # repr_failure would serve for the steps; before and after them pytest calls this one.
        plain = failures.is_plain(excinfo.value) and self.config.get_verbosity() < VERBOSE
        traceback = None if plain else str(super()._repr_failure_py(excinfo, style))
        return failures.represent(self, excinfo.value, self.template.line_number, traceback)

    def _traceback_filter(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Traceback:
        return internals.without_machinery(super()._traceback_filter(excinfo))


class FeatureFile(pytest.Module):
    """A .feature file.

    Its tags, and those of its rules, scenarios and Examples, are pytest's marks:
    `-m "req:PROVIDER-010 and not slow"` takes whole tags, `-k PROVIDER-010` a part of a tag, of a
    scenario's name or of a file's. Steps come from the modules of
    `sluicegate.steps`, and from each `steps` folder and conftest.py beside the file or above it.
    """

    templates: dict[str, ScenarioTemplate]
    document: Document | None = None
    known: lookup.Visible | None = None
    tags: KnownTags | None = None
    problems: tuple[Problem, ...] = ()

    def _getobj(self) -> types.ModuleType:
        # pytest would import a Python file here.
        return types.ModuleType(f"feature_{self.path.stem}", str(self.path))

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the scenarios. Raises CollectError with everything that is wrong in the file."""
        self._load_vocabulary()
        manager = internals.fixture_manager(self.session)
        known = self.known = lookup.visible(cast("pytest.Collector", self.parent), manager)
        try:
            document = self.document = read(self.path)
            tags = self.tags = known_tags(self.path, self.config)
            self.problems = tuple(sorted(set(lint.check(document, known, tags))))
        except UnreadableError as error:
            self.problems = tuple(error.problems)
        if self.problems:
            raise self._refusal()
        internals.register_marks(self.config, (tag.name.lstrip("@") for tag in document.tags()))
        self.templates = {
            node_name(name): template for name, template in document.feature.scenarios.items()
        }
        for name, template in self.templates.items():
            function = execution.function(template, known, self.config)
            setattr(self.obj, name, function)
            yield from self._genfunctions(name, function)

    def _load_vocabulary(self) -> None:
        try:
            vocabulary.load(self)
        except SluicegateError as mistake:
            raise self.CollectError(str(mistake)) from None

    def _genfunctions(self, name: str, funcobj: Callable[..., object]) -> Iterator[Scenario]:
        # pytest makes plain Functions and has no hook for another class.
        for plain in super()._genfunctions(name, funcobj):
            yield internals.rebuilt(plain, Scenario, funcobj, _readable)

    def _refusal(self) -> pytest.Collector.CollectError:
        where = os.path.relpath(self.path, self.config.rootpath)
        return self.CollectError(
            "\n".join(f"{where}:{problem.line}: {problem.message}" for problem in self.problems)
        )


def _readable(id_: str) -> str:
    """Undo pytest's escapes of all but ASCII; what a terminal cannot print stays escaped."""
    text = id_.encode("ascii").decode("unicode_escape")
    return re.sub(r"\W", lambda found: _printable(found[0]), text)


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
