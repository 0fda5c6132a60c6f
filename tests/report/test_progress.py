import io
import os
import pty
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from rich.console import Console

from sluicegate.report.estimate import Estimate, duration
from sluicegate.report.planned import planned
from sluicegate.report.progress import Ended, Progress, Tally
from sluicegate.report.screen import Lines, Picture, Silence, printable, screen, sentence

FILE = "features/gateway/timeouts.feature"

A_FEATURE = """\
Feature: A
  @slow
  Scenario: By itself
    When the client asks for a stream

  Scenario: Other
    When the client asks for a stream

  @slow
  Rule: Slow
    Scenario: By its rule[s]
      When the client asks for a stream
"""

AN_OUTLINE = """\
Feature: A
  Scenario Outline: After <n> chunks
    When the client asks for "<text>"

    Examples:
      | n | text   |
      | 1 | "Hé::" |

    Examples:
      | n | text |
      | 2 | b-c  |
"""


class Told:
    """A screen that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.running: list[list[str]] = []
        self.is_closed = False

    def begin(self, tally: Tally) -> None:
        self.lines.append(f"{tally.total} begin")

    def tell(self, line: str) -> None:
        self.lines.append(line)

    def update(self, tally: Tally) -> None:
        self.running.append([*tally.running.values()])

    def close(self) -> None:
        self.is_closed = True


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def report(
    name: str,
    record: dict[str, Any] | None = None,
    *,
    when: str = "call",
    outcome: Literal["passed", "failed", "skipped"] = "passed",
    text: str = "",
) -> pytest.TestReport:
    made: Any = pytest.TestReport(
        nodeid=f"{FILE}::{name}",
        location=(FILE, 3, name),
        keywords={},
        outcome=outcome,
        longrepr=text or None,
        when="call",
        duration=0.5,
    )
    made.when = when
    if record:
        made.sluicegate = record
    return cast("pytest.TestReport", made)


def run(progress: Progress, *reports: pytest.TestReport) -> None:
    first = reports[0]
    progress.pytest_runtest_logstart(first.nodeid, first.location)
    for each in reports:
        progress.pytest_runtest_logreport(each)
    progress.pytest_runtest_logfinish(first.nodeid)


def begun(names: Iterable[str], **options: bool) -> tuple[Progress, Told]:
    told = Told()
    progress = Progress(told, **options)
    progress.pytest_xdist_node_collection_finished([f"{FILE}::{name}" for name in names])
    return progress, told


def test_what_runs_side_by_side_is_known_at_every_moment() -> None:
    progress, told = begun(["One", "Two"])
    for name in ("One", "Two"):
        progress.pytest_runtest_logstart(f"{FILE}::{name}", (FILE, 3, name))
    progress.pytest_runtest_logreport(report("One"))
    progress.pytest_runtest_logfinish(f"{FILE}::One")
    assert told.running == [["One"], ["One", "Two"], ["Two"]]
    assert (progress.tally.done, progress.tally.total) == (1, 2)


def test_other_workers_collect_the_same_and_are_not_counted_again() -> None:
    progress, told = begun(["One", "Two"])
    progress.pytest_xdist_node_collection_finished(["One", "Two"])
    assert told.lines == ["2 begin"]


def test_a_failure_is_told_at_once_with_its_blame_and_its_reason() -> None:
    progress, told = begun(["One"])
    record = {
        "outcome": "failed",
        "name": "One <1>",
        "requirements": ["A-001", "A-002"],
        "blame": "the gateway",
        "reason": "the stream has no [DONE]",
    }
    run(progress, report("One", record, outcome="failed", text="long\nstory"))
    assert told.lines[1:] == [
        'FAILED  A-001 A-002  "One <1>"  the gateway: the stream has no [DONE]'
    ]
    assert progress.tally.counts == {"failed": 1}


@pytest.mark.parametrize("outcome", ["passed", "known failure", "informational failure", "skipped"])
@pytest.mark.parametrize("verbose", [False, True])
def test_what_asks_for_no_action_is_told_only_to_who_wants_it_all(
    outcome: str, *, verbose: bool
) -> None:
    progress, told = begun(["One"], verbose=verbose)
    run(progress, report("One", {"outcome": outcome, "name": "One"}))
    assert len(told.lines) == 1 + verbose
    assert progress.tally.done == 1


def test_a_scenario_that_fails_after_it_passed_has_failed() -> None:
    progress, told = begun(["One"])
    late = {"outcome": "not judged", "name": "One", "blame": "the harness", "reason": "late"}
    failed = report("One", late, when="teardown", outcome="failed", text="x")
    run(progress, report("One", {"outcome": "passed", "name": "One"}), failed)
    assert told.lines[1:] == ['NOT JUDGED  "One"  the harness: late']


def test_what_says_nothing_of_itself_is_counted_as_pytest_does() -> None:
    progress, told = begun(["One", "Two", "Three"])
    run(progress, report("One", when="setup"), report("One"), report("One", when="teardown"))
    run(progress, report("Two", when="setup", outcome="failed", text="\n  first\nsecond"))
    run(progress, report("Three", when="setup", outcome="skipped"))
    assert dict(progress.tally.counts) == {"passed": 1, "failed": 1, "skipped": 1}
    assert told.lines[1:] == ['FAILED  "Two"  first']


def test_a_worker_that_crashes_ends_its_scenario() -> None:
    progress, _ = begun(["One"])
    progress.pytest_runtest_logstart(f"{FILE}::One", (FILE, 3, "One"))
    progress.pytest_runtest_logreport(report("One", when="???", outcome="failed", text="crashed"))
    assert (progress.tally.done, progress.tally.running) == (1, {})


def test_the_picture_is_gone_before_the_workers_are_stopped() -> None:
    progress, told = begun(["One"])
    progress.pytest_keyboard_interrupt()
    progress.pytest_sessionfinish()
    assert told.is_closed
    assert progress.interrupted
    assert told.lines[-1].startswith("Stopping what runs")


def test_slow_scenarios_are_known_by_their_tags(tmp_path: Path) -> None:
    (tmp_path / "a.feature").write_text(A_FEATURE)
    nodeids = [f"a.feature::{name}" for name in ("By itself", "By its rule(s)[row]", "Other")]
    assert planned([*nodeids, "no.feature::By itself"], tmp_path).slow == {*nodeids[:2]}


def test_a_row_of_an_outline_runs_under_its_name_with_the_values(tmp_path: Path) -> None:
    (tmp_path / "a.feature").write_text(AN_OUTLINE)
    told = Told()
    progress = Progress(told)
    progress._root = tmp_path
    nodeids = [f"a.feature::After <n> chunks{row}" for row in ('[1-"Hé::"]', "[2-b-c]", "[3-d]")]
    progress.pytest_xdist_node_collection_finished(nodeids)
    for nodeid in nodeids:
        progress.pytest_runtest_logstart(nodeid, ("a.feature", 1, nodeid.partition("::")[2]))
    assert told.running[-1] == ["After 1 chunks", "After 2 chunks", "After <n> chunks[3-d]"]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_is_what_each_kind_has_taken_so_far() -> None:
    estimate = Estimate({"slow", "slower"}, workers=2)
    quick = [str(n) for n in range(9)]
    assert estimate.left({"slow", "slower", *quick}) == (35 + 35 + 9) / 2
    estimate.end("slow", 60)
    estimate.end("quick", 3)
    estimate.end("quicker", 1)
    assert estimate.left(quick) == 9 * 2 / 2
    assert estimate.left({"slower", "other"}) == 60
    assert estimate.left(()) == 0


def test_what_runs_needs_no_more_than_the_rest_of_its_time() -> None:
    clock = Clock()
    estimate = Estimate({"slow"}, now=clock)
    estimate.begin("slow")
    clock.now += 25
    assert estimate.left({"slow"}) == 10


def test_slow_scenarios_that_take_longer_tell_of_the_others() -> None:
    estimate = Estimate({"slow"})
    estimate.end("slow", 35 * 4)
    assert estimate.left({"a", "b"}) == 2 * 4


def test_what_never_ends_counts_with_what_it_has_taken_so_far() -> None:
    clock = Clock()
    running, waiting = [f"slow {n}" for n in range(4)], [f"slow {n}" for n in range(4, 8)]
    estimate = Estimate({*running, *waiting}, workers=4, now=clock)
    for nodeid in running:
        estimate.begin(nodeid)
    assert estimate.left([*running, *waiting]) == 35 + 35
    clock.now += 120
    assert estimate.left([*running, *waiting]) >= 120
    for nodeid in running:
        estimate.end(nodeid, 120)
    assert estimate.left(waiting) == 120


def test_one_that_hangs_is_not_averaged_away() -> None:
    clock = Clock()
    estimate = Estimate((), workers=8, now=clock)
    for n in range(100):
        estimate.end(str(n), 1)
    estimate.begin("hangs")
    clock.now += 60
    assert estimate.left({"hangs"}) == 30


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (59.6, "60 s"), (89, "89 s"), (91, "2 min"), (600, "10 min")],
)
def test_durations_are_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_pipe_gets_plain_lines_one_in_ten_seconds() -> None:
    times = iter([100.0, 105.0, 109.9, 110.0, 111.0])
    stream = io.StringIO()
    shown = Lines(stream, lambda: next(times))
    tally = Tally(total=3)
    shown.begin(tally)
    tally.counts["passed"] += 1
    for _ in range(4):
        shown.update(tally)
    tally.counts["failed"] += 1
    shown.tell('FAILED  "One"')
    shown.close()
    assert stream.getvalue() == '3 scenarios\n1 of 3 scenarios, none failed\nFAILED  "One"\n'


def test_a_pipe_is_no_terminal() -> None:
    assert isinstance(screen(io.StringIO(), {"TERM": "xterm"}), Lines)


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_gets_lines(term: str) -> None:
    assert isinstance(screen(Terminal(), {"TERM": term}), Lines)


@pytest.mark.parametrize(
    ("value", "kind"), [("1", Lines), ("true", Lines), ("False", Picture), ("", Picture)]
)
def test_a_terminal_of_a_ci_gets_lines(value: str, kind: type) -> None:
    assert isinstance(screen(Terminal(), {"TERM": "xterm", "CI": value}), kind)


def test_a_terminal_that_is_gone_is_no_error() -> None:
    here, there = pty.openpty()
    with os.fdopen(there, "w") as stream:
        os.close(here)
        shown = screen(stream, {"TERM": "xterm", "CI": "1"})
        with pytest.raises(OSError, match="Input/output"):
            os.write(stream.fileno(), b"x")
        shown.begin(Tally(total=1))
        shown.tell("more")


def test_who_wants_no_progress_gets_none() -> None:
    assert isinstance(screen(Terminal(), {"TERM": "xterm"}, quiet=True), Silence)


def test_a_terminal_gets_a_picture_that_is_gone_in_the_end() -> None:
    stream = Terminal()
    shown = screen(stream, {"TERM": "xterm-256color"})
    assert isinstance(shown, Picture)
    shown.begin(Tally(total=2, running={"one": "The agent resets"}, left=lambda: 40.0))
    shown.tell('FAILED  "Two"')
    shown.close()
    written = stream.getvalue()
    assert 'FAILED  "Two"' in written
    assert "The agent resets" in written
    assert written.rindex("\x1b[2K") > written.rindex("The agent resets")


def test_the_picture_has_no_colours_where_none_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    shown = screen(stream, {"TERM": "xterm-256color"})
    shown.begin(Tally(total=2))
    shown.tell('FAILED  "Two"')
    shown.close()
    assert not re.search(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", stream.getvalue())


def test_the_picture_names_some_of_many_and_fits_the_terminal() -> None:
    stream = Terminal()
    shown = Picture(Console(file=stream, force_terminal=True, width=30))
    shown.begin(Tally(total=99, running={str(n): f"Scenario {n} " + "x" * 50 for n in range(10)}))
    shown.close()
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).splitlines()
    assert "  and 2 more" in [line.rstrip() for line in lines]
    assert max(map(len, lines)) <= 30


def test_a_line_says_how_far_the_run_is_and_how_long_it_takes() -> None:
    tally = Tally(total=1)
    assert sentence(tally) == "1 scenario"
    tally = Tally(total=212, left=lambda: 61.0)
    assert sentence(tally) == "212 scenarios, about 61 s left"
    tally.counts.update({"passed": 40, "failed": 2, "not judged": 1, "skipped": 2})
    assert sentence(tally) == "45 of 212 scenarios, 2 failed, 1 not judged, about 61 s left"


def test_names_move_no_cursor() -> None:
    assert printable("a\x1b[2Jb\nc\u202ed é") == "a�[2Jb�c�d é"
    assert str(Ended("One", "passed")) == 'PASSED  "One"'


def test_progress_needs_no_workers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass\ndef test_two(): assert 0\n")
    told = Told()
    pytester.inline_run("-p", "no:cacheprovider", plugins=[Progress(told)])
    assert told.lines[0] == "2 begin"
    assert told.lines[1].startswith('FAILED  "test_two"')


def test_slow_scenarios_begin_first_in_their_order(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        slow = pytest.mark.slow
        def test_a(): pass
        @slow
        def test_b(): pass
        def test_c(): pass
        @slow
        def test_d(): pass
        """
    )
    options = ("-p", "sluicegate.report.slow_first", "--collect-only", "-q")
    lines = pytester.runpytest_inprocess(*options).outlines[:4]
    assert [line[-1] for line in lines] == ["b", "d", "a", "c"]


def test_the_files_of_a_run_may_be_unreadable(tmp_path: Path) -> None:
    (tmp_path / "broken.feature").write_text("Feature\n")
    assert planned(["broken.feature::One"], tmp_path).slow == set()
