import io
import json
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from execnet.gateway_base import dumps, loads

from sluicegate.report.recording import ABOUT, RECORD
from sluicegate.wire.schema import violations

from .example import scenario

FEATURE = """\
Feature: A gateway
  What the gateway does.

  Background:
    Given the client talks to the gateway

  @req:STREAM-003 @core @needs:streaming
  Rule: A stream has an end

    Scenario: A complete stream
      When the client asks for a stream
      Then the stream ends with one [DONE]

    Scenario Outline: The agent <ends>
      Given the agent "ccrouter" <ends> after chunk 2
      When the client asks for a stream
      Then the stream ends with one [DONE]
      And the answer ends cleanly

      Examples:
        | ends                  |
        | resets the connection |

  @req:HONESTY-002 @req:ERROR-001 @req:FALLBACK-004 @req:STREAM-003 @req:STREAM-001 @extended
  Scenario: A stream that is tried again
    Given the client has asked for a plain answer before
    And the agent "ccrouter" answers 500
    When the client asks for a stream
    Then the status is 200
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an ordinary project."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "gate.feature").write_text(FEATURE)
    return folder


@pytest.fixture(scope="module")
def document(made: Path) -> dict[str, Any]:
    """Let a worker of xdist judge the feature; nothing fails in it by itself."""
    # Imported modules are not rewritten, and this process collects nothing.
    options = ["--assert=plain", "-p", "no:cacheprovider", "-n", "1", "--rootdir", "."]
    with chdir(made), redirect_stdout(io.StringIO()) as said, pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        code = pytest.main([*options, "--sluicegate-report", "report", "gate.feature"])
    assert code == pytest.ExitCode.TESTS_FAILED, said.getvalue()
    found: dict[str, Any] = json.loads((made / "report" / "conformance.json").read_bytes())
    return found


def named(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in document["scenarios"] if each["name"] == name)
    return dict(found)


def test_the_report_is_of_its_form(document: dict[str, Any]) -> None:
    assert violations(document, "sluicegate/conformance") == []
    assert document["run"]["workers"] == 1
    assert document["system"]["name"] == "the reference gateway"


def test_the_scenarios_stand_in_the_order_of_their_file(document: dict[str, Any]) -> None:
    assert [each["line"] for each in document["scenarios"]] == [10, 14, 25]


def test_a_scenario_has_what_its_feature_says(document: dict[str, Any]) -> None:
    found = named(document, "The agent resets the connection")
    assert found["id"] == "gate.feature::The agent <ends>[resets the connection]"
    told = {name: found[name] for name in ("feature", "description", "rule", "requirements")}
    assert told == {
        "feature": "A gateway",
        "description": "What the gateway does.",
        "rule": "A stream has an end",
        "requirements": ["STREAM-003"],
    }
    assert (found["level"], found["needs"], found["system"]) == ("core", ["streaming"], "gateway")
    assert [(step["line"], step["state"]) for step in found["steps"]] == [
        (5, "passed"),
        (15, "passed"),
        (16, "passed"),
        (17, "failed"),
        (18, "not run"),
    ]


def test_requirements_are_in_the_order_of_the_register(document: dict[str, Any]) -> None:
    assert named(document, "A stream that is tried again")["requirements"] == [
        "STREAM-001",
        "STREAM-003",
        "FALLBACK-004",
        "HONESTY-002",
        "ERROR-001",
    ]


def test_a_failure_has_its_message_its_reason_and_its_blame(document: dict[str, Any]) -> None:
    found = named(document, "The agent resets the connection")
    assert (found["outcome"], found["blame"]) == ("failed", "the gateway")
    assert found["reason"] == found["message"].splitlines()[0]
    assert found["message"].rstrip().endswith("\nto blame: the gateway")


def test_both_sides_of_every_exchange_are_there(document: dict[str, Any]) -> None:
    (only,) = named(document, "The agent resets the connection")["exchanges"]
    assert "done" not in {mark["kind"] for mark in only["client"]["marks"]}
    (provider,) = only["providers"]
    assert (provider["who"], provider["asked"]) == ('the agent "ccrouter"', "streamed")
    assert provider["ending"] == "the provider reset the connection"
    before, last = named(document, "A stream that is tried again")["exchanges"]
    assert before["started"] == 0 <= last["started"]
    assert [each["asked"] for each in last["providers"]] == ["streamed", "plain", "plain"]


def test_pytest_writes_its_own_report_beside_it(made: Path, document: dict[str, Any]) -> None:
    text = (made / "report" / "junit.xml").read_text()
    assert text.count("<testcase ") == len(document["scenarios"])


def test_the_attributes_of_a_report_survive_the_way_from_a_worker(
    pytestconfig: pytest.Config,
) -> None:
    record, about = scenario("A", "failed"), {"requirements": {"A-1": {"needs": []}}, "known": [2]}
    report = pytest.TestReport("a.feature::A", ("a.feature", 1, "A"), {}, "passed", None, "call")
    setattr(report, RECORD, record)
    setattr(report, ABOUT, about)
    hook = pytestconfig.hook
    sent = hook.pytest_report_to_serializable(config=pytestconfig, report=report)
    got = hook.pytest_report_from_serializable(config=pytestconfig, data=loads(dumps(sent)))
    assert (getattr(got, RECORD), getattr(got, ABOUT)) == (record, about)
