"""Steps: each must fit one sentence, with the table or the doc string that it takes."""

from collections.abc import Iterator
from typing import Final

from pytest_bdd.gherkin_parser import Scenario as ScenarioNode
from pytest_bdd.parser import ScenarioTemplate, Step

from sluicegate.gherkin.document import Document, Problem
from sluicegate.gherkin.language import Language
from sluicegate.gherkin.lookup import Definition, Visible
from sluicegate.gherkin.steps import BLOCKS, is_async, required_arguments

from .undefined import explain, listed

_BLOCKS: Final = {
    "docstring": (
        "a doc string",
        'write the text below it, between two lines of """',
    ),
    "datatable": (
        "a table",
        "write its rows below it, each cell between two |",
    ),
}


def check(document: Document, known: Visible, passed_over: set[int]) -> Iterator[Problem]:
    """Refuse every step that is not understood in one way.

    `passed_over` are lines of steps and scenarios about which enough is said already.
    """
    missing: dict[str, Problem] = {}
    for step, row in _steps(document, passed_over):
        nearest = known.nearest(step.type, step.name)
        if len(nearest) == 1:
            yield from _check_function(step, nearest[0])
            yield from _check_blocks(step, nearest[0])
            for name, problem in _missing_fixtures(step, nearest[0], known):
                missing.setdefault(name, problem)
        elif nearest:
            text = _in_row(_ambiguous(step, nearest, document.language), row)
            yield Problem(step.line_number, text, "ambiguous")
        else:
            text = _in_row(explain(step, known, document.language), row)
            yield Problem(step.line_number, text, "undefined")
    yield from missing.values()


def _steps(document: Document, passed_over: set[int]) -> Iterator[tuple[Step, int | None]]:
    """Yield the steps, those of an outline for each row, with the line of a row that fills them."""
    for scenario in document.scenarios():
        template = document.feature.scenarios[scenario.name]
        for row, steps in _filled_in(template, scenario):
            for written, step in zip(template.steps, steps, strict=True):
                if not {template.line_number, step.line_number} & passed_over:
                    yield step, None if written.name == step.name else row


def _filled_in(
    template: ScenarioTemplate, scenario: ScenarioNode
) -> Iterator[tuple[int | None, list[Step]]]:
    if not template.examples:
        yield None, template.steps
    # pytest-bdd has none without a header.
    nodes = [node for node in scenario.examples if node.table_header is not None]
    for examples, node in zip(template.examples, nodes, strict=True):
        for values, row in zip(examples.as_contexts(), node.table_body or (), strict=True):
            yield row.location.line, template.render(values).steps


def _in_row(text: str, row: int | None) -> str:
    """Name the row of Examples from which the values of a step come, if they do."""
    first, *more = text.split("\n")
    return "\n".join([f"{first} (the row in line {row})" if row else first, *more])


def _ambiguous(step: Step, candidates: list[Definition], language: Language) -> str:
    text = f"more than one step fits: {language.spoken(step.type, step.keyword)} {step.name}"
    todo = "  change the words of one of them"
    lines = (listed(each, language, each.sentence) for each in candidates)
    return "\n".join([text, *lines, todo])


def _check_function(step: Step, definition: Definition) -> Iterator[Problem]:
    # Our own decorators refuse it; those of plain pytest-bdd do not.
    if is_async(definition.context.step_func):
        text = (
            f"'{step.keyword} {step.name}' would never run: its function is `async def`"
            f" ({definition.place}); write `def`"
        )
        yield Problem(step.line_number, text, "async")


def _check_blocks(step: Step, definition: Definition) -> Iterator[Problem]:
    parameters = required_arguments(definition.context.step_func)
    for block in BLOCKS:
        has, wants = getattr(step, block) is not None, block in parameters
        what, todo = _BLOCKS[block]
        if has == wants:
            continue
        needs = f"needs {what} below it; {todo}"
        ignores = f"takes no {what[2:]}, and would ignore the one below it; remove it"
        text = f"'{step.keyword} {step.name}' {needs if wants else ignores}"
        yield Problem(step.line_number, f"{text}, or use another step", "block")


def _missing_fixtures(
    step: Step, definition: Definition, known: Visible
) -> Iterator[tuple[str, Problem]]:
    for name in known.missing_fixtures(definition, step.name):
        text = (
            f"'{step.keyword} {step.name}' needs the fixture {name!r}, which is not defined"
            f" (step in {definition.place}); define it, or correct the parameter's name"
        )
        yield name, Problem(step.line_number, text, "fixture")
