"""What a run would select, before anything starts: nothing, a mistyped tag, broken features."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from sluicegate import shipped
from sluicegate.errors import SluicegateError
from sluicegate.gherkin.survey import Survey, survey
from sluicegate.gherkin.tags import NEED, REQUIREMENT, USUAL
from sluicegate.gherkin.wording import listed, nearest

from .first_look import NOT_SLOW, SLOW_TOO
from .judging import Request, isolation, undisturbed

MOST_PROBLEMS: Final = 5
"""Problems of feature files that are shown."""

_ARGUMENTS: Final = re.compile(r"\([^()]*=[^()]*\)")
"""What pytest takes after the name of a mark, as in `slow(reason="x")`."""

_NAMED: Final = re.compile(r"[:(]")
"""What follows the name of a mark where it is registered."""

_WORD: Final = re.compile(r"[\w:+\-.\[\]\\/]+")
_WORD_OF_NAME: Final = re.compile(r"\w+")
_WRONG_KEYWORD: Final = "Wrong expression passed to '-k'"
_FEW: Final = 2
"""Words of a name that mostly tell it from others."""

_OPERATORS: Final = frozenset({"and", "or", "not", "True", "False", "None"})


def trouble(request: Request, capabilities: tuple[str, ...]) -> str:
    """Return why nothing can be judged by what is selected, in a sentence; "" where it can.

    `capabilities` are those that a tag can name. Nothing is run.
    """
    try:
        with undisturbed():
            seen = survey(_arguments(request))
    except SluicegateError as error:
        return f"{error}{_as_words(request.keyword, str(error))}"
    return _broken(seen) or _mistyped(request.marks, seen, capabilities) or _nothing(request, seen)


def _as_words(keyword: str, error: str) -> str:
    """Return a hint for who has given the name of a scenario as -k."""
    words = [each for each in _WORD_OF_NAME.findall(keyword) if each not in _OPERATORS]
    if not error.startswith(_WRONG_KEYWORD) or len(words) < _FEW:
        return ""
    example = " and ".join(sorted(words, key=len)[-_FEW:])
    return f"; -k takes words joined by and, or, not: for a name, -k {example!r}"


def _arguments(request: Request) -> list[str]:
    chosen = [*(["-k", request.keyword] if request.keyword else ())]
    chosen += ["-m", request.marks] if request.marks else []
    return [*isolation(request.paths), *chosen, *map(str, request.paths)]


def _broken(seen: Survey) -> str:
    problems = [
        f"{_shown(feature.path)}:{problem.line}: {problem.message}"
        for feature in seen.features
        for problem in feature.problems
    ]
    found = [*dict.fromkeys([*problems, *seen.troubles])]
    more = len(found) - MOST_PROBLEMS
    lines = [
        *found[:MOST_PROBLEMS],
        *([f"and {more} more (`sluicegate lint`)"] if more > 0 else []),
    ]
    return "the features cannot be used:\n" + "\n".join(lines) if found else ""


def _mistyped(marks: str, seen: Survey, capabilities: tuple[str, ...]) -> str:
    known = {*USUAL, *(f"{NEED}{name}" for name in capabilities), *_tags(seen)}
    for word in _WORD.findall(_ARGUMENTS.sub("", marks)):
        # pytest's own refusal has told of unknown requirements.
        if word not in known | _OPERATORS and not word.startswith(REQUIREMENT):
            return f"-m {marks!r}: no scenario has the tag {word}{_meant(word, known)}"
    return ""


def _meant(word: str, known: set[str]) -> str:
    guess = nearest(word, known)
    if guess:
        return f"; did you mean {guess}?"
    return f"; there are {', '.join(USUAL)}, {REQUIREMENT}ID and {NEED}CAPABILITY"


def _tags(seen: Survey) -> Iterator[str]:
    """Yield the tags of all scenarios, selected or not, and the marks that a project registers."""
    for feature in seen.features:
        yield from (_NAMED.split(line, maxsplit=1)[0] for line in feature.config.getini("markers"))
        if feature.document is not None:
            yield from (tag.name.lstrip("@") for tag in feature.document.tags())


def _nothing(request: Request, seen: Survey) -> str:
    if any(session.items for session in _sessions(seen)):
        return ""
    paths = listed([*map(_shown, request.paths)])
    options = (("-k", request.keyword), ("-m", request.marks))
    chosen = [f"{option} {value!r}" for option, value in options if value]
    if not seen.features or not chosen:
        return f"there is no scenario in {paths}"
    hint = (
        SLOW_TOO if request.marks == NOT_SLOW else "`sluicegate requirements` lists what there is"
    )
    return f"no scenario in {paths} is selected by {listed(chosen)}; {hint}"


def _sessions(seen: Survey) -> set[pytest.Session]:
    return {feature.session for feature in seen.features}


def _shown(path: Path) -> str:
    """Return a path as people say it: those that ship lie far away."""
    known = path.is_relative_to(shipped.FEATURES)
    return os.path.relpath(path, shipped.FEATURES.parent if known else None)
