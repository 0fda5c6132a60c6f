"""What is wrong with a profile, as far as that can be told before anything starts."""

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sluicegate import shipped
from sluicegate.errors import SluicegateError
from sluicegate.gherkin.coverage import contract
from sluicegate.gherkin.register import FILE, requirements
from sluicegate.gherkin.wording import listed, nearest, shown
from sluicegate.scenario.claims import ClaimError, KnownFailure, claims
from sluicegate.scenario.document import Document, read, rest
from sluicegate.scenario.profile import DEFAULT_VARIANT, WRONG, Profile, System, load, meant
from sluicegate.scenario.systems import GATEWAY, VARIANTS
from sluicegate.scenario.urls import api_trouble

from .ports import taken
from .profile_starts import starts

_CHOICES: Final = re.compile(
    r"(?P<path>\$\S*): .*(?:known are|expected one of) (?P<known>.+?)(?:, got '(?P<got>.+)')?"
)
"""A violation of the schema that says what is accepted; it may say what it got, too."""


def mistakes(path: Path) -> list[str]:
    """Return everything that is wrong, each in a sentence; nothing is started."""
    profile: Profile | None
    try:
        profile, found = load(path), list[str]()
    except SluicegateError as error:
        profile, found = _rest(path), _explained(str(error))
    document = _document(path)
    found += _unknown_variants(document)
    found += _unknown_requirements(document)
    found += _expired(rest(document))
    found += _meant(profile, path) if profile else []
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


def _document(path: Path) -> Document:
    """Return what the file has, nothing where it is none."""
    try:
        return read(path)
    except SluicegateError:
        return {}


def _rest(path: Path) -> Profile | None:
    """Return what a wrong profile means otherwise, None where that is nothing."""
    try:
        return meant(rest(_document(path)), path)
    except SluicegateError:
        return None


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


def _meant(profile: Profile, path: Path) -> list[str]:
    """Return what is wrong with what a profile means."""
    return [
        each
        for kind, system in profile.systems.items()
        for each in (*_of_api(kind, system), *starts(kind, system, path.parent))
    ] + [*taken(profile), *_unknown_scenarios(profile)]


def _of_api(kind: str, system: System) -> Iterator[str]:
    for variant, url in system.urls.items():
        if kind == GATEWAY and (trouble := api_trouble(url)):
            place = "url" if variant == DEFAULT_VARIANT else f"variants.{variant}"
            yield f"$.{kind}.{place}: {trouble}"


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


def _expired(document: Mapping[str, Any]) -> Iterator[str]:
    today = datetime.now(UTC).date()
    for each in _known(document):
        if each.has_expired(today):
            yield (
                f"the known failure of {each.requirement} expired on {each.expires}, and counts:"
                " remove it, mend the gateway, or say why it gets longer"
            )


def _known(document: Mapping[str, Any]) -> Iterator[KnownFailure]:
    for _, table in _tables(document):
        with suppress(ClaimError):
            yield from claims(table).known
