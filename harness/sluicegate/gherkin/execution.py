"""The run of a scenario: its steps are looked up in the index, and called as pytest-bdd would."""

import importlib
import inspect
from collections.abc import Callable
from typing import Any, Final

import pytest
from _pytest.fixtures import call_fixture_func
from pytest_bdd.compat import inject_fixture
from pytest_bdd.parser import Scenario, ScenarioTemplate, Step
from pytest_bdd.steps import StepFunctionContext

from sluicegate.errors import ViolationError
from sluicegate.scenario import run

from .expressions import Sentence
from .lookup import Visible
from .steps import BLOCKS, StepDefinitionError, place_of, required_arguments

# `import pytest_bdd.scenario` would give the decorator of that name.
_PYTEST_BDD: Final[Any] = importlib.import_module("pytest_bdd.scenario")


def function(
    template: ScenarioTemplate, known: Visible, config: pytest.Config
) -> Callable[..., object]:
    """Return the test function of a scenario, with its tags and its Examples rows as marks."""
    rows = _PYTEST_BDD.collect_example_parametrizations(template)

    def run_alone(request: pytest.FixtureRequest) -> None:
        _execute(template.render({}), request, known)

    def run_row(request: pytest.FixtureRequest, example: dict[str, str]) -> None:
        _execute(template.render(example), request, known)

    made = pytest.mark.parametrize("example", rows)(run_row) if rows else run_alone
    rule_tags = template.rule.tags if template.rule else set()
    for tag in template.tags | template.feature.tags | rule_tags:
        config.hook.pytest_bdd_apply_tag(tag=tag, function=made)
    return made


def _execute(scenario: Scenario, request: pytest.FixtureRequest, known: Visible) -> None:
    hook = request.config.hook
    about = {"request": request, "feature": scenario.feature, "scenario": scenario}
    hook.pytest_bdd_before_scenario(**about)
    try:
        for step in scenario.steps:
            _execute_step(step, known.definition(step).context, about)
    finally:
        hook.pytest_bdd_after_scenario(**about)


def _execute_step(step: Step, context: StepFunctionContext, scenario: dict[str, Any]) -> None:
    request: pytest.FixtureRequest = scenario["request"]
    hook = request.config.hook
    function = context.step_func
    about = {**scenario, "step": step, "step_func": function, "step_func_args": {}}
    hook.pytest_bdd_before_step(**about)
    try:
        about["step_func_args"] = _arguments(step, context, request)
        hook.pytest_bdd_before_step_call(**about)
        # As pytest calls a fixture: a step may `yield`, and go on when the scenario has ended.
        result = call_fixture_func(function, request, about["step_func_args"])
        _check_result(result, context)
    except ViolationError as violation:
        _tell_values(violation, step, context, request.config)
        hook.pytest_bdd_step_error(exception=violation, **about)
        raise
    except (Exception, pytest.fail.Exception) as exception:
        hook.pytest_bdd_step_error(exception=exception, **about)
        raise
    if context.target_fixture is not None:
        inject_fixture(request, context.target_fixture, result)
    hook.pytest_bdd_after_step(**about)


def _check_result(result: object, context: StepFunctionContext) -> None:
    """Refuse a result that its author takes for a verdict, or that only begins to run."""
    if context.target_fixture is not None or result is None:
        return
    if inspect.iscoroutine(result):
        result.close()
    if context.type == "then" or inspect.isawaitable(result):
        raise StepDefinitionError(
            f"{place_of(context.step_func)}: the step returned {type(result).__name__}, which"
            " nobody looks at; write `assert` for what must hold, and `def` without `async`"
        )


def _arguments(
    step: Step, context: StepFunctionContext, request: pytest.FixtureRequest
) -> dict[str, object]:
    named = _named(step, context, request.config)
    values = _PYTEST_BDD.parse_step_arguments(step, context) | named | _blocks(step)
    return {
        name: values[name] if name in values else request.getfixturevalue(name)
        for name in required_arguments(context.step_func)
    }


def _named(step: Step, context: StepFunctionContext, config: pytest.Config) -> dict[str, object]:
    """Return the values of a step as they are for the gateway that is judged.

    Skips the scenario where one of its counts would be nothing.
    """
    parser = context.parser
    if not isinstance(parser, Sentence) or not (named := parser.named(step.name)):
        return {}
    values = run.values(config)
    if any(each.under(values) == 0 for each in named):
        said = "; ".join(text for each in named for text in each.differences(values))
        pytest.skip(f"not claimed: this scenario needs more; {said}")
    return parser.parse_arguments(step.name, values) or {}


def _tell_values(
    violation: ViolationError, step: Step, context: StepFunctionContext, config: pytest.Config
) -> None:
    """Add to a violation which values the profile has changed that the step gives by name."""
    parser = context.parser
    named = parser.named(step.name) if isinstance(parser, Sentence) else []
    told = [text for each in named for text in each.differences(run.values(config))]
    if told:
        violation.evidence = "\n".join([*told, "", violation.evidence]).strip()


def _blocks(step: Step) -> dict[str, object]:
    found = (step.docstring, step.datatable and step.datatable.raw())
    return {name: block for name, block in zip(BLOCKS, found, strict=True) if block is not None}
