from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from sluicegate.report import files

from ..gherkin.conftest import project as project  # noqa: PLC0414, TID252 - a fixture
from ..gherkin.project import KITCHEN, PLAIN, Project  # noqa: TID252 - tests are no package
from .example import document, scenario

FULL: Final = Path("/dev/full")
"""Whatever is written to it finds no space left."""

NO_SPACE: Final = "No space left on device"
MAKE_ROOM: Final = "make room there, or choose another folder"
INCOMPLETE: Final = "; the exit code is 2, as the report is not complete"
EVERY: Final = {files.DOCUMENT, files.PAGE, files.SUMMARY, files.JUNIT}


def fill(folder: Path, *names: str) -> None:
    """Leave no room for some files."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f".{name}.part").symlink_to(FULL)


def listed(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def unjudged(**changes: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    said = {"outcome": "not judged", "sentence": "It was not judged: why.", "exit_code": 2}
    return document(verdict={**said, "reasons": ["why"], **changes})


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / files.PAGE).write_text("of an earlier run")
    fill(tmp_path, files.PAGE)
    lacking = files.write(document([scenario("A")]), tmp_path)
    assert lacking == {files.PAGE: NO_SPACE}
    assert listed(tmp_path) == {files.DOCUMENT, files.SUMMARY}


def test_a_folder_that_cannot_be_made_lacks_all_files(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lacking = files.write(document(), tmp_path / "file")
    assert lacking.keys() == EVERY - {files.JUNIT}


def test_a_bug_in_a_file_leaves_nothing_of_it(tmp_path: Path) -> None:
    def fails() -> None:
        with files.whole(tmp_path / "a") as part:
            part.write_text("half of it")
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert listed(tmp_path) == set()


@pytest.mark.parametrize(
    ("names", "code", "told"),
    [
        ("", 0, ""),
        ("a", 1, f"cannot write a into d: full; {MAKE_ROOM}"),
        (
            "bca",
            0,
            f"cannot write a, b and c into d: full; {MAKE_ROOM}{INCOMPLETE}",
        ),
    ],
)
def test_what_is_lacking_is_said_in_a_sentence(names: str, code: int, told: str) -> None:
    assert files.trouble(dict.fromkeys(names, "full"), Path("d"), code) == told


def test_a_run_in_which_nothing_ran_is_an_error_in_junits_form(tmp_path: Path) -> None:
    made = unjudged(reasons=["not <ready>\x1b[2J\x00\ud800"])
    assert files.write_unjudged(made, tmp_path) == {}
    assert listed(tmp_path) == EVERY
    suites = ET.parse(tmp_path / files.JUNIT).getroot()  # noqa: S314 - ours
    (suite,) = suites
    (case,) = suite
    (error,) = case
    assert (suites.tag, suite.tag, case.tag) == ("testsuites", "testsuite", "testcase")
    assert (suite.attrib["tests"], suite.attrib["errors"]) == ("1", "1")
    assert error.attrib["message"] == "It was not judged: why."
    assert "not <ready>\\x1b[2J\\x00\\ud800" in str(error.text)


def ran(project: Project, *options: str) -> tuple[pytest.RunResult, Path]:
    project.steps("kitchen", KITCHEN)
    project.write("features/plain.feature", PLAIN)
    made = project.pytester.path / "made"
    return project.run("features", "--sluicegate-report", "made", *options), made


def test_a_run_without_room_for_its_report_says_so_and_has_not_succeeded(project: Project) -> None:
    fill(project.pytester.path / "made", files.PAGE, files.JUNIT)
    result, made = ran(project)
    assert result.ret == files.UNWRITTEN
    assert listed(made) == EVERY - {files.PAGE, files.JUNIT}
    text = result.stdout.str()
    assert f"cannot write junit.xml and report.html into made: {NO_SPACE}; make room" in text
    assert "is conformant: 1 scenario passed" in text
    assert "generated xml file" not in text
    assert "Traceback" not in text + result.stderr.str()


def test_junits_file_is_pytests_own(project: Project) -> None:
    result, made = ran(project)
    assert result.ret == 0
    assert listed(made) == EVERY
    (suite,) = ET.parse(made / files.JUNIT).getroot()  # noqa: S314 - ours
    assert [case.attrib["name"] for case in suite] == ["Eating an apple"]


def test_junits_file_is_where_pytest_is_told_to_write_it(project: Project) -> None:
    result, made = ran(project, "--junitxml", "other.xml")
    assert result.ret == 0
    assert listed(made) == EVERY - {files.JUNIT}
    assert (project.pytester.path / "other.xml").exists()
