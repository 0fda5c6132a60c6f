from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import pytest

from sluicegate.errors import NotJudgedError, ViolationError
from sluicegate.provider.journal import Entry, Write
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.checks import passage, timing
from sluicegate.scenario.exchange import Exchange, Provided, Read

from .exchanges import DONE, FINISH, FIRST, SECOND, answered, chunk, streamed

WORDS = (FIRST, SECOND, *(chunk(f'{{"content":"{word}"}}') for word in "abcd"))
PLAIN = answered('{"id": "mock-1"}')
GOOD = streamed(*WORDS, FINISH, DONE)


# A wall clock on which processes waited for a processor from one instant to another.
@dataclass
class Waited:
    since: float = 0.0
    until: float = 0.0
    late: float = 0.0
    tolerance: float = 0.05
    lag_limit: float = 1.0
    name: str = "wall"

    def lag(self, since: float) -> float:
        assert since == 1.0
        return self.late

    def waited(self, since: float, until: float) -> float:
        assert since < until
        return max(0.0, min(self.until, until) - max(self.since, since))


def clock(since: float = 0.0, until: float = 0.0, late: float = 0.0) -> Clock:
    return cast("Clock", Waited(since, until, late))


def passed(*writes: bytes, sent: float = 0.1, came: float = 0.1, held: float = 0.002) -> Exchange:
    """A stream through a gateway: the pieces were sent and came so far apart."""
    begun = 1.01
    entry = Entry(
        number=1,
        started=begun,
        method="POST",
        path="/v1/chat/completions",
        query="",
        headers=(),
        status=200,
        headers_at=begun,
        response_headers=(("content-type", "text/event-stream"),),
        writes=tuple(Write(begun + n * sent, data) for n, data in enumerate(writes)),
        outcome="finished",
        ended=begun + len(writes) * sent,
    )
    reads = tuple(Read(begun + held + n * came, data) for n, data in enumerate(writes))
    ended = max(begun + len(writes) * sent, reads[-1].at)
    provided = (Provided('the agent "ccrouter"', entry),)
    return replace(streamed(), reads=reads, ended=ended, provided=provided)


BUFFERED = passed(*WORDS, FINISH, DONE, came=0.0, held=0.8)
HELD = passed(*WORDS, FINISH, DONE, held=0.2)

# What a check says of something that is late, from when to when it was, and at what time it came.
LATE: dict[str, tuple[Callable[[Clock], None], float, float]] = {
    "the answer began 2 s after the request, 0.5 s too late": (
        lambda clock: timing.begins_after(PLAIN, 1.5, clock),
        2.5,
        3.0,
    ),
    "the answer ended 0.8 s after the request, 0.4 s too late": (
        lambda clock: timing.ends_after(GOOD, 0.4, clock),
        1.4,
        1.8,
    ),
    "the exchange ended for the provider 2 s after the request, 1 s too late": (
        lambda clock: timing.provider_ended_after(PLAIN, 1.0, 3.0, clock),
        2.0,
        3.0,
    ),
    "text 2 came 0.3 s after the first text, 0.2 s too late": (
        lambda clock: timing.texts_apart(streamed(FIRST, SECOND, apart=0.3), 0.1, clock),
        1.0,
        1.3,
    ),
    "the answer took 2 s": (
        lambda clock: timing.ended_before(PLAIN, 1.0, clock),
        1.0,
        2.3,
    ),
}


@pytest.mark.parametrize("words", LATE)
def test_what_is_late_as_long_as_processes_waited_is_in_time(words: str) -> None:
    check, since, until = LATE[words]
    check(clock(since, until))
    for told in (clock(), clock(since, since + 0.05)):
        with pytest.raises(ViolationError) as caught:
            check(told)
        assert caught.value.words.splitlines()[0] == words


def test_a_failure_says_how_much_was_allowed_and_why() -> None:
    with pytest.raises(ViolationError) as caught:
        timing.begins_after(PLAIN, 1.5, clock(2.7, 2.9))
    assert caught.value.brief.startswith(
        "expected the answer to begin 1.5 s after the request, at most 0.25 s late (0.2 s of it"
    )
    assert "as processes waited for a processor, or the harness worked)" in " ".join(
        caught.value.evidence.split()
    )


@pytest.mark.parametrize(
    "check",
    [
        lambda clock: timing.begins_after(PLAIN, 2.2, clock),
        lambda clock: timing.texts_apart(streamed(FIRST, SECOND, apart=0.04), 0.1, clock),
    ],
)
def test_what_is_too_early_is_so_whoever_waited(check: Callable[[Clock], None]) -> None:
    with pytest.raises(ViolationError, match="too early"):
        check(clock(0.0, 9.0))


def test_waits_are_asked_for_between_what_either_side_saw() -> None:
    asked = []

    class Asked(Waited):
        def waited(self, since: float, until: float) -> float:
            asked.append((round(since, 3), round(until, 3)))
            return 0.0

    exchange = passed(FIRST, SECOND)
    timing.waited(exchange, cast("Clock", Asked()), 1.0, 1.112, 1.05)
    assert asked == [(1.0, 1.01), (1.01, 1.012), (1.012, 1.05), (1.05, 1.11), (1.11, 1.112)]


def test_a_harness_that_was_very_late_judges_nothing_that_is_late() -> None:
    with pytest.raises(NotJudgedError, match=r"1\.5 s late, more than the limit of 1 s") as caught:
        timing.begins_after(PLAIN, 1.5, clock(late=1.5))
    assert caught.value.blame == "the harness"
    timing.begins_after(PLAIN, 2.0, clock(late=1.5))
    with pytest.raises(ViolationError):
        timing.begins_after(PLAIN, 1.5, clock(late=0.9))


def test_a_gateway_that_holds_everything_back_is_told_so() -> None:
    with pytest.raises(ViolationError) as caught:
        timing.texts_apart(BUFFERED, 0.1, clock())
    assert caught.value.words.splitlines()[0] == (
        "text 1 came 0.800 s after the provider sent it, when text 6 had been sent: it was held "
        "back"
    )


def test_a_gateway_that_holds_the_first_bytes_back_is_told_so() -> None:
    with pytest.raises(ViolationError) as caught:
        timing.first_text_after(HELD, 0.0, clock())
    assert caught.value.words.splitlines()[0] == (
        "the first text came 0.21 s after the request, 0.21 s too late; text 1 came 0.200 s after "
        "the provider sent it, when text 2 had been sent: it was held back"
    )


@pytest.mark.parametrize("apart", [0.1, 0.01])
def test_a_piece_that_came_after_more_was_sent_is_excused_by_waits_alone(apart: float) -> None:
    # Every piece is as late as the first one, so that the distances are right.
    exchange = passed(*WORDS, FINISH, DONE, sent=apart, came=apart, held=0.15)
    timing.texts_apart(exchange, apart, clock(0.0, 9.0))
    with pytest.raises(ViolationError, match=r"text 1 came 0\.150 s after the provider sent it"):
        timing.texts_apart(exchange, apart, clock())


@pytest.mark.parametrize("check", [timing.first_text_after, timing.texts_apart])
def test_texts_that_change_places_are_no_question_of_time(
    check: Callable[[Exchange, float, Clock], None],
) -> None:
    exchange = passed(*WORDS, FINISH, DONE)
    first, second, *others = exchange.reads
    swapped = (replace(first, data=second.data), replace(second, data=first.data), *others)
    with pytest.raises(ViolationError, match="in another order than they were sent"):
        check(replace(exchange, reads=swapped), 0.1, clock())


def test_a_piece_that_comes_before_more_is_sent_is_not_held_back() -> None:
    timing.texts_apart(passed(*WORDS, FINISH, DONE, held=0.09), 0.1, clock())


def late_at_first(exchange: Exchange, seconds: float) -> Exchange:
    first, *others = exchange.reads
    return replace(exchange, reads=(replace(first, at=first.at + seconds), *others))


def test_a_piece_in_time_is_not_early_because_the_first_one_was_late() -> None:
    exchange = late_at_first(passed(*WORDS, FINISH, DONE), 0.087)
    timing.texts_apart(exchange, 0.1, clock())
    untold = replace(exchange, provided=None)
    timing.texts_apart(untold, 0.1, clock(1.0, 1.09))
    with pytest.raises(ViolationError, match=r"text 2 came 0\.013 s .*, 0\.087 s too early"):
        timing.texts_apart(untold, 0.1, clock())


def test_on_the_simulated_clock_distances_are_exact_even_so() -> None:
    exact = Waited(1.0, 9.0, tolerance=0.001, name="simulated")
    exchange = late_at_first(passed(*WORDS, FINISH, DONE), 0.01)
    with pytest.raises(ViolationError, match=r"0\.01 s too early"):
        timing.texts_apart(exchange, 0.1, cast("Clock", exact))


def test_a_provider_that_sends_too_early_is_told_so_by_its_own_journal() -> None:
    with pytest.raises(ViolationError, match="too early"):
        timing.texts_apart(passed(*WORDS, sent=0.04, came=0.04), 0.1, clock(1.02, 9.0))


def test_pieces_that_come_in_a_quick_succession_may_be_joined() -> None:
    quick = passed(*WORDS, FINISH, DONE, sent=0.01, came=0.0, held=0.04)
    timing.texts_apart(replace(quick, provided=None), 0.01, clock())
    timing.texts_apart(quick, 0.01, clock())


def test_the_journal_of_another_clock_tells_nothing_of_the_passage() -> None:
    entry = passed(*WORDS).provided
    assert entry is not None
    elsewhere = replace(entry[0], entry=replace(entry[0].entry, started=99.0))
    assert passage.passages(replace(passed(*WORDS), provided=(elsewhere,))) == []
    assert passage.passages(replace(passed(*WORDS), provided=None)) == []


def test_texts_that_are_not_the_providers_did_not_pass() -> None:
    assert len(passage.passages(passed(*WORDS))) == len(WORDS)
    changed = replace(passed(*WORDS), reads=passed(*WORDS[::-1]).reads)
    assert passage.passages(changed) == []


@pytest.mark.parametrize(
    ("got", "seconds", "holds"),
    [(2.04, 2.0, True), (1.96, 2.0, True), (2.4, 2.0, False), (1.94, 2.0, False)],
)
def test_a_duration_that_a_system_measured_is_judged_alike(
    got: float, seconds: float, *, holds: bool
) -> None:
    assert timing.is_in_time(PLAIN, got, seconds, clock()) is holds


def test_a_duration_that_a_system_measured_may_be_as_long_as_it_waited() -> None:
    assert timing.is_in_time(PLAIN, 2.4, 2.0, clock(2.5, 2.9))
    assert not timing.is_in_time(PLAIN, 1.6, 2.0, clock(2.5, 2.9))
