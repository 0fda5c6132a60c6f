import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sluicegate.errors import SluicegateError, ViolationError
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.scenario.checks import log
from sluicegate.scenario.logs import Line, Log

from .exchanges import SPOKEN

Check = Callable[[Log | None], None]
Logged = list[Line]

LINE: dict[str, Any] = {
    "model": "m",
    "status": 200,
    "duration": 0.6,
    "tokens": {"input": 10},
    "note": 'say "ah"\n',
}
EARLIER = {"model": "other", "status": 500, "duration": 9.0}
VALUES = [["path", "value"], ["$.model", "m"], ["$.status", "200"], ["$.tokens.input", "10"]]


def logged(*lines: Line) -> Log:
    return Log("".join(f"{json.dumps(line)}\n" for line in lines).__str__)


def took(lines: Log | None, seconds: float) -> None:
    with SimulatedClock() as clock:
        log.last_took(SPOKEN, lines, seconds, clock)


def some_took(lines: Log | None, seconds: float) -> None:
    with SimulatedClock() as clock:
        log.some_took(SPOKEN, lines, 'the agent "droid"', seconds, clock)


NOT_SO_LONG = 'no line of the log says that the agent "droid" took 2 s'
NUMBERED = replace(SPOKEN, headers=(("X-Request-Id", "r-1"),))
NONE = "the log has no line"
CHECKS: dict[str, tuple[Check, Logged, list[tuple[str, Logged]]]] = {
    "two lines": (
        lambda lines: log.has_lines(SPOKEN, lines, 2),
        [EARLIER, LINE],
        [
            ("the log has 0 lines about requests, not 2", []),
            ("the log has 1 line about requests, not 2", [LINE]),
            ("the log has 3 lines about requests, not 2", [LINE] * 3),
        ],
    ),
    "no line": (
        lambda lines: log.has_lines(SPOKEN, lines, 0),
        [],
        [("the log has 1 line about requests, not 0", [LINE])],
    ),
    "values": (
        lambda lines: log.last_has(SPOKEN, lines, VALUES),
        [EARLIER, LINE],
        [
            (NONE, []),
            ('$.model of the last line of the log is "other", not "m"', [LINE, EARLIER]),
            (
                '$.status of the last line of the log is "200", not 200',
                [{**LINE, "status": "200"}],
            ),
            (
                "$.tokens.input of the last line of the log is missing, not 10",
                [{**LINE, "tokens": 10}],
            ),
        ],
    ),
    "some line": (
        lambda lines: log.some_has(SPOKEN, lines, VALUES),
        [EARLIER, LINE, EARLIER],
        [
            ("no line of the log has all of these values", []),
            (
                "no line of the log has all of these values",
                [EARLIER, {**LINE, "status": 500}, {**LINE, "model": "x"}],
            ),
        ],
    ),
    "request": (
        lambda lines: log.names_request(NUMBERED, lines, "x-request-ID"),
        [EARLIER, {"request_id": "r-1"}, {"request_id": "r-2"}],
        [
            ('no line of the log names the request "r-1"', []),
            ('no line of the log names the request "r-1"', [{"request_id": "r-2"}, {"r-1": "r-1"}]),
        ],
    ),
    "duration": (
        lambda lines: took(lines, 0.6),
        [EARLIER, LINE],
        [
            (NONE, []),
            ("$.duration of the last line of the log is 9.0, not 0.6", [LINE, EARLIER]),
            ("$.duration of the last line of the log is 0.602, not 0.6", [{"duration": 0.602}]),
            ("$.duration of the last line of the log is 0.598, not 0.6", [{"duration": 0.598}]),
            ('$.duration of the last line of the log is "0.6", not 0.6', [{"duration": "0.6"}]),
            ("$.duration of the last line of the log is missing, not 0.6", [{"model": "m"}]),
            (
                "$.duration of the last line of the log is NaN, not 0.6",
                [{"duration": float("nan")}],
            ),
        ],
    ),
    "a second": (
        lambda lines: took(lines, 1.0),
        [{"duration": 1}],
        [("$.duration of the last line of the log is true, not 1", [{"duration": True}])],
    ),
    "some duration": (
        lambda lines: some_took(lines, 2.0),
        [{"agent": "droid", "duration": 2.0}, EARLIER],
        [
            (NOT_SO_LONG, []),
            (NOT_SO_LONG, [{"agent": "ccrouter", "duration": 2.0}, {"duration": 2.0}]),
            (NOT_SO_LONG, [{"agent": "droid", "duration": 2.002}, {"agent": "droid"}]),
        ],
    ),
    "mention": (
        lambda lines: log.does_not_mention(SPOKEN, lines, "hush"),
        [LINE],
        [
            (NONE, []),
            ('the log mentions "hush"', [{**LINE, "tokens": {"hush": 1}}, LINE]),
            ('the log mentions "hush"', [LINE, {**LINE, "model": "x-hush-x"}]),
        ],
    ),
    "quotation": (
        lambda lines: log.does_not_mention(SPOKEN, lines, 'say "ah"\n'),
        [EARLIER, {"note": "say 'ah'\n"}],
        [('the log mentions "say \\"ah\\"\\n"', [EARLIER, LINE])],
    ),
}
BAD = [(name, *case) for name, (*_, bad) in CHECKS.items() for case in bad]


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_the_log_passes_in_silence(name: str) -> None:
    check, good, _ = CHECKS[name]
    check(logged(*good))


@pytest.mark.parametrize(("name", "words", "lines"), BAD)
def test_a_check_of_the_log_fails_in_words(name: str, words: str, lines: Logged) -> None:
    check, *_ = CHECKS[name]
    with pytest.raises(ViolationError) as caught:
        check(logged(*lines))
    assert caught.value.words.splitlines()[0] == words
    assert caught.value.evidence.startswith("expected   ")
    assert "\ngot        " in caught.value.evidence


@pytest.mark.parametrize("name", CHECKS)
def test_a_log_that_nobody_can_read_is_skipped_and_never_passed(name: str) -> None:
    check, *_ = CHECKS[name]
    with pytest.raises(pytest.skip.Exception, match=r"^not claimed: the profile names no log"):
        check(None)


def test_an_answer_without_a_number_is_named_by_no_line() -> None:
    with pytest.raises(ViolationError, match="names the request null"):
        log.names_request(SPOKEN, logged({"request_id": None}), "x-request-id")


def test_a_duration_is_judged_within_the_tolerance() -> None:
    for seconds in (0.6009, 0.5991):
        took(logged(LINE), seconds)


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        (lambda lines: log.does_not_mention(SPOKEN, lines, ""), "got an empty one"),
        (lambda lines: log.last_has(SPOKEN, lines, [["a"], ["b"]]), r"the columns path \| value"),
        (
            lambda lines: log.last_has(SPOKEN, lines, [["path", "value"], ["model", "m"]]),
            "expected a path such as",
        ),
    ],
)
def test_a_mistake_in_a_sentence_on_the_log_is_the_authors(judge: Check, words: str) -> None:
    with pytest.raises(SluicegateError, match=words) as caught:
        judge(logged(LINE))
    assert not isinstance(caught.value, ViolationError)
