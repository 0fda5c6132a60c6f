import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sluicegate.wire.schema import violations

from ..gherkin.conftest import project as project  # noqa: PLC0414, TID252 - a fixture
from ..gherkin.project import Project  # noqa: TID252 - tests are no package

STEPS = """
    import pytest
    from sluicegate.errors import NotJudgedError, SluicegateError, ViolationError
    from sluicegate.gherkin import given, then

    @given("the client talks to the gateway")
    def _() -> None:
        pass

    @given("the teardown fails")
    def _():
        yield
        raise ViolationError("the end is bad")

    @then("all is well")
    def _() -> None:
        pass

    @then("the gateway is wrong about {string}")
    def _(what: str) -> None:
        raise ViolationError(f"the {what} is wrong", "expected   a right one")

    @then("nobody can tell")
    def _() -> None:
        raise NotJudgedError("the gateway is not ready", blame="the profile")

    @then("it is too late")
    def _() -> None:
        raise NotJudgedError("too late to judge")

    @then("it cannot be")
    def _() -> None:
        raise SluicegateError("no such plan")

    @then("there is a bug")
    def _() -> None:
        {}["key"]
"""

FEATURE = """
    Feature: Boxes
      What is said of boxes.

      Background:
        Given the client talks to the gateway

      @req:PARTIAL-003 @core
      Rule: Boxes are whole

        Scenario: A good box
          Then all is well

        Scenario Outline: A box with a <part>
          Then the gateway is wrong about "<part>"

          Examples:
            | part |
            | lid  |
            | hole |

        @needs:logs
        Scenario: A log
          Then the gateway is wrong about "log"

        @needs:half_open
        Scenario: A box that is half open
          Then the gateway is wrong about "half"

        @needs:half_open
        Scenario: A box that is open
          Then all is well

        Scenario: A box that is not there
          Then nobody can tell

        Scenario: A late box
          Then it is too late

        Scenario: A box that cannot be
          Then it cannot be

        Scenario: A bug
          Then there is a bug

        Scenario: A bad end
          Given the teardown fails
          Then all is well

        Scenario: A box with a late lid
          Then it is too late
"""

PROFILE = """
    [gateway]
    name = "BoxGate"
    version = "1.2"
    url = "http://127.0.0.1:9"

    [gateway.capabilities]
    logs = { claim = false, reason = "it writes none" }
    half_open = "unknown"

    [[gateway.known_failures]]
    requirement = "PARTIAL-003"
    scenarios = ["A box with a * lid", "A box with a lid"]
    reason = "lids are late"
    expires = 2999-01-01

    [[gateway.known_failures]]
    requirement = "PARTIAL-003"
    scenarios = ["A box with a hole"]
    reason = "holes are hard"
    expires = 2020-01-01
"""

OUTCOMES = {
    "A good box": ("passed", "", ""),
    "A box with a lid": ("known failure", "the gateway", "the lid is wrong"),
    "A box with a hole": (
        "failed",
        "the gateway",
        "the hole is wrong; a known failure until 2020-01-01, which has passed: holes are hard",
    ),
    "A log": ("skipped", "", "not claimed: logs: it writes none"),
    "A box that is half open": ("informational failure", "the gateway", "the half is wrong"),
    "A box that is open": ("informational pass", "", ""),
    "A box that is not there": ("not judged", "the profile", "the gateway is not ready"),
    "A late box": ("not judged", "the harness", "too late to judge"),
    "A box that cannot be": ("not judged", "the provider's script", "no such plan"),
    "A bug": ("not judged", "the harness", "KeyError: 'key'"),
    "A box with a late lid": ("not judged", "the harness", "too late to judge"),
    "A bad end": ("failed", "the gateway", "the end is bad"),
}


@pytest.fixture
def boxes(project: Project) -> Project:
    project.steps("boxes", STEPS)
    project.write("features/plain.feature", FEATURE)
    project.write("boxgate.toml", PROFILE)
    return project


def run(project: Project, *options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
    result = project.run("features", "--sluicegate-report", "made", *options)
    document: dict[str, Any] = json.loads(Path("made/conformance.json").read_bytes())
    assert violations(document, "sluicegate/conformance") == []
    return result, document


def ended(document: Mapping[str, Any]) -> dict[str, tuple[str, str, str]]:
    keys = ("outcome", "blame", "reason")
    return {each["name"]: tuple(each[key] for key in keys) for each in document["scenarios"]}


def test_a_profile_decides_what_counts(boxes: Project) -> None:
    result, document = run(boxes, "--profile", "boxgate.toml")
    assert ended(document) == OUTCOMES
    result.assert_outcomes(passed=3, failed=6, xfailed=2, skipped=1, errors=1)
    assert result.ret == document["verdict"]["exit_code"] == 1
    assert document["verdict"]["sentence"] == (
        "BoxGate 1.2 is not conformant: 2 of 11 scenarios failed."
    )
    assert [each["state"] for each in document["known_failures"]] == ["holds", "expired"]
    text = result.stdout.str()
    assert "BoxGate 1.2 is not conformant" in text
    assert "to blame: the gateway\n" in text
    assert "SKIPPED" not in text
    assert {path.name for path in Path("made").iterdir()} == {
        "conformance.json",
        "junit.xml",
        "report.html",
        "summary.md",
    }
    states = {each["name"]: [s["state"] for s in each["steps"]] for each in document["scenarios"]}
    assert states["A good box"] == states["A bad end"][:2] == ["passed", "passed"]
    assert states["A bug"] == ["passed", "failed"]
    assert states["A log"] == ["not run", "not run"]


def test_without_a_profile_all_is_claimed_and_the_exit_code_is_pytests(boxes: Project) -> None:
    result, document = run(boxes)
    told = {name: outcome for name, (outcome, _, _) in ended(document).items()}
    assert told["A log"] == told["A box with a lid"] == told["A box that is half open"] == "failed"
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result, document = run(boxes, "-k", "late")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert document["verdict"]["exit_code"] == 2


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ("good", 0),
        ("lid and not late or good", 0),
        ("half or good", 0),
        ("bug", 2),
        ("log", 2),
        ("nothing", 2),
    ],
)
def test_the_exit_code_is_the_verdicts(boxes: Project, chosen: str, code: int) -> None:
    result = boxes.run("features", "--profile", "boxgate.toml", "-k", chosen)
    assert result.ret == code


def test_a_known_failure_that_passes_fails_the_run_only_if_all_of_it_ran(boxes: Project) -> None:
    boxes.write(
        "boxgate.toml",
        PROFILE.replace("A box with a lid", "A * box").replace("A box with a * lid", "A * box"),
    )
    boxes.write(
        "features/plain.feature", FEATURE.replace("Then it is too late", "Then all is well")
    )
    result, document = run(boxes, "--profile", "boxgate.toml", "-k", "good or late")
    assert document["known_failures"][0]["state"] == "passes"
    assert result.ret == 1
    result, document = run(boxes, "--profile", "boxgate.toml", "-k", "good")
    assert document["known_failures"][0]["state"] == "not run"
    assert result.ret == 0


def test_pytests_own_option_shows_known_failures_as_failures(boxes: Project) -> None:
    result, document = run(boxes, "--profile", "boxgate.toml", "--runxfail", "-k", "lid")
    assert ended(document)["A box with a lid"][0] == "failed"
    assert result.ret == 1


def test_a_feature_that_cannot_be_read_is_a_trouble_of_the_run(boxes: Project) -> None:
    boxes.write("features/other.feature", "Feature: A\n  Scenario: B\n    Then what\n")
    result, document = run(boxes, "--profile", "boxgate.toml")
    assert result.ret == document["verdict"]["exit_code"] == 2
    (reason,) = document["verdict"]["reasons"]
    assert reason.startswith("features/other.feature:3: no step is defined for: Then what")


def test_tests_in_python_fail_a_run_that_is_conformant_otherwise(boxes: Project) -> None:
    boxes.write("features/test_it.py", "def test_it():\n    assert False\n")
    result, document = run(boxes, "--profile", "boxgate.toml", "-k", "good or test_it")
    assert document["verdict"]["outcome"] == "conformant"
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_collection_alone_makes_no_report(boxes: Project) -> None:
    options = ("--collect-only", "--sluicegate-report", "made")
    assert boxes.run("features", "--profile", "boxgate.toml", *options).ret == 0
    assert not Path("made").exists()
