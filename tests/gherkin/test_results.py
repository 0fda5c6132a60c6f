import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any, Literal

import pytest
from click.testing import CliRunner

from sluicegate import shipped
from sluicegate.cli import main
from sluicegate.gherkin.coverage import Contract, contract
from sluicegate.gherkin.results import KEY, Recorder, Result, kept

from .project import KITCHEN, PLAIN, Project

ENDINGS = """
    import pytest
    from sluicegate.gherkin import then, when

    @when("someone goes away")
    def _() -> None:
        pytest.skip("not claimed:\\n no kitchen")

    @when("someone is expected to fail")
    def _() -> None:
        pytest.xfail("a known bug")

    @when("the kitchen closes")
    def _() -> None:
        pytest.exit("it is late")

    @when("the kitchen is dirty")
    def _():
        yield
        raise AssertionError("nobody cleaned up")

    @then("all is well")
    def _() -> None: ...
"""
REGISTER = """
    [BOX-001]
    sentence = "Boxes hold apples"
    level = "core"

    [BOX-002]
    sentence = "Boxes can be carried"
    level = "extended"

    [BOX-003]
    sentence = "Boxes can be painted"
    level = "core"
    planned = true

    [LID-001]
    sentence = "Boxes have a lid"
    level = "core"
"""
BOXES = """
    Feature: Boxes
      @req:BOX-001
      Scenario Outline: Eating <count>
        Given a box with 3 apples
        When someone eats <count>
        Then <left> apples are left

        Examples:
          | count | left |
          | once  | 2    |

        @req:BOX-002
        Examples:
          | count | left |
          | twice | 2    |

      @slow
      @req:BOX-001
      Scenario: Looking
        Given a box with 3 apples
        Then 3 apples are left
"""
PLACE = "features/plain.feature::Eating an apple"
PASSED = Result("passed", "", "2026-01-01T00:00:00+00:00", "simulated", "")


@pytest.fixture
def kitchen(project: Project) -> Project:
    project.steps("endings", ENDINGS)
    return project


@pytest.fixture
def boxes(project: Project) -> Project:
    project.write("features/requirements.toml", REGISTER)
    project.write("features/boxes.feature", BOXES)
    return project


def ending(when: str) -> str:
    return f"""
        Feature: Endings
          Scenario: One
            When {when}
            Then all is well
    """


def in_cache(project: Project) -> dict[str, Result]:
    path = project.pytester.path / ".pytest_cache/v" / KEY
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {key: Result(**value) for key, value in found.items()}


def states(found: Contract) -> dict[str, str]:
    return {each.requirement.id: each.state for each in found.coverages}


def outcomes(found: Contract, name: str) -> dict[str, str]:
    covers = (each.covers for each in found.coverages if each.requirement.id == name)
    return {cover.name: cover.outcome for cover in next(covers)}


@pytest.mark.parametrize(
    ("when", "outcome", "reason"),
    [
        ("someone goes away", "skipped", "not claimed: no kitchen"),
        ("someone is expected to fail", "skipped", "expected to fail: a known bug"),
        ("the kitchen is dirty", "failed", "nobody cleaned up"),
    ],
)
def test_a_result_is_kept_with_its_reason(
    kitchen: Project, when: str, outcome: str, reason: str
) -> None:
    kitchen.write("features/one.feature", ending(when))
    kitchen.run("features/one.feature")
    (result,) = in_cache(kitchen).values()
    assert (result.outcome, result.reason) == (outcome, reason)


def test_a_result_says_when_it_was_and_what_judged_it(project: Project) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    project.run("features")
    result = in_cache(project)[PLACE]
    assert before <= datetime.fromisoformat(result.when) <= datetime.now(UTC)
    assert (result.clock, result.profile) == ("simulated", "")
    assert result.judge == "on the simulated clock"


@pytest.mark.parametrize(
    ("options", "profile", "judge"),
    [
        (["--clock", "wall"], "", "on the wall clock"),
        (["--profile", "elsewhere.toml"], "elsewhere.toml", "with elsewhere.toml"),
    ],
)
def test_a_result_names_the_wall_clock_and_the_profile(
    project: Project, options: list[str], profile: str, judge: str
) -> None:
    project.write("elsewhere.toml", '[provider]\nurl = "http://127.0.0.1:1"\n')
    project.run("features", *options)
    result = in_cache(project)[PLACE]
    assert (result.clock, result.profile, result.judge) == ("wall", profile, judge)


def test_only_what_ran_is_overwritten(project: Project) -> None:
    other = project.write("features/other.feature", PLAIN)
    project.run("features")
    project.write("features/plain.feature", PLAIN.replace("2 apples", "1 apples"))
    other.unlink()
    project.run("features")
    found = in_cache(project)
    assert {key: result.outcome for key, result in found.items()} == {
        "features/other.feature::Eating an apple": "passed",
        PLACE: "failed",
    }
    assert found[PLACE].reason == "expected 1 apples, got 2"


def test_an_interrupted_run_keeps_what_had_ended(kitchen: Project) -> None:
    kitchen.write("features/zoo.feature", ending("the kitchen closes"))
    kitchen.run("features")
    assert list(in_cache(kitchen)) == [PLACE]


def test_the_results_of_a_worker_of_xdist_are_kept(project: Project) -> None:
    # A worker is a process of its own, and knows nothing of the project's vocabulary.
    project.write("conftest.py", KITCHEN)
    project.run("-n1", "features").assert_outcomes(passed=1)
    assert list(in_cache(project)) == [PLACE]


def test_what_was_kept_can_be_read(project: Project) -> None:
    project.run("features")
    assert kept(["features"]) == in_cache(project) != {}


def test_without_a_cache_nothing_is_kept(project: Project) -> None:
    project.run("features", "-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert kept(["features"]) == {}
    project.run("features")
    assert kept(["features", "-p", "no:cacheprovider"]) == {}


def test_a_cache_that_cannot_be_written_fails_no_run(project: Project) -> None:
    project.write(".pytest_cache", "a file\n")
    result = project.run("features", "-W", "default")
    result.assert_outcomes(passed=1, warnings=result.parseoutcomes().get("warnings", 0))
    assert result.ret == 0
    assert kept(["features"]) == {}


def test_tests_in_python_and_collections_are_passed_over(project: Project) -> None:
    project.write("tests/test_one.py", "def test_one(): pass\n")
    project.run("tests", "features", "--collect-only")
    assert in_cache(project) == {}
    project.run("tests", "features").assert_outcomes(passed=2)
    assert list(in_cache(project)) == [PLACE]


def test_reading_the_results_changes_nothing(project: Project) -> None:
    assert kept(["features"]) == {}
    assert not (project.pytester.path / ".pytest_cache").exists()


@pytest.mark.parametrize(
    "value",
    [
        "[]",
        "{",
        '{"a": 1, "b": {"outcome": "passed"}, "c": {"new": 1}}',
        json.dumps({"a": {**asdict(PASSED), "outcome": "unsure"}}),
    ],
)
def test_what_another_version_kept_is_passed_over(project: Project, value: str) -> None:
    project.write(f".pytest_cache/v/{KEY}", value)
    assert kept(["features"]) == {}


def test_what_cannot_be_read_is_replaced(project: Project) -> None:
    project.write(f".pytest_cache/v/{KEY}", "[]")
    project.run("features")
    assert list(in_cache(project)) == [PLACE]


@pytest.mark.parametrize("argument", ["features", "features/plain.feature"])
def test_outside_of_the_root_a_scenario_has_one_key_however_it_is_run(
    project: Project, argument: str
) -> None:
    elsewhere = project.pytester.path / "elsewhere"
    elsewhere.mkdir()
    with chdir(elsewhere):
        project.run("--rootdir=.", str(project.pytester.path / argument))
        assert list(kept(["--rootdir=.", str(project.pytester.path)])) == [f"../{PLACE}"]


def phases(
    *ended: tuple[Literal["setup", "call", "teardown"], Any], name: str = "a"
) -> Iterator[Any]:
    file = f"{name}.feature"
    for when, outcome in ended:
        yield pytest.TestReport(
            f"{file}::A", (file, 1, "A"), {}, outcome, "why", when, start=0, stop=0
        )


SETUP, TEARDOWN = ("setup", "passed"), ("teardown", "passed")


def cached(config: pytest.Config, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, Any]:
    """Let the run's cache be a dict."""
    values: dict[str, Any] = {}
    monkeypatch.setattr(config.cache, "get", values.get)
    monkeypatch.setattr(config.cache, "set", values.__setitem__)
    monkeypatch.setattr(config.cache, "mkdir", lambda _: folder)
    return values


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        ([SETUP, ("call", "passed"), TEARDOWN], "passed"),
        ([SETUP, ("call", "failed"), TEARDOWN], "failed"),
        ([SETUP, ("call", "failed"), ("teardown", "skipped")], "failed"),
        ([SETUP, ("call", "passed"), ("teardown", "failed")], "failed"),
        ([("setup", "failed"), TEARDOWN], "failed"),
        ([SETUP, ("call", "failed"), TEARDOWN, SETUP, ("call", "passed"), TEARDOWN], "passed"),
        ([SETUP, ("call", "rerun"), TEARDOWN, SETUP, ("call", "failed"), TEARDOWN], "failed"),
        ([SETUP], None),
        ([SETUP, ("call", "rerun"), TEARDOWN], None),
    ],
)
def test_the_phases_of_a_scenario_make_one_result(
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    ended: Sequence[Any],
    outcome: str | None,
    tmp_path: Path,
) -> None:
    values = cached(pytestconfig, monkeypatch, tmp_path)
    recorder = Recorder()
    for report in phases(*ended):
        recorder.note(report)
    recorder.keep(pytestconfig)
    assert values.get(KEY, {}).get("a.feature::A", {}).get("outcome") == outcome


def test_runs_that_end_at_once_keep_all_their_results(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    values = cached(pytestconfig, monkeypatch, tmp_path)
    together = Barrier(2)

    def get(key: str, default: object) -> object:
        value = values.get(key, default)
        # Were two here at once, neither would have read what the other is about to write.
        with suppress(BrokenBarrierError):
            together.wait(0.05)
        return value

    monkeypatch.setattr(pytestconfig.cache, "get", get)

    def run(name: str) -> None:
        recorder = Recorder()
        for report in phases(("call", "passed"), name=name):
            recorder.note(report)
        recorder.keep(pytestconfig)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, ["a", "b"]))
    assert values[KEY].keys() == {"a.feature::A", "b.feature::A"}


def test_the_state_of_a_requirement_is_the_worst_of_its_scenarios(boxes: Project) -> None:
    boxes.run("features", "-k", "Eating")
    found = contract(["features"])
    assert outcomes(found, "BOX-002") == {"Eating <count>[twice-2]": "failed"}
    assert outcomes(found, "BOX-001") == {
        "Eating <count>[once-2]": "passed",
        "Eating <count>[twice-2]": "failed",
        "Looking": "never run",
    }
    assert states(found) == {
        "BOX-001": "failed",
        "BOX-002": "failed",
        "BOX-003": "planned",
        "LID-001": "missing",
    }


def test_a_scenario_of_another_name_has_never_run(boxes: Project) -> None:
    boxes.run("features")
    boxes.write("features/boxes.feature", BOXES.replace("Looking", "Gazing"))
    assert outcomes(contract(["features"]), "BOX-001")["Gazing"] == "never run"


def test_scenarios_count_whatever_the_project_chooses_to_run(boxes: Project) -> None:
    boxes.pytester.makeini("[pytest]\naddopts = -m 'not slow' -k nothing\n")
    assert "Looking" in outcomes(contract(["features"]), "BOX-001")


@pytest.mark.usefixtures("boxes")
def test_a_cover_has_its_place() -> None:
    (coverage, *_) = contract(["features"]).coverages
    places = [cover.place for cover in coverage.covers]
    assert places == ["features/boxes.feature:3"] * 2 + ["features/boxes.feature:19"]


def test_a_requirement_is_about_the_system_whose_folder_has_scenarios_of_its_kind(
    boxes: Project,
) -> None:
    (boxes.pytester.path / "features/boxes.feature").rename(
        boxes.write("features/gateway/deep/boxes.feature", "")
    )
    boxes.write("features/plain.feature", PLAIN.replace("Scenario:", "@req:PROXY-001\n  Scenario:"))
    found = {each.requirement.id: each.systems for each in contract(["features"]).coverages}
    assert found["BOX-001"] == found["BOX-003"] == ("gateway",)
    assert found["LID-001"] == ()
    assert found["PROXY-001"] == ("proxy",)


def test_a_refused_file_is_told_and_covers_nothing(boxes: Project) -> None:
    boxes.write("features/boxes.feature", BOXES.replace("@slow", "@slwo"))
    found = contract(["features"])
    (trouble,) = found.troubles
    assert trouble.startswith("features/boxes.feature:17: no tag @slwo is known")
    assert states(found)["BOX-001"] == "missing"


def test_a_register_without_any_feature_is_read(boxes: Project) -> None:
    for path in (boxes.pytester.path / "features").glob("*.feature"):
        path.unlink()
    assert set(states(contract(["features"])).values()) == {"missing", "planned"}


def test_without_folders_the_shipped_features_count_too(
    boxes: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = boxes.write(
        "site/features/provider/one.feature",
        PLAIN.replace("Scenario:", "@req:PROVIDER-010\n  Scenario:"),
    )
    monkeypatch.setattr(shipped, "FEATURES", theirs.parents[1])
    boxes.run("--rootdir=.", "site/features")
    found = contract([])
    assert next(iter(states(found))) == "PROVIDER-001"
    assert states(found).items() >= {"PROVIDER-010": "passed", "LID-001": "missing"}.items()
    with chdir("site"):
        found = contract([])
    assert states(found)["PROVIDER-010"] == "passed"
    assert "LID-001" not in states(found)


def test_the_command_tells_of_the_last_run(boxes: Project) -> None:
    boxes.run("features")
    done = CliRunner().invoke(main, ["requirements", "--features", "features", "BOX-002"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("BOX-002  extended, failed\n  Boxes can be carried\n")
    assert "Eating <count>[twice-2]: expected 2 apples, got 1\n" in done.stdout
