import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.proxy.rate import MINUTE, RateLimit


def test_the_request_after_the_last_one_allowed_waits_for_the_first_to_be_a_minute_old() -> None:
    limit = RateLimit(2)
    assert [limit.take("ann", now) for now in (100.0, 110.0)] == [0.0, 0.0]
    assert limit.take("ann", 120.0) == 40.0
    assert limit.take("ann", 159.0) == 1.0


def test_after_the_told_time_the_next_request_is_allowed_and_the_one_after_it_is_not() -> None:
    limit = RateLimit(2)
    limit.take("ann", 0.0)
    limit.take("ann", 30.0)
    assert limit.take("ann", 0.0 + limit.take("ann", 30.0) + 30.0) == 0.0
    assert limit.take("ann", 60.0) == 30.0


def test_a_refused_request_does_not_count() -> None:
    limit = RateLimit(1)
    limit.take("ann", 0.0)
    assert all(limit.take("ann", float(now)) for now in range(1, 60))
    assert limit.take("ann", 60.0) == 0.0


def test_clients_do_not_share_a_limit() -> None:
    limit = RateLimit(1)
    assert [limit.take(client, 5.0) for client in ("ann", "bob", "ann")] == [0.0, 0.0, 60.0]


@given(st.integers(1, 5), st.lists(st.floats(0, 40), max_size=60))
def test_no_minute_has_more_than_allowed_and_what_was_told_holds(
    most: int, pauses: list[float]
) -> None:
    limit, now, allowed = RateLimit(most), 1e6, list[float]()
    for pause in pauses:
        now += pause
        wait = limit.take("ann", now)
        if wait:
            now += wait
            assert limit.take("ann", now) == 0.0
        allowed.append(now)
    for first, last in zip(allowed, allowed[most:], strict=False):
        assert last - first >= MINUTE - 1e-5


@pytest.mark.parametrize("clients", [1, 5000])
def test_what_is_older_than_a_minute_is_forgotten(clients: int) -> None:
    limit = RateLimit(10)
    for number in range(10_000):
        limit.take(f"client {number % clients}", number / 100)
    limit.take("late", 1000.0)
    assert list(limit._allowed) == ["late"]
    assert sum(map(len, limit._allowed.values())) == 1


def test_no_more_is_kept_than_was_allowed_in_the_last_minute() -> None:
    limit = RateLimit(1)
    for number in range(1000):
        limit.take(f"client {number}", float(number))
    assert len(limit._allowed) == 60


def test_a_busy_client_keeps_its_place_behind_one_that_is_older() -> None:
    limit = RateLimit(3)
    for client, now in (("busy", 0.0), ("idle", 1.0), ("busy", 50.0)):
        limit.take(client, now)
    limit.take("other", 61.0)
    assert list(limit._allowed) == ["busy", "other"]
