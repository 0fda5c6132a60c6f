"""Why a step fits no sentence, and what to write instead."""

import difflib
import re
from typing import Final

from pytest_bdd.parser import Step

from sluicegate.gherkin.expressions import ACCEPTS, EXAMPLES, Sentence
from sluicegate.gherkin.language import TYPES, Language
from sluicegate.gherkin.lookup import Definition, Visible

_SIMILARITY: Final = 0.5
_SHOWN: Final = 3
_UNLIKE_ANY: Final = (
    "  no known step is similar; `sluicegate steps` lists them all, or define it in Python"
)
_KIND: Final = re.compile(r"\{\w*\}")
_VALUE: Final = re.compile(r'"[^"]*"|\$\S*|\d+(?:\.\d+)?')
_SLIPS: Final = (
    ("a curly quote", re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb]"), '"'),
    ("a curly apostrophe", re.compile("[\u2018\u2019\u201a\u201b]"), "'"),
    ("a long dash", re.compile("[\u2010-\u2015\u2212]"), "-"),
    ("an invisible character", re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]"), ""),
    ("a no-break or other special space", re.compile(r"[^\S \t]"), " "),
    ("a tab", re.compile(r"\t"), " "),
    ("more than one space between two words", re.compile(r" {2,}"), " "),
    ("a space at the end", re.compile(r" +$"), ""),
    ("a full stop or another mark at the end", re.compile(r"\s*[.,:;!]+$"), ""),
)
"""What looks right and is not: its name, where it is, and what to type instead."""


def explain(step: Step, known: Visible, language: Language) -> str:
    """Say that no step is defined for the text, with the likeliest reason and remedy."""
    keyword = language.spoken(step.type, step.keyword)
    reasons = (_of_other_type, _slipped, _with_wrong_values, _similar)
    found = (reason(step, known, language) for reason in reasons)
    why = next(filter(None, found), _UNLIKE_ANY)
    return f"no step is defined for: {keyword} {step.name}\n{why}"


def listed(definition: Definition, language: Language, sentence: str) -> str:
    """Write a sentence with its keyword and the place of its definition."""
    type_ = definition.context.type
    return f"    {language.step(type_) if type_ else '*'} {sentence}    ({definition.place})"


def _example(definition: Definition, language: Language) -> str:
    """Write a step as an author of features would."""
    parser = definition.context.parser
    sentence = parser.example if isinstance(parser, Sentence) else parser.name
    return listed(definition, language, sentence)


def _of_other_type(step: Step, known: Visible, language: Language) -> str:
    others = [language.step(type_) for type_ in TYPES if known.nearest(type_, step.name)]
    if not others:
        return ""
    return (
        f"  it is a step for '{' and '.join(others)}', and {_role(step, language)}:"
        f" write '{others[0]} {step.name}'"
    )


def _role(step: Step, language: Language) -> str:
    keyword = language.spoken(step.type, step.keyword)
    if keyword.casefold() == step.keyword.casefold():
        return f"this is a '{keyword}'"
    return f"'{step.keyword}' goes on with the '{keyword}' above it"


def _slipped(step: Step, known: Visible, language: Language) -> str:
    text, slips = step.name, []
    for slip, pattern, right in _SLIPS:
        if pattern.search(text):
            text = pattern.sub(right, text)
            slips.append(slip)
    if not known.nearest(step.type, text):
        return _miscapitalised(text, step, known, language)
    todo = f"{language.spoken(step.type, step.keyword)} {text}"
    return f"  it has {' and '.join(slips)}; type: {todo}"


def _miscapitalised(text: str, step: Step, known: Visible, language: Language) -> str:
    for definition in _serving(step, known):
        parser = definition.context.parser
        if isinstance(parser, Sentence) and parser.fits_but_for_capitals(text):
            return f"  capital letters count; write it like this:\n{_example(definition, language)}"
    return ""


def _with_wrong_values(step: Step, known: Visible, language: Language) -> str:
    found: list[tuple[Definition, list[tuple[str, str]]]] = []
    for definition in _serving(step, known):
        parser = definition.context.parser
        if isinstance(parser, Sentence) and (misfits := parser.misfits(step.name)):
            found.append((definition, misfits))
    if not found:
        return ""
    fewest = min(len(misfits) for _, misfits in found)
    best = [each for each in found if len(each[1]) == fewest]
    # The more of a sentence is words, the more it says that they fit.
    best.sort(key=lambda each: -len(_KIND.sub("", each[0].sentence)))
    return "\n".join(_misfit(*each, language) for each in best[:_SHOWN])


def _misfit(definition: Definition, misfits: list[tuple[str, str]], language: Language) -> str:
    lines = [f"  '{text}' is no {{{kind}}}: {ACCEPTS.get(kind, kind)}" for kind, text in misfits]
    return "\n".join([*lines, "  the step is written like this:", _example(definition, language)])


def _similar(step: Step, known: Visible, language: Language) -> str:
    shapes = {_shape(definition.sentence): definition for definition in known.definitions}
    shape = _VALUE.sub("{}", step.name)
    close = difflib.get_close_matches(shape, shapes, n=_SHOWN, cutoff=_SIMILARITY)
    if not close:
        return ""
    lines = (_example(shapes[each], language) for each in close)
    return "\n".join(["  the nearest known steps are, with examples of values:", *lines])


def _shape(sentence: str) -> str:
    # Who does it is said in words, as the rest is.
    return _KIND.sub("{}", sentence.replace("{provider}", EXAMPLES["provider"]))


def _serving(step: Step, known: Visible) -> list[Definition]:
    return [definition for definition in known.definitions if definition.serves(step.type)]
