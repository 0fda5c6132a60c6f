"""The shipped sentences in the form that editors read: a glue file of cucumber-js, never run."""

import importlib
import pkgutil
from collections.abc import Iterator
from inspect import getdoc, unwrap
from types import ModuleType
from typing import Final

from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from .expressions import OWN_KINDS, Kind
from .steps import place_of
from .vocabulary import SHIPPED, shipped_package

MARK: Final = "// Written by `sluicegate init`"
"""How the glue file begins: a file that begins otherwise belongs to somebody else."""

_HEAD: Final = """\
{mark} {version} for your editor alone: nothing runs this file.
// Do not edit it; after an upgrade write it anew with `sluicegate init --editor`.
//
// Each sentence stands here as feature files may use it. A word in braces is a value; what each
// kind of value accepts comes first.
"""


def glue(version: str) -> str:
    """Return the glue file: every kind of value, and every sentence of the shipped steps.

    Cucumber's language service reads sentences in Python, too, but takes one with parentheses,
    such as `event(s)`, for a regular expression.
    """
    head = _HEAD.format(mark=MARK, version=version)
    parts = [head, *map(_kind, OWN_KINDS), *map(_subject, _modules())]
    return "\n".join(parts)


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(shipped_package().__path__, f"{SHIPPED}."):
        yield importlib.import_module(info.name)


def _kind(kind: Kind) -> str:
    regexp = kind.regexp.replace("/", r"\/")
    return (
        f"// {{{kind.name}}}: {kind.accepts}\n"
        f"// For example: {kind.example}\n"
        f'defineParameterType({{ name: "{kind.name}", regexp: /{regexp}/ }})\n'
    )


def _subject(module: ModuleType) -> str:
    about = (getdoc(module) or "").partition("\n")[0]
    return "\n".join([f"// {about}", *map(_sentence, _definitions(module)), ""])


def _definitions(module: ModuleType) -> list[StepFunctionContext]:
    contexts = list(step_function_context_registry.values())
    found = [each for each in contexts if unwrap(each.step_func).__globals__ is vars(module)]
    return sorted(found, key=lambda each: (place_of(each.step_func).line, each.parser.name))


def _sentence(definition: StepFunctionContext) -> str:
    keyword = (definition.type or "given").title()
    # The service undoes the escape of a quote and no other, so a backslash stays single.
    sentence = definition.parser.name.replace('"', '\\"')
    return f'{keyword}("{sentence}")'
