import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sluicegate.errors import NotJudgedError, ViolationError
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.scenario import systems
from sluicegate.scenario.checks import log as checks
from sluicegate.scenario.launch.places import log_of
from sluicegate.scenario.logs import PATIENCE, QUIET, Log, json_lines

from .exchanges import SPOKEN

Later = tuple[float, str]
"""What is written so many seconds after the exchange."""

LINE = '{"request_id": "r-1", "agent": "droid", "duration": 0.6}\n'
NUMBERED = replace(SPOKEN, headers=(("x-request-id", "r-1"),))
VALUES = [["path", "value"], ["$.agent", "droid"]]
SECRET = "key-of-the-client"  # noqa: S105 - it is no secret
LOOK = 0.03
"""Seconds within which a wait ends once it may."""

Check = Callable[[Log, Clock], None]

SOME: dict[str, Check] = {
    "some line": lambda log, _: checks.some_has(SPOKEN, log, VALUES),
    "last line": lambda log, _: checks.last_has(SPOKEN, log, VALUES),
    "duration": lambda log, clock: checks.last_took(SPOKEN, log, 0.6, clock),
    "its duration": lambda log, time: checks.some_took(SPOKEN, log, DROID, 0.6, time),
    "request": lambda log, _: checks.names_request(NUMBERED, log, "x-request-id"),
}
DROID = 'the agent "droid"'
COUNT: Check = lambda log, _: checks.has_lines(SPOKEN, log, 1)  # noqa: E731 - as those in the table
ALL: dict[str, Check] = {
    "count": COUNT,
    "mention": lambda log, _: checks.does_not_mention(SPOKEN, log, "hush"),
}


@pytest.fixture
def clock() -> Iterator[Clock]:
    with SimulatedClock() as clock:
        clock.run(asyncio.sleep(SPOKEN.ended))
        yield clock


def passed(clock: Clock) -> float:
    return clock.time() - SPOKEN.ended


def late(clock: Clock, *lines: Later) -> Callable[[], str]:
    return lambda: "".join(line for at, line in lines if passed(clock) >= at)


@pytest.mark.parametrize("at", [0.0, 0.3, 1.9])
@pytest.mark.parametrize("name", SOME)
def test_a_line_that_comes_late_is_found_as_soon_as_it_is_there(
    clock: Clock, name: str, at: float
) -> None:
    SOME[name](Log(late(clock, (0.0, '{"note": 1}\n'), (at, LINE)), clock), clock)
    assert at <= passed(clock) <= (at + LOOK if at else 0.0)


@pytest.mark.parametrize("name", [*SOME, *ALL])
def test_a_line_that_never_comes_is_missing_in_the_end(clock: Clock, name: str) -> None:
    with pytest.raises(ViolationError):
        {**SOME, **ALL}[name](Log(str, clock), clock)
    assert PATIENCE <= passed(clock) <= PATIENCE + LOOK


@pytest.mark.parametrize("name", ALL)
def test_what_is_said_of_all_lines_is_judged_when_the_log_is_quiet(clock: Clock, name: str) -> None:
    log = Log(late(clock, (0.4, LINE), (0.8, "stopped\n")), clock)
    ALL[name](log, clock)
    assert 0.8 + QUIET <= passed(clock) <= 0.8 + QUIET + 2 * LOOK
    quiet = passed(clock)
    ALL[name](log, clock)
    assert passed(clock) == quiet


@pytest.mark.parametrize("name", ALL)
def test_a_log_that_is_never_quiet_is_judged_in_the_end(clock: Clock, name: str) -> None:
    ALL[name](Log(lambda: LINE + "." * int(100 * clock.time()), clock), clock)
    assert PATIENCE <= passed(clock) <= PATIENCE + LOOK


def test_a_second_line_that_comes_late_is_counted(clock: Clock) -> None:
    with pytest.raises(ViolationError, match=r"^the log has 2 lines about requests, not 1"):
        COUNT(Log(late(clock, (0.0, LINE), (0.4, LINE)), clock), clock)


def test_a_log_is_quiet_only_after_the_last_answer(clock: Clock) -> None:
    log = Log(late(clock, (0.0, LINE), (2.3, "hush\n")), clock)
    ALL["mention"](log, clock)
    clock.run(asyncio.sleep(1.5))
    after = replace(SPOKEN, ended=clock.time())
    with pytest.raises(ViolationError, match=r'^the log mentions "hush"'):
        checks.does_not_mention(after, log, "hush")


SAID: dict[str, tuple[str, Later]] = {
    "plain text": ("hush", (0.0, "asked for hush with a key\n")),
    "text that is no whole line yet": ("hush", (0.0, "asked for hush")),
    "a late line": ("hush", (0.3, '{"prompt": "hush"}\n')),
    "late plain text": ("hush", (0.3, "hush\n")),
    "a list": ("hush", (0.0, '["hush"]\n')),
    "what JSON escapes without need": ("a/ä", (0.0, '{"prompt": "a\\/\\u00e4"}\n')),
    "what JSON escapes in a list": ("ä\n", (0.0, '["\\u00e4\\n"]\n')),
    "several lines": ("one\ntwo", (0.0, "one\ntwo\n")),
}


@pytest.mark.parametrize("name", SAID)
def test_whatever_is_logged_is_searched(clock: Clock, name: str) -> None:
    text, said = SAID[name]
    with pytest.raises(ViolationError) as caught:
        checks.does_not_mention(SPOKEN, Log(late(clock, (0.0, LINE), said), clock), text)
    assert caught.value.words.startswith(f"the log mentions {json.dumps(text, ensure_ascii=False)}")


def test_the_line_that_mentions_it_is_shown_without_the_secrets(clock: Clock) -> None:
    log = Log(lambda: f"{LINE}{SECRET} \x1b hush\n{LINE}", clock, secrets=(SECRET,))
    with pytest.raises(ViolationError) as caught:
        ALL["mention"](log, clock)
    assert '\ngot        "*** \\u001b hush"\n' in caught.value.evidence


def test_without_a_clock_no_time_passes(clock: Clock) -> None:
    ALL["mention"](Log(lambda: LINE), clock)
    with pytest.raises(ViolationError):
        COUNT(Log(str), clock)
    assert passed(clock) == 0.0


def test_of_a_log_the_whole_lines_of_json_are_read() -> None:
    text = 'starting\n{"a": 1}\n\n[1]\n{"a": {"b": "\\n"}}\n{"a": 2}'
    assert json_lines(text) == [{"a": 1}, {"a": {"b": "\n"}}]
    assert json_lines("") == []


def test_the_file_of_a_log_may_be_made_with_its_first_line(clock: Clock, tmp_path: Path) -> None:
    named = tmp_path / "late.log"
    log = log_of(named, None, clock)
    assert log is not None

    async def log_later() -> None:
        await asyncio.sleep(0.3)
        named.write_text(LINE)

    async def begin() -> None:
        started.append(asyncio.ensure_future(log_later()))

    started: list[asyncio.Future[None]] = []
    clock.run(begin())
    SOME["request"](log, clock)


def test_a_log_whose_file_is_never_made_is_the_profiles_fault(clock: Clock, tmp_path: Path) -> None:
    log = log_of(tmp_path / "no.log", None, clock)
    assert log is not None
    with pytest.raises(NotJudgedError, match="there is no such file") as caught:
        SOME["request"](log, clock)
    assert caught.value.blame == "the profile"


def test_what_is_printed_is_searched_beside_the_log_that_the_profile_names(
    clock: Clock, tmp_path: Path
) -> None:
    named, printed = tmp_path / "named.log", tmp_path / "output"
    named.write_text("hush\n")
    printed.write_text("hush\n")
    log = log_of(named, printed, clock)
    assert log is not None
    named.write_text(f"hush\n{LINE}")
    ALL["mention"](log, clock)
    printed.write_text("hush\nhush\n")
    with pytest.raises(ViolationError, match=r'^the log mentions "hush"'):
        ALL["mention"](log, clock)


def test_an_embedded_system_is_waited_for_on_the_wall_clock_alone(clock: Clock) -> None:
    async def log_of_gateway(clock: Clock) -> Log | None:
        async with systems.gateway("default", clock) as instance:
            return instance.log

    with WallClock() as wall:
        for each, expected in ((clock, None), (wall, wall)):
            log = each.run(log_of_gateway(each))
            assert log is not None
            assert log.clock is expected
