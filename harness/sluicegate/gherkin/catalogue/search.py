"""The search through a catalogue of sentences; page.js does the same in a browser."""

import re
from dataclasses import dataclass, replace
from typing import Final

from sluicegate.gherkin.expressions import value_type

from .entries import Catalogue, Entry, Subject, Value

_KEYWORD: Final = re.compile(r"(?:given|when|then|and|but|\*) (?=\S)", re.IGNORECASE)
_WORD: Final = re.compile(r'"[^"]*"?|\S+')
_SIGNS: Final = {'"': '"', "'": '"', "$": "$"}

_ANYTHING: Final = "*"

_WHOLE: Final = 4.0
_IN_SENTENCE: Final = 2
_ABOUT_SENTENCE: Final = 1


@dataclass(frozen=True, slots=True)
class Clues:
    """What the search knows of a sentence.

    `more` are words about it that are not its own, `takes` are the signs of values that it takes:
    `"`, `$`, `0` for a number, `*` for anything.
    """

    text: str
    pattern: str | None
    more: str
    takes: str


def search(catalogue: Catalogue, typed: str) -> Catalogue:
    """Return what fits the typed words, the best first.

    They may be words of a sentence, of its subject or of what its values accept, or a whole
    sentence as a feature says it, which finds that sentence alone.
    """
    scores = {
        entry.anchor: rank(typed, clues(catalogue, subject, entry))
        for subject in catalogue.subjects
        for entry in subject.entries
    }
    least = _WHOLE if _WHOLE in scores.values() else 0.1
    found = [_best(subject, scores, least) for subject in catalogue.subjects]
    kept = [subject for subject in found if subject.entries]
    kept.sort(key=lambda subject: scores[subject.entries[0].anchor], reverse=True)
    return Catalogue.of(kept)


def _best(subject: Subject, scores: dict[str, float], least: float) -> Subject:
    kept = [entry for entry in subject.entries if scores[entry.anchor] >= least]
    kept.sort(key=lambda entry: scores[entry.anchor], reverse=True)
    return replace(subject, entries=tuple(kept))


def clues(catalogue: Catalogue, subject: Subject, entry: Entry) -> Clues:
    """Return what the search knows of a sentence."""
    values = [catalogue.value(kind) for kind in entry.kinds]
    words = [entry.keyword, subject.name, entry.block or "", entry.example]
    words += [f"{value.name} {value.accepts} {value.example}" for value in values]
    takes = set(map(taken, values))
    return Clues(entry.text, entry.pattern, " ".join(words), "".join(sorted(takes)))


def taken(value: Value) -> str:
    """Return the sign of the values of a kind; there are kinds that take any."""
    is_open = value_type(value.kind) is object
    return _ANYTHING if is_open else sign(value.example) or _ANYTHING


def rank(typed: str, known: Clues) -> float:
    """Return how well a sentence fits the typed words: 0 for not at all, 4 for exactly."""
    said = " ".join(typed.split())
    said = said[found.end() :] if (found := _KEYWORD.match(said)) else said
    if known.pattern and re.search(known.pattern, said):
        return _WHOLE
    levels = [_level(word, known) for word in _WORD.findall(said)]
    return sum(levels) / len(levels) if levels and all(levels) else 0


def _level(word: str, known: Clues) -> int:
    if _begins_word(word, known.text):
        return _IN_SENTENCE
    is_value = bool(of := sign(word)) and (of in known.takes or _ANYTHING in known.takes)
    return _ABOUT_SENTENCE if is_value or _begins_word(word, known.more) else 0


def sign(word: str) -> str:
    """Return by what a word looks like a value, or nothing if it does not."""
    if word[:1] in _SIGNS:
        return _SIGNS[word[:1]]
    return "0" if re.search("[0-9]", word) else ""


def _begins_word(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(word)}", text, re.IGNORECASE) is not None
