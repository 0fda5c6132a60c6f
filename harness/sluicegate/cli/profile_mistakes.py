"""What is wrong with a profile, as far as that can be told before anything starts."""

import fnmatch
import os
import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sluicegate import shipped
from sluicegate.errors import SluicegateError
from sluicegate.gherkin.coverage import contract
from sluicegate.gherkin.register import FILE, requirements
from sluicegate.gherkin.wording import listed, nearest, shown
from sluicegate.scenario.launch.instance import Recipe, configuration, names_of, rendered
from sluicegate.scenario.profile import WRONG, Place, Profile, System, load
from sluicegate.scenario.systems import AGENTS, VARIANTS

from .ports import taken

_CHOICES: Final = re.compile(
    r"(?P<path>\$\S*): .*(?:known are|expected one of) (?P<known>.+?)(?:, got '(?P<got>.+)')?"
)
"""A violation of the schema that says what is accepted; it may say what it got, too."""

_STAND_IN: Final = 20000
"""The port that templates are tried with; nothing listens there."""


def mistakes(path: Path) -> list[str]:
    """Return everything that is wrong, each in a sentence; nothing is started."""
    try:
        profile, found = load(path), list[str]()
    except SluicegateError as error:
        profile, found = None, _explained(str(error))
    document = _document(path)
    found += _unknown_variants(document)
    found += _unknown_requirements(document)
    found += _meant(profile) if profile else []
    return list(dict.fromkeys(found))


def _explained(error: str) -> list[str]:
    first, *violations = error.splitlines()
    if violations:
        return [_with_guess(line.strip()) for line in violations]
    return [first.removeprefix(WRONG) if first.startswith(WRONG) else f"it {first}"]


def _with_guess(violation: str) -> str:
    choices = _CHOICES.fullmatch(violation)
    if choices is None:
        return violation
    given = choices["got"] or choices["path"].rpartition(".")[2]
    return f"{violation}{_guess(given, choices['known'].split(', '))}"


def _document(path: Path) -> Mapping[str, Any]:
    """Return what the file has, nothing where it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def _guess(given: str, known: list[str]) -> str:
    guess = nearest(given, known)
    return f"; did you mean {guess}?" if guess else ""


def _tables(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((kind, document[kind]) for kind in VARIANTS if isinstance(document.get(kind), dict))


def _unknown_variants(document: Mapping[str, Any]) -> Iterator[str]:
    for kind, table in _tables(document):
        for name in ("variants", "logs"):
            known = list(VARIANTS[kind])
            for variant in _unknown(table.get(name), known):
                rest = _guess(variant, known) or f"; there are {', '.join(known)}"
                yield f"$.{kind}.{name}: no feature asks for the variant {variant!r}{rest}"


def _unknown(table: object, known: list[str]) -> Iterator[str]:
    return (name for name in (table if isinstance(table, dict) else ()) if name not in known)


def _unknown_requirements(document: Mapping[str, Any]) -> Iterator[str]:
    known = [*requirements()]
    own = Path("features", FILE)
    if own.is_file():
        known += requirements(own)
    for kind, table in _tables(document):
        entries = table.get("known_failures")
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            name = entry.get("requirement") if isinstance(entry, dict) else None
            if isinstance(name, str) and name not in known:
                where = f"$.{kind}.known_failures[{number}].requirement"
                rest = _guess(name, known) or "; `sluicegate requirements` lists all"
                yield f"{where}: no requirement {name} is known{rest}"


def _meant(profile: Profile) -> list[str]:
    """Return what is wrong with what a profile means."""
    return [
        each
        for kind, system in profile.systems.items()
        for each in (*_expired(system), *_starts(kind, system))
    ] + [*taken(profile), *_unknown_scenarios(profile)]


def _unknown_scenarios(profile: Profile) -> Iterator[str]:
    """Look for what known failures name; to read the features takes seconds."""
    known = [
        (f"$.{kind}.known_failures[{number}].scenarios", failure)
        for kind, system in profile.systems.items()
        for number, failure in enumerate(system.claims.known)
    ]
    if not any(failure.scenarios for _, failure in known):
        return
    titles = _titles(profile.systems)
    for where, failure in known:
        its = titles.get(failure.requirement, [])
        for pattern in failure.scenarios:
            if its and not fnmatch.filter(its, pattern):
                rest = _guess(pattern, its) or f"; there are {listed([*map(shown, its)])}"
                yield f"{where}: no scenario of {failure.requirement} is called {pattern!r}{rest}"


def _titles(kinds: Iterable[str]) -> dict[str, list[str]]:
    """Return how the scenarios of each requirement are called."""
    ours = [str(shipped.FEATURES / kind) for kind in kinds]
    found = contract([*ours, *filter(os.path.isdir, ["features"])]).coverages
    return {
        each.requirement.id: list(dict.fromkeys(cover.title for cover in each.covers))
        for each in found
    }


def _expired(system: System) -> Iterator[str]:
    today = datetime.now(UTC).date()
    for each in system.claims.known:
        if each.has_expired(today):
            yield (
                f"the known failure of {each.requirement} expired on {each.expires}, and counts:"
                " remove it, mend the gateway, or say why it gets longer"
            )


def _places(system: System) -> Iterator[tuple[str, Place]]:
    for places in (system.places, *system.needing.values()):
        yield from places.items()


def _starts(kind: str, system: System) -> Iterator[str]:
    for variant, place in _places(system):
        if place.start is not None:
            urls = dict.fromkeys(AGENTS[kind], f"http://127.0.0.1:{_STAND_IN}")
            recipe = Recipe(place.start, system.ready, variant, urls, {})
            yield from _start(recipe)


def _start(recipe: Recipe) -> Iterator[str]:
    names = names_of(recipe, _STAND_IN, Path("/tmp"))  # noqa: S108 - nothing is written there
    for tried in (rendered, configuration):
        try:
            tried(recipe.start, names)
        except SluicegateError as error:
            yield str(error)
    program = recipe.start.command[0].replace("{{ python }}", str(names["python"]))
    if "{" not in program and shutil.which(program) is None:
        yield (
            f"the command {program!r} is not there, or cannot be executed: install it, or correct"
            " `command` (a program beside the profile is {{ profile }}/...)"
        )
