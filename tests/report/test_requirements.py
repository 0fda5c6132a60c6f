from itertools import combinations, permutations

import pytest

from sluicegate.report.requirements import capabilities, requirements, verdict_of
from sluicegate.report.verdict import OUTCOMES
from sluicegate.scenario.claims import Capability, Claims

from .example import scenario

ABOUT = {"sentence": "Boxes hold", "level": "core", "needs": ["lids"]}
WORST_FIRST = ["failed", "not judged", "known failure", "passed", "informational", "not claimed"]
OF = {
    "informational failure": "informational",
    "informational pass": "informational",
    "skipped": "not claimed",
}


@pytest.mark.parametrize("pair", [*combinations(OUTCOMES, 2), *((each,) for each in OUTCOMES)])
def test_a_requirement_is_the_worst_that_its_scenarios_are(pair: tuple[str, ...]) -> None:
    assert verdict_of(pair) == min((OF.get(each, each) for each in pair), key=WORST_FIRST.index)


def test_a_requirement_without_scenarios_was_not_run() -> None:
    assert verdict_of([]) == "not run"


def test_what_scenarios_name_is_listed_with_their_ids() -> None:
    run = [scenario("one", requirements=["BOX-001"]), scenario("two", "failed", requirements=[])]
    assert requirements(run, {"BOX-001": ABOUT}, []) == [
        {"id": "BOX-001", **ABOUT, "verdict": "passed", "scenarios": [run[0]["id"]]}
    ]


@pytest.mark.parametrize("names", [*permutations(["BOX-001", "BOX-002", "STREAM-002"])])
def test_the_order_of_requirements_is_not_that_of_the_reports(names: tuple[str, ...]) -> None:
    run = [scenario("one", requirements=["BOX-002"]), scenario("two", requirements=["BOX-001"])]
    run.append(scenario("three", requirements=["STREAM-002"]))
    found = [each["id"] for each in requirements(run, dict.fromkeys(names, ABOUT), ["gateway"])]
    assert found[:2] == ["STREAM-001", "STREAM-002"]
    assert found[-2:] == ["BOX-002", "BOX-001"]


def test_what_the_shipped_features_promise_is_listed_even_if_nothing_ran() -> None:
    found = requirements([], {}, ["gateway"])
    ids = [each["id"] for each in found]
    assert {"STREAM-001", "FALLBACK-001"} <= set(ids)
    assert not any(name.startswith(("PROVIDER-", "PROXY-")) for name in ids)
    assert {each["verdict"] for each in found} == {"not run"}


def test_a_capability_has_its_claim_and_what_was_found() -> None:
    claims = Claims(
        {"half_open": Capability("unknown", "nobody says"), "logs": Capability(claim=False)}
    )
    run = [scenario("one", "informational failure", needs=["half_open", "streaming"])]
    half_open, logs, streaming = capabilities(claims, run)
    assert (half_open["name"], half_open["claim"], half_open["reason"]) == (
        "half_open",
        "unknown",
        "nobody says",
    )
    assert half_open["counts"]["informational failure"] == 1
    assert (logs["claim"], set(logs["counts"].values())) == (False, {0})
    assert streaming["claim"] is True
