import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sluicegate import shipped
from sluicegate.cli import main

COMMAND = [sys.executable, "-m", "sluicegate", "steps"]
PATIENCE = 60.0
STEPS = '''
"""The kitchen: boxes and apples."""
from sluicegate.gherkin import given, then

@given("a box of {string} apples")
def _(kind: str) -> None: ...

@then("the cook writes the list")
def _(datatable: list[list[str]]) -> None: ...
'''
FEATURE = """\
Feature: Boxes
  Scenario: Écrire à table
    Given a box of "très bonnes et très longues et très rondes et très mûres" apples
    Then the cook writes the list
      | name |
      | pear |
"""


@pytest.fixture(autouse=True)
def kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with steps of its own, and stay in it."""
    for name, text in (("steps/kitchen.py", STEPS), ("features/box.feature", FEATURE)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        env=os.environ | environment,
    )


def test_without_paths_the_shipped_sentences_and_those_of_the_folder_are_printed() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert "  Then the status is {status}\n      e.g.  Then the status is" in done.stdout
    assert "used  by 1 scenario in features/box.feature:3\n" in done.stdout
    assert "in sluicegate/features/provider/" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_the_text_is_aligned_and_wrapped_at_the_width_of_the_terminal() -> None:
    done = run("features", "--search", "box", "--uses", COLUMNS="48")
    assert done.stdout.startswith(
        "steps/kitchen.py\n"
        "The kitchen: boxes and apples.\n"
        "\n"
        "  Given a box of {string} apples\n"
        '      e.g.  Given a box of "très bonnes et très\n'
        "            longues et très rondes et très\n"
        '            mûres" apples\n'
        "      used  by 1 scenario:\n"
        "              features/box.feature:3 Écrire à\n"
        "                table\n"
        "      from  steps/kitchen.py:5\n"
        "\n"
        "Values\n"
        "\n"
        "  {string}\n"
        "      text in double or single quotes"
    )
    assert done.stdout.endswith("\n\n1 sentence in 1 subject.\n")


def test_a_table_is_shown_below_its_sentence() -> None:
    done = run("features", "--search", "writes")
    assert (
        "  Then the cook writes the list\n"
        "      with  a table below it\n"
        "      e.g.  Then the cook writes the list\n"
        "              | name |\n"
        "              | pear |\n"
        "      used  by 1 scenario in features/box.feature:4\n"
    ) in done.stdout


def test_a_terminal_that_prints_ascii_alone_is_no_error() -> None:
    done = run("features", "--search", "box", PYTHONIOENCODING="ascii", COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    assert 'a box of "tr\\xe8s bonnes' in done.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [*COMMAND, "features"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.wait(PATIENCE)


def test_words_that_fit_nothing_are_told() -> None:
    done = run("features", "--search", "zebra")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: no sentence fits 'zebra'; try fewer words, or `sluicegate steps` for all\n"
    )


def test_a_page_is_written_and_its_place_printed(kitchen: Path) -> None:
    done = run("features", "--html", "steps.html")
    assert (done.returncode, done.stderr) == (0, "")
    written = kitchen / "steps.html"
    count = written.read_text(encoding="utf-8").count('<li class="entry"')
    assert done.stdout == (
        f"Wrote {count} sentences to steps.html; open it in a browser:\n  {written.as_uri()}\n"
    )


def test_a_page_never_takes_the_place_of_a_feature(kitchen: Path) -> None:
    done = CliRunner().invoke(main, ["steps", "--html", "features/box.feature"])
    assert done.exit_code == 2
    assert "expected the name of a page to write, such as steps.html" in done.output
    assert (kitchen / "features/box.feature").read_text(encoding="utf-8") == FEATURE


def test_a_page_that_cannot_be_written_is_told() -> None:
    done = run("features", "--html", "nowhere/steps.html")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: cannot write nowhere/steps.html: No such file or directory;"
        " choose another file for --html\n"
    )


def test_paths_without_features_are_told() -> None:
    done = run("nowhere")
    assert done.returncode == 1
    assert done.stderr == "Error: file or directory not found: nowhere\n"
    done = run("steps")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: expected feature files in steps, found none; ")


def test_what_could_not_be_read_is_told_beside_the_rest(kitchen: Path) -> None:
    (kitchen / "features/bad.feature").write_text("no Gherkin\n", encoding="utf-8")
    done = run("features", "--search", "box")
    assert done.returncode == 1
    assert done.stderr.startswith("Warning: features/bad.feature:1: ")
    assert "a box of {string} apples" in done.stdout


def test_steps_that_do_not_import_are_told_once(kitchen: Path) -> None:
    (kitchen / "features/conftest.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    done = run("features")
    assert done.returncode == 1
    assert done.stderr.count("nothing_of_this_name'") == 1


def test_the_help_teaches() -> None:
    done = CliRunner().invoke(main, ["steps", "--help"])
    assert done.exit_code == 0
    assert 'sluicegate steps --search "the status is 429"' in done.output


def test_the_checkout_names_its_features_as_they_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shipped.FEATURES.parent)
    assert "features/gateway/" in run("--search", "the status is 429").stdout
