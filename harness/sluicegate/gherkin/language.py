"""The keywords of Gherkin in a feature file's language, and what misspelt ones were meant to be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, cast, get_args

from gherkin.dialect import DIALECTS

Title = Literal["feature", "rule", "background", "scenario", "scenarioOutline", "examples"]
StepType = Literal["given", "when", "then"]

TITLES: Final[tuple[Title, ...]] = get_args(Title)
TYPES: Final[tuple[StepType, ...]] = get_args(StepType)

_DEFAULT: Final = "en"
_LANGUAGE: Final = re.compile(r"\s*#\s*language\s*:\s*([a-zA-Z\-_]+)\s*")
_CONTINUING: Final = ("and", "but")
_ALL_TYPES: Final = (*TYPES, *_CONTINUING)
_NUMBER: Final = re.compile(r"\s+[#(]?\w{1,2}[.)]?$")
_DASH: Final = re.compile(r"(?<=\w)\s+[-\u2013\u2014]\s+")
_BULLET: Final = "* "
_SWAPPED_ONLY: Final = 3
_SHORT: Final = 4
_LONG: Final = 8
_WORDS: Final = frozenset({"give", "gives", "hen", "ten", "the", "wen"})
"""Words of English and German that are one slip away from a keyword."""


@dataclass(frozen=True, slots=True)
class StepStart:
    """How a line begins that was meant as a step: the keyword, and what follows the first words.

    `types` are those that the step may have; `exact` tells that only the space after the keyword
    or the keyword's capital letters are wrong, and not its spelling.
    """

    keyword: str
    types: tuple[StepType, ...]
    rest: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Language:
    """A language of Gherkin's."""

    code: str

    @property
    def _keywords(self) -> Mapping[str, list[str]]:
        return cast("Mapping[str, list[str]]", DIALECTS[self.code])

    def titles(self, title: Title) -> list[str]:
        """Return the keywords that begin a part of a file, without their colon."""
        return self._keywords[title]

    def title(self, title: Title) -> str:
        """Return the keyword to recommend, with its colon."""
        # In most languages the first word for a scenario is the one for an example.
        return f"{self.titles(title)[-1 if title == 'scenario' else 0]}:"

    def steps(self, type_: str) -> list[str]:
        """Return the keywords of a type of steps, or of those that continue it: `and`, `but`."""
        return [keyword.rstrip() for keyword in self._keywords[type_] if keyword != _BULLET]

    def step(self, type_: str) -> str:
        """Return the keyword of a type of steps that is to be recommended."""
        return self.steps(type_)[0]

    def spoken(self, type_: str, written: str) -> str:
        """Return the keyword that stands for a step's type: the written one, if it does."""
        same = (word for word in self.steps(type_) if word.casefold() == written.casefold())
        return next(same, self.step(type_))

    def begins_step(self, text: str) -> bool:
        """Tell whether a line begins as a step does."""
        return any(text.startswith(tuple(self._keywords[type_])) for type_ in _ALL_TYPES)

    def meant_title(self, text: str) -> str | None:
        """Return the keyword that the words before a line's colon were meant to be."""
        head, colon, _ = _DASH.sub(":", text.replace("\uff1a", ":"), count=1).partition(":")
        heads = (head.rstrip(), _NUMBER.sub("", head.rstrip())) if colon else ()
        return next(filter(None, map(self._nearest_title, heads)), None)

    def bare_title(self, text: str) -> str | None:
        """Return the keyword that the whole of a line was meant to be."""
        return self._nearest_title(text)

    def leading_title(self, text: str) -> tuple[str, bool] | None:
        """Return the keyword that a line's first words were meant to be, and whether they are."""
        heads = {keyword: _split(text, keyword) for keyword in self._all_titles()}
        near = [
            (_distance(head, keyword), f"{keyword}:", head == keyword)
            for keyword, (head, rest) in heads.items()
            if rest and _is_near(head, keyword)
        ]
        # Of two that are as near, the longer comes first in all titles.
        return min(near, key=lambda each: each[0])[1:] if near else None

    def meant_step(self, text: str) -> StepStart | None:
        """Return the step that a line was meant to begin, although Gherkin sees none in it."""
        for exact in (True, False):
            for types, keyword in self._all_steps():
                head, rest = _split(text, keyword)
                if _is_meant(head, keyword, exact=exact):
                    return StepStart(keyword, types, rest, exact)
        return self._translated_step(text)

    def nearest_type(self, word: str, types: list[StepType]) -> StepType:
        """Return the type of steps whose keyword a word is most like."""
        return min(types, key=lambda type_: _distance(word, self.step(type_)))

    def _translated_step(self, text: str) -> StepStart | None:
        """Return the step that a line begins in English."""
        if self.code == _DEFAULT:
            return None
        for type_ in _ALL_TYPES:
            head, rest = _split(text, type_)
            if head == Language(_DEFAULT).step(type_):
                types = TYPES if type_ in _CONTINUING else (cast("StepType", type_),)
                return StepStart(self.step(type_), types, rest, exact=True)
        return None

    def _nearest_title(self, words: str) -> str | None:
        near = [
            (_distance(words, keyword), f"{keyword}:")
            for keyword in self._all_titles()
            if _is_near(words, keyword)
        ]
        return min(near)[1] if near else self._translated_title(words)

    def _translated_title(self, words: str) -> str | None:
        """Return the keyword of this language for an English one."""
        meant = (each for each in TITLES if words.title() in Language(_DEFAULT).titles(each))
        return next(map(self.title, meant), None)

    def _all_titles(self) -> list[str]:
        # The longest first: `Scenario Outline` begins with `Scenario`.
        keywords = [keyword for title in TITLES for keyword in self.titles(title)]
        return sorted(keywords, key=len, reverse=True)

    def _all_steps(self) -> Iterator[tuple[tuple[StepType, ...], str]]:
        for type_ in TYPES:
            yield from (((type_,), keyword) for keyword in self.steps(type_))
        for word in _CONTINUING:
            yield from ((TYPES, keyword) for keyword in self.steps(word))


def language_of(text: str) -> Language:
    """Return the language that a feature file's first lines name; English if they do not."""
    for line in text.splitlines():
        if named := _LANGUAGE.fullmatch(line):
            return Language(named[1] if named[1] in DIALECTS else _DEFAULT)
        if line.strip() and not line.strip().startswith("#"):
            break
    return Language(_DEFAULT)


def foreign(text: str, language: Language) -> str | None:
    """Return the code of the one language in which a line begins a feature, unless it does here."""
    codes = [
        code
        for code in DIALECTS
        if text.startswith(tuple(f"{word}:" for word in Language(code).titles("feature")))
    ]
    return codes[0] if len(codes) == 1 and codes[0] != language.code else None


def _split(text: str, keyword: str) -> tuple[str, str]:
    """Split a line after as many words as the keyword has."""
    found = re.match(r"\s+".join([r"[^\s:]+"] * len(keyword.split())), text)
    return (found[0], text[found.end() :].lstrip(" \t\u00a0:")) if found else ("", text)


def _is_meant(head: str, keyword: str, *, exact: bool) -> bool:
    if exact:
        return head.casefold() == keyword.casefold()
    return head.casefold() not in _WORDS and _is_near(head, keyword)


@cache
def _is_near(words: str, keyword: str) -> bool:
    """Tell whether words are a keyword, but for capital letters and a slip of the pen or two."""
    got, wanted = " ".join(words.casefold().split()), keyword.casefold()
    if got == wanted:
        return True
    allowed = 2 if len(wanted) >= _LONG else 1
    if abs(len(got) - len(wanted)) > allowed or _distance(got, wanted) > allowed:
        return False
    # One letter more or less, or another one, makes a short word a different word.
    if len(wanted) <= _SHORT:
        swapped = sorted(got) == sorted(wanted)
        return swapped or (len(wanted) > _SWAPPED_ONLY and len(got) != len(wanted))
    return True


def _distance(words: str, keyword: str) -> int:
    """Count the letters that are missing, added, replaced or swapped with their neighbour."""
    one, other = " ".join(words.casefold().split()), keyword.casefold()
    above, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = above, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and one[i - 2 : i] == wanted + other[j - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
    return row[-1]
