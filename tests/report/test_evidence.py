import random
from typing import Any

import pytest

from sluicegate.report.evidence import failures, required

from .example import Json, passing, requirement, scenario, steps

REGISTER = [requirement("STREAM-002", "failed"), requirement("STREAM-004", "failed")]
GIVEN = {"keyword": "And", "text": "the agent breaks", "line": 11, "block": "", "state": "passed"}


def failed(name: str, reason: str = "it is late", **changes: Any) -> Json:  # noqa: ANN401 - JSON
    return scenario(name, "failed", reason=reason, **changes)


def of(requirement: str, reason: str, **changes: Any) -> Json:  # noqa: ANN401 - JSON
    changes = {"rule": f"The rule of {requirement}", "requirements": [requirement]} | changes
    return failed(requirement, reason, **changes)


FLOOD = [
    of("AGENTS-001", "text 5 is missing", exchanges=[passing()] * 3),
    of("FRAMING-004", "event 5 is missing", steps=[GIVEN, *steps()]),
    of("FRAMING-004", "text 5 is missing", steps=[GIVEN, *steps()]),
    of("STREAM-004", "event 5 is missing"),
    of("STREAM-002", "text 5 is missing"),
    scenario("It passes", rule="The rule of FRAMING-004", requirements=["FRAMING-004"]),
    scenario("Logs", "skipped", rule="The rule of FRAMING-004", requirements=["FRAMING-004"]),
]


@pytest.mark.parametrize(
    "less_plain",
    [
        {"level": "extended", "requirements": ["STREAM-002"]},
        {"variant": "without a fallback", "requirements": ["STREAM-002"]},
        {"exchanges": [passing(), passing()], "requirements": ["STREAM-002"]},
        {"steps": [GIVEN, *steps()], "requirements": ["STREAM-002"]},
        {"requirements": ["MINE-001"]},
        {"requirements": []},
    ],
)
def test_the_plainest_evidence_comes_first(less_plain: Json) -> None:
    found = failures([failed("B", "another", **less_plain), failed("A")], REGISTER)
    assert [each.causes[0].scenarios[0]["name"] for each in found] == ["A", "B"]


def test_what_is_equally_plain_keeps_its_order() -> None:
    found = failures([failed("B"), failed("A")], REGISTER)
    assert [each["name"] for each in found[0].causes[0].scenarios] == ["B", "A"]


def test_a_reason_is_told_once_with_all_requirements_that_fail_for_it() -> None:
    first, second = failures(FLOOD, REGISTER)
    assert (first.requirements, first.sentence) == (
        "STREAM-002, FRAMING-004, AGENTS-001",
        "The rule of STREAM-002",
    )
    assert (second.requirements, second.sentence) == (
        "STREAM-004, FRAMING-004",
        "The rule of STREAM-004",
    )


def test_failures_that_are_told_elsewhere_do_not_count_twice() -> None:
    first, second = failures(FLOOD, REGISTER)
    assert first.count == "3 of 5 scenarios failed like this"
    assert second.count == "2 of 4 scenarios failed like this"
    (alone,) = failures([FLOOD[2], *FLOOD[4:]], REGISTER)
    assert alone.count == "2 of 3 scenarios failed"


def test_reasons_of_one_rule_stand_together() -> None:
    (found,) = failures([failed("A", "no status"), failed("B", "no body")], REGISTER)
    assert [each.reason for each in found.causes] == ["no status", "no body"]
    assert found.count == "2 of 2 scenarios failed"


def test_every_scenario_that_failed_is_told_once() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    rules, reasons = ["A-1", "B-1", "C-1", "D-1"], ["late", "lost", "twice"]
    flood = [of(chance.choice(rules), chance.choice(reasons), id=f"{n}", line=n) for n in range(40)]
    told = [
        one["id"]
        for failure in failures(flood, REGISTER)
        for cause in failure.causes
        for one in cause.scenarios
    ]
    assert sorted(told, key=int) == [each["id"] for each in flood]


def test_a_failure_names_the_levels_of_its_scenarios() -> None:
    levels = ("extended", "core")
    (found,) = failures([failed(level, level=level) for level in levels], REGISTER)
    assert found.level == "core and extended"


@pytest.mark.parametrize(
    ("rule", "requirements", "sentence"),
    [
        ("Boxes hold", ["STREAM-002"], "Boxes hold"),
        ("", ["STREAM-002"], REGISTER[0]["sentence"]),
        ("", [], "A box"),
    ],
)
def test_a_failure_has_the_sentence_that_does_not_hold(
    rule: str, requirements: list[str], sentence: str
) -> None:
    (found,) = failures([failed("A box", rule=rule, requirements=requirements)], REGISTER)
    assert found.sentence == sentence


@pytest.mark.parametrize(
    ("scenarios", "told"),
    [
        ([{"requirements": ["A-2", "A-1"]}, {"requirements": ["A-1", "B-1"]}], "A-2, A-1, B-1"),
        ([{"requirements": [], "feature": "Boxes"}], "Boxes"),
        ([{"requirements": [], "feature": ""}], "(no requirement)"),
    ],
)
def test_scenarios_are_called_by_their_requirements(scenarios: list[Json], told: str) -> None:
    assert required(scenarios) == told
