"""Descriptions: Gherkin takes a line that begins with a mistyped keyword for one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pytest_bdd.parser import render_string

from sluicegate.gherkin.document import Description, Document, Problem
from sluicegate.gherkin.language import TYPES, Language, StepStart
from sluicegate.gherkin.lookup import Visible
from sluicegate.gherkin.wording import shown

_ABOVE_STEPS: Final = {"Scenario", "Background"}
_MARKER: Final = re.compile(r"\A(?:[-*+>\u2022\u2013\u2014]+|\d+[.)]|//|[\"'\u201c\u2018])\s*")
"""What some write before a line, as in a list."""

_TAG: Final = re.compile(r"\S*@\S+|\w+:\w\S*")
_SENTENCE_END: Final = tuple(".,;:!?…")
_REWORD: Final = "begin the line with another word if it is description"


def check(document: Document, known: Visible) -> Iterator[Problem]:
    """Refuse the lines of descriptions that were meant to be something else.

    A line is prose unless something speaks against it: the colon of a title, a title that stands
    alone, steps below it, or words that are a known step.
    """
    for description in document.descriptions:
        lines = [line for line in description.lines if line[1]]
        row = _row_at(document, description.lines[0][0])
        reader = _Reader(document.language, known, description, row)
        for number, text in lines:
            if said := reader.read(number, text):
                yield Problem(number, f"{shown(text)} {said}", "description")


@dataclass(slots=True)
class _Reader:
    """Reads a description from top to bottom; `found` holds the lines that are none.

    `row` fills the names in angle brackets of an outline's steps.
    """

    language: Language
    known: Visible
    description: Description
    row: Mapping[str, str]
    found: list[int] = field(default_factory=list)

    def read(self, number: int, text: str) -> str | None:
        """Return what a line was meant to be; None if it may well be description."""
        plain = _MARKER.sub("", text)
        said = self._title(number, plain) or self._step(number, plain) or self._other(text)
        if said:
            self.found.append(number)
        return said

    def _title(self, number: int, text: str) -> str | None:
        title = self._plain_title(number, text) or self._title_without_colon(number, text)
        if title is None:
            return None
        todo = f"write '{title}'"
        if text.startswith(title):
            todo = "it does not belong here, so move it below the steps of its scenario"
        return f"is taken for description, so it begins nothing; {todo}, or {_REWORD}"

    def _plain_title(self, number: int, text: str) -> str | None:
        """Return the title that a line is by its colon, or by having no other word."""
        goes_on = self._goes_on(number) and text[0].islower()
        if goes_on and not self._has_steps_below(number):
            return None
        bare = None if text.endswith(_SENTENCE_END) else self.language.bare_title(text)
        return self.language.meant_title(text) or bare

    def _title_without_colon(self, number: int, text: str) -> str | None:
        leading = self.language.leading_title(text)
        if leading is None:
            return None
        title, exact = leading
        alone = exact and (self._stands_alone(number, text) or self._is_last(number, text))
        return title if alone or self._has_steps_below(number) else None

    def _step(self, number: int, text: str) -> str | None:
        start = self.language.meant_step(text) or self._known_step(text)
        if start is None:
            return None
        lost, fits = "is taken for description, so it would never run", self._fits(start)
        if self.description.owner in _ABOVE_STEPS:
            written = f"{start.keyword} {start.rest}".strip()
            meant = fits or self._may_begin_step(number, text, start)
            return f"{lost}; write '{written}', or {_REWORD}" if meant else None
        todo = f"write '{self.language.title('scenario')}' and a name above it"
        return f"{lost}; {todo}, or {_REWORD}" if fits and not self.found else None

    def _known_step(self, text: str) -> StepStart | None:
        """Return the step that a line is by its words, whatever its keyword is, or is missing."""
        head, _, rest = text.partition(" ")
        for keyword, sentence in ((head, rest), ("", text)):
            if types := [type_ for type_ in TYPES if self._is_known(type_, sentence)]:
                nearest = self.language.nearest_type(keyword, types)
                return StepStart(self.language.step(nearest), (nearest,), sentence, exact=False)
        return None

    def _other(self, text: str) -> str | None:
        if self.description.owner == "Examples" and "|" in text:
            return "is taken for description; a row of a table begins with | and ends with |"
        if all(map(_TAG.fullmatch, text.split())):
            return f"is taken for description; each tag begins with @, after a space; or {_REWORD}"
        return None

    def _fits(self, start: StepStart) -> bool:
        return any(self._is_known(type_, start.rest) for type_ in start.types)

    def _is_known(self, type_: str, text: str) -> bool:
        return bool(self.known.nearest(type_, render_string(text, self.row)))

    def _may_begin_step(self, number: int, text: str, start: StepStart) -> bool:
        """Tell whether a line is a step by its first word alone."""
        return not self._goes_on(number) and (start.exact or not text.endswith(_SENTENCE_END))

    def _goes_on(self, number: int) -> bool:
        """Tell whether a line goes on with what the line above it says."""
        return bool(self._text_of(number - 1)) and number - 1 not in self.found

    def _has_steps_below(self, number: int) -> bool:
        lines = (text for n, text in self.description.lines if n > number and text)
        below = next(lines, "")
        start = self.language.meant_step(below)
        return self.language.begins_step(below) or (start is not None and self._fits(start))

    def _stands_alone(self, number: int, text: str) -> bool:
        """Tell whether a line is a paragraph of its own that is no sentence."""
        neighbours = self._text_of(number - 1) or self._text_of(number + 1)
        return not neighbours and not text.endswith(_SENTENCE_END)

    def _is_last(self, number: int, text: str) -> bool:
        """Tell whether the steps of a scenario or a background come next, and it is no sentence."""
        last = max(n for n, _ in self.description.lines)
        owner = self.description.owner
        return owner in _ABOVE_STEPS and number == last and not text.endswith(_SENTENCE_END)

    def _text_of(self, number: int) -> str:
        return dict(self.description.lines).get(number, "")


def _row_at(document: Document, line: int) -> dict[str, str]:
    """Return a row of the Examples of the scenario to which a line belongs, if it has any."""
    above = [each for each in document.feature.scenarios.values() if each.line_number < line]
    template = max(above, key=lambda each: each.line_number, default=None)
    rows = (row for table in template.examples for row in table.as_contexts()) if template else ()
    return next(iter(rows), {})
