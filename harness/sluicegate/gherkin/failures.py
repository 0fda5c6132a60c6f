"""How a failing scenario is shown: the error first, then the steps, then where it happened."""

import os
from typing import Final

import pytest
from _pytest._code.code import (
    ExceptionRepr,
    ReprEntryNative,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
)
from pytest_bdd.exceptions import StepDefinitionNotFoundError
from pytest_bdd.parser import Scenario, Step

from sluicegate.errors import SluicegateError

SCENARIO: Final = pytest.StashKey[Scenario]()
"""The scenario that an item runs, with the values of its Examples row filled in."""

STEP: Final = pytest.StashKey[Step]()
"""The step that an item is at."""

_PLAIN: Final = (
    AssertionError,
    SluicegateError,
    StepDefinitionNotFoundError,
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


def represent(
    item: pytest.Item, error: BaseException, line: int, traceback: str | None
) -> ExceptionRepr:
    """Return the representation of an error in a scenario, or before or after its steps.

    Its first line is the error's own; `line` is the scenario's line; `traceback` is appended.
    """
    message = message_of(error)
    first = message.splitlines()[0]
    step = item.stash.get(STEP, None)
    at = step.line_number if step else line
    what = f"{step.keyword} {step.name}" if step else item.name
    path = os.path.relpath(item.path, item.config.rootpath)
    paragraphs = [first, _steps(item), message if message != first else "", traceback or ""]
    text = "\n\n".join([*filter(None, paragraphs), f"{path}:{at}: {what}"])
    return _representation(text, ReprFileLocation(path, at, message))


def _steps(item: pytest.Item) -> str:
    scenario, current = item.stash.get(SCENARIO, None), item.stash.get(STEP, None)
    if scenario is None:
        return ""
    return "\n".join(
        f"{'>' if step is current else ' '} {step.line_number:4}  {step.keyword} {step.name}"
        for step in scenario.steps
    )


def _representation(text: str, crash: ReprFileLocation) -> ReprExceptionInfo:
    # These types of pytest's survive the way from an xdist worker; a subclass would not.
    traceback = ReprTraceback([ReprEntryNative([f"{text}\n"])], None, style="native")
    return ReprExceptionInfo(reprtraceback=traceback, reprcrash=crash)
