"""How a failing scenario is shown: the error first, then the steps, then where it happened."""

import os
from collections.abc import Iterator
from typing import Final

import pytest
from _pytest._code.code import (
    ExceptionRepr,
    ReprEntryNative,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
)
from pytest_bdd.gherkin_parser import DataTable
from pytest_bdd.parser import Scenario, Step

from sluicegate.errors import NotJudgedError, SluicegateError, ViolationError
from sluicegate.scenario.world import World

from .register import TAG
from .steps import StepDefinitionError

SCENARIO: Final = pytest.StashKey[Scenario]()
"""The scenario that an item runs, with the values of its Examples row filled in."""

STEP: Final = pytest.StashKey[Step]()
"""The step that an item is at."""

WORLD: Final = pytest.StashKey[World]()
"""The world that an item's steps work with, once one of them has asked for it."""

SYSTEM: Final = pytest.StashKey[str]()
"""The system that an item's client talks to."""

NOTE: Final = pytest.StashKey[str]()
"""What a reader has to know of an item, whatever it fails with."""

_PROVIDER: Final = "provider"

_PLAIN: Final = (
    AssertionError,
    SluicegateError,
    pytest.fail.Exception,
    pytest.FixtureLookupError,
)
"""Errors whose message says it all; any other is a bug, and its traceback is needed."""


def is_plain(error: BaseException) -> bool:
    """Tell whether an error's message is enough, without a Python traceback."""
    return isinstance(error, _PLAIN)


def message_of(error: BaseException) -> str:
    """Return what an error says; of a bug, its type as well."""
    if isinstance(error, pytest.FixtureLookupError):
        return f"fixture {error.argname!r} not found"
    said = str(error).strip()
    type_ = type(error).__name__
    if is_plain(error):
        return said or type_
    return f"{type_}: {said}" if said else type_


def blame_of(error: BaseException, system: str) -> str:
    """Return who is to blame for an error in a scenario whose client talks to the system."""
    if isinstance(error, NotJudgedError):
        return error.blame
    blames = (
        ((AssertionError, pytest.fail.Exception), f"the {system}"),
        (StepDefinitionError, "the harness"),
        (SluicegateError, "the provider's script"),
    )
    return next((blame for kinds, blame in blames if isinstance(error, kinds)), "the harness")


def represent(
    item: pytest.Item, error: BaseException, line: int, traceback: str | None
) -> ExceptionRepr:
    """Return the representation of an error in a scenario, or before or after its steps.

    It begins with the error's own words; `line` is the scenario's line; `traceback` is appended.
    """
    first, rest = _parts(error)
    step = item.stash.get(STEP, None)
    at = step.line_number if step else line
    what = f"{step.keyword} {step.name}" if step else item.name
    path = os.path.relpath(item.path, item.config.rootpath)
    last = "\n".join([f"{path}:{at}: {what}", *_remarks(item, error)])
    paragraphs = [first, _scenario(item), rest, traceback or "", last]
    brief = error.brief if isinstance(error, ViolationError) else message_of(error)
    return _representation("\n\n".join(filter(None, paragraphs)), ReprFileLocation(path, at, brief))


def _parts(error: BaseException) -> tuple[str, str]:
    """Return what stands before the steps, and what after them."""
    if isinstance(error, ViolationError) and error.evidence:
        return error.words, error.evidence
    first, _, rest = message_of(error).partition("\n")
    return first, rest.strip("\n")


def _remarks(item: pytest.Item, error: BaseException) -> Iterator[str]:
    if note := item.stash.get(NOTE, ""):
        yield note
    # Steps that work without a world are about no system of ours.
    if WORLD in item.stash or isinstance(error, (NotJudgedError, ViolationError)):
        yield f"to blame: {blame_of(error, item.stash.get(SYSTEM, _PROVIDER))}"


def _scenario(item: pytest.Item) -> str:
    scenario, current = item.stash.get(SCENARIO, None), item.stash.get(STEP, None)
    if scenario is None:
        return ""
    lines = [line for step in scenario.steps for line in _step(step, is_current=step is current)]
    return "\n".join([*_rule(scenario), *lines])


def _rule(scenario: Scenario) -> Iterator[str]:
    tags = scenario.tags | scenario.feature.tags | (scenario.rule.tags if scenario.rule else set())
    required = " ".join(f"@{tag}" for tag in sorted(tags) if f"@{tag}".startswith(TAG))
    if scenario.rule is not None:
        yield f"        Rule: {scenario.rule.name}" + (f"  ({required})" if required else "")
    elif required:
        yield f"        ({required})"


def _step(step: Step, *, is_current: bool) -> Iterator[str]:
    yield f"{'>' if is_current else ' '} {step.line_number:4}  {step.keyword} {step.name}"
    if is_current:
        yield from (f"{_INDENT}{line}".rstrip() for line in block_of(step))


def block_of(step: Step) -> list[str]:
    """Return the lines of the table or of the doc string below a step, if there is any."""
    if step.docstring is not None:
        return ['"""', *step.docstring.split("\n"), '"""']
    return [] if step.datatable is None else _table(step.datatable)


def _table(table: DataTable) -> list[str]:
    rows = [[cell.value for cell in row.cells] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows]


_INDENT: Final = " " * 10


def _representation(text: str, crash: ReprFileLocation) -> ReprExceptionInfo:
    # These types of pytest's survive the way from an xdist worker; a subclass would not.
    traceback = ReprTraceback([ReprEntryNative([f"{text}\n"])], None, style="native")
    return ReprExceptionInfo(reprtraceback=traceback, reprcrash=crash)
