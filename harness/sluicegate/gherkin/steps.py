"""The decorators `given`, `when` and `then`, and what they ask of a step's function."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import pytest_bdd
from cucumber_expressions.errors import (  # type: ignore[import-untyped]
    CucumberExpressionError,
)
from pytest_bdd.utils import get_required_args

from sluicegate import shipped
from sluicegate.errors import SluicegateError

from .expressions import Sentence, kind_names, value_type

F = TypeVar("F", bound=Callable[..., Any])
StepType = Literal["given", "when", "then"]

BLOCKS: Final = ("docstring", "datatable")
"""The names of the parameters that take what is written below a step's line."""

_DECORATORS: Final = {
    "given": pytest_bdd.given,
    "when": pytest_bdd.when,
    "then": pytest_bdd.then,
}
_RULE: Final = (
    "a step's function takes its fixtures first, then one parameter for each value in the"
    " sentence, in order, and last `docstring` or `datatable` if it wants one"
)


class StepDefinitionError(SluicegateError):
    """A step's sentence or function is wrong; the message says where, and what to write."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is defined."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}"


def shown(path: Path) -> str:
    """Return a path as a person would write it: from the current folder, or from ours."""
    if path.is_relative_to(Path.cwd()):
        return os.path.relpath(path)
    if path.is_relative_to(shipped.STEPS):
        return f"sluicegate/steps/{path.relative_to(shipped.STEPS)}"
    return str(path)


def place_of(function: Callable[..., object]) -> Place:
    """Return where a function is defined."""
    code = inspect.unwrap(function).__code__
    return Place(Path(code.co_filename), code.co_firstlineno)


def is_async(function: Callable[..., object]) -> bool:
    """Tell whether calling a function would only begin it: nothing awaits it in a scenario."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


@cache
def required_arguments(function: Callable[..., object]) -> tuple[str, ...]:
    """Return the names of a step function's parameters that have no default."""
    return tuple(get_required_args(function))


def given(sentence: str, *, target_fixture: str | None = None) -> Callable[[F], F]:
    """Define a step that sets up a state, by its sentence (a Cucumber Expression).

    The function's parameters are fixtures first, then the sentence's values in order, then
    optionally `docstring` (str) or `datatable` (rows of cells). Its result becomes the fixture
    `target_fixture`, if that is given. Raises StepDefinitionError if the two do not fit.
    """
    return _definition("given", sentence, target_fixture)


def when(sentence: str, *, target_fixture: str | None = None) -> Callable[[F], F]:
    """Define a step in which the client acts; otherwise like `given`."""
    return _definition("when", sentence, target_fixture)


def then(sentence: str, *, target_fixture: str | None = None) -> Callable[[F], F]:
    """Define a step that checks what can be observed; otherwise like `given`."""
    return _definition("then", sentence, target_fixture)


def _definition(type_: StepType, sentence: str, target_fixture: str | None) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        parser = _sentence(sentence, function)
        # pytest-bdd writes the step into its caller's namespace: the caller of this function.
        define = _DECORATORS[type_](parser, target_fixture=target_fixture, stacklevel=2)
        define(function)
        return function

    return decorate


def _sentence(expression: object, function: Callable[..., object]) -> Sentence:
    if not isinstance(expression, str):
        raise _error(function, expression, "the sentence is no string", "write @given('…')")
    if is_async(function):
        raise _error(
            function,
            expression,
            "the function is `async def`, so its body would never run",
            "write `def`, and call a method of the world that waits",
        )
    try:
        sentence = Sentence(expression)
    except CucumberExpressionError as error:
        todo = f"known kinds of values: {', '.join(kind_names())}"
        raise _error(function, expression, str(error), todo) from None
    sentence.parameters = _parameters(sentence, function)
    return sentence


def _parameters(sentence: Sentence, function: Callable[..., object]) -> tuple[str, ...]:
    parameters = list(inspect.signature(function).parameters.values())
    if any(not _is_plain(parameter) for parameter in parameters):
        got = "its function has a parameter with a default, with * or with /"
        raise _error(function, sentence.name, got, _RULE)
    if parameters and parameters[-1].name in BLOCKS:
        parameters.pop()
    kinds = sentence.kinds
    if len(parameters) < len(kinds) or any(parameter.name in BLOCKS for parameter in parameters):
        got = (
            f"expected {len(kinds)} values ({', '.join(f'{{{kind}}}' for kind in kinds)}),"
            f" got a function with the parameters {inspect.signature(function)}"
        )
        raise _error(function, sentence.name, got, _RULE)
    values = parameters[len(parameters) - len(kinds) :]
    for kind, parameter in zip(kinds, values, strict=True):
        _check_annotation(sentence, function, kind, parameter)
    return tuple(parameter.name for parameter in values)


def _is_plain(parameter: inspect.Parameter) -> bool:
    return (
        parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty
    )


def _check_annotation(
    sentence: Sentence,
    function: Callable[..., object],
    kind: str,
    parameter: inspect.Parameter,
) -> None:
    annotation = parameter.annotation
    # The annotation is a string where the module imports it for the type checker alone.
    written = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    accepted = {base.__name__ for base in value_type(kind).__mro__}
    if annotation is parameter.empty or written.rpartition(".")[2] in accepted:
        return
    got = f"{{{kind}}} gives {value_type(kind).__name__}, but `{parameter}` receives it"
    raise _error(function, sentence.name, got, _RULE)


def _error(
    function: Callable[..., object], sentence: object, problem: str, todo: str
) -> StepDefinitionError:
    return StepDefinitionError(f"{place_of(function)}: step {sentence!r}: {problem}\n  {todo}")
