import pytest

from .project import PLAIN, Project

HEAD = "Feature: Boxes\n"
STEPS = "    Given a box with 3 apples\n    Then 3 apples are left\n"
BOX = "    Given a box with 3 apples\n"


def refused(project: Project, text: str | bytes) -> list[str]:
    path = project.pytester.path / "features/plain.feature"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = project.run("features")
    result.assert_outcomes(errors=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    lines = result.stdout.lines
    begin = next(n for n, line in enumerate(lines) if "ERROR collecting" in line)
    end = next(n for n, line in enumerate(lines) if "short test summary" in line)
    return lines[begin + 1 : end]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the file is empty; it begins with 'Feature:' and a name"),
        ("\n# nothing\n", 1, "the file is empty"),
        (
            "Scenario: A\n",
            1,
            "'Scenario: A' cannot stand here; a scenario stands below the title of its feature",
        ),
        (
            HEAD + "  Scenario: A\n    Foo bar\n    Given x\n    nonsense\n",
            5,
            "'nonsense' cannot stand here",
        ),
        (HEAD + HEAD, 1, "the feature has no scenarios; write one"),
        (HEAD + "  Rule: R\n", 2, "rule 'R' has no scenarios; write one"),
        (HEAD + '  Scenario: A\n    Given a\n      """\n', 5, "unexpected end of file"),
        (
            HEAD + "  Scenario: A\n    Given a\n      | a |\n      | b | c |\n",
            5,
            "the row has 2 cells, and the first row of its table has 1; write a cell",
        ),
        (
            HEAD + "  Scenario: A\n    And more\n",
            3,
            "'And more' continues the step above it, and there is none; begin with one of",
        ),
        (
            "# language: xx\n" + HEAD,
            1,
            "Gherkin knows no such language: '# language: xx'; write a code such as en, de or fr",
        ),
        (HEAD + "  Scenario:\n" + STEPS, 2, "a scenario without a name"),
        (HEAD + "  Scenario: A\n", 2, "scenario 'A' has no steps; write them"),
        (HEAD + "  Scenario: A\n" + BOX, 2, "scenario 'A' has no Then, so it checks nothing"),
        (
            HEAD + "  Scenario: A\n" + STEPS + "  Rule: R\n  Scenario: A\n" + STEPS,
            6,
            "scenario 'A' has the name of the one in line 2; only one of them would run",
        ),
        (
            HEAD + "  Scenario: A::[B]\n" + STEPS + "  Scenario: A:(B)\n" + STEPS,
            5,
            "scenario 'A:(B)' has the name of the one in line 2",
        ),
        (
            HEAD + "  Scenario Outline: A\n" + STEPS + "    Examples:\n      | n |\n",
            5,
            "the Examples of 'A' have no rows, so nothing would run",
        ),
        (HEAD + "  Scenario Outline: A\n" + STEPS + "    Examples:\n", 5, "have no rows"),
        (
            HEAD + "  @parametrize\n  Scenario: A\n" + STEPS,
            2,
            "@parametrize is a mark of pytest's own, and no tag: it only has a meaning in Python",
        ),
        (HEAD + "  @_private\n  Scenario: A\n" + STEPS, 2, "@_private is a mark of pytest's own"),
        (
            HEAD + "  Scenario: A\n" + BOX + '      """\n      text\n      """\n' + STEPS,
            3,
            "'Given a box with 3 apples' takes no doc string, and would ignore the one below it",
        ),
        (
            HEAD + "  Scenario: A\n" + BOX + "      | a |\n" + STEPS,
            3,
            "'Given a box with 3 apples' takes no table, and would ignore the one below it",
        ),
    ],
)
def test_a_file_that_would_not_run_as_written_is_refused(
    project: Project, text: str, line: int, message: str
) -> None:
    refusal = refused(project, text)
    place = f"features/plain.feature:{line}: "
    assert any(found.startswith(place) and message in found for found in refusal), refusal
    assert not any("Error" in found for found in refusal), "no Python is shown"


def test_a_file_that_is_not_utf_8_is_refused_with_the_line(project: Project) -> None:
    assert refused(project, b"Feature: A\n  Scenario: gr\xfcn\n") == [
        "features/plain.feature:2: expected UTF-8, got the byte 0xfc; save the file as UTF-8"
    ]


def test_everything_wrong_in_a_file_is_said_at_once_in_the_order_of_the_lines(
    project: Project,
) -> None:
    text = (
        f"{HEAD}  Scenario: A\n{STEPS}  Scenario: A\n{STEPS}  Scenario: B\n"
        "  Scenario: C\n    Given nonsense\n  @usefixtures\n  Scenario: D\n" + STEPS
    )
    found = [line.split(": ")[0] for line in refused(project, text) if line[0] != " "]
    assert found == [f"features/plain.feature:{line}" for line in (5, 8, 9, 10, 11)]


def test_all_files_are_refused_in_one_run(project: Project) -> None:
    project.write("features/one.feature", "Feature: One\n  Scenario: A\n")
    project.write("features/two.feature", "Feature: Two\n  Scenario: A\n")
    result = project.run("features")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["features/one.feature:2: *", "features/two.feature:2: *"])


def test_an_undefined_step_is_refused_with_the_nearest_known_ones(project: Project) -> None:
    assert refused(project, PLAIN.replace("eats once", "eat once")) == [
        "features/plain.feature:5: no step is defined for: When someone eat once",
        "  the nearest known steps are, with examples of values:",
        "    When someone eats 3 times    (vocabulary/kitchen.py:8)",
    ]


def test_an_undefined_step_like_none_that_is_known_is_refused(project: Project) -> None:
    assert refused(project, PLAIN.replace("someone eats once", "%%%")) == [
        "features/plain.feature:5: no step is defined for: When %%%",
        "  no known step is similar; `sluicegate steps` lists them all, or define it in Python",
    ]


def test_a_step_with_the_wrong_keyword_is_undefined_and_the_right_one_is_shown(
    project: Project,
) -> None:
    assert refused(project, PLAIN.replace("When someone", "Given someone")) == [
        "features/plain.feature:5: no step is defined for: Given someone eats once",
        "  it is a step for 'When', and this is a 'Given': write 'When someone eats once'",
    ]


def test_an_undefined_step_is_found_in_the_one_row_of_examples_that_makes_it(
    project: Project,
) -> None:
    text = (
        f"{HEAD}  Scenario Outline: A\n{BOX}    When someone eats <often>\n"
        "    Then 1 apples are left\n    Examples:\n      | often |\n"
        "      | twice |\n      | thrice |\n"
    )
    assert refused(project, text)[0] == (
        "features/plain.feature:4: no step is defined for: When someone eats thrice"
        " (the row in line 9)"
    )


def test_an_ambiguous_step_is_refused_with_its_candidates(project: Project) -> None:
    project.steps(
        "guests",
        """
        from sluicegate.gherkin import when

        @when("someone eats once")
        def _() -> None: ...
        """,
    )
    assert refused(project, PLAIN) == [
        "features/plain.feature:5: more than one step fits: When someone eats once",
        "    When someone eats once    (vocabulary/guests.py:4)",
        "    When someone eats {count}    (vocabulary/kitchen.py:8)",
        "  change the words of one of them",
    ]


def test_a_sentence_that_is_defined_twice_is_ambiguous(project: Project) -> None:
    source = """
        from sluicegate.gherkin import given

        @given("a guest")
        def _() -> None: ...
        """
    project.steps("one", source)
    project.steps("two", source)
    refusal = refused(project, f"{HEAD}  Scenario: A\n    Given a guest\n{STEPS}")
    assert [line.split()[-1] for line in refusal[1:3]] == [
        "(vocabulary/one.py:4)",
        "(vocabulary/two.py:4)",
    ]


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("docstring: str", "'Given a guest' needs a doc string below it; write the text"),
        ("datatable: list", "'Given a guest' needs a table below it; write its rows"),
        ("hall: object", "'Given a guest' needs the fixture 'hall', which is not defined"),
    ],
)
def test_a_step_that_lacks_what_its_function_takes_is_refused(
    project: Project, parameter: str, message: str
) -> None:
    project.steps(
        "guest",
        f"""
        from sluicegate.gherkin import given

        @given("a guest")
        def _({parameter}) -> None: ...
        """,
    )
    refusal = refused(project, f"{HEAD}  Scenario: A\n    Given a guest\n{STEPS}")
    assert refusal[0].startswith(f"features/plain.feature:3: {message}")


def test_a_fixture_that_many_steps_lack_is_said_once(project: Project) -> None:
    project.steps(
        "guest",
        """
        from sluicegate.gherkin import given

        @given("a guest {int}")
        def _(hall: object, number: int) -> None: ...
        """,
    )
    guests = "    Given a guest 1\n    And a guest 2\n"
    assert len(refused(project, f"{HEAD}  Scenario: A\n{guests}{STEPS}")) == 1
