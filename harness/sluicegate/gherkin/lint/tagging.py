"""Tags: a mistyped one selects nothing, and nobody notices."""

import re
from collections.abc import Iterator
from typing import Final

from pytest_bdd.gherkin_parser import Tag as TagNode

from sluicegate.gherkin.document import Document, Problem
from sluicegate.gherkin.tags import NEED, REQUIREMENT, USUAL, KnownTags
from sluicegate.gherkin.wording import nearest

_NEVER_PASSES: Final = "a scenario that is skipped or expected to fail checks nothing"
_PYTHON_ONLY: Final = "it only has a meaning in Python"
_RESERVED: Final = {
    "skip": _NEVER_PASSES,
    "skipif": _NEVER_PASSES,
    "xfail": _NEVER_PASSES,
    "parametrize": _PYTHON_ONLY,
    "usefixtures": _PYTHON_ONLY,
    "filterwarnings": _PYTHON_ONLY,
}
"""The marks that pytest itself understands."""


def check(document: Document, known: KnownTags) -> Iterator[Problem]:
    """Refuse every tag that nobody knows."""
    if known.trouble:
        yield Problem(document.tree.feature.location.line, known.trouble, "register")
    for tag in document.tags():
        text = _spaced(tag, document) or _wrong(tag.name.removeprefix("@"), known)
        if text:
            yield Problem(tag.location.line, text, "tag")


def _spaced(tag: TagNode, document: Document) -> str | None:
    line = document.source[tag.location.line - 1]
    if re.search(rf"@\s+{re.escape(tag.name[1:])}(?!\S)", line):
        return f"a tag has no space after its @; write {tag.name}"
    return None


def _wrong(name: str, known: KnownTags) -> str | None:
    if name in _RESERVED or name.startswith("_"):
        why = _RESERVED.get(name, _PYTHON_ONLY)
        return (
            f"@{name} is a mark of pytest's own, and no tag: {why}; remove it, or use another tag"
        )
    for prefix, names, todo in (
        (REQUIREMENT, known.requirements, "add it to a requirements.toml beside the features"),
        (NEED, known.capabilities, "add it to the `needs` of a requirement"),
    ):
        if name.startswith(prefix):
            return _unknown(name, [prefix + each for each in names], todo)
    others = [*USUAL, *sorted(known.markers - _RESERVED.keys())]
    todo = (
        f"register it in pytest.ini by `markers = {name or 'smoke'}: what it means`, or use one"
        " of @core, @extended, @slow, @req:… and @needs:…"
    )
    return _unknown(name, others, todo)


def _unknown(name: str, known: list[str], todo: str) -> str | None:
    if name in known:
        return None
    guess = nearest(name, known)
    meant = f"did you mean @{guess}? If not, " if guess else ""
    return f"no tag @{name} is known; {meant}{todo}"
