"""What Gherkin's parser does not understand, in plain words and with what was probably meant."""

import re
from typing import Final

from gherkin.errors import (
    CompositeParserException,
    NoSuchLanguageException,
    ParserException,
    UnexpectedEOFException,
)
from gherkin.gherkin_line import GherkinLine

from .language import Language, Title, foreign, language_of
from .wording import shown

_NOISE: Final = ("#Comment, ", "#Empty, ", ", #Comment", ", #Empty")
_TOKENS: Final = {
    "#DocStringSeparator": 'a doc string (""")',
    "#EOF": "the end of the file",
    "#Language": "'# language:'",
    "#Other": "text",
    "#TableRow": "a table row",
    "#TagLine": "a tag",
}
_PLACES: Final[dict[Title, str]] = {
    "feature": "a file holds one feature, so begin another file",
    "background": "the background stands above the scenarios of its feature or rule, once",
    "examples": "Examples stand below the steps of a scenario",
    "scenario": "a scenario stands below the title of its feature",
    "scenarioOutline": "a scenario stands below the title of its feature",
    "rule": "a rule stands below the title of its feature",
}
_STEPS: Final = ("given", "when", "then", "and", "but")
_UNCLOSED: Final = '; end the doc string with a line of """'
_BULLET: Final = re.compile(r"^[-\u2013\u2022]\s*")
_INCONSISTENT: Final = "inconsistent cell count"


def errors(error: CompositeParserException, text: str) -> list[tuple[int, str]]:
    """Return every error of syntax in a feature file's text: its line, and what is wrong."""
    lines = text.split("\n")
    return [_error(one, lines, language_of(text)) for one in error.errors]


def _error(error: ParserException, lines: list[str], language: Language) -> tuple[int, str]:
    number = error.location["line"]
    line = lines[number - 1].strip() if number <= len(lines) else ""
    message = re.sub(r"^\(\d+:\d+\): ", "", error.args[0])
    if isinstance(error, NoSuchLanguageException):
        text = f"Gherkin knows no such language: '{line}'; write a code such as en, de or fr"
    elif message.startswith(_INCONSISTENT):
        text = _ragged(lines, number)
    elif message.startswith("A tag"):
        text = f"a tag has no spaces in it: '{line}'; write @, the tag, and a space before the next"
    elif isinstance(error, UnexpectedEOFException):
        text = _readable(message, language) + _UNCLOSED * ("#DocString" in message)
    else:
        expected = _readable(message, language).partition(", got ")[0]
        text = f"{shown(line)} cannot stand here; {_remedy(line, language)}\n  {expected}"
    return number, text


def _readable(message: str, language: Language) -> str:
    for noise in _NOISE:
        message = message.replace(noise, "")
    tokens = _TOKENS | {
        "#FeatureLine": f"'{language.title('feature')}'",
        "#RuleLine": f"'{language.title('rule')}'",
        "#BackgroundLine": f"'{language.title('background')}'",
        "#ScenarioLine": f"'{language.title('scenario')}'",
        "#ExamplesLine": f"'{language.title('examples')}'",
        "#StepLine": "a step (" + ", ".join(map(language.step, _STEPS)) + ")",
    }
    return re.sub(r"#\w+", lambda token: tokens.get(token[0], token[0]), message)


def _remedy(line: str, language: Language) -> str:
    return next(filter(None, (remedy(line, language) for remedy in _REMEDIES)))


def _in_other_language(line: str, language: Language) -> str | None:
    code = foreign(line, language)
    return code and f"if the file is written in this language, it begins with '# language: {code}'"


def _misplaced(line: str, language: Language) -> str | None:
    """Return where a line belongs that Gherkin would understand there."""
    if language.begins_step(line):
        return "steps stand below a title, and above the Examples"
    for title, place in _PLACES.items():
        if line.startswith(tuple(f"{keyword}:" for keyword in language.titles(title))):
            return place
    return None


def _misspelt_title(line: str, language: Language) -> str | None:
    title = language.meant_title(line) or language.bare_title(line)
    return title and f"write '{title}'"


def _misspelt_step(line: str, language: Language) -> str | None:
    step = language.meant_step(line)
    return f"write '{step.keyword} {step.rest}'" if step else None


def _title_without_colon(line: str, language: Language) -> str | None:
    title, exact = language.leading_title(line) or ("", False)
    return f"write '{title}'" if exact else None


def _bulleted(line: str, language: Language) -> str | None:
    bare = _BULLET.sub("", line)
    return f"write '{bare}'" if bare != line and language.begins_step(bare) else None


def _comment(_line: str, _: Language) -> str:
    return "begin it with a keyword, or with # if it is a comment"


_REMEDIES: Final = (
    _in_other_language,
    _misplaced,
    _misspelt_title,
    _misspelt_step,
    _title_without_colon,
    _bulleted,
    _comment,
)


def _ragged(lines: list[str], number: int) -> str:
    first = number - 1
    while first and lines[first - 1].strip()[:1] in {"", "|", "#"}:
        first -= 1
    rows = [line.strip() for line in lines[first:number] if line.strip().startswith("|")]
    wanted, got = (len(GherkinLine(row, number).table_cells) for row in (rows[0], rows[-1]))
    open_ = next((row for row in rows if not row.endswith("|")), None)
    todo = (
        f"the row '{open_}' does not end with |, write one"
        if open_
        else "write a cell for each column, each between two |, and a | within a cell as \\|"
    )
    return f"the row has {_cells(got)}, and the first row of its table has {wanted}; {todo}"


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"
