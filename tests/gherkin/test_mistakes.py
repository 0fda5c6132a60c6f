"""What an author of features may get wrong: each mistake has its place and its remedy."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest
from gherkin.dialect import DIALECTS

from .project import Project

GOOD = """\
  Scenario: Good
    Given a box with 3 apples
    Then 3 apples are left
"""
STEPS = "    Given a box with 3 apples\n    Then 3 apples are left\n"
OUTLINE = """\
  Scenario Outline: Eating <often>
    Given a box with 3 apples
    When someone eats <often>
    Then <left> apples are left
"""
ROWS = "    Examples:\n      | often | left |\n      | once  | 2    |\n"
EATS = "    When someone eats once\n"
QUOTES = '      """\n'
MORE = """
    from sluicegate.gherkin import given, then, when

    @given("the weight is {float}")
    def _(weight: float) -> None: ...

    @when("the oven answers {status} after {duration}")
    def _(status: int, seconds: float) -> None: ...

    @then("{json_path} of the label is {string}")
    def _(path: str, value: str) -> None: ...

    @then("the label says")
    def _(docstring: str) -> None: ...

    @then("the labels are")
    def _(datatable: list[list[str]]) -> None: ...
"""


@dataclass(frozen=True)
class Mistake:
    name: str
    text: str
    line: int
    said: str
    remedy: str

    def is_answered_by(self, line: int, message: str) -> bool:
        return line == self.line and self.said in message and self.remedy in message


def in_scenario(name: str, line: str, said: str, remedy: str) -> Mistake:
    """Make a mistake in the line between a Given and a Then."""
    given, then = STEPS.splitlines(keepends=True)
    return Mistake(name, f"Feature: F\n  Scenario: A\n{given}    {line}\n{then}", 4, said, remedy)


def in_description(name: str, line: str, said: str, remedy: str) -> Mistake:
    """Make a mistake in the line below a scenario's title."""
    return Mistake(name, f"Feature: F\n  Scenario: A\n    {line}\n{STEPS}", 3, said, remedy)


def in_feature(name: str, line: str, said: str, remedy: str) -> Mistake:
    """Make a mistake where a scenario should begin."""
    return Mistake(name, f"Feature: F\n  {line}\n{STEPS}\n{GOOD}", 2, said, remedy)


def in_tag(name: str, tag: str, said: str, remedy: str) -> Mistake:
    return Mistake(name, f"Feature: F\n  {tag}\n{GOOD}", 2, said, remedy)


LOST = "is taken for description"
UNDEFINED = "no step is defined for: "

MISTAKES = [
    Mistake(
        "text behind the quotes of a doc string",
        f'Feature: F\n  Scenario: A\n{STEPS}    And the label says\n      """Plum\n      """\n',
        6,
        "'Plum' would be left out of the text",
        "begin it in the next line",
    ),
    in_feature("no colon", "Scenario no colon", LOST, "write 'Scenario:', or begin the line with"),
    in_feature("small title", "scenario: x", LOST, "write 'Scenario:'"),
    in_feature("small title, no colon", "scenario x", LOST, "write 'Scenario:'"),
    in_feature("misspelt title", "Scenari: x", LOST, "write 'Scenario:'"),
    in_feature("swapped letters", "Sceanrio: x", LOST, "write 'Scenario:'"),
    in_feature("misspelt title, no colon", "Scenari x", LOST, "write 'Scenario:'"),
    in_feature("misspelt outline, no colon", "scenario outlin x", LOST, "'Scenario Outline:'"),
    in_feature("numbered title", "Scenario 1: x", LOST, "write 'Scenario:'"),
    in_feature("space before the colon", "Scenario : x", LOST, "write 'Scenario:'"),
    in_feature("wide colon", "Scenario\uff1a x", LOST, "write 'Scenario:'"),
    in_feature("misspelt outline", "Scenario Outlin: x", LOST, "write 'Scenario Outline:'"),
    in_feature("dash for the colon", "Scenario - x", LOST, "write 'Scenario:'"),
    in_feature("background without colon", "Background", LOST, "write 'Background:'"),
    in_feature("misspelt background", "Backgroud:", LOST, "write 'Background:'"),
    in_feature("misspelt rule", "Ruel: x", LOST, "write 'Rule:'"),
    Mistake(
        "mistyped title in a rule",
        f"Feature: F\n  Rule: R\n    Scenari: x\n{STEPS}{GOOD}",
        3,
        "'Scenari: x' is taken for description, so it begins nothing",
        "write 'Scenario:'",
    ),
    Mistake(
        "small title and steps, below prose",
        f"Feature: F\n  Some words\n  scenario: x\n{STEPS.replace('Given', 'given')}{GOOD}",
        3,
        "so it begins nothing",
        "write 'Scenario:'",
    ),
    Mistake(
        "steps without a title",
        f"Feature: F\n  Some words.\n{STEPS}{GOOD}",
        3,
        "'Given a box with 3 apples' is taken for description, so it would never run",
        "write 'Scenario:' and a name above it",
    ),
    in_description("misspelt Examples", "Exampels:", LOST, "write 'Examples:'"),
    in_description("title in a scenario", "Scenario B", LOST, "write 'Scenario:'"),
    in_description(
        "misspelt step", "Givn a box", "so it would never run", "write 'Given a box', or begin"
    ),
    in_description("step in a list", "- Given a box", LOST, "write 'Given a box'"),
    in_description("numbered step", "1. Given a box", LOST, "write 'Given a box'"),
    in_description("step commented out", "// Given a box", LOST, "write 'Given a box'"),
    in_description("small step", "given a box", LOST, "write 'Given a box'"),
    in_description("step with a colon", "Given: a box", LOST, "write 'Given a box'"),
    in_description("step with a no-break space", "Given\u00a0a box", LOST, "write 'Given a box'"),
    in_description("keyword alone", "When", LOST, "write 'When'"),
    Mistake(
        "other keyword in an outline",
        f"Feature: F\n{OUTLINE.replace('Given', 'Now').replace('3', '<left>')}{ROWS}",
        3,
        "'Now a box with <left> apples' is taken for description",
        "write 'Given a box with <left> apples'",
    ),
    in_description("tag without @", "req:PROVIDER-010", LOST, "each tag begins with @"),
    in_description("tag before its @", "r@eq:PROVIDER-010 @core", LOST, "each tag begins with @"),
    in_description("no keyword", "someone eats once", LOST, "write 'When someone eats once'"),
    in_description("other keyword", "Wen someone eats once", LOST, "'When someone eats once'"),
    in_description("other word", "Now a box with 3 apples", LOST, "'Given a box with 3 apples'"),
    Mistake(
        "small step that is known, in the middle of prose",
        f"Feature: F\n  Scenario: A\n    Words go on\n    given a box with 3 apples\n{STEPS}",
        4,
        "so it would never run",
        "write 'Given a box with 3 apples'",
    ),
    Mistake(
        "step in a background",
        f"Feature: F\n  Background:\n    Givn x\n{STEPS}{GOOD}",
        3,
        LOST,
        "write 'Given x'",
    ),
    Mistake(
        "table row without its first bar",
        f"Feature: F\n{OUTLINE}{ROWS.replace('| often', 'often')}",
        7,
        "'often | left |' is taken for description",
        "a row of a table begins with | and ends with |",
    ),
    in_scenario(
        "comment of another kind",
        "// foo",
        "'// foo' cannot stand here",
        "or with # if it is a comment",
    ),
    in_scenario("list of steps", "- Then x", "'- Then x' cannot", "write 'Then x'"),
    in_scenario("two features", "Feature: B", "'Feature: B' cannot", "a file holds one feature"),
    in_scenario("late background", "Background:", "cannot stand", "stands above the scenarios"),
    Mistake(
        "steps below Examples",
        f"Feature: F\n{OUTLINE}{ROWS}{STEPS}",
        9,
        "'Given a box with 3 apples' cannot stand here",
        "steps stand below a title, and above the Examples",
    ),
    Mistake(
        "open doc string",
        f"Feature: F\n  Scenario: A\n    Then the label says\n{QUOTES}{STEPS}",
        7,
        "unexpected end of file",
        'end the doc string with a line of """',
    ),
    in_scenario(
        "misspelt step among steps", "Thne 3", "'Thne 3' cannot stand here", "write 'Then 3'"
    ),
    in_scenario(
        "misspelt title among steps",
        "Sceanrio: B",
        "'Sceanrio: B' cannot stand here",
        "write 'Scenario:'",
    ),
    Mistake(
        "ragged table",
        f"Feature: F\n{OUTLINE}{ROWS}      | twice |\n",
        9,
        "the row has 1 cell, and the first row of its table has 2",
        "write a cell for each column, each between two |",
    ),
    Mistake(
        "row without its last bar in a ragged table",
        f"Feature: F\n{OUTLINE}{ROWS.replace('left |', 'left')}",
        8,
        "the row has 2 cells, and the first row of its table has 1",
        "the row '| often | left' does not end with |, write one",
    ),
    Mistake(
        "rows without their last bars",
        f"Feature: F\n{OUTLINE}{ROWS}".replace("<left>", "2").replace(" |\n", "\n"),
        7,
        "the row does not end with |, so its last cell is lost: '| often | left'",
        "write a | at its end",
    ),
    Mistake(
        "data without its last bar",
        f"Feature: F\n  Scenario: A\n    Then the labels are\n      | a | \\|\n{STEPS}",
        4,
        "the row does not end with |, so its last cell is lost",
        "write a | at its end",
    ),
    Mistake(
        "unknown column",
        f"Feature: F\n{OUTLINE.replace('<left>', '<lef>')}{ROWS}",
        5,
        "<lef> is filled by no column of the Examples in line 6, which has often and left",
        "did you mean <left>?",
    ),
    Mistake(
        "unknown column in a name",
        f"Feature: F\n{OUTLINE.replace('Eating', 'Eating <fruit>')}{ROWS}",
        2,
        "<fruit> is filled by no column",
        "add a column 'fruit'",
    ),
    Mistake(
        "unknown column in a doc string",
        f"Feature: F\n{OUTLINE}    Then the label says\n{QUOTES}      <lft>\n{QUOTES}{ROWS}",
        8,
        "<lft> is filled by no column",
        "did you mean <left>?",
    ),
    Mistake(
        "unknown column in a table",
        f"Feature: F\n{OUTLINE}    Then the labels are\n      | a |\n      | <lft> |\n{ROWS}",
        8,
        "<lft> is filled by no column",
        "did you mean <left>?",
    ),
    Mistake(
        "unused column",
        f"Feature: F\n{OUTLINE.replace('<left>', '2')}{ROWS}",
        7,
        "column 'left' of the Examples is used nowhere, so its values do nothing",
        "write <left> in a step or in the scenario's name, or remove the column",
    ),
    Mistake(
        "duplicate column",
        f"Feature: F\n{OUTLINE}{ROWS.replace('| left', '| often')}",
        7,
        "2 columns of the Examples are named 'often'",
        "rename or remove one",
    ),
    Mistake(
        "column without a name",
        f"Feature: F\n{OUTLINE}{ROWS.replace('left |', '     |')}",
        7,
        "column 2 of the Examples has no name",
        "write one, or remove the column",
    ),
    Mistake(
        "outline without Examples",
        f"Feature: F\n{OUTLINE}",
        2,
        "'Scenario Outline: Eating <often>' has no Examples",
        "add 'Examples:' with a table below it, or write 'Scenario:'",
    ),
    in_scenario(
        "name to be filled without Examples",
        "When someone eats <often>",
        "<often> is filled by a column of Examples, and scenario 'A' has none",
        "add 'Examples:' with a table below it and a column 'often'",
    ),
    in_tag("mistyped tag", "@cor", "no tag @cor is known", "did you mean @core?"),
    in_tag("capital tag", "@Slow", "no tag @Slow is known", "did you mean @slow?"),
    in_tag("own tag", "@smoke", "no tag @smoke is known", "`markers = smoke: what it means`"),
    in_tag("tag with a space", "@ slow", "a tag has no space after its @", "write @slow"),
    in_tag(
        "tag in two words", "@very slow", "a tag has no spaces in it", "a space before the next"
    ),
    in_tag(
        "unknown requirement",
        "@req:PROVIDER-999",
        "no tag @req:PROVIDER-999 is known",
        "add it to a requirements.toml beside the features",
    ),
    in_tag(
        "small requirement",
        "@req:provider-010",
        "no tag @req:pro",
        "did you mean @req:PROVIDER-010?",
    ),
    in_tag("unknown need", "@needs:stream", "no tag @needs:", "did you mean @needs:streaming?"),
    in_tag("skip", "@skip", "@skip is a mark of pytest's own", "checks nothing; remove it"),
    in_tag("xfail", "@xfail", "a scenario that is skipped or expected to fail", "remove it"),
    Mistake(
        "action at the end",
        f"Feature: F\n  Scenario: A\n{STEPS}{EATS}    And someone eats once\n",
        5,
        "nothing after 'When someone eats once' is checked",
        "add a Then below it, or remove it",
    ),
    Mistake(
        "precondition at the end",
        f"Feature: F\n  Scenario: A\n{STEPS}    Given a box with 2 apples\n",
        5,
        "'Given a box with 2 apples' prepares nothing",
        "put it above the action that it is to prepare, or remove it",
    ),
    in_scenario(
        "wrong kind of step",
        "When 3 apples are left",
        UNDEFINED + "When 3 apples are left",
        "it is a step for 'Then', and this is a 'When': write 'Then 3 apples are left'",
    ),
    in_scenario(
        "no unit",
        "When the oven answers 200 after 600 msec",
        "'600 msec' is no {duration}: a number, a space and a unit",
        "When the oven answers 504 after 100 ms",
    ),
    in_scenario(
        "no such status",
        "When the oven answers 999 after 1 second",
        "'999' is no {status}: a number from 100 to 599",
        "When the oven answers 504 after 100 ms",
    ),
    in_scenario(
        "no $",
        'Then label[0] of the label is "x"',
        "'label[0]' is no {json_path}",
        "as in `$.choices[0].message`",
    ),
    in_scenario("infinite", "Given the weight is 1E400", "'1E400' is no {float}", "`0.7`"),
    in_scenario(
        "no quotes",
        "Then $.a of the label is x",
        "'x' is no {string}: text in double or single quotes",
        'Then $.choices[0].message of the label is "Hello"',
    ),
    in_scenario(
        "no-break space",
        "Then 3\u00a0apples are left",
        "it has a no-break or other special space",
        "type: Then 3 apples are left",
    ),
    in_scenario(
        "two spaces",
        "Then 3  apples are left",
        "it has more than one space between two words",
        "type: Then 3 apples are left",
    ),
    in_scenario(
        "curly quotes",
        "Then $.a of the label is \u201cx\u201d",
        "it has a curly quote",
        'type: Then $.a of the label is "x"',
    ),
    in_scenario(
        "full stop",
        "Then 3 apples are left.",
        "it has a full stop or another mark at the end",
        "type: Then 3 apples are left",
    ),
    in_scenario(
        "capital letter",
        "When Someone eats once",
        "capital letters count",
        "When someone eats 3 times",
    ),
    in_scenario(
        "other words",
        "When someone eats it once",
        UNDEFINED + "When someone eats it once",
        "When someone eats 3 times",
    ),
    in_scenario(
        "no table",
        "Then the labels are",
        "'Then the labels are' needs a table below it",
        "write its rows below it, each cell between two |",
    ),
    in_scenario(
        "no doc string",
        "Then the label says",
        "'Then the label says' needs a doc string below it",
        'between two lines of """',
    ),
    in_scenario(
        "superfluous table",
        "Then 3 apples are left\n      | a |",
        "takes no table, and would ignore the one below it",
        "remove it, or use another step",
    ),
    Mistake(
        "And first",
        "Feature: F\n  Scenario: A\n    And a box\n" + STEPS,
        3,
        "'And a box' continues the step above it, and there is none",
        "begin with one of Given, When, Then",
    ),
    Mistake(
        "another language",
        "Funktionalit\u00e4t: F\n  Szenario: A\n",
        1,
        "'Funktionalit\u00e4t: F' cannot stand here",
        "it begins with '# language: de'",
    ),
    Mistake(
        "wrong kind of continuation",
        f"Feature: F\n  Scenario: A\n{EATS}    And 3 apples are left\n{STEPS}",
        4,
        "'And' goes on with the 'When' above it",
        "write 'Then 3 apples are left'",
    ),
    Mistake(
        "no Then",
        "Feature: F\n  Scenario: A\n    Given a box with 3 apples\n",
        2,
        "scenario 'A' has no Then, so it checks nothing",
        "add one",
    ),
]


Said = list[tuple[int, str]]
"""The problems of a file: their lines and their messages."""


def write_all(project: Project, texts: Iterable[str]) -> None:
    """Write each text as a feature file of its own."""
    for number, text in enumerate(texts):
        path = project.pytester.path / f"features/{number}.feature"
        path.write_text(text, encoding="utf-8")


def refusals(project: Project, texts: Sequence[str]) -> list[Said]:
    """Write each text as a feature file, and return what one run says of each; nothing may run."""
    write_all(project, texts)
    project.write(
        "conftest.py",
        """
        from pathlib import Path

        def pytest_runtest_protocol(item):
            Path("ran").write_text(item.name)
        """,
    )
    result = project.run("features")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert not (project.pytester.path / "ran").exists(), "no scenario runs, of good files neither"
    return split(result.outlines, len(texts))


def split(lines: list[str], count: int) -> list[Said]:
    said: list[Said] = [[] for _ in range(count)]
    latest: Said = []
    for line in lines:
        if begun := re.match(r"features/(\d+)\.feature:(\d+): (.*)", line):
            latest = said[int(begun[1])]
            latest.append((int(begun[2]), begun[3]))
        elif latest and line.startswith("  "):
            at, message = latest[-1]
            latest[-1] = (at, f"{message}\n{line}")
    return said


def test_each_mistake_is_refused_with_its_place_and_its_remedy(project: Project) -> None:
    project.steps("more", MORE)
    said = refusals(project, [mistake.text for mistake in MISTAKES])
    assert [
        (mistake, found)
        for mistake, found in zip(MISTAKES, said, strict=True)
        if not any(mistake.is_answered_by(*each) for each in found)
    ] == []


PROSE_ABOVE_SCENARIOS = [
    "Given that providers fail, a gateway needs another one.",
    "When a provider fails, the next one is asked.\nThen the client waits.",
    "Examples of what may happen\nare given below.",
    "Feature parity with other gateways is no aim.",
    "Scenario planning is an art.",
    "Rule of thumb: three tries.",
    "Role: an operator.",
    "Note: times are in milliseconds.",
    "The gateway is shown in a\nscenario that has no name",
    "as in this\nexample: an apple is eaten",
    "Ten apples are too many.\n\nThe box is full.",
    "Background reading: see the documentation.",
    "https://example.com/specification",
    "Whoever eats once, eats twice.",
    "Those that are @slow are left out.",
]
PROSE_ABOVE_STEPS = [
    "The box is old, so someone eats\nand looks into it.",
    "It is shown what happens\nwhen someone eats, and\nthen looks.",
    "They eat.\n\nThe apples go.\n\nTen are too many.",
    "Give someone a box.",
    "In other words: nothing is left.",
    "It shows a rule\nand a scenario",
]


@pytest.mark.parametrize("rule", ["", "  Rule: R\n"])
def test_prose_above_scenarios_is_description(project: Project, rule: str) -> None:
    texts = [f"Feature: F\n{rule}{each}\n\n{GOOD}" for each in PROSE_ABOVE_SCENARIOS]
    write_all(project, texts)
    project.run("features").assert_outcomes(passed=len(texts) + 1)


def test_prose_above_steps_is_description(project: Project) -> None:
    texts = [f"Feature: F\n  Scenario: A\n{each}\n{STEPS}" for each in PROSE_ABOVE_STEPS]
    write_all(project, texts)
    project.run("features").assert_outcomes(passed=len(texts) + 1)


def test_markup_in_an_outline_is_no_name_to_be_filled(project: Project) -> None:
    project.steps("more", MORE)
    markup = '    Then the label says\n      """\n      <b><left></b> < 3 <!-- x -->\n      """\n'
    project.write("features/plain.feature", f"Feature: F\n{OUTLINE}{markup}{ROWS}")
    project.run("features").assert_outcomes(passed=1)


def test_a_column_that_only_a_background_uses_is_used(project: Project) -> None:
    background = "  Background:\n    Given a box with <full> apples\n"
    outline = "  Scenario Outline: A\n    Then <full> apples are left\n"
    rows = "    Examples:\n      | full |\n      | 3    |\n"
    project.write("features/plain.feature", f"Feature: F\n{background}{outline}{rows}")
    project.run("features").assert_outcomes(passed=1)


def test_known_tags_are_accepted(project: Project) -> None:
    ini = project.pytester.path / "tox.ini"
    ini.write_text(f"{ini.read_text()}\nmarkers =\n    smoke(level): a quick one\n")
    write_all(project, [f"Feature: F\n  {tag}\n{GOOD}" for tag in KNOWN])
    project.run("features").assert_outcomes(passed=len(KNOWN) + 1)


KNOWN = ["@smoke", "@core @extended @slow", "@needs:streaming", "@req:PROVIDER-010"]


OWN = """
    [KITCHEN-001]
    sentence = "Apples can be eaten"
    level = "core"
    needs = ["teeth"]
"""


@pytest.mark.parametrize("place", ["", "features/", "features/boxes/"])
def test_a_project_has_requirements_of_its_own(project: Project, place: str) -> None:
    project.write(f"{place}requirements.toml", OWN)
    project.write(
        "features/boxes/own.feature",
        f"@req:KITCHEN-001 @needs:teeth @req:PROVIDER-010\nFeature: F\n{GOOD}",
    )
    project.run("features", "-m", "req:KITCHEN-001").assert_outcomes(passed=1, deselected=1)


def test_requirements_of_another_folder_are_unknown(project: Project) -> None:
    project.write("features/boxes/requirements.toml", OWN)
    project.write("features/plain.feature", f"@req:KITCHEN-001\nFeature: F\n{GOOD}")
    result = project.run("features")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["features/plain.feature:1: no tag @req:KITCHEN-001 is known; *"])


REGISTERS = [
    ("[KITCHEN-001\n", "expected TOML: Expected ']' at the end of a table declaration"),
    (
        '\n[KITCHEN-001]\nsentence = "x"\nlevel = "corn"\n',
        "line 2: [KITCHEN-001] level: expected one of core, extended, got 'corn'",
    ),
    ('[KITCHEN-001]\nlevel = "core"\n', "line 1: [KITCHEN-001] sentence: is missing"),
    (
        '[KITCHEN-001]\nsentence = "x"\nlevel = "core"\nneed = []\n',
        "[KITCHEN-001] need: is unknown; known are sentence, level, needs, source, planned",
    ),
    (
        '[KITCHEN-001]\nsentence = "x"\nlevel = "core"\nneeds = "streaming"\n',
        "[KITCHEN-001] needs: expected an array, got the string 'streaming'",
    ),
    ('sentence = "x"\n', "expected an object, got the string 'x'"),
    ('[kitchen]\nsentence = "x"\nlevel = "core"\n', "got 'kitchen': an ID looks like MINE-001"),
]


def test_a_register_that_is_wrong_is_refused_with_the_place(project: Project) -> None:
    for number, (register, _) in enumerate(REGISTERS):
        feature = project.write(f"features/{number}/boxes.feature", f"Feature: F\n{GOOD}")
        feature.with_name("requirements.toml").write_text(register)
    result = project.run("features")
    text = result.stdout.str()
    for number, (_, said) in enumerate(REGISTERS):
        place = f"features/{number}/boxes.feature:1: features/{number}/requirements.toml cannot be"
        refusal = text.partition(place)[2].partition("____")[0]
        assert said in refusal
        assert 'level = "core"               # or "extended"' in refusal
    assert "Traceback" not in text


GERMAN = """\
# language: de
Funktionalit\u00e4t: Kisten
  Szenario: A
    {}
    Dann 3 apples are left
"""


GERMAN_LINES = [
    ("dann x", "write 'Dann x'"),
    ("Gegeben sie x", "write 'Gegeben sei x'"),
    ("szenario: B", "write 'Szenario:'"),
    ("Scenario: B", "write 'Szenario:'"),
    ("Hintergrund", "write 'Hintergrund:'"),
    ("Given a box", "write 'Angenommen a box'"),
    ("And a box", "write 'Und a box'"),
    ("Examples:", "write 'Beispiele:'"),
    ("Und 3 apples", "begin with one of Angenommen, Wenn, Dann"),
    ("Angenommen 3 apples are left", "write 'Dann 3 apples are left'"),
    ("Angenommen a box with <n> apples", "add 'Beispiele:'"),
    ("Wenn someone looks", "    Wenn someone eats 3 times"),
    ("Dann 3 apples are left\n    Wenn x\n  Szenario: B", "add a Dann below it"),
    ("Wenn x\n  Szenario: B", "scenario 'A' has no Dann"),
    ("Wenn x\n    Foo\n", "a step (Angenommen, Wenn, Dann, Und, Aber)"),
    ("Wenn x\n    Beispiel\n", "write 'Beispiel:'"),
]


def test_keywords_are_named_in_the_language_of_the_file(project: Project) -> None:
    found = refusals(project, [GERMAN.format(line) for line, _ in GERMAN_LINES])
    for (line, remedy), problems in zip(GERMAN_LINES, found, strict=True):
        said = "\n".join(message for _, message in problems)
        assert remedy in said
        english = re.compile(r"'?\b(Given|When|Then|And|Scenario:|Examples:)(?=[ ',])")
        assert english.findall(said.replace(line, "")) == [], said


def in_language(code: str) -> str:
    words = DIALECTS[code]
    given, when, then = (
        next(word for word in words[type_] if word != "* ") for type_ in ("given", "when", "then")
    )
    return f"""\
# language: {code}
{words["feature"][0]}: {code}
  Words.

  {words["scenario"][0]}: A
    {given}a box with 3 apples
    {when}someone eats once
    {then}2 apples are left
"""


def test_the_keywords_of_every_language_are_understood(project: Project) -> None:
    write_all(project, [in_language(code) for code in DIALECTS])
    project.run("features").assert_outcomes(passed=len(DIALECTS) + 1)


def test_an_empty_feature_and_rule_are_answered_in_the_language_of_the_file(
    project: Project,
) -> None:
    text = "# language: de\nFunktionalit\u00e4t: Kisten\n  Regel: R\n"
    (project.pytester.path / "features/plain.feature").write_text(text)
    project.run("features").stdout.fnmatch_lines(
        ["*:3: rule 'R' has no scenarios; write one, which begins with 'Szenario:' and a name"]
    )
