import pytest

from .project import PLAIN, Project

OVERRIDE = """
    from sluicegate.gherkin import given

    @given("a box with {int} apples", target_fixture="box")
    def _(count: int) -> list[int]:
        return list(range(10 * count))
"""


@pytest.mark.parametrize("place", ["conftest.py", "features/conftest.py"])
def test_a_step_in_a_conftest_wins_over_a_shared_one(project: Project, place: str) -> None:
    project.write(place, OVERRIDE)
    project.write(
        "features/plain.feature", PLAIN.replace("2 apples are left", "29 apples are left")
    )
    project.run("features").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "definition",
    [
        """@given("a box with {} apples")""",
        """@pytest_bdd.given("a box with 3 apples")""",
        """@pytest_bdd.given(pytest_bdd.parsers.parse("a box with {count:d} apples"))""",
        """@pytest_bdd.step(pytest_bdd.parsers.re("a box with (?P<count>.*) apples"))""",
    ],
)
@pytest.mark.parametrize("place", ["conftest.py", "features/conftest.py"])
def test_a_step_with_other_words_that_fits_too_competes_wherever_it_is(
    project: Project, place: str, definition: str
) -> None:
    imports = "import pytest_bdd\nfrom sluicegate.gherkin import given"
    function = f"def _({'' if '3' in definition else 'count'}): ..."
    project.write(place, f"{imports}\n{definition}\n{function}\n")
    result = project.run("features")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "features/plain.feature:3: more than one step fits: Given a box with 3 apples",
            "    Given a box with {int} apples    (vocabulary/kitchen.py:4)",
            f"    * a box with * apples    ({place}:3)",
        ]
    )


def test_the_nearest_conftest_wins(project: Project) -> None:
    project.write("conftest.py", OVERRIDE)
    project.write("features/near/conftest.py", OVERRIDE.replace("10 *", "20 *"))
    for path, left in (("features/plain.feature", 29), ("features/near/near.feature", 59)):
        project.write(path, PLAIN.replace("2 apples are left", f"{left} apples are left"))
    project.run("features").assert_outcomes(passed=2)


def test_a_step_in_a_conftest_is_unknown_outside_its_folder(project: Project) -> None:
    project.write("features/near/conftest.py", OVERRIDE.replace("a box", "a crate"))
    project.write(
        "features/near/near.feature", PLAIN.replace("a box", "a crate").replace("2", "29")
    )
    project.run("features").assert_outcomes(passed=2)
    project.write("features/plain.feature", PLAIN.replace("a box", "a crate"))
    result = project.run("features")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["features/plain.feature:3: no step is defined for: Given a crate*"]
    )


def test_two_steps_in_one_conftest_that_fit_are_ambiguous(project: Project) -> None:
    project.write("conftest.py", OVERRIDE + OVERRIDE.replace("{int}", "{}").replace("int", "str"))
    result = project.run("features")
    result.stdout.fnmatch_lines(["*:3: more than one step fits: Given a box with 3 apples"])


def test_a_conftest_that_imports_a_shared_step_makes_nothing_ambiguous(project: Project) -> None:
    project.write("conftest.py", "from sluicegate.steps.kitchen import *\n")
    project.run("features").assert_outcomes(passed=1)


def test_steps_of_plain_pytest_bdd_serve_in_a_conftest(project: Project) -> None:
    project.write(
        "conftest.py",
        """
        from pytest_bdd import given, parsers, step

        @given(parsers.parse("a crate with {count:d} apples"), target_fixture="box")
        def _(count): return list(range(count))

        @step("a worm comes")
        def _(box): box.pop()
        """,
    )
    project.write(
        "features/plain.feature",
        PLAIN.replace("a box", "a crate").replace("someone eats once", "a worm comes"),
    )
    project.run("features").assert_outcomes(passed=1)


def test_a_project_of_plain_pytest_bdd_works_beside_ours(project: Project) -> None:
    project.write("tests/features/own.feature", PLAIN.replace("a box", "their box"))
    project.write(
        "tests/test_own.py",
        """
        import pytest
        from pytest_bdd import given, parsers, scenarios, then, when

        scenarios("features")

        @given(parsers.parse("their box with {count:d} apples"), target_fixture="box")
        def _(count): return list(range(count))

        @when("someone eats once")
        def _(box): box.clear()

        @then(parsers.re(r"(?P<count>\\d+) apples are left"), converters={"count": int})
        def _(box, count): assert (len(box), count) == (0, 2)
        """,
    )
    project.run("features", "tests").assert_outcomes(passed=2)
    project.run("tests").assert_outcomes(passed=1)
    project.run("tests", "features", "-p", "no:sluicegate").assert_outcomes(passed=1)


@pytest.mark.parametrize("body", ["...", "yield"])
def test_an_async_step_of_plain_pytest_bdd_is_refused(project: Project, body: str) -> None:
    project.write(
        "conftest.py",
        f"""
        from pytest_bdd import given

        @given("a worm")
        async def _(): {body}
        """,
    )
    project.write("features/plain.feature", PLAIN.replace("a box with 3 apples", "a worm"))
    result = project.run("features")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["features/plain.feature:3: 'Given a worm' would never run: its function is `async def`*"]
    )


@pytest.mark.parametrize(
    ("decorator", "function"),
    [
        ('@then("the box is fine")', "def _(): return False"),
        ('@pytest_bdd.then("the box is fine")', "def _(): return False"),
        ('@given("the box is fine")', "def _(): return wait()"),
    ],
)
def test_a_step_that_returns_its_verdict_fails(
    project: Project, decorator: str, function: str
) -> None:
    project.write(
        "conftest.py",
        f"""
        import pytest_bdd
        from sluicegate.gherkin import given, then

        async def wait(): ...

        {decorator}
        {function}
        """,
    )
    given = "Given the box is fine\n        " if "given" in decorator else ""
    then = "" if given else "And the box is fine\n        "
    project.write(
        "features/plain.feature",
        PLAIN.replace("Given a box with", f"{given}Given a box with").rstrip()
        + f"\n        {then}Then 2 apples are left\n",
    )
    result = project.run("features")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["conftest.py:6: the step returned *, which nobody looks at; *"])
