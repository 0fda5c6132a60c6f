from typing import Any

import pytest

from sluicegate.report.gathering import Gathering
from sluicegate.report.recording import ABOUT, RECORD

from .example import scenario


@pytest.fixture
def gathering(pytestconfig: pytest.Config) -> Gathering:
    return Gathering(pytestconfig)


def report(
    when: str, outcome: str = "passed", record: dict[str, Any] | None = None, text: str = ""
) -> pytest.TestReport:
    place = ("a.feature", 1, "A")
    made = pytest.TestReport("a.feature::A", place, {}, outcome, text, when)  # type: ignore[arg-type] # any text
    if record is not None:
        setattr(made, RECORD, record)
        setattr(made, ABOUT, {"requirements": {}, "known": []})
    return made


def troubles(gathering: Gathering) -> list[str]:
    return list(gathering._gathered.troubles)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("passed", "failed", "at the end"),
        ("informational pass", "not judged", "at the end"),
        ("failed", "not judged", "in a step"),
        ("known failure", "failed", "in a step"),
    ],
)
def test_what_fails_after_the_steps_counts_only_where_they_passed(
    gathering: Gathering, before: str, after: str, reason: str
) -> None:
    steps = scenario("A", before, reason="in a step", exchanges=[], log=[])
    gathering.pytest_runtest_logreport(report("call", record=steps))
    end = scenario("A", after, reason="at the end")
    gathering.pytest_runtest_logreport(report("teardown", "failed", end))
    (found,) = gathering._gathered.scenarios.values()
    assert (found["reason"], found["exchanges"]) == (reason, [])


def test_a_scenario_that_runs_again_is_the_last_one(gathering: Gathering) -> None:
    for outcome in ("failed", "passed"):
        gathering.pytest_runtest_logreport(report("call", record=scenario("A", outcome)))
    (found,) = gathering._gathered.scenarios.values()
    assert found["outcome"] == "passed"


def test_a_worker_that_died_is_a_trouble(gathering: Gathering) -> None:
    died = report("???", "failed", text="worker 'gw0' crashed while running 'a.feature::A'\n")
    gathering.pytest_runtest_logreport(died)
    assert troubles(gathering) == ["worker 'gw0' crashed while running 'a.feature::A'"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyboardInterrupt(), ["the run was interrupted"]),
        (pytest.exit.Exception("enough"), ["the run was interrupted: enough"]),
        (pytest.Session.Interrupted("1 error during collection"), []),
    ],
)
def test_a_run_that_somebody_ended_is_a_trouble(
    gathering: Gathering, error: BaseException, told: list[str]
) -> None:
    with pytest.raises(type(error)) as caught:
        raise error
    gathering.pytest_keyboard_interrupt(caught)
    assert troubles(gathering) == told


def test_a_failure_of_pytests_own_is_a_trouble(gathering: Gathering) -> None:
    gathering.pytest_internalerror("Traceback\n  line\nKeyError: 'x'\n")
    assert troubles(gathering) == ["pytest failed: KeyError: 'x'"]


def test_every_worker_tells_of_the_same_feature_and_it_counts_once(gathering: Gathering) -> None:
    for _ in range(2):
        wrong = pytest.CollectReport("a.feature", "failed", "a.feature:3: no step is defined", [])
        gathering.pytest_collectreport(wrong)
    assert troubles(gathering) == ["a.feature:3: no step is defined"]
