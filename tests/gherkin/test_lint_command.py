import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sluicegate.gherkin
from sluicegate.gherkin.lint.rules import ERRORS, WARNINGS

from .project import KITCHEN, Project

STEPS = "    When someone eats once\n    Then 2 apples are left\n"
BACKGROUND = "  Background:\n    Given a box with 3 apples\n"
REGISTER = """
    [KITCHEN-001]
    sentence = "Apples can be eaten"
    level = "core"
"""
HEAD = f"@req:PROVIDER-010\nFeature: Boxes\n{BACKGROUND}"
WAITING = """
    from sluicegate.gherkin import given, then, when

    @given("someone has waited for {duration}")
    @when("someone waits for {duration}")
    def _(seconds: float) -> None: ...

    @then("the box is opened after {duration}")
    def _(seconds: float) -> None: ...

    @when("someone asks with {string}")
    def _(parameters: str) -> None: ...

    @when("I eat")
    def _() -> None: ...
"""


@pytest.fixture
def kitchen(project: Project) -> Project:
    """Return a project whose steps another process finds, too."""
    project.write("steps/kitchen.py", KITCHEN)
    project.write("steps/waiting.py", WAITING)
    project.write("requirements.toml", REGISTER)
    (project.pytester.path / "features/plain.feature").unlink()
    return project


def write(project: Project, text: str, name: str = "features/boxes.feature") -> None:
    path = project.pytester.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lint(project: Project, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "sluicegate", "lint", *arguments],
        cwd=project.pytester.path,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_is_said_of_a_file_with_nothing_wrong(kitchen: Project) -> None:
    write(kitchen, f"{HEAD}  Scenario: A\n{STEPS}")
    done = lint(kitchen)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "1 file, 0 errors, 0 warnings\n"


def test_errors_are_lines_that_editors_understand(kitchen: Project) -> None:
    write(kitchen, f"{HEAD}  Scenario: A\n{STEPS}    And 2 aples are left\n")
    write(kitchen, f"{HEAD}  Scenario: B\n", "features/deep/other.feature")
    done = lint(kitchen, "features")
    assert done.returncode == 1
    assert done.stdout == (
        "features/boxes.feature:8: error: no step is defined for: Then 2 aples are left"
        " [undefined]\n"
        "  the nearest known steps are, with examples of values:\n"
        "    Then 2 apples are left    (steps/kitchen.py:15)\n"
        "features/deep/other.feature:5: error: scenario 'B' has no steps; write them, or remove it"
        " [no-steps]\n"
    )
    assert done.stderr == "2 files, 2 errors, 0 warnings\n"


def test_warnings_fail_only_if_that_is_asked_for(kitchen: Project) -> None:
    write(kitchen, f"Feature: Boxes\n{BACKGROUND}  Scenario: A\n{STEPS}")
    done = lint(kitchen)
    assert done.returncode == 0
    assert done.stdout == (
        "features/boxes.feature:4: warning: scenario 'A' names no requirement; write a tag such as"
        " @req:PROVIDER-010 above it, its rule or its feature [no-requirement]\n"
    )
    assert done.stderr == "1 file, 0 errors, 1 warning\n"
    assert lint(kitchen, "--strict").returncode == 1


def test_no_requirement_is_asked_for_where_there_is_no_register(kitchen: Project) -> None:
    (kitchen.pytester.path / "requirements.toml").unlink()
    write(kitchen, f"Feature: Boxes\n{BACKGROUND}  Scenario: A\n{STEPS}")
    assert lint(kitchen, "--strict").returncode == 0


def test_problems_can_be_annotations_of_github(kitchen: Project) -> None:
    write(kitchen, f"{HEAD}  Scenario: 100 %\n", "features/a,b.feature")
    write(kitchen, f"{HEAD}  Scenario: A\n    When foo\n{STEPS}")
    done = lint(kitchen, "--format", "github")
    assert done.returncode == 1
    assert done.stdout == (
        "::error file=features/a%2Cb.feature,line=5,title=no-steps::scenario '100 %25' has no"
        " steps; write them, or remove it\n"
        "::error file=features/boxes.feature,line=6,title=undefined::no step is defined for: When"
        " foo%0A  no known step is similar; `sluicegate steps` lists them all, or define it in"
        " Python\n"
        "::warning file=features/boxes.feature,line=7,title=several-whens::scenario 'A' has 2"
        " actions, and this is the second; a scenario is easier to read with one: write two, or"
        " make the first a precondition\n"
    )


def test_problems_can_be_json(kitchen: Project) -> None:
    write(kitchen, f"{HEAD}  Scenario: Gr\u00fcn\n")
    done = lint(kitchen, "--format", "json")
    assert json.loads(done.stdout) == [
        {
            "file": "features/boxes.feature",
            "line": 5,
            "severity": "error",
            "rule": "no-steps",
            "message": "scenario 'Gr\u00fcn' has no steps; write them, or remove it",
        }
    ]
    write(kitchen, f"{HEAD}  Scenario: A\n{STEPS}")
    assert json.loads(lint(kitchen, "--format", "json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is no folder 'features' here; name feature files, or a folder of them"),
        (["nowhere"], "Path 'nowhere' does not exist"),
        (["empty"], "no feature file found in empty; name a folder of .feature files"),
    ],
)
def test_where_there_is_nothing_to_check_the_exit_code_is_2(
    kitchen: Project, arguments: list[str], said: str
) -> None:
    (kitchen.pytester.path / "features").rmdir()
    (kitchen.pytester.path / "empty").mkdir()
    done = lint(kitchen, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_pytest_cannot_load_is_an_error_at_its_place(kitchen: Project) -> None:
    write(kitchen, f"{HEAD}  Scenario: A\n{STEPS}")
    write(kitchen, f"{HEAD}  Scenario: B\n{STEPS}", "features/other.feature")
    kitchen.write(
        "steps/wrong.py", "from sluicegate.gherkin import given\n\n@given('{x}')\ndef _(y): ...\n"
    )
    done = lint(kitchen)
    assert done.returncode == 1
    places = re.findall(r"^(\S+): error: step '\{x\}'.* \[collection\]$", done.stdout, re.MULTILINE)
    assert places == ["steps/wrong.py:3"]


def test_a_conftest_that_cannot_be_imported_is_an_error_at_its_place(kitchen: Project) -> None:
    write(kitchen, f"{HEAD}  Scenario: A\n{STEPS}", "features/deep/boxes.feature")
    kitchen.write("features/deep/conftest.py", "import json\nimport nothing_of_this_name\n")
    done = lint(kitchen)
    assert done.returncode == 1
    assert done.stdout == (
        "features/deep/conftest.py:2: error: cannot be loaded: ModuleNotFoundError: No module"
        " named 'nothing_of_this_name' [collection]\n"
    )


def test_every_rule_is_listed(kitchen: Project) -> None:
    done = lint(kitchen, "--rules")
    listed = re.findall(r"^  ([a-z-]+)  +\w", done.stdout, re.MULTILINE)
    assert listed == [*ERRORS, *WARNINGS]
    package = Path(sluicegate.gherkin.__path__[0])
    used = {name for path in package.rglob("*.py") for name in rules_in(path)}
    assert used <= {*ERRORS, *WARNINGS}
    assert {*ERRORS, *WARNINGS} - used == {"collection"}


def rules_in(module: Path) -> Iterator[str]:
    """Yield the rules of the problems that a module makes."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Problem":
            yield ast.literal_eval(node.args[2])


def test_the_commands_in_the_help_work(kitchen: Project) -> None:
    write(kitchen, f"{HEAD}  Scenario: A\n{STEPS}", "features/provider/stream.feature")
    commands = re.findall(
        r"^ +sluicegate lint ?(.*)$", lint(kitchen, "--help").stdout, re.MULTILINE
    )
    assert len(commands) == 5
    for command in commands:
        assert lint(kitchen, *command.split()).returncode == 0


EATS = "    When someone eats once\n"
EATING = "    Then 1 apples are left\n"
SLOW_ROWS = """\
  Scenario Outline: A
    When someone waits for <time>
    Then 1 apples are left

    @slow
    Examples:
      | time       |
      | 10 seconds |

    Examples:
      | time |
      | {}   |
"""
SAME_ROWS = """\
  Scenario Outline: A <n>
    Then 1 apples are left

    Examples:
      | n |
      | 1 |
      | 1 |
"""
SUM = """\
  Scenario: A
    Given someone has waited for 6 seconds
    When someone asks with "delay=4000&x=1"
    Then 1 apples are left
"""
OPENED = "    And the box is opened after 6 seconds\n"
HARD = [
    ("several-whens", f"  Scenario: A\n{EATS}{STEPS}", 7),
    ("several-whens", f"  Scenario: A\n{EATS}    And someone eats once\n{EATING}", 7),
    ("first-person", f"  Scenario: A\n    When I eat\n{EATING}", 6),
    ("same-row", SAME_ROWS, 8),
    ("slow", f"  Scenario: A\n    When someone waits for 10 seconds\n{EATING}", 5),
    ("slow", f"  Scenario: A\n{STEPS}    And the box is opened after 1 minute\n", 5),
    ("slow", f'  Scenario: A\n    When someone asks with "fail=timeout"\n{EATING}', 5),
    ("slow", SUM, 5),
    ("slow", SLOW_ROWS.format("11 seconds"), 5),
]
EASY = [
    f"  Scenario: A\n    When someone waits for 9.9 seconds\n{EATING}",
    f"  @slow\n  Scenario: A\n    When someone waits for 1 minute\n{EATING}",
    f"  Scenario: A\n{STEPS}{OPENED}{OPENED}",
    f'  Scenario: A\n    When someone asks with "delay=10e9&delays=20000"\n{EATING}',
    f'  Scenario: A\n    When someone asks with "I"\n{EATING}',
    SLOW_ROWS.format("1 second"),
]


def test_what_is_hard_to_read_is_warned_about_and_nothing_else(kitchen: Project) -> None:
    for number, scenario in enumerate([*(case[1] for case in HARD), *EASY]):
        write(kitchen, f"{HEAD}{scenario}", f"features/{number:02}.feature")
    done = lint(kitchen, "--format", "json")
    assert done.returncode == 0, done.stdout
    assert {found["severity"] for found in json.loads(done.stdout)} == {"warning"}
    assert [(found["file"], found["line"], found["rule"]) for found in json.loads(done.stdout)] == [
        (f"features/{number:02}.feature", line, name) for number, (name, _, line) in enumerate(HARD)
    ]


def test_the_shipped_features_have_no_problem() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sluicegate", "lint", "--strict", "features"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
