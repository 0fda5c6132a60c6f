"""What Gherkin's parser does not understand, in plain words and with what was probably meant."""

import re
from typing import Final

from gherkin.errors import CompositeParserException, NoSuchLanguageException, ParserException
from gherkin.gherkin_line import GherkinLine

from .language import Language, foreign, language_of

_NOISE: Final = ("#Comment, ", "#Empty, ", ", #Comment", ", #Empty")
_TOKENS: Final = {
    "#DocStringSeparator": 'a doc string (""")',
    "#EOF": "the end of the file",
    "#Language": "'# language:'",
    "#Other": "text",
    "#TableRow": "a table row",
    "#TagLine": "a tag",
}
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
    else:
        text = _readable(message, language) + _remedy(line, language)
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


_STEPS: Final = ("given", "when", "then", "and", "but")


def _remedy(line: str, language: Language) -> str:
    if code := foreign(line, language):
        return f"; if the file is written in this language, its first line is '# language: {code}'"
    if title := language.meant_title(line) or language.bare_title(line):
        return f"; write '{title}'" if not line.startswith(title) else ""
    if step := language.meant_step(line):
        return f"; write '{step.keyword} {step.rest}'" if not language.begins_step(line) else ""
    if leading := language.leading_title(line):
        return f"; write '{leading[0]}'"
    return ""


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
