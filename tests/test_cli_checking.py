from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sluicegate.cli import checking, judging
from sluicegate.cli.first_look import FirstLook
from sluicegate.cli.judging import Ran

PROFILE = """
[gateway]
url = "http://127.0.0.1:9"
agents = { ccrouter = 9101, droid = 9102 }
"""
LACKING = {"report.html": "No space left on device"}


def document(code: int) -> dict[str, Any]:
    return {"verdict": {"exit_code": code}}


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Ran], int]:
    """Judge by a run that has ended already."""
    file = tmp_path / "own.toml"
    file.write_text(PROFILE)

    def gate(ran: Ran) -> int:
        monkeypatch.setattr(checking, "_refuse_selection", lambda _: None)
        monkeypatch.setattr(checking, "_look", lambda *_: "")
        monkeypatch.setattr(judging, "judge", lambda *_: ran)
        monkeypatch.setattr(checking, "_summary", lambda _, folder: f"in {folder}")
        return checking.gate(file, tmp_path / "made", checking.Manner(quiet=True))

    return gate


@pytest.mark.parametrize(("judged", "code"), [(0, 2), (1, 1), (2, 2)])
def test_a_report_that_is_not_complete_is_no_success(
    gate: Callable[[Ran], int], capsys: pytest.CaptureFixture[str], judged: int, code: int
) -> None:
    assert gate(Ran(judged, "", document(judged), LACKING)) == code
    said = capsys.readouterr()
    assert said.out == "in None\n"
    assert said.err.startswith("Error: cannot write report.html into ")
    assert ("the exit code is 2" in said.err) == (judged == 0)


@pytest.mark.parametrize("judged", [0, 1, 2])
def test_a_report_that_is_complete_has_the_verdicts_exit_code(
    gate: Callable[[Ran], int],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    judged: int,
) -> None:
    assert gate(Ran(judged, "", document(judged))) == judged
    assert capsys.readouterr() == (f"in {tmp_path / 'made'}\n", "")


def test_a_run_without_a_report_says_what_pytest_said(gate: Callable[[Ran], int]) -> None:
    with pytest.raises(checking.UnjudgedError, match="no such plugin"):
        gate(Ran(4, "no such plugin\n"))


def test_a_first_look_without_room_for_its_profile_is_a_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / ".first-look.toml.part").symlink_to("/dev/full")
    told = f"cannot write first-look.toml into {tmp_path}: No space left on device; choose"
    with pytest.raises(checking.UnjudgedError, match=told):
        checking.first_look(FirstLook("http://h", {"droid": 9102}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_workers_whose_parent_was_killed_are_silent() -> None:
    given = judging.arguments(judging.Request(Path("p.toml"), Path("r"), (), 2))
    assert "ignore::pluggy.PluggyTeardownRaisedWarning" in given
