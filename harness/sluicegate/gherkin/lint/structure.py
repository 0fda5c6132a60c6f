"""What a feature file is made of: scenarios with names, steps, and a Then after the last When."""

import itertools
import re
from collections.abc import Iterator
from typing import Final

from pytest_bdd.gherkin_parser import Row as RowNode
from pytest_bdd.parser import ScenarioTemplate, Step

from sluicegate.gherkin.document import Document, Problem, node_name
from sluicegate.gherkin.language import Language
from sluicegate.gherkin.wording import shown

_MEDIA_TYPE: Final = re.compile(r"\s*(?:json|markdown|text|xml|yaml|[\w.+-]+/[\w.+-]+)?\s*")
"""What may stand behind the opening quotes of a doc string: the name of a format."""


def emptiness(document: Document) -> Iterator[Problem]:
    """Refuse a feature or a rule without scenarios."""
    todo = f"write one, which begins with '{document.language.title('scenario')}' and a name"
    feature = document.tree.feature
    if not any(document.scenarios()):
        yield Problem(feature.location.line, f"the feature has no scenarios; {todo}", "empty")
    for rule in document.rules():
        if not any(child.scenario for child in rule.children):
            text = f"rule '{rule.name}' has no scenarios; {todo}"
            yield Problem(rule.location.line, text, "empty")


def names(document: Document) -> Iterator[Problem]:
    """Refuse scenarios without a name, and two of one name."""
    seen: dict[str, int] = {}
    for scenario in document.scenarios():
        line, name = scenario.location.line, node_name(scenario.name)
        if not name:
            text = "a scenario without a name; say in a few words what it shows"
            yield Problem(line, text, "name")
        elif name in seen:
            text = (
                f"scenario '{scenario.name}' has the name of the one in line {seen[name]};"
                " only one of them would run, give it another name"
            )
            yield Problem(line, text, "name")
        seen.setdefault(name, line)


def doc_strings(document: Document) -> Iterator[Problem]:
    """Refuse text behind the opening quotes of a doc string, which Gherkin leaves out."""
    steps = [step for part in document.backgrounds() for step in part.steps]
    steps += [step for part in document.scenarios() for step in part.steps]
    for step in steps:
        if step.docstring is not None:
            line = step.docstring.location.line
            behind = document.source[line - 1].strip().removeprefix(step.docstring.delimiter)
            if not _MEDIA_TYPE.fullmatch(behind):
                text = f"{shown(behind)} would be left out of the text; begin it in the next line"
                yield Problem(line, text, "block")


def completeness(document: Document) -> Iterator[Problem]:
    """Refuse scenarios that check nothing, or nothing after their last action."""
    for template in document.feature.scenarios.values():
        steps = own_steps(template)
        if not steps:
            text = f"scenario '{template.name}' has no steps; write them, or remove it"
            yield Problem(template.line_number, text, "no-steps")
        elif all(step.type != "then" for step in steps):
            then = document.language.step("then")
            text = f"scenario '{template.name}' has no {then}, so it checks nothing; add one"
            yield Problem(template.line_number, text, "no-then")
        else:
            yield from _unchecked(steps, document.language)
            yield from _unused(steps)


def rows(document: Document) -> Iterator[Problem]:
    """Refuse rows of tables without their last bar: Gherkin drops the cell before it."""
    for row in _rows(document):
        line = document.source[row.location.line - 1].rstrip()
        if not re.search(r"(?<!\\)(?:\\\\)*\|$", line):
            text = f"the row does not end with |, so its last cell is lost: {shown(line.strip())}"
            yield Problem(row.location.line, f"{text}; write a | at its end", "row")


def _rows(document: Document) -> Iterator[RowNode]:
    parts = [part.steps for part in document.backgrounds()]
    parts += [scenario.steps for scenario in document.scenarios()]
    for step in itertools.chain.from_iterable(parts):
        yield from step.datatable.rows if step.datatable else ()
    for scenario in document.scenarios():
        for table in scenario.examples:
            yield from [table.table_header] if table.table_header else ()
            yield from table.table_body or ()


def own_steps(template: ScenarioTemplate) -> list[Step]:
    """Return the steps of a scenario without those of the backgrounds."""
    return template.steps[len(template.all_background_steps) :]


def _unused(steps: list[Step]) -> Iterator[Problem]:
    acts = [at for at, step in enumerate(steps) if step.type == "when"]
    checks = [at for at, step in enumerate(steps) if step.type == "then"]
    late = [step for step in steps[(acts or checks)[-1] :] if step.type == "given"]
    if late:
        step = late[0]
        text = (
            f"'{step.keyword} {step.name}' prepares nothing;"
            " put it above the action that it is to prepare, or remove it"
        )
        yield Problem(step.line_number, text, "unused")


def _unchecked(steps: list[Step], language: Language) -> Iterator[Problem]:
    last = max(at for at, step in enumerate(steps) if step.type == "then")
    late = [step for step in steps[last:] if step.type == "when"]
    if late:
        step, then = late[0], language.step("then")
        text = (
            f"nothing after '{step.keyword} {step.name}' is checked;"
            f" add a {then} below it, or remove it"
        )
        yield Problem(step.line_number, text, "unchecked")
