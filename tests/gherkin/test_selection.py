import pytest

from .project import KITCHEN, PLAIN, Project

TWO = """
    Feature: Boxes
      Background:
        Given a box with 3 apples

      @slow
      Scenario: One
        Then 3 apples are left

      Rule: Apples can be eaten
        Scenario Outline: Two
          When someone eats <count>
          Then <left> apples are left

          Examples:
            | count | left |
            | once  | 2    |
            | twice | 1    |
"""


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ([5], ["One"]),
        ([6], ["One"]),
        ([7], ["One"]),
        ([10], ["Two[once-2]", "Two[twice-1]"]),
        ([16], ["Two[once-2]", "Two[twice-1]"]),
        ([17], ["Two[once-2]", "Two[twice-1]"]),
        ([6, 12], ["One", "Two[once-2]", "Two[twice-1]"]),
    ],
)
def test_a_line_selects_the_scenario_around_it(
    project: Project, lines: list[int], names: list[str]
) -> None:
    project.write("features/two.feature", TWO)
    ids = project.ids(*(f"features/two.feature:{line}" for line in lines))
    assert [id_.partition("::")[2] for id_ in ids] == names


@pytest.mark.parametrize("line", [0, 1, 2, 3, 9, 99])
def test_a_line_outside_all_scenarios_is_refused(project: Project, line: int) -> None:
    project.write("features/two.feature", TWO)
    result = project.run(f"features/two.feature:{line}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: features/two.feature:{line}: no scenario is there; they begin in line 6, 10"]
    )


def test_other_arguments_stay_as_they_are(project: Project) -> None:
    project.write("features/two.feature", TWO)
    project.write("features/more/plain.feature", PLAIN)
    both = ["features/two.feature:6", "features/more"]
    project.run(*both).assert_outcomes(passed=2, deselected=2)
    project.run("features/two.feature:6", "features/two.feature").assert_outcomes(passed=3)


def test_lines_select_in_workers_too(project: Project) -> None:
    # Workers are processes of their own, and know nothing of the project's vocabulary.
    project.write("conftest.py", KITCHEN)
    project.write("features/two.feature", TWO)
    project.run("-n2", "features/two.feature:10").assert_outcomes(passed=2)
