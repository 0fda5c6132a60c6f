# A project's own folder of steps, beside the shipped ones.

import textwrap

import pytest

from .project import PLAIN, Project

OWN = """
    from sluicegate.gherkin import given, then

    @given("a crate with {int} apples", target_fixture="box")
    def _(count: int) -> list[int]:
        return list(range(count))

    @then("the box is not empty")
    def _(box: list[int]) -> None:
        assert box != []
"""
FEATURE = """
    Feature: Crates
      Scenario: A full crate
        Given a crate with 3 apples
        When someone eats {count}
        Then the box is not empty
"""


@pytest.mark.parametrize(
    "place", ["steps/kitchen.py", "features/steps/kitchen.py", "features/a/steps/deep/kitchen.py"]
)
def test_a_steps_folder_beside_or_above_a_feature_is_found(project: Project, place: str) -> None:
    project.write(place, OWN)
    project.write("features/a/own.feature", FEATURE.replace("{count}", "once"))
    project.run("features").assert_outcomes(passed=2)


def test_a_steps_folder_is_unknown_to_features_elsewhere(project: Project) -> None:
    project.write("features/a/steps/kitchen.py", OWN)
    project.write("features/a/own.feature", FEATURE.replace("{count}", "once"))
    project.write("features/b/own.feature", FEATURE.replace("{count}", "once"))
    result = project.run("features")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["features/b/own.feature:3: no step is defined for: Given a crate*"]
    )


def test_an_assert_in_an_own_step_is_explained(project: Project) -> None:
    project.write("steps/kitchen.py", OWN)
    project.write("features/own.feature", FEATURE.replace("{count}", "3 times"))
    project.run("features").stdout.fnmatch_lines(["assert * != []"])


def test_an_own_step_may_import_what_lies_beside_it(project: Project) -> None:
    project.write("steps/fruit.py", "KIND = 'apple'\n")
    project.write("steps/kitchen.py", "from .fruit import KIND\n" + textwrap.dedent(OWN))
    project.write("features/own.feature", FEATURE.replace("{count}", "once"))
    project.run("features").assert_outcomes(passed=2)


def test_a_steps_folder_of_another_purpose_is_not_run(project: Project) -> None:
    project.write("steps/train.py", "raise SystemExit(9)\n")
    project.run("features").assert_outcomes(passed=1)


def test_a_fixture_of_an_own_module_serves_its_steps(project: Project) -> None:
    project.write(
        "steps/baskets.py",
        """
        import pytest
        from sluicegate.gherkin import then

        @pytest.fixture
        def basket():
            return ["pear"]

        @then("the basket holds {string}")
        def _(basket, fruit: str) -> None:
            assert basket == [fruit]
        """,
    )
    then = '    And the basket holds "pear"\n'
    project.write("features/plain.feature", textwrap.dedent(PLAIN) + then)
    project.run("features").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("import sluicegate\n1 / 0\n", "ZeroDivisionError: division by zero"),
        ("import sluicegate\nimport nowhere\n", "ModuleNotFoundError: No module named 'nowhere'"),
        ("import sluicegate\nif\n", "SyntaxError: invalid syntax"),
    ],
)
def test_an_own_module_that_fails_is_told_once_without_our_frames(
    project: Project, text: str, shown: str
) -> None:
    project.write("steps/broken.py", text)
    project.write("features/other.feature", PLAIN)
    output = project.run("features").stdout.str()
    assert output.count("steps/broken.py: could not be loaded") == 1
    assert output.count(shown) == 1
    assert "steps/broken.py: see the error above" in output
    assert "vocabulary.py" not in output


def test_an_own_step_of_the_same_sentence_replaces_a_shared_one(project: Project) -> None:
    project.write(
        "steps/kitchen.py",
        OWN.replace("a crate with {int}", "a box with {int}").replace("(count)", "(10 * count)"),
    )
    project.write("features/plain.feature", PLAIN.replace("2 apples", "29 apples"))
    project.run("features").assert_outcomes(passed=1)


def test_an_own_step_with_other_words_that_fits_too_is_ambiguous(project: Project) -> None:
    project.write(
        "steps/own.py", OWN.replace("crate with {int}", "box with {float}").replace(": int", "")
    )
    project.run("features").stdout.fnmatch_lines(
        [
            "features/plain.feature:3: more than one step fits: Given a box with 3 apples",
            "    Given a box with {int} apples    (vocabulary/kitchen.py:4)",
            "    Given a box with {float} apples    (steps/own.py:3)",
        ]
    )


def test_a_package_named_steps_in_the_project_is_left_alone(project: Project) -> None:
    project.write("steps/__init__.py", "NAME = 'theirs'\n")
    project.write("steps/kitchen.py", OWN)
    project.write(
        "conftest.py",
        "import sys\nsys.path.insert(0, '.')\nimport steps\nassert steps.NAME == 'theirs'\n",
    )
    project.write("features/own.feature", FEATURE.replace("{count}", "once"))
    project.run("features").assert_outcomes(passed=2)
