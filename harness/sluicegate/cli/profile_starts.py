"""What is wrong with how a profile starts a system, as far as that can be told beforehand."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import TemplateSyntaxError

from sluicegate.errors import SluicegateError
from sluicegate.scenario.launch.environment import environment_trouble
from sluicegate.scenario.launch.instance import Recipe, configuration, names_of
from sluicegate.scenario.launch.template import named, render_argument
from sluicegate.scenario.profile import DEFAULT_VARIANT, Place, Start, System
from sluicegate.scenario.systems import AGENTS

_STAND_IN: Final = 20000
"""The port that templates are tried with; nothing listens there."""


def starts(kind: str, system: System, folder: Path) -> Iterator[str]:
    """Yield what is wrong with the commands of a system; `folder` is the profile's."""
    told: list[Start] = []
    for where, variant, place in _places(kind, system):
        start = place.start
        if start is not None and start not in told:
            told.append(start)
            urls = dict.fromkeys(AGENTS[kind], f"http://127.0.0.1:{_STAND_IN}")
            yield from _start(where, Recipe(start, system.ready, variant, urls, {}))
    yield from _version(system.version_command, folder.resolve())


def _places(kind: str, system: System) -> Iterator[tuple[str, str, Place]]:
    tables = {kind: system.places}
    tables |= {f"{kind}.needing.{name}": places for name, places in system.needing.items()}
    for table, places in tables.items():
        for variant, place in places.items():
            where = table if variant == DEFAULT_VARIANT else f"{table}.variants.{variant}"
            yield where, variant, place


def _start(where: str, recipe: Recipe) -> Iterator[str]:
    start = recipe.start
    names = names_of(recipe, _STAND_IN, Path("/tmp"))  # noqa: S108 - nothing is written there
    yield from _unrendered(start, names)
    for name, value in start.environment.items():
        if trouble := environment_trouble(name, value):
            yield f"the profile's environment: {trouble}"
    if any("\0" in each for each in start.command):
        yield "the profile's command: leave the NUL out, which ends an argument"
    yield from _portless(where, start)
    if not _own(start.command[0]):
        yield from _program("command", start.command[0], names, start.environment.get("PATH"))


def _unrendered(start: Start, names: Mapping[str, Any]) -> Iterator[str]:
    told = ((each, "the profile's command") for each in start.command)
    for text, where in (*told, *_variables(start)):
        try:
            render_argument(text, names, where)
        except SluicegateError as error:
            yield str(error)
    try:
        configuration(start, names)
    except SluicegateError as error:
        yield str(error)


def _variables(start: Start) -> Iterator[tuple[str, str]]:
    for name, text in start.environment.items():
        yield text, f"the profile's environment, {name}"


def _portless(where: str, start: Start) -> Iterator[str]:
    texts = [*start.command, *start.environment.values()]
    try:
        texts += [start.template.read_text(encoding="utf-8")] if start.template else []
        names = frozenset[str]().union(*map(named, texts))
    except (OSError, UnicodeDecodeError, TemplateSyntaxError):
        return  # That is told already.
    if not names & {"port", "url"}:
        yield (
            f"[{where}] neither command nor environment nor template has {{{{ port }}}}: it has to"
            " listen there, at a port that is another one each time"
        )


def _own(program: str) -> bool:
    """Tell whether a program is in the folder of the instance, which is not there yet."""
    try:
        return bool(named(program) & {"folder", "config"})
    except TemplateSyntaxError:
        return True


def _program(key: str, text: str, names: Mapping[str, Any], search: str | None) -> Iterator[str]:
    try:
        program = render_argument(text, names, key)
    except SluicegateError:
        return  # That is told already.
    if trouble := _missing(key, program, search):
        yield f"the {key} {program!r} {trouble}"


def _missing(key: str, program: str, search: str | None) -> str:
    path = Path(program)
    if "/" in program and not path.is_absolute() and key == "command":
        return "is looked for in a folder of the instance's own: begin it with {{ profile }}/"
    if "/" in program and path.is_dir():
        return "is a directory: name the program in it"
    if "/" in program and path.is_file() and not os.access(path, os.X_OK):
        return f"cannot be executed: allow it by chmod +x {program}"
    if "\0" in program or shutil.which(program, path=search) is None:
        return (
            f"is not there, or cannot be executed: install it, or correct `{key}` (a program beside"
            " the profile is {{ profile }}/...)"
        )
    return ""


def _version(command: tuple[str, ...], folder: Path) -> Iterator[str]:
    names = {"python": "python3", "profile": folder, "features": "/"}
    for program in command[:1]:
        there = folder / program if "/" in program and "{" not in program else program
        yield from _program("version_command", str(there), names, None)
