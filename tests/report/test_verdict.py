from typing import Any

import pytest

from sluicegate.report.verdict import (
    EXIT_CODES,
    MOST_REASONS,
    OUTCOMES,
    Cut,
    Trouble,
    counts,
    known_state,
    shortened,
    verdict,
)

from .example import requirement, scenario

TROUBLE = Trouble("the profile", "nothing listens at http://127.0.0.1:9: start the gateway")


def scenarios(*outcomes: str, **changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    return [scenario(f"{place}", each, **changes) for place, each in enumerate(outcomes)]


def known(state: str) -> dict[str, Any]:
    return {"requirement": "PARTIAL-003", "reason": "no type", "state": state}


@pytest.mark.parametrize(
    ("outcomes", "state", "troubles", "outcome"),
    [
        (["passed"], "", [], "conformant"),
        (["passed", "skipped"], "", [], "conformant"),
        (["passed", "known failure"], "holds", [], "conformant"),
        (["passed", "informational failure"], "", [], "conformant"),
        (["passed"], "not run", [], "conformant"),
        (["passed", "failed"], "", [], "not conformant"),
        (["passed", "failed"], "expired", [], "not conformant"),
        (["failed", "not judged"], "", [], "not conformant"),
        (["failed"], "", [TROUBLE], "not conformant"),
        (["passed"], "passes", [], "not conformant"),
        (["passed", "not judged"], "", [], "not judged"),
        (["passed"], "", [TROUBLE], "not judged"),
        ([], "", [], "not judged"),
        ([], "", [TROUBLE], "not judged"),
        (["skipped", "skipped"], "", [], "not judged"),
        (["known failure"], "holds", [], "not judged"),
        (["informational pass"], "", [], "not judged"),
    ],
)
def test_the_outcomes_of_the_scenarios_make_the_verdict(
    outcomes: list[str], state: str, troubles: list[Trouble], outcome: str
) -> None:
    found = verdict("X 1", scenarios(*outcomes), [], [known(state)] if state else [], troubles)
    assert (found.outcome, found.exit_code) == (outcome, EXIT_CODES[found.outcome])
    assert found.reasons or outcome != "not conformant"


def test_a_pass_that_is_only_extended_is_no_conformance() -> None:
    found = verdict("X 1", scenarios("passed", level="extended"), [], [], [])
    assert found.sentence == "X 1 was not judged: no core scenario passed."


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        (["passed"] * 2, "X 1 is conformant: 2 scenarios passed."),
        (
            ["passed", *OUTCOMES[2:6]],
            (
                "X 1 is conformant: 1 scenario passed, 1 failed as known, 1 failed for information "
                "only, 1 passed for information only, 1 skipped."
            ),
        ),
        (["passed", "failed", "skipped"], "X 1 is not conformant: 1 of 2 scenarios failed."),
        (["passed", "not judged"], "X 1 was not judged: 1 of 2 scenarios were not."),
        (["skipped"], "X 1 was not judged: no scenario ran."),
    ],
)
def test_the_verdict_is_a_sentence(outcomes: list[str], sentence: str) -> None:
    assert verdict("X 1", scenarios(*outcomes), [], [], []).sentence == sentence


def test_what_was_not_chosen_to_run_is_told() -> None:
    promised = [requirement("A-1", "passed"), requirement("A-2", "not run")]
    found = verdict("X", scenarios("passed"), promised, [], [])
    assert found.sentence == (
        "X is conformant: 1 scenario passed; 1 of 2 requirements were not tried."
    )


def test_the_trouble_of_a_run_is_its_sentence_and_its_first_reason() -> None:
    found = verdict("X", [], [], [], [TROUBLE])
    assert found.sentence == f"X was not judged: {TROUBLE.sentence}."
    assert found.reasons == (f"{TROUBLE.sentence} (to blame: the profile)",)


def test_a_reason_says_what_failed_who_is_to_blame_and_where() -> None:
    (reason,) = verdict("X", scenarios("failed", "failed"), [], [], []).reasons
    assert reason == (
        "STREAM-004: the first chunk waited for the last one (to blame: the gateway; failed: "
        "features/gateway/streaming.feature:12 and 1 more)"
    )


def test_the_first_reason_is_the_plainest_and_names_all_that_fails_for_it() -> None:
    requirements = [requirement("A-1", "failed"), requirement("A-2", "failed")]
    failed = [
        *scenarios("failed", reason="one of ten is late", variant="plain", requirements=["A-3"]),
        *scenarios("failed", reason="it is late", requirements=["A-2"]),
        *scenarios("failed", reason="it is late", requirements=["A-1"]),
    ]
    first, second = verdict("X", failed, requirements, [], []).reasons
    assert first.startswith("A-1, A-2: it is late (to blame: the gateway; failed: ")
    assert second.startswith("A-3: one of ten is late ")


def test_scenarios_that_were_not_judged_for_one_reason_are_told_once() -> None:
    unready = scenarios("not judged", reason="not ready", blame="the profile", requirements=["A-1"])
    others = scenarios("not judged", reason="not ready", blame="the profile", requirements=["B-1"])
    (reason,) = verdict("X", unready + others, [], [], []).reasons
    assert reason.startswith("A-1: not ready (to blame: the profile; not judged: ")


def test_a_known_failure_that_passes_is_to_be_removed() -> None:
    found = verdict("X", scenarios("passed"), [], [known("passes")], [])
    assert found.sentence == "X is not conformant: a known failure did not fail."
    assert found.reasons == (
        "PARTIAL-003: the known failure 'no type' did not fail: remove it from the profile",
    )


def test_only_the_first_reasons_are_told() -> None:
    failed = [scenario(f"{n}", "failed", requirements=[f"A-{n}"], reason=f"{n}") for n in range(20)]
    reasons = verdict("X", failed, [], [], []).reasons
    assert len(reasons) == MOST_REASONS
    assert reasons[-1] == "and 13 more, which the report lists"


def test_all_outcomes_are_counted() -> None:
    assert counts([]) == dict.fromkeys(OUTCOMES, 0)
    assert counts(scenarios("passed", "passed", "failed"))["passed"] == 2


@pytest.mark.parametrize(
    ("outcomes", "covered", "state"),
    [
        ([], 0, "not run"),
        (["known failure"], 1, "holds"),
        (["known failure", "passed"], 2, "holds"),
        (["informational failure"], 1, "holds"),
        (["failed"], 1, "expired"),
        (["failed", "passed"], 2, "expired"),
        (["failed", "known failure"], 2, "holds"),
        (["passed", "passed"], 2, "passes"),
        (["informational pass"], 1, "passes"),
        (["passed"], 2, "not run"),
        (["passed", "skipped"], 2, "not run"),
        (["skipped"], 1, "not run"),
        (["passed", "not judged"], 2, "not run"),
        (["not judged"], 1, "not run"),
    ],
)
def test_a_known_failure_is_what_its_scenarios_make_of_it(
    outcomes: list[str], covered: int, state: str
) -> None:
    assert known_state(scenarios(*outcomes), covered) == state


@pytest.mark.parametrize(
    ("outcomes", "cut", "sentence"),
    [
        (["passed"], Cut(1, 9), "X 1 was not judged: interrupted after 1 of 9 scenarios."),
        (
            ["passed", "failed", "failed"],
            Cut(3, 9),
            "X 1 was not judged: interrupted after 3 of 9 scenarios (2 failed so far).",
        ),
        ([], Cut(0, 0), "X 1 was not judged: interrupted before any scenario ran."),
        (
            ["passed", "failed"],
            Cut(2, 9, 1),
            (
                "X 1 is not conformant: 1 of 2 scenarios failed; stopped at the first failure, "
                "after 2 of 9 scenarios."
            ),
        ),
        (
            ["passed", "not judged", "not judged"],
            Cut(3, 9, 2),
            (
                "X 1 was not judged: 2 of 3 scenarios were not; stopped at failure 2, "
                "after 3 of 9 scenarios."
            ),
        ),
    ],
)
def test_a_run_that_ended_early_says_after_how_much(
    outcomes: list[str], cut: Cut, sentence: str
) -> None:
    ran = scenarios(*outcomes)
    found = shortened(verdict("X 1", ran, [], [], []), cut, "X 1", ran)
    assert found.sentence == sentence
    is_stopped = bool(cut.failures)
    assert (found.outcome == "not conformant") == (is_stopped and "failed" in outcomes)
