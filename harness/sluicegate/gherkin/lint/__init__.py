"""What is refused in a feature file, because it would pass without having checked anything."""

from collections.abc import Callable, Iterator
from typing import Final

from sluicegate.gherkin.document import Document, Problem
from sluicegate.gherkin.lookup import Visible
from sluicegate.gherkin.tags import KnownTags

from . import descriptions, examples, sentences, structure, tagging

_RULES: Final[tuple[Callable[[Document], Iterator[Problem]], ...]] = (
    structure.emptiness,
    structure.names,
    structure.completeness,
    structure.doc_strings,
    structure.rows,
    examples.tables,
    examples.placeholders,
)


def check(document: Document, known: Visible, tags: KnownTags) -> Iterator[Problem]:
    """Yield everything that is wrong with a feature file, given the steps and tags that it sees."""
    found = [problem for rule in _RULES for problem in rule(document)]
    yield from found
    yield from tagging.check(document, tags)
    yield from descriptions.check(document, known)
    yield from sentences.check(document, known, examples.unfilled(found))
