"""What is refused in a feature file, because it would pass without having checked anything."""

import difflib
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from pytest_bdd.parser import ScenarioTemplate, Step
from pytest_bdd.utils import get_required_args

from .document import Document, Problem, node_name
from .lookup import Definition, Visible
from .steps import BLOCKS

_RESERVED: Final = {"parametrize", "usefixtures", "filterwarnings", "skipif"}
_SIMILARITY: Final = 0.5


def check(document: Document, known: Visible) -> Iterator[Problem]:
    """Yield everything that is wrong with a feature file, given the steps that it sees."""
    for rule in _RULES:
        yield from rule(document)
    missing: dict[str, Problem] = {}
    for step in _steps(document):
        nearest = known.nearest(step.type, step.name)
        if len(nearest) == 1:
            yield from _check_blocks(step, nearest[0])
            for name, problem in _missing_fixtures(step, nearest[0], known):
                missing.setdefault(name, problem)
        else:
            text = _ambiguous(step, nearest) if nearest else _undefined(step, known)
            yield Problem(step.line_number, text)
    yield from missing.values()


def _emptiness(document: Document) -> Iterator[Problem]:
    feature = document.tree.feature
    if not any(document.scenarios()):
        yield Problem(feature.location.line, "the feature has no scenarios; write one")
    for rule in document.rules():
        if not any(child.scenario for child in rule.children):
            yield Problem(rule.location.line, f"rule {rule.name!r} has no scenarios; write one")


def _names(document: Document) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for scenario in document.scenarios():
        line, name = scenario.location.line, node_name(scenario.name)
        if not name:
            yield Problem(line, "a scenario without a name; say in a few words what it shows")
        elif name in seen:
            yield Problem(
                line,
                f"scenario {scenario.name!r} has the name of the one in line {seen[name]};"
                " only one of them would run, give it another name",
            )
        seen.setdefault(name, line)


def _completeness(document: Document) -> Iterator[Problem]:
    for template in document.feature.scenarios.values():
        types = [step.type for step in _own_steps(template)]
        if not types:
            yield Problem(
                template.line_number,
                f"scenario {template.name!r} has no steps; write them, or remove it",
            )
        elif "then" not in types:
            yield Problem(
                template.line_number,
                f"scenario {template.name!r} has no Then, so it checks nothing; add one",
            )


def _own_steps(template: ScenarioTemplate) -> list[Step]:
    return template.steps[len(template.all_background_steps) :]


def _examples(document: Document) -> Iterator[Problem]:
    for scenario in document.scenarios():
        for examples in scenario.examples:
            if not examples.table_body:
                yield Problem(
                    examples.location.line,
                    f"the Examples of {scenario.name!r} have no rows, so nothing would run;"
                    " write a header row and at least one row of values",
                )


def _tags(document: Document) -> Iterator[Problem]:
    for tag in document.tags():
        name = tag.name.lstrip("@")
        if name in _RESERVED or name.startswith("_"):
            yield Problem(
                tag.location.line, f"{tag.name} has a meaning of its own in pytest; use another tag"
            )


_RULES: Final[tuple[Callable[[Document], Iterator[Problem]], ...]] = (
    _emptiness,
    _names,
    _completeness,
    _examples,
    _tags,
)


def _steps(document: Document) -> Iterator[Step]:
    for template in document.feature.scenarios.values():
        rows = [row for examples in template.examples for row in examples.as_contexts()]
        for row in rows or [{}]:
            yield from template.render(row).steps


def _undefined(step: Step, known: Visible) -> str:
    text = f"no step is defined for: {step.type.capitalize()} {step.name}"
    near = _similar(step, known)
    if not near:
        return f"{text}\n  no known step is similar; check the words, or define it in Python"
    return "\n".join([f"{text}\n  the nearest known steps are:", *map(_listed, near)])


def _similar(step: Step, known: Visible) -> list[Definition]:
    sentences = {definition.sentence: definition for definition in known.definitions}
    shape = re.sub(r'"[^"]*"', "{string}", step.name)
    close = difflib.get_close_matches(shape, sentences, n=3, cutoff=_SIMILARITY)
    return [sentences[sentence] for sentence in close]


def _ambiguous(step: Step, candidates: list[Definition]) -> str:
    text = f"more than one step fits: {step.type.capitalize()} {step.name}"
    todo = "  change the words of one of them"
    return "\n".join([text, *map(_listed, candidates), todo])


def _listed(definition: Definition) -> str:
    type_ = (definition.context.type or "step").capitalize()
    return f"    {type_} {definition.sentence}    ({definition.place})"


@cache
def _parameters(function: Callable[..., object]) -> tuple[str, ...]:
    return tuple(get_required_args(function))


def _check_blocks(step: Step, definition: Definition) -> Iterator[Problem]:
    parameters = _parameters(definition.context.step_func)
    for block, label in zip(BLOCKS, ("doc string", "data table"), strict=True):
        has, wants = getattr(step, block) is not None, block in parameters
        if has != wants:
            got = "has none below it" if wants else "would ignore the one below it"
            todo = f"{'add' if wants else 'remove'} it, or use another step"
            yield Problem(
                step.line_number, f"the {label}: {step.keyword} {step.name} {got}; {todo}"
            )


def _missing_fixtures(
    step: Step, definition: Definition, known: Visible
) -> Iterator[tuple[str, Problem]]:
    context = definition.context
    values = context.parser.parse_arguments(step.name) or {}
    for name in _parameters(context.step_func):
        if name not in values and name not in BLOCKS and not known.has_fixture(name):
            text = (
                f"{step.keyword} {step.name} needs the fixture {name!r}, which is not defined"
                f" (step in {definition.place}); define it, or correct the parameter's name"
            )
            yield name, Problem(step.line_number, text)
