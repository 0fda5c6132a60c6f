import pytest

from .project import KITCHEN, PLAIN, Project


def lines_of(project: Project, feature: str, *arguments: str) -> str:
    project.write("features/plain.feature", feature)
    return project.run("features", *arguments).stdout.str()


def failing(project: Project, *arguments: str) -> str:
    return lines_of(project, PLAIN.replace("Then 2", "Then 3"), *arguments)


def test_a_failure_is_the_message_the_steps_and_the_place(project: Project) -> None:
    assert (
        "expected 3 apples, got 2\n"
        "\n"
        "     3  Given a box with 3 apples\n"
        "     4  When someone eats once\n"
        ">    5  Then 3 apples are left\n"
        "\n"
        "in the box [1, 2]\n"
        "\n"
        "features/plain.feature:5: Then 3 apples are left\n"
    ) in failing(project)


def test_a_failure_shows_its_traceback_when_asked(project: Project) -> None:
    assert "kitchen.py" not in failing(project)
    assert "kitchen.py:19: AssertionError" in failing(project, "-vv")


def test_the_summary_and_the_one_line_report_show_the_message(project: Project) -> None:
    text = failing(project, "--tb=line")
    assert "FAILED features/plain.feature::Eating an apple - expected 3 apples, got 2" in text
    assert "features/plain.feature:5: expected 3 apples, got 2" in text


def test_the_values_of_an_examples_row_are_shown_in_the_steps(project: Project) -> None:
    text = lines_of(
        project,
        """
        Feature: Boxes
          Scenario Outline: Eating
            Given a box with <n> apples
            Then 2 apples are left
            Examples:
              | n |
              | 3 |
        """,
    )
    assert "     3  Given a box with 3 apples\n>    4  Then 2 apples are left" in text


VIOLATED = """
    from sluicegate.errors import ViolationError
    from sluicegate.gherkin import then

    @then("nothing is as it should be")
    def _(docstring: str) -> None:
        raise ViolationError("an apple is blue\\nthe eye saw it", "expected   red", "not blue")

    @then("the apples are")
    def _(datatable: list[list[str]]) -> None:
        raise AssertionError("they are not")
"""


def test_a_violation_is_its_words_the_rule_the_steps_and_its_evidence(project: Project) -> None:
    project.steps("violated", VIOLATED)
    text = lines_of(
        project,
        '''
        @req:PROVIDER-004 @core
        Feature: Boxes
          Background:
            Given a box with 1 apples

          @req:PROVIDER-010
          Rule: Apples are red
            Background:
              When someone eats once

            Scenario Outline: A <colour> apple
              Then nothing is as it should be
                """
                {"apple": "<colour>"}

                """
              Examples:
                | colour |
                | blue   |
        ''',
    )
    assert (
        "an apple is blue\n"
        "the eye saw it\n"
        "\n"
        "        Rule: Apples are red  (@req:PROVIDER-004 @req:PROVIDER-010)\n"
        "     4  Given a box with 1 apples\n"
        "     9  When someone eats once\n"
        ">   12  Then nothing is as it should be\n"
        '          """\n'
        '          {"apple": "blue"}\n'
        "\n"
        '          """\n'
        "\n"
        "expected   red\n"
        "\n"
        "features/plain.feature:12: Then nothing is as it should be\n"
    ) in text
    assert "FAILED features/plain.feature::A <colour> apple[blue] - not blue\n" in text


TABLE = """
    @req:PROVIDER-004
    Feature: Boxes
      Scenario: A table
        Given a box with 1 apples
        Then the apples are
          | colour | size |
          | red    | 10   |
"""


def test_the_table_of_the_failing_step_is_shown_and_a_tag_without_a_rule(project: Project) -> None:
    project.steps("violated", VIOLATED)
    assert (
        "        (@req:PROVIDER-004)\n"
        "     4  Given a box with 1 apples\n"
        ">    5  Then the apples are\n"
        "          | colour | size |\n"
        "          | red    | 10   |\n"
        "\n"
        "features/plain.feature:5: Then the apples are\n"
    ) in lines_of(project, TABLE)


def test_a_failure_comes_whole_from_another_process(project: Project) -> None:
    # The modules of steps that `project` has are this process's alone.
    project.write("conftest.py", KITCHEN + VIOLATED)
    project.write("features/table.feature", TABLE)
    project.write("features/plain.feature", PLAIN.replace("Then 2", "Then 3"))
    for options in ([], ["-n", "2"]):
        text = project.run("features", *options).stdout.str()
        assert ">    5  Then 3 apples are left\n\nin the box [1, 2]\n" in text
        assert "          | red    | 10   |\n" in text
        assert "FAILED features/plain.feature::Eating an apple - expected 3 apples, got 2" in text


def test_a_bug_shows_its_type_its_step_and_the_traceback_of_the_step(project: Project) -> None:
    text = lines_of(project, PLAIN.replace("eats once", "looks for apple 9"))
    assert "IndexError: list index out of range\n\n     3  Given a box" in text
    assert ">    4  When someone looks for apple 9" in text
    assert "vocabulary/kitchen.py:14: IndexError" in text
    assert "_pytest" not in text
    assert "pytest_bdd" not in text


@pytest.mark.parametrize(
    ("raising", "shown"),
    [
        ("pytest.fail('went wrong')", "went wrong"),
        ("assert 1 == 2, 'went wrong'", "went wrong"),
        ("raise SluicegateError('went wrong')", "went wrong"),
        ("raise ViolationError('went wrong')", "went wrong"),
        ("raise NotJudgedError('went wrong')", "went wrong"),
        ("raise AssertionError", "AssertionError"),
    ],
)
@pytest.mark.parametrize("hook", ["", "pytest_bdd_before_scenario", "pytest_bdd_after_scenario"])
def test_an_error_in_a_step_or_a_hook_shows_as_its_message(
    project: Project, raising: str, shown: str, hook: str
) -> None:
    project.write(
        "conftest.py",
        f"""
        import pytest
        from sluicegate.errors import NotJudgedError, SluicegateError, ViolationError
        from sluicegate.gherkin import given

        {"@given('a box with {int} apples')" if not hook else ""}
        def {hook or "_(count)"}{"()" if hook else ""}:
            {raising}
        """,
    )
    text = project.run("features").stdout.str()
    assert f"\n{shown}\n\n" in text
    assert "features/plain.feature:" in text
    assert "conftest.py" not in text


def test_an_error_in_a_fixture_names_the_step_that_asked_for_it(project: Project) -> None:
    project.write(
        "conftest.py",
        """
        import pytest
        from sluicegate.errors import SluicegateError
        from sluicegate.gherkin import given

        @pytest.fixture
        def world():
            raise SluicegateError("no world today")

        @given("a box with {int} apples")
        def _(world: object, count: int) -> None: ...
        """,
    )
    text = project.run("features").stdout.str()
    assert "\nno world today\n\n>    3  Given a box with 3 apples\n" in text


@pytest.mark.parametrize("phase", ["setup", "teardown"])
def test_an_error_before_or_after_the_steps_names_the_scenario(
    project: Project, phase: str
) -> None:
    project.write(
        "conftest.py",
        f"""
        import pytest
        from sluicegate.errors import SluicegateError

        @pytest.fixture(autouse=True)
        def server():
            if {phase == "setup"}:
                raise SluicegateError("the port is taken")
            yield
            raise SluicegateError("the port is taken")
        """,
    )
    text = project.run("features").stdout.str()
    assert f"ERROR at {phase} of Eating an apple" in text
    assert "\nthe port is taken\n\n" in text
    assert "\nfeatures/plain.feature:2: Eating an apple\n" in text
    assert "\n>" not in text
