import pytest

from sluicegate.errors import SluicegateError, ViolationError
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.scenario.checks import timing
from sluicegate.scenario.checks.values import listed

from .exchanges import event, streamed


def test_texts_are_listed_in_json() -> None:
    assert listed('["a\\n", "", "\u6f22"]') == ("a\n", "", "\u6f22")


@pytest.mark.parametrize("text", ["", "a", '"a"', "[]", "[1]", '["a", null]', '{"a": "b"}'])
def test_what_is_no_list_of_texts_is_the_authors_mistake(text: str) -> None:
    with pytest.raises(SluicegateError, match=r"expected (a list of )?texts in JSON, got"):
        listed(text)


@pytest.mark.parametrize(("late", "is_good"), [(0, True), (0.2, True), (-0.01, False), (9, False)])
def test_a_time_in_milliseconds_is_that_of_the_request(late: float, *, is_good: bool) -> None:
    with SimulatedClock() as clock:
        # The exchange began a second after the clock did.
        created = int((clock.unix() + 1 + late) * 1000)
        stream = streamed(event(f'{{"at": {created}}}'), event(f'{{"at": {created}}}'))
        if is_good:
            timing.each_created_at_request(stream, "$.at", clock, "milliseconds")
            return
        with pytest.raises(ViolationError, match="not the time of the request in Unix millisec"):
            timing.each_created_at_request(stream, "$.at", clock, "milliseconds")


@pytest.mark.parametrize("created", ["1700000000", "0", "true", "null", '"1"', "1.5"])
def test_what_is_no_time_in_milliseconds_is_a_violation(created: str) -> None:
    stream = streamed(event(f'{{"at": {created}}}'))
    with SimulatedClock() as clock, pytest.raises(ViolationError):
        timing.each_created_at_request(stream, "$.at", clock, "milliseconds")
