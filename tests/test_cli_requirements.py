import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sluicegate import shipped
from sluicegate.cli import main
from sluicegate.cli.requirements import SYSTEMS
from sluicegate.errors import SluicegateError
from sluicegate.gherkin import coverage
from sluicegate.gherkin.coverage import Contract, Cover, Coverage
from sluicegate.gherkin.register import Requirement
from sluicegate.gherkin.results import Result as Ended

LONG = "Boxes hold apples, pears and plums, whatever their size, their colour and their age"
PASSED = Ended("passed", "", "2026-01-02T03:04:05+00:00", "simulated", "")
WHEN = f"{datetime.fromisoformat(PASSED.when).astimezone():%Y-%m-%d %H:%M}"
FAILED = replace(PASSED, outcome="failed", reason="expected 1 apple, got 2")
SKIPPED = replace(
    PASSED, outcome="skipped", reason="not claimed: no lids", clock="wall", profile="box.toml"
)


def cover(name: str, line: int, result: Ended | None) -> Cover:
    scenario = name.partition("[")[0]
    return Cover(
        name, scenario, scenario, Path("features/box.feature").resolve(), line, None, result
    )


def requirement(name: str, *, planned: bool = False, level: str = "core") -> Requirement:
    return Requirement(name, LONG, "core" if level == "core" else "extended", (), "ours", planned)


GOOD = Coverage(requirement("BOX-001"), (cover("Good", 3, PASSED),), ("provider",))
BAD = Coverage(
    requirement("BOX-002"),
    (cover("Rows[1]", 9, PASSED), cover("Rows[2]", 9, FAILED), cover("New", 20, None)),
    ("proxy",),
)
LEFT_OUT = Coverage(
    requirement("BOX-003", level="extended"),
    (cover("Lid", 30, SKIPPED), cover("Lids", 40, SKIPPED)),
    ("proxy",),
)
PLANNED = Coverage(requirement("LID-001", planned=True), (), ("gateway",))
MISSING = Coverage(requirement("LID-002"), (), ("gateway",))
EVERYTHING = (GOOD, BAD, LEFT_OUT, PLANNED, MISSING)


class Boxes:
    """The command, and the contract that it finds."""

    def __init__(self) -> None:
        self.found = Contract(EVERYTHING, ())

    def contract(self, _folders: object) -> Contract:
        return self.found

    def run(self, *arguments: str, color: bool = False) -> Result:
        return CliRunner().invoke(main, ["requirements", *arguments], color=color)

    def ids(self, *arguments: str) -> list[str]:
        done = self.run("--format", "json", *arguments)
        return [each["id"] for each in json.loads(done.stdout)]


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> Boxes:
    boxes = Boxes()
    monkeypatch.setattr(coverage, "contract", boxes.contract)
    monkeypatch.setenv("COLUMNS", "80")
    return boxes


def test_a_requirement_comes_with_its_sentence_its_scenarios_and_their_last_result(
    boxes: Boxes,
) -> None:
    done = boxes.run("BOX-001")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "BOX-001  core, passed\n"
        "  Boxes hold apples, pears and plums, whatever their size, their colour and\n"
        "  their age\n"
        "      by    1 scenario in features/box.feature:3\n"
        f"      last  passed, {WHEN} on the simulated clock\n"
        "\n"
        "1 requirement: 1 passed.\n"
    )


def test_what_failed_and_what_was_skipped_says_why(boxes: Boxes) -> None:
    assert boxes.run("BOX-002", "BOX-003").stdout.replace(f"{LONG[:73]}\n  their age", "...") == (
        "BOX-002  core, failed\n"
        "  ...\n"
        "      by    2 scenarios, 3 with their rows, first in features/box.feature:9\n"
        f"      last  1 failed, 1 never run, 1 passed, {WHEN} on the simulated\n"
        "            clock\n"
        "              failed: features/box.feature:9 Rows[2]: expected 1 apple, got 2\n"
        "\n"
        "BOX-003  extended, skipped\n"
        "  ...\n"
        "      by    2 scenarios, first in features/box.feature:30\n"
        f"      last  2 skipped, {WHEN} with box.toml\n"
        "              skipped: not claimed: no lids (2 times)\n"
        "\n"
        "2 requirements: 1 failed, 1 skipped.\n"
    )


def test_verbosely_every_scenario_is_listed(boxes: Boxes) -> None:
    assert (
        "      by    2 scenarios, 3 with their rows:\n"
        "              features/box.feature:9 Rows (2 rows)\n"
        f"                1 failed, 1 passed, {WHEN} on the simulated clock\n"
        "                failed: Rows[2]: expected 1 apple, got 2\n"
        "              features/box.feature:20 New\n"
        "                never run\n"
    ) in boxes.run("BOX-002", "-v").stdout


def test_a_requirement_that_nothing_covers_is_missing_or_planned(boxes: Boxes) -> None:
    lines = boxes.run("--missing").stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "LID-001  core, planned",
        "",
        "LID-002  core, missing",
        "",
        "5 requirements: 1 failed, 1 missing, 1 planned, 1 skipped, 1 passed.",
    ]


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], ["BOX-001", "BOX-002", "BOX-003", "LID-001", "LID-002"]),
        (["--missing"], ["LID-001", "LID-002"]),
        (["--failed"], ["BOX-002"]),
        (["--failed", "--missing"], ["BOX-002", "LID-001", "LID-002"]),
        (["--system", "proxy"], ["BOX-002", "BOX-003"]),
        (["--system", "gateway", "--failed"], []),
        (["LID-002", "BOX-001", "LID-002"], ["LID-002", "BOX-001"]),
    ],
)
def test_options_choose_among_the_requirements(
    boxes: Boxes, arguments: list[str], ids: list[str]
) -> None:
    assert boxes.ids(*arguments) == ids


def test_as_json_there_is_everything(boxes: Boxes) -> None:
    (document,) = json.loads(boxes.run("--format", "json", "BOX-001").stdout)
    (scenario,) = document.pop("scenarios")
    assert document == {
        "id": "BOX-001",
        "sentence": LONG,
        "level": "core",
        "needs": [],
        "source": "ours",
        "planned": False,
        "state": "passed",
        "systems": ["provider"],
    }
    assert scenario == {
        "name": "Good",
        "file": "features/box.feature",
        "line": 3,
        "outcome": "passed",
        "reason": "",
        "when": "2026-01-02T03:04:05+00:00",
        "clock": "simulated",
        "profile": "",
    }


def test_in_json_a_scenario_that_never_ran_has_the_same_keys(boxes: Boxes) -> None:
    (document,) = json.loads(boxes.run("--format", "json", "BOX-002").stdout)
    first, _, new = document["scenarios"]
    assert new.keys() == first.keys()
    assert (new["outcome"], new["when"], new["clock"]) == ("never run", None, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["BOX-001"], ""),
        (["BOX-003", "LID-001", "--failed"], ""),
        (["LID-002"], "Error: missing: LID-002; write a scenario with the tag @req:LID-002, or"),
        (["--system", "proxy"], "Error: failed: BOX-002; run it again by `pytest features/ -m"),
        (["--missing"], "Error: missing: LID-002"),
        (["--missing"], "Error: failed: BOX-002"),
        (["--format", "json"], "Error: failed: BOX-002"),
    ],
)
def test_a_check_fails_for_what_is_missing_or_failed(
    boxes: Boxes, arguments: list[str], said: str
) -> None:
    done = boxes.run("--check", *arguments)
    assert done.exit_code == (1 if said else 0)
    assert said in done.stderr
    assert bool(done.stderr) == bool(said)
    assert boxes.run(*arguments).exit_code == 0


def test_a_file_that_could_not_be_read_is_told_and_fails_a_check(boxes: Boxes) -> None:
    boxes.found = Contract((GOOD,), ("features/bad.feature:1: no Gherkin",))
    done = boxes.run()
    assert (done.exit_code, done.stderr) == (0, "Warning: features/bad.feature:1: no Gherkin\n")
    assert boxes.run("--check").exit_code == 1


def test_where_nothing_has_run_the_way_to_results_is_told(boxes: Boxes) -> None:
    boxes.found = Contract((replace(GOOD, covers=(cover("New", 1, None),)),), ())
    assert boxes.run().stdout.endswith(
        "      last  never run\n\n1 requirement: 1 never run.\n"
        "No scenario has been run here yet: `pytest features/` does it.\n"
    )
    boxes.found = Contract((MISSING,), ())
    assert boxes.run().stdout.endswith("\n1 requirement: 1 missing.\n")


def test_there_are_colours_on_a_terminal_alone(boxes: Boxes) -> None:
    assert "\x1b" not in boxes.run().stdout
    coloured = boxes.run(color=True).stdout
    assert "\x1b[1mBOX-001\x1b[0m  core, \x1b[32mpassed\x1b[0m\n" in coloured
    assert "core, \x1b[31mfailed\x1b[0m\n" in coloured
    assert "\x1b" not in boxes.run("--format", "json", color=True).stdout


def test_the_systems_are_those_that_have_features() -> None:
    assert coverage.SYSTEMS == SYSTEMS
    assert {path.name for path in shipped.FEATURES.iterdir() if path.is_dir()} == {*SYSTEMS}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (Path("/site/features/proxy/tls.feature"), "sluicegate/features/proxy/tls.feature:7"),
        (Path("/home/project/deep/a.feature"), "deep/a.feature:7"),
        (Path("/other/a.feature"), "../../other/a.feature:7"),
    ],
)
def test_a_file_is_named_from_here_and_a_shipped_one_from_its_package(
    monkeypatch: pytest.MonkeyPatch, path: Path, shown: str
) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: Path("/home/project"))
    monkeypatch.setattr(os, "getcwd", lambda: "/home/project")
    monkeypatch.setattr(shipped, "FEATURES", Path("/site/features"))
    assert replace(GOOD.covers[0], path=path, line=7).place == shown


def test_an_unknown_id_is_refused(boxes: Boxes) -> None:
    done = boxes.run("BOX-01")
    assert done.exit_code == 2
    assert "no requirement BOX-01 is known; did you mean BOX-001?" in done.stderr
    assert "`sluicegate requirements` lists all" in boxes.run("zebra").stderr


def test_what_cannot_be_collected_is_told(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> Contract:
        raise SluicegateError("pytest.ini: no such option")

    monkeypatch.setattr(coverage, "contract", refuse)
    done = boxes.run()
    assert (done.exit_code, done.stderr) == (1, "Error: pytest.ini: no such option\n")


def test_the_help_teaches(boxes: Boxes) -> None:
    assert "sluicegate requirements --check --missing --failed" in boxes.run("--help").stdout
