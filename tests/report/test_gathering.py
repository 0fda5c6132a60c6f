import signal
from typing import TYPE_CHECKING, Any

import pytest

from sluicegate.report import signals
from sluicegate.report.gathering import Gathering
from sluicegate.report.recording import ABOUT, RECORD
from sluicegate.report.verdict import Cut

from .example import scenario

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def gathering(pytestconfig: pytest.Config) -> Gathering:
    return Gathering(pytestconfig)


def report(
    when: str, outcome: str = "passed", record: dict[str, Any] | None = None, text: str = ""
) -> pytest.TestReport:
    place = ("a.feature", 1, "A")
    made = pytest.TestReport("a.feature::A", place, {}, outcome, text, when)  # type: ignore[arg-type] # any text
    if record is not None:
        setattr(made, RECORD, record)
        setattr(made, ABOUT, {"requirements": {}, "known": []})
    return made


def interrupt(gathering: Gathering, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        raise error
    gathering.pytest_keyboard_interrupt(caught)


def troubles(gathering: Gathering) -> list[str]:
    return list(gathering._gathered.troubles)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("passed", "failed", "at the end"),
        ("informational pass", "not judged", "at the end"),
        ("failed", "not judged", "in a step"),
        ("failed", "failed", "in a step; at the end"),
        ("not judged", "failed", "at the end"),
        ("not judged", "not judged", "in a step"),
        ("known failure", "failed", "in a step"),
    ],
)
def test_what_fails_after_the_steps_counts_where_it_says_more_than_they_did(
    gathering: Gathering, before: str, after: str, reason: str
) -> None:
    steps = scenario("A", before, reason="in a step", exchanges=[], log=[])
    gathering.pytest_runtest_logreport(report("call", record=steps))
    end = scenario("A", after, reason="at the end")
    gathering.pytest_runtest_logreport(report("teardown", "failed", end))
    (found,) = gathering._gathered.scenarios.values()
    assert (found["reason"], found["exchanges"]) == (reason, [])


def test_a_scenario_that_runs_again_is_the_last_one(gathering: Gathering) -> None:
    for outcome in ("failed", "passed"):
        gathering.pytest_runtest_logreport(report("call", record=scenario("A", outcome)))
    (found,) = gathering._gathered.scenarios.values()
    assert found["outcome"] == "passed"


def test_a_worker_that_died_is_a_trouble(gathering: Gathering) -> None:
    died = report("???", "failed", text="worker 'gw0' crashed while running 'a.feature::A'\n")
    gathering.pytest_runtest_logreport(died)
    assert troubles(gathering) == ["worker 'gw0' crashed while running 'a.feature::A'"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyboardInterrupt(), ["the run was interrupted"]),
        (pytest.exit.Exception("enough"), ["the run was interrupted: enough"]),
        (pytest.Session.Interrupted("1 error during collection"), []),
    ],
)
def test_a_run_that_somebody_ended_is_a_trouble(
    gathering: Gathering, error: BaseException, told: list[str]
) -> None:
    interrupt(gathering, error)
    gathering._cut()
    assert troubles(gathering) == told


@pytest.mark.parametrize(
    ("nodeids", "error", "failures", "cut"),
    [
        ("a", KeyboardInterrupt(), 0, Cut(1, 3)),
        ("a", KeyboardInterrupt(), 1, Cut(1, 3)),
        ("", KeyboardInterrupt("gw0 received keyboard-interrupt"), 0, Cut(0, 3)),
        ("abc", KeyboardInterrupt(), 0, None),
        ("ab", pytest.Session.Failed(), 1, Cut(2, 3, 1)),
        ("abc", pytest.Session.Failed(), 1, None),
        ("ab", pytest.Session.Failed(), 0, None),
    ],
)
def test_a_run_is_cut_unless_all_its_scenarios_have_ended(
    gathering: Gathering, nodeids: str, error: BaseException, failures: int, cut: Cut | None
) -> None:
    gathering._failures = failures
    gathering.pytest_xdist_node_collection_finished(["a", "b", "c"])
    for nodeid in nodeids:
        gathering.pytest_runtest_logfinish(nodeid)
    interrupt(gathering, error)
    gathering._cut()
    assert gathering._gathered.cut == cut


@pytest.mark.parametrize("number", signals.ENDING)
def test_no_signal_keeps_a_report_from_being_written(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    cleanups: list[Callable[[], None]] = []
    monkeypatch.setattr(pytestconfig, "add_cleanup", cleanups.append)
    before = signal.getsignal(number)
    finishing = Gathering(pytestconfig).pytest_sessionfinish()
    next(finishing)
    signal.raise_signal(number)
    finishing.close()
    for each in cleanups:
        each()
    assert signal.getsignal(number) is before


def test_a_signal_that_was_ignored_remains_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        restore = signals.handled(signals.Interrupts())
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        restore()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", signals.ENDING)
def test_a_terminal_that_is_closed_interrupts_as_others_do(number: signal.Signals) -> None:
    # Who runs the tests may ignore the signal.
    before = signal.signal(number, signal.SIG_DFL)
    restore = signals.handled(signals.Interrupts())
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    finally:
        restore()
        signal.signal(number, before)


def test_two_signals_at_once_interrupt_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 10.5, 20.0])
    monkeypatch.setattr(signals, "monotonic", lambda: next(times))
    interrupts = signals.Interrupts()
    with pytest.raises(KeyboardInterrupt):
        interrupts(signal.SIGTERM, None)
    interrupts(signal.SIGTERM, None)
    with pytest.raises(KeyboardInterrupt):
        interrupts(signal.SIGINT, None)


def test_a_failure_of_pytests_own_is_a_trouble(gathering: Gathering) -> None:
    gathering.pytest_internalerror("Traceback\n  line\nKeyError: 'x'\n")
    assert troubles(gathering) == ["pytest failed: KeyError: 'x'"]


def test_every_worker_tells_of_the_same_feature_and_it_counts_once(gathering: Gathering) -> None:
    for _ in range(2):
        wrong = pytest.CollectReport("a.feature", "failed", "a.feature:3: no step is defined", [])
        gathering.pytest_collectreport(wrong)
    assert troubles(gathering) == ["a.feature:3: no step is defined"]
