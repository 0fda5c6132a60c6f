import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from sluicegate.gherkin import given, then, when
from sluicegate.gherkin.steps import StepDefinitionError

from .project import Project

World = SimpleNamespace


def plain(world: World, path: str, pause: float) -> None: ...
def with_docstring(path: str, pause: float, docstring: str) -> None: ...
def with_datatable(path: str, pause: float, datatable: list[list[str]]) -> None: ...
def without_annotations(world, path, pause) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
def imported_for_typing(world: "World", path: "str", pause: "float") -> None: ...
def bare(path: object, pause: object) -> None: ...


@pytest.mark.parametrize(
    "function",
    [plain, with_docstring, with_datatable, without_annotations, imported_for_typing, bare],
)
def test_a_function_that_fits_its_sentence_is_accepted(function: Callable[..., None]) -> None:
    assert when("a client asks {string} after {duration}")(function) is function


def too_few(path: str) -> None: ...
def value_first(path: str, pause: float, world: World) -> None: ...
def swapped(world: World, pause: float, path: str) -> None: ...
def docstring_first(docstring: str, path: str, pause: float) -> None: ...
def defaulted(path: str, pause: float = 0.0) -> None: ...
def keyword_only(path: str, *, pause: float) -> None: ...
def variadic(*values: object) -> None: ...
async def coroutine(path: str, pause: float) -> None: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (too_few, "expected 2 values ({string}, {duration}), got a function with the parameters"),
        (value_first, "{string} gives str, but `pause: float` receives it"),
        (swapped, "{string} gives str, but `pause: float` receives it"),
        (docstring_first, "expected 2 values"),
        (defaulted, "a parameter with a default"),
        (keyword_only, "a parameter with a default, with * or with /"),
        (variadic, "a parameter with a default, with * or with /"),
        (coroutine, "`async def`, so its body would never run"),
    ],
)
def test_a_function_that_does_not_fit_is_refused_with_its_place(
    function: Callable[..., None], message: str
) -> None:
    with pytest.raises(StepDefinitionError, match=re.escape(message)) as caught:
        given("a client asks {string} after {duration}")(function)
    place = f"{Path(__file__).name}:{function.__code__.co_firstlineno}: "
    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("a {colour} box", "known kinds of values: {agent}, {break}, {client}, {count}"),
        ("a {int box", "The '{' does not have a matching '}'"),
        ("a box ()", "An optional must contain some text"),
        ("a \\box", "can be escaped"),
    ],
)
def test_an_invalid_sentence_is_refused_with_what_to_do(sentence: str, message: str) -> None:
    with pytest.raises(StepDefinitionError, match=re.escape(message)):
        then(sentence)(bare)


def test_a_sentence_that_is_no_string_is_refused() -> None:
    with pytest.raises(StepDefinitionError, match=r"write @given\('…'\)"):
        given(bare)(bare)  # type: ignore[arg-type]


def test_values_fixtures_and_blocks_arrive_where_the_function_names_them(
    project: Project,
) -> None:
    project.steps(
        "client",
        """
        import pytest
        from sluicegate.gherkin import given, when, then

        @pytest.fixture
        def seen() -> list: return []

        @given("{int} and {string}")
        def _(seen: list, number: int, text: str, docstring: str) -> None:
            seen.append((number, text, docstring))

        @when("a table")
        def _(seen: list, datatable: list) -> None:
            seen.append(datatable)

        @then("it is said {count} after {duration} with {status}")
        def _(seen: list, times: int, pause: float, code: int) -> None:
            assert seen == [(1, "one", "two\\nlines"), [["a", "b"]]]
            assert (times, pause, code) == (2, 0.6, 504)
        """,
    )
    project.write(
        "features/plain.feature",
        '''
        Feature: Values
          Scenario: All of them
            Given 1 and "one"
              """
              two
              lines
              """
            When a table
              | a | b |
            Then it is said twice after 600 ms with the timeout status (504)
        ''',
    )
    project.run("features").assert_outcomes(passed=1)


def test_mistakes_in_all_modules_of_steps_are_shown_at_once(project: Project) -> None:
    for name in ("one", "two"):
        project.steps(
            name,
            """
            from sluicegate.gherkin import given

            @given("{int} apples")
            def _() -> None: ...
            """,
        )
    result = project.run("features")
    result.stdout.fnmatch_lines(["vocabulary/one.py:4: step*", "vocabulary/two.py:4: step*"])
    result.stdout.no_fnmatch_line("*Error*")


def test_a_bug_in_a_module_of_steps_shows_its_traceback(project: Project) -> None:
    project.steps("broken", "1 / 0")
    result = project.run("features")
    result.stdout.fnmatch_lines(
        [
            "vocabulary/broken.py: could not be loaded",
            '*broken.py", line 1, in <module>',
            "*ZeroDivisionError: division by zero",
        ]
    )
    result.assert_outcomes(errors=1)
