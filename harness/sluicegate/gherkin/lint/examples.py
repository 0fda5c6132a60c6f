"""Examples: their tables, and the `<names>` in a scenario that their columns fill."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from pytest_bdd.gherkin_parser import ExamplesTable
from pytest_bdd.gherkin_parser import Scenario as ScenarioNode
from pytest_bdd.gherkin_parser import Step as StepNode
from pytest_bdd.parser import PARAM_RE

from sluicegate.gherkin.document import Document, Problem
from sluicegate.gherkin.language import Language
from sluicegate.gherkin.wording import listed, nearest

_NAME: Final = re.compile(r"\w(?:[\w .-]*\w)?")
_UNFILLED: Final = {"unknown-column", "no-examples"}


def tables(document: Document) -> Iterator[Problem]:
    """Refuse Examples whose rows or columns do not say what would run."""
    for scenario in document.scenarios():
        used = {name for _, text in _texts(document, scenario) for name in _filled(text)}
        for table in scenario.examples:
            if table.table_header is None or not table.table_body:
                text = (
                    f"the Examples of '{scenario.name}' have no rows, so nothing would run;"
                    " write a header row and at least one row of values"
                )
                yield Problem(table.location.line, text, "no-examples")
            else:
                for text in _wrong_columns(_columns(table), used):
                    yield Problem(table.table_header.location.line, text, "columns")


def _wrong_columns(columns: list[str], used: set[str]) -> Iterator[str]:
    for name, count in Counter(columns).items():
        if not name:
            number = columns.index(name) + 1
            yield f"column {number} of the Examples has no name; write one, or remove the column"
        elif count > 1:
            yield f"{count} columns of the Examples are named '{name}'; rename or remove one"
        elif name not in used:
            yield (
                f"column '{name}' of the Examples is used nowhere, so its values do nothing;"
                f" write <{name}> in a step or in the scenario's name, or remove the column"
            )


def placeholders(document: Document) -> Iterator[Problem]:
    """Refuse `<names>` that no column fills, and outlines without Examples."""
    for scenario in document.scenarios():
        if scenario.examples:
            yield from _unknown_columns(scenario)
        else:
            yield from _without_examples(scenario, document.language)


def _unknown_columns(scenario: ScenarioNode) -> Iterator[Problem]:
    for line, text in _own_texts(scenario):
        for name in _meant(text):
            for table in scenario.examples:
                columns = _columns(table)
                if columns and name not in columns:
                    yield Problem(line, _unknown(name, columns, table), "unknown-column")


def _unknown(name: str, columns: list[str], table: ExamplesTable) -> str:
    named = f"<{name}> is filled by no column of the Examples in line {table.location.line}"
    guess = nearest(name, columns)
    add = f"add a column '{name}', whose value may be <{name}> itself"
    meant = f"did you mean <{guess}>?" if guess else add
    return f"{named}, which has {listed(columns)}; {meant}"


def _without_examples(scenario: ScenarioNode, language: Language) -> Iterator[Problem]:
    add = f"add '{language.title('examples')}' with a table below it"
    outlines = set(language.titles("scenarioOutline")) - set(language.titles("scenario"))
    if scenario.keyword in outlines:
        text = (
            f"'{scenario.keyword}: {scenario.name}' has no Examples, so nothing fills it; {add},"
            f" or write '{language.title('scenario')}'"
        )
        yield Problem(scenario.location.line, text, "no-examples")
        return
    for step in scenario.steps:
        for name in _meant(step.text):
            text = (
                f"<{name}> is filled by a column of Examples, and scenario '{scenario.name}' has"
                f" none; {add} and a column '{name}', whose value may be <{name}> itself"
            )
            yield Problem(step.location.line, text, "unknown-column")


def unfilled(problems: list[Problem]) -> set[int]:
    """Return the lines of steps, and of scenarios, whose `<names>` are refused already."""
    return {problem.line for problem in problems if problem.rule in _UNFILLED}


def _columns(table: ExamplesTable) -> list[str]:
    return [cell.value for cell in table.table_header.cells] if table.table_header else []


def _filled(text: str) -> list[str]:
    return [str(name) for name in PARAM_RE.findall(text)]


def _meant(text: str) -> list[str]:
    """Return the names that stand for values; what has an end tag is markup."""
    names = dict.fromkeys(filter(_NAME.fullmatch, _filled(text)))
    return [name for name in names if f"</{name}>" not in text]


def _texts(document: Document, scenario: ScenarioNode) -> Iterator[tuple[int, str]]:
    yield from _own_texts(scenario)
    # pytest-bdd fills the steps of the backgrounds as well.
    for background in document.backgrounds():
        for step in background.steps:
            yield from _step_texts(step)


def _own_texts(scenario: ScenarioNode) -> Iterator[tuple[int, str]]:
    yield scenario.location.line, scenario.name
    for step in scenario.steps:
        yield from _step_texts(step)


def _step_texts(step: StepNode) -> Iterator[tuple[int, str]]:
    yield step.location.line, step.text
    if step.docstring is not None:
        first = step.docstring.location.line + 1
        yield from enumerate(step.docstring.content.split("\n"), first)
    for row in step.datatable.rows if step.datatable is not None else ():
        yield from ((row.location.line, cell.value) for cell in row.cells)
