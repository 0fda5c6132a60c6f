# The private parts of pytest and pytest-bdd that the collection of features leans on:
# a failure here says which of them a new release has changed.

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from _pytest import fixtures
from _pytest._code import code
from _pytest.fixtures import FixtureManager
from _pytest.mark.expression import Expression
from pytest_bdd import compat, exceptions, gherkin_parser, parser, steps, utils

from sluicegate.gherkin.internals import fixture_manager, fixture_names, register_marks

from .project import Project

scenario: Any = importlib.import_module("pytest_bdd.scenario")


def parameters(function: Callable[..., object]) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.fixture
def item(project: Project) -> pytest.Function:
    items, _ = project.pytester.inline_genitems("features")
    assert isinstance(items[0], pytest.Function)
    return items[0]


@pytest.mark.parametrize(
    ("owner", "name", "expected"),
    [
        (pytest.Module, "_getobj", ["self"]),
        (pytest.Module, "_genfunctions", ["self", "name", "funcobj"]),
        (pytest.Function, "_traceback_filter", ["self", "excinfo"]),
        (pytest.Function, "_repr_failure_py", ["self", "excinfo", "style"]),
        (FixtureManager, "getfixturedefs", ["self", "argname", "node"]),
        (code, "filter_traceback", ["entry"]),
        (code.ReprFileLocation, "__init__", ["self", "path", "lineno", "message"]),
        (code.ReprTraceback, "__init__", ["self", "reprentries", "extraline", "style"]),
        (code.ReprEntryNative, "__init__", ["self", "lines"]),
        (code.ReprExceptionInfo, "__init__", ["self", "reprtraceback", "reprcrash"]),
        (scenario, "collect_example_parametrizations", ["templated_scenario"]),
        (scenario, "parse_step_arguments", ["step", "context"]),
        (fixtures, "call_fixture_func", ["fixturefunc", "request", "kwargs"]),
        (compat, "inject_fixture", ["request", "arg", "value"]),
        (compat, "getfixturedefs", ["fixturemanager", "fixturename", "node"]),
        (gherkin_parser, "get_gherkin_document", ["abs_filename", "encoding"]),
        (parser.FeatureParser, "__init__", ["self", "basedir", "filename", "encoding"]),
        (parser.FeatureParser, "_parse_feature_file", ["self"]),
        (utils, "get_required_args", ["func"]),
    ],
)
def test_a_function_that_is_called_or_replaced_has_the_parameters_it_had(
    owner: object, name: str, expected: list[str]
) -> None:
    found = getattr(owner, name, None)
    assert found is not None, f"{owner} no longer has {name}: see where sluicegate.gherkin uses it"
    assert parameters(found) == expected, f"{owner}.{name} changed its parameters"


def test_a_step_definition_is_filed_as_lookup_expects() -> None:
    assert steps.StepNamePrefix.step_def.value == "pytestbdd_stepdef"
    fields = {field.name for field in dataclasses.fields(steps.StepFunctionContext)}
    assert {"type", "step_func", "parser", "target_fixture"} <= fields
    assert len(steps.step_function_context_registry) > 0, "the registry of steps is unused"


def test_a_parse_error_carries_its_cause_with_locations(project: Project) -> None:
    path = project.write("features/broken.feature", "Scenario: A\n")
    with pytest.raises(exceptions.GherkinParseError) as caught:
        gherkin_parser.get_gherkin_document(str(path))
    assert caught.value.__cause__.errors[0].location["line"] == 1  # type: ignore[union-attr]


def test_the_session_holds_the_fixture_manager(item: pytest.Function) -> None:
    assert isinstance(fixture_manager(item.session), FixtureManager)


def test_the_names_of_all_fixtures_can_be_listed(item: pytest.Function) -> None:
    names = fixture_names(fixture_manager(item.session))
    assert "tmp_path" in names
    assert any(name.startswith("pytestbdd_stepdef_given_a box") for name in names)


def test_the_fixtures_of_a_module_can_be_made_known_to_a_folder(project: Project) -> None:
    project.write(
        "conftest.py",
        """
        import types
        import pytest
        from sluicegate.gherkin.internals import fixture_manager, register_fixtures

        @pytest.fixture
        def pear():
            return "pear"

        def pytest_collectstart(collector):
            if collector.name == "near":
                holder = types.ModuleType("fruit")
                holder.fruit = pear
                register_fixtures(fixture_manager(collector.session), holder, collector)
        """,
    )
    for folder in ("near", "far"):
        project.write(f"{folder}/test_{folder}.py", "def test(fruit): assert fruit == 'pear'\n")
    project.run("near", "far").assert_outcomes(passed=1, errors=1)


def test_an_item_holds_its_fixtures(item: pytest.Function) -> None:
    assert hasattr(item, "_fixtureinfo"), "internals.rebuilt() hands it to the new item"


def test_the_parameters_of_an_item_can_be_replaced_with_other_ids(project: Project) -> None:
    project.write(
        "test_one.py", "import pytest\n@pytest.mark.parametrize('x', [1])\ndef test(x): 0"
    )
    items, _ = project.pytester.inline_genitems("test_one.py")
    callspec = items[0].callspec  # type: ignore[attr-defined]
    changed = dataclasses.replace(callspec, _idlist=type(callspec._idlist)(["grün"]))
    assert changed.id == "grün", "internals.rebuilt() makes ids readable in this way"


def test_pytest_escapes_ids_as_a_python_literal_would(project: Project) -> None:
    project.write(
        "test_one.py",
        "import pytest\n@pytest.mark.parametrize('x', ['grün\\\\'])\ndef test(x): 0",
    )
    items, _ = project.pytester.inline_genitems("test_one.py")
    assert items[0].name == r"test[gr\xfcn\\]"


def test_a_mark_expression_may_hold_what_our_tags_hold() -> None:
    expression = Expression.compile("req:PROVIDER-010 and not needs:streaming")

    def has(name: str, /, **_: object) -> bool:
        return name == "req:PROVIDER-010"

    assert expression.evaluate(has)


def test_a_registered_mark_may_hold_a_colon(item: pytest.Function) -> None:
    register_marks(item.config, ["req:X-1"])
    assert any(line == "req:X-1" for line in item.config.getini("markers"))
