"""An index of step definitions in place of pytest-bdd's search through every fixture."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

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
from .steps import Place, place_of

# `import pytest_bdd.scenario` would give the decorator of that name.
_SCENARIO: Final[Any] = importlib.import_module("pytest_bdd.scenario")
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
    """The step definitions that the scenarios of one collector see."""

    known: int
    definitions: tuple[Definition, ...]
    has_fixture: Callable[[str], bool]
    found: dict[tuple[str, str], tuple[Definition, ...]] = field(default_factory=dict)

    def matching(self, type_: str, text: str) -> tuple[Definition, ...]:
        """Return all definitions that fit a step; those that pytest-bdd prefers come last."""
        key = (type_, text)
        if key not in self.found:
            self.found[key] = tuple(
                definition
                for definition in self.definitions
                if definition.serves(type_) and definition.context.parser.is_matching(text)
            )
        return self.found[key]

    def nearest(self, type_: str, text: str) -> list[Definition]:
        """Return the definitions that fit a step best; more than one make it ambiguous."""
        matching = self.matching(type_, text)
        best = max((definition.nearness for definition in matching), default=None)
        functions = {
            definition.context.step_func: definition
            for definition in matching
            if definition.nearness == best
        }
        return list(functions.values())


_VISIBLE: Final = pytest.StashKey[Visible]()


def visible(node: pytest.Item | pytest.Collector, fixturemanager: FixtureManager) -> Visible:
    """Return the step definitions that a node sees."""
    collector = node.parent if isinstance(node, pytest.Item) and node.parent else node
    known = len(step_function_context_registry)
    held = collector.stash.get(_VISIBLE, None)
    if held is None or held.known != known:
        held = _look(collector, fixturemanager, known)
        collector.stash[_VISIBLE] = held
    return held


def _look(node: pytest.Item | pytest.Collector, manager: FixtureManager, known: int) -> Visible:
    definitions = _definitions(node, manager)
    from_steps = {"request", *(definition.context.target_fixture for definition in definitions)}

    def has_fixture(name: str) -> bool:
        return name in from_steps or bool(getfixturedefs(manager, name, node))

    return Visible(known, definitions, has_fixture)


def _definitions(
    node: pytest.Item | pytest.Collector, manager: FixtureManager
) -> tuple[Definition, ...]:
    definitions = [
        Definition(context, fixturedef)
        for name in fixture_names(manager)
        if name.startswith(_PREFIX)
        for fixturedef in getfixturedefs(manager, name, node) or ()
        if (context := step_function_context_registry.get(fixturedef.func)) is not None
    ]
    # pytest-bdd takes the last of the nearest: a conftest.py wins over a shared module of steps.
    return tuple(sorted(definitions, key=lambda definition: not definition.is_shared))


def _find(
    step: Step, fixturemanager: FixtureManager, node: pytest.Item
) -> list[FixtureDef[object]]:
    matching = visible(node, fixturemanager).matching(step.type, step.name)
    return [definition.fixturedef for definition in matching]


def install() -> Callable[[], None]:
    """Put the index in place of pytest-bdd's search; return what puts the search back."""
    replaced = _SCENARIO.find_fixturedefs_for_step
    _SCENARIO.find_fixturedefs_for_step = _find

    def restore() -> None:
        _SCENARIO.find_fixturedefs_for_step = replaced

    return restore
