"""What is legal in a feature file, and hard to read or to find again."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from pytest_bdd.parser import Scenario, ScenarioTemplate

from sluicegate.gherkin.document import Document, Problem
from sluicegate.gherkin.expressions import Sentence
from sluicegate.gherkin.lookup import Visible
from sluicegate.gherkin.tags import REQUIREMENT, KnownTags

from .structure import own_steps

LONG: Final = 10.0
"""Seconds from which on a scenario is slow."""

_SILENCE: Final = 30.0
"""Seconds that `fail=timeout` takes."""

_DELAY: Final = re.compile(r"\bdelay=(\d+)(?![\w.])")
_TIMEOUT: Final = re.compile(r"\bfail=timeout\b")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_I: Final = re.compile(r"(?<!\S)I(?=\s|['\u2019]|$)")


def review(document: Document, known: Visible, tags: KnownTags) -> Iterator[Problem]:
    """Yield what could be written better, without regard to what is refused."""
    for template in document.feature.scenarios.values():
        for rule in _RULES:
            yield from rule(template)
        if tags.is_registered:
            yield from _no_requirement(template)
        yield from _slow(template, known)


def _several_whens(template: ScenarioTemplate) -> Iterator[Problem]:
    whens = [step for step in own_steps(template) if step.type == "when"]
    if len(whens) > 1:
        text = (
            f"scenario '{template.name}' has {len(whens)} actions, and this is the second;"
            " a scenario is easier to read with one: write two, or make the first a precondition"
        )
        yield Problem(whens[1].line_number, text, "several-whens")


def _no_requirement(template: ScenarioTemplate) -> Iterator[Problem]:
    if not any(tag.startswith(REQUIREMENT) for tag in _tags(template)):
        text = (
            f"scenario '{template.name}' names no requirement; write a tag such as"
            " @req:PROVIDER-010 above it, its rule or its feature"
        )
        yield Problem(template.line_number, text, "no-requirement")


def _first_person(template: ScenarioTemplate) -> Iterator[Problem]:
    if template.feature.language != "en":
        return
    for step in own_steps(template):
        if _I.search(_QUOTED.sub("", step.name)):
            text = f"'{step.keyword} {step.name}' does not say who I is; name who acts"
            yield Problem(step.line_number, text, "first-person")


def _same_row(template: ScenarioTemplate) -> Iterator[Problem]:
    for examples in template.examples:
        rows = [tuple(row) for row in examples.examples]
        if twice := {row for row in rows if rows.count(row) > 1}:
            cells = " | ".join(min(twice))
            text = f"the row | {cells} | stands twice in these Examples; remove one"
            yield Problem(examples.line_number or template.line_number, text, "same-row")


_RULES: Final[tuple[Callable[[ScenarioTemplate], Iterator[Problem]], ...]] = (
    _several_whens,
    _first_person,
    _same_row,
)


def _tags(template: ScenarioTemplate) -> set[str]:
    return template.tags | template.feature.tags | (template.rule.tags if template.rule else set())


def _slow(template: ScenarioTemplate, known: Visible) -> Iterator[Problem]:
    waits = [_wait(scenario, known) for scenario in _unmarked_rows(template)]
    longest = max(waits, default=0.0)
    if longest >= LONG:
        examples = ", or above those of its Examples that do" if template.examples else ""
        text = (
            f"scenario '{template.name}' waits for {longest:g} seconds on the wall clock;"
            f" write the tag @slow above it{examples}"
        )
        yield Problem(template.line_number, text, "slow")


def _unmarked_rows(template: ScenarioTemplate) -> Iterator[Scenario]:
    """Yield what runs without the tag @slow: the scenario, or the rows of its Examples."""
    if "slow" in _tags(template):
        return
    for examples in template.examples:
        if "slow" not in examples.tags:
            yield from map(template.render, examples.as_contexts())
    if not template.examples:
        yield template.render({})


def _wait(scenario: Scenario, known: Visible) -> float:
    """Return the seconds that a scenario says it takes.

    Waits of actions add up; the times in its checks all begin with the request.
    """
    acts = [_said(step.name) for step in scenario.steps if step.type != "then"]
    checks: list[float] = []
    for step in scenario.steps:
        durations = _durations(step.type, step.name, known)
        (checks if step.type == "then" else acts).extend(durations)
    return max(sum(acts), *checks, 0.0)


def _said(text: str) -> float:
    delay = sum(int(milliseconds) for milliseconds in _DELAY.findall(text)) / 1000
    return delay + _SILENCE * len(_TIMEOUT.findall(text))


def _durations(type_: str, text: str, known: Visible) -> Iterator[float]:
    for definition in known.nearest(type_, text)[:1]:
        parser = definition.context.parser
        values = parser.values(text) if isinstance(parser, Sentence) else []
        yield from (
            value for kind, value in values if kind == "duration" and isinstance(value, float)
        )
