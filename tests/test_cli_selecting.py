from pathlib import Path

import pytest

from sluicegate import shipped
from sluicegate.cli import selecting
from sluicegate.cli.first_look import NOT_SLOW
from sluicegate.cli.judging import Request

FEATURE = """\
@core @mine
Feature: A gateway of any kind
  Background:
    Given the client talks to the gateway

  @slow @needs:breaker
  Scenario: It answers
    When the client asks for a plain answer
    Then the status is 200
"""
WHAT = ("streaming", "breaker", "fallback")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pytest.ini").write_text("[pytest]\nmarkers =\n  nightly: at night\n  mine\n")
    Path("mine").mkdir()


def trouble(feature: str, keyword: str = "", marks: str = "") -> str:
    Path("mine", "own.feature").write_text(feature)
    request = Request(Path("p.toml"), Path("r"), (Path("mine"),), 1, keyword, marks)
    return selecting.trouble(request, WHAT)


@pytest.mark.parametrize(
    ("keyword", "marks"),
    [
        ("", ""),
        ("answers or nothing", ""),
        ("", "core and slow and not nightly"),
        ("", "mine and not needs:fallback and not extended"),
        ("", "not skipif(reason='some')"),
    ],
)
def test_a_selection_of_something_has_no_trouble(keyword: str, marks: str) -> None:
    assert trouble(FEATURE, keyword, marks) == ""


@pytest.mark.parametrize(
    ("keyword", "marks", "said"),
    [
        ("zzz", "", "no scenario in mine is selected by -k 'zzz'; "),
        ("zzz", "core", "no scenario in mine is selected by -k 'zzz' and -m 'core'; "),
        ("", NOT_SLOW, "-m 'not slow'; slow scenarios were left out: -m \"\" runs them, too"),
        ("", "core and nope", "-m 'core and nope': no scenario has the tag nope; there are core, "),
        ("", "not slwo", "no scenario has the tag slwo; did you mean slow?"),
        ("", "needs:braker", "no scenario has the tag needs:braker; did you mean needs:breaker?"),
        ("", "req:STREAM-0999", "no requirement STREAM-0999 is known; did you mean STREAM-"),
        ("", "core and", "Wrong expression passed to '-m': core and: at column 9"),
        ("and", "", "Wrong expression passed to '-k': and: "),
        ("The agent falls silent", "", "; -k takes words joined by and, or, not: for a name, -k "),
        ("The agent falls silent", "", "for a name, -k 'falls and silent'"),
    ],
)
def test_a_selection_of_nothing_is_told_in_one_sentence(
    keyword: str, marks: str, said: str
) -> None:
    found = trouble(FEATURE, keyword, marks)
    assert said in found
    assert "\n" not in found


def test_a_folder_without_scenarios_is_told() -> None:
    request = Request(Path("p.toml"), Path("r"), (Path("mine"),), 1, "some", "core")
    assert selecting.trouble(request, WHAT) == "there is no scenario in mine"


def test_features_that_cannot_be_used_are_told_with_their_lines() -> None:
    steps = "".join(f"    Then nonsense {number}\n" for number in range(7))
    first, *problems = trouble(FEATURE + steps).splitlines()
    assert first == "the features cannot be used:"
    assert problems[0].startswith("mine/own.feature:10: ")
    assert problems[-1] == "and 2 more (`sluicegate lint`)"


def test_features_that_ship_are_named_by_where_they_ship() -> None:
    path = shipped.FEATURES / "gateway" / "models.feature"
    request = Request(Path("p.toml"), Path("r"), (path,), 1, "zzz")
    assert "no scenario in features/gateway/models.feature is sel" in selecting.trouble(request, ())


def test_an_interrupt_while_features_are_read_ends_the_command() -> None:
    Path("conftest.py").write_text(
        "def pytest_collection_modifyitems():\n    raise KeyboardInterrupt\n"
    )
    with pytest.raises(KeyboardInterrupt):
        trouble(FEATURE)
