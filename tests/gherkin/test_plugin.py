import pytest

from .project import PLAIN, Project

TEST = "def test_one(): pass\n"


def test_a_project_without_features_loads_the_plugin_alone(project: Project) -> None:
    project.write(
        "test_one.py",
        """
        import sys

        def test_one():
            ours = {name for name in sys.modules if name.startswith("sluicegate.")}
            assert ours <= {"sluicegate.errors", "sluicegate.plugin"}
            assert not {"quart", "httpx", "hypercorn", "cucumber_expressions"} & set(sys.modules)
        """,
    )
    (project.pytester.path / "features/plain.feature").unlink()
    project.pytester.runpytest_subprocess("-p", "no:xdist").assert_outcomes(passed=1)


@pytest.mark.parametrize("arguments", [[], ["."]])
def test_features_beside_tests_that_use_pytest_bdd_are_left_to_them(
    project: Project, arguments: list[str]
) -> None:
    project.write("test_one.py", f"import pytest_bdd\n{TEST}")
    result = project.run(*arguments)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["sluicegate: 1 .feature file(s) not run (features/plain*"])


@pytest.mark.parametrize("place", ["test_one.py", "features/steps/test_one.py"])
def test_features_beside_other_python_tests_are_collected(project: Project, place: str) -> None:
    project.write(place, TEST)
    project.run().assert_outcomes(passed=2)


@pytest.mark.parametrize("argument", ["features", "features/plain.feature"])
def test_features_that_are_named_are_collected(project: Project, argument: str) -> None:
    test = f"import pytest_bdd\n{TEST}"
    project.write("test_one.py", test)
    project.write("features/test_two.py" if argument.endswith("feature") else "test_two.py", test)
    project.run(argument).assert_outcomes(passed=1)


def test_without_python_tests_the_whole_project_is_collected(project: Project) -> None:
    project.write(".venv/lib/test_other.py", TEST)
    project.write("env/pyvenv.cfg", "")
    project.write("env/lib/test_other.py", TEST)
    project.run().assert_outcomes(passed=1)


def test_testpaths_name_the_features_of_a_project_with_python_tests(project: Project) -> None:
    project.write("tests/test_one.py", TEST)
    project.pytester.makeini("[pytest]\ntestpaths = tests features\n")
    project.run().assert_outcomes(passed=2)


def test_features_that_a_test_module_binds_are_run_once_and_without_a_note(
    project: Project,
) -> None:
    project.write(
        "test_own.py",
        """
        from pytest_bdd import given, parsers, scenarios, then, when

        scenarios("features")

        @given("a box with 3 apples")
        @when("someone eats once")
        @then("2 apples are left")
        def _(): ...
        """,
    )
    result = project.run()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*sluicegate: *")


def test_without_pytest_bdd_nothing_is_collected(project: Project) -> None:
    result = project.run("features", "-p", "no:pytest-bdd")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_asserts_in_modules_of_steps_are_explained(project: Project) -> None:
    project.steps(
        "asserting",
        """
        from sluicegate.gherkin import then

        @then("nothing is left")
        def _(box: list[int]) -> None:
            assert box == []
        """,
    )
    project.write("features/plain.feature", PLAIN.replace("2 apples are", "nothing is"))
    project.write(
        "conftest.py",
        f"""
        import sys
        import sluicegate
        from types import ModuleType

        def pytest_configure():
            sys.modules.pop("sluicegate.steps", None)
            import sluicegate.shipped
            import pathlib
            sluicegate.shipped.STEPS = pathlib.Path({str(project.vocabulary)!r})
        """,
    )
    result = project.pytester.runpytest_subprocess("features")
    result.stdout.fnmatch_lines(["assert [[]1, 2[]] == [[][]]"])


def test_files_beside_the_one_that_was_named_are_not_spoken_of(project: Project) -> None:
    project.write("features/other.feature", PLAIN)
    result = project.run("features/plain.feature")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*not run*")
