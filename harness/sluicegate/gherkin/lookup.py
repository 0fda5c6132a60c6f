"""The index of step definitions: which of them a feature file sees, and which fits a step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from _pytest.fixtures import FixtureDef, FixtureManager
from pytest_bdd.compat import getfixturedefs
from pytest_bdd.parser import Step
from pytest_bdd.steps import (
    StepFunctionContext,
    StepNamePrefix,
    step_function_context_registry,
)

from .internals import fixture_names
from .steps import BLOCKS, Place, place_of, required_arguments

_PREFIX: Final = StepNamePrefix.step_def.value


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A step definition, and the fixture under which pytest-bdd files it."""

    context: StepFunctionContext
    fixturedef: FixtureDef[object]

    @property
    def sentence(self) -> str:
        """Return the sentence as its author wrote it."""
        return self.context.parser.name

    @property
    def place(self) -> Place:
        """Return where the step's function is defined."""
        return place_of(self.context.step_func)

    @property
    def is_shared(self) -> bool:
        """Tell whether it comes from a module of steps rather than from a conftest.py."""
        return self.context.step_func.__module__.startswith("sluicegate.steps.")

    @property
    def nearness(self) -> tuple[int, bool]:
        """Return how near the definition is to the scenarios that see it; the greatest wins."""
        return len(self.fixturedef.baseid or ""), not self.is_shared

    def serves(self, type_: str) -> bool:
        """Tell whether it is for steps of this type."""
        return self.context.type in (None, type_)


@dataclass(slots=True, eq=False)
class Visible:
    """The step definitions that the feature files of one folder see."""

    known: int
    definitions: tuple[Definition, ...]
    has_fixture: Callable[[str], bool]
    _fitting: dict[tuple[str, str], list[Definition]] = field(default_factory=dict)
    _missing: dict[Callable[..., object], list[str]] = field(default_factory=dict)

    def definition(self, step: Step) -> Definition:
        """Return the definition of a step that fits exactly one."""
        (definition,) = self.nearest(step.type, step.name)
        return definition

    def nearest(self, type_: str, text: str) -> list[Definition]:
        """Return the definitions that fit a step; more than one make it ambiguous.

        A definition hides those of the very same sentence that are farther away.
        """
        key = (type_, text)
        if key not in self._fitting:
            self._fitting[key] = self._nearest(type_, text)
        return self._fitting[key]

    def missing_fixtures(self, definition: Definition, text: str) -> list[str]:
        """Return the fixtures that a definition needs, given a step that fits it, and lacks."""
        function = definition.context.step_func
        if function not in self._missing:
            filled = {*(definition.context.parser.parse_arguments(text) or {}), *BLOCKS}
            names = (name for name in required_arguments(function) if name not in filled)
            self._missing[function] = [name for name in names if not self.has_fixture(name)]
        return self._missing[function]

    def _nearest(self, type_: str, text: str) -> list[Definition]:
        nearest: dict[str, dict[Callable[..., object], Definition]] = {}
        for definition in self.definitions:
            if definition.serves(type_) and definition.context.parser.is_matching(text):
                functions = nearest.setdefault(definition.sentence, {})
                if any(other.nearness < definition.nearness for other in functions.values()):
                    functions.clear()
                functions[definition.context.step_func] = definition
        return [each for functions in nearest.values() for each in functions.values()]


_VISIBLE: Final = pytest.StashKey[Visible]()


def visible(folder: pytest.Collector, manager: FixtureManager) -> Visible:
    """Return the step definitions that the feature files of a folder see."""
    known = len(step_function_context_registry)
    held = folder.stash.get(_VISIBLE, None)
    if held is None or held.known != known:
        held = folder.stash[_VISIBLE] = _look(folder, manager, known)
    return held


def _look(folder: pytest.Collector, manager: FixtureManager, known: int) -> Visible:
    definitions = tuple(_definitions(folder, manager))
    from_steps = {"request", *(definition.context.target_fixture for definition in definitions)}

    def has_fixture(name: str) -> bool:
        return name in from_steps or bool(getfixturedefs(manager, name, folder))

    return Visible(known, definitions, has_fixture)


def _definitions(folder: pytest.Collector, manager: FixtureManager) -> Iterator[Definition]:
    """Yield the definitions, those that are farther away first."""
    found = (
        Definition(context, fixturedef)
        for name in fixture_names(manager)
        if name.startswith(_PREFIX)
        for fixturedef in getfixturedefs(manager, name, folder) or ()
        if (context := step_function_context_registry.get(fixturedef.func)) is not None
    )
    yield from sorted(found, key=lambda definition: definition.nearness)
