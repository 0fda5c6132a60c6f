from dataclasses import replace

import pytest

from sluicegate.errors import ViolationError
from sluicegate.runtime.clock import SimulatedClock, WallClock
from sluicegate.scenario.checks.answer import has_seconds
from sluicegate.scenario.checks.status import Status, fits, has_status, told

from .exchanges import GOOD

FINAL = Status.named("final-error status", (502, 500))


@pytest.mark.parametrize("got", [500, 502])
def test_any_status_that_the_name_allows_fits(got: int) -> None:
    assert fits(got, FINAL)
    has_status(replace(GOOD, status=got), FINAL)


def test_a_bare_status_fits_itself_alone() -> None:
    assert fits(504, Status(504))
    assert fits(504, 504)
    assert not fits(503, Status(504))


def test_a_failure_names_the_status_and_all_that_is_allowed() -> None:
    words = r"is 503, not the final-error status \(502 or 500\)"
    with pytest.raises(ViolationError, match=words) as it:
        has_status(replace(GOOD, status=503), FINAL)
    assert it.value.brief == "expected status the final-error status (502 or 500), got status 503"


def test_a_bare_status_is_told_by_its_number() -> None:
    assert told(504) == "504"
    with pytest.raises(ViolationError, match="the status is 200, not 504"):
        has_status(GOOD, Status(504))


@pytest.mark.parametrize("got", ["29", "31", "soon", "29.5", "-30"])
def test_seconds_in_a_header_are_exact_where_the_time_is(got: str) -> None:
    with SimulatedClock() as clock:
        has_seconds(replace(GOOD, headers=(("retry-after", "30"),)), "Retry-After", 29.5, clock)
        with pytest.raises(ViolationError, match="and it should be 30"):
            has_seconds(replace(GOOD, headers=(("retry-after", got),)), "Retry-After", 30, clock)


def test_a_second_may_have_passed_on_the_wall_clock_and_no_more() -> None:
    with WallClock() as clock:
        has_seconds(replace(GOOD, headers=(("retry-after", "29"),)), "Retry-After", 30, clock)
        for got in ("28", "31"):
            with pytest.raises(ViolationError, match='the header Retry-After "29" or "30"'):
                has_seconds(
                    replace(GOOD, headers=(("retry-after", got),)), "Retry-After", 30, clock
                )
