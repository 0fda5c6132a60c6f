from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from sluicegate.errors import ViolationError
from sluicegate.gherkin import execution
from sluicegate.gherkin.expressions import Sentence
from sluicegate.scenario import run

LESS = "it is asked once less than opens the circuit (4 times)"
GAP = "it ends after the gap limit (20 seconds)"


class Step(SimpleNamespace):
    """A step of a sentence with one value, and the pieces of pytest's that a run of it needs."""

    def __init__(self, sentence: str, name: str) -> None:
        parser = Sentence(sentence)
        parser.parameters = ("value",)
        super().__init__(name=name, context=SimpleNamespace(parser=parser), config=None)

    def arguments(self) -> Mapping[str, Any]:
        return execution._named(self, self.context, self.config)  # type: ignore[arg-type] # pieces

    def violated(self) -> ViolationError:
        error = ViolationError("it ended too early", "expected   20 s", "brief")
        execution._tell_values(error, self, self.context, self.config)  # type: ignore[arg-type] # pieces
        return error


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    said: dict[str, object] = {}
    monkeypatch.setattr(run, "values", lambda _: said)
    return said


def test_a_step_gets_the_value_of_the_gateway_that_is_judged(values: dict[str, object]) -> None:
    step = Step("it ends after {duration}", GAP)
    assert step.arguments() == {"value": 20.0}
    values["gap_seconds"] = 45
    assert step.arguments() == {"value": 45.0}


def test_a_step_without_a_name_is_left_to_pytest_bdd(values: dict[str, object]) -> None:
    values["gap_seconds"] = 45
    assert Step("it ends after {duration}", "it ends after 20 seconds").arguments() == {}


def test_a_scenario_whose_count_comes_to_nothing_is_skipped(values: dict[str, object]) -> None:
    values["failures_to_open"] = 1
    with pytest.raises(pytest.skip.Exception, match=r"not claimed: .*: 0 times, by the profile"):
        Step("it is asked {count}", LESS).arguments()


def test_a_failure_tells_which_value_is_the_profiles(values: dict[str, object]) -> None:
    step = Step("it ends after {duration}", GAP)
    assert step.violated().evidence == "expected   20 s"
    values["gap_seconds"] = 45
    assert step.violated().evidence == (
        "the gap limit: 45 seconds, by the profile (20 seconds by default)\n\nexpected   20 s"
    )
