import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from sluicegate.runtime.clock import SimulatedClock, WallClock
from sluicegate.runtime.limits import WAITS_KEPT, WAITS_REACH
from sluicegate.runtime.processes import family, serving
from sluicegate.runtime.waiting import Pressure, Threads, Waiting, Waits, is_measured

# Not for ever: a run that is killed leaves no busy process behind.
BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"

measured_here = pytest.mark.skipif(not is_measured(), reason="this kernel does not tell of waits")

# Its child tells its process id, and then both wait for an end of their input.
PARENT = """
import subprocess, sys
child = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
sys.exit(subprocess.run([sys.executable, "-S", "-c", child]).returncode)
"""


def waits(*noted: tuple[float, float, float]) -> Waits:
    found = Waits()
    for begin, end, seconds in noted:
        found.add(begin, end, seconds)
    return found


@pytest.mark.parametrize(
    ("since", "until", "seconds"),
    [
        (0.0, 9.0, 0.5),
        (0.0, 2.1, 0.1),
        (2.3, 9.0, 0.2),
        (2.1, 2.2, 0.1),
        (0.0, 2.0, 0.0),
        (2.5, 5.0, 0.0),
        (5.2, 9.0, 0.0),
    ],
)
def test_a_wait_counts_as_far_as_it_lies_in_the_window(
    since: float, until: float, seconds: float
) -> None:
    noted = waits((2.0, 2.4, 0.4), (5.0, 5.2, 0.1))
    assert noted.within(since, until) == pytest.approx(seconds)


def test_many_threads_that_wait_at_once_hold_up_no_longer_than_they_do() -> None:
    noted = waits((2.0, 2.4, 0.4), (2.0, 2.4, 0.4))
    assert noted.within(2.1, 2.3) == pytest.approx(0.2)


def test_a_wait_that_is_not_close_to_an_end_of_the_window_may_not_count() -> None:
    noted = waits((2.0, 2.1, 0.1), (5.0, 5.1, 0.1), (8.0, 8.1, 0.1))
    assert noted.within(1.9, 8.2, near=0.2) == pytest.approx(0.2)


def test_waits_are_not_remembered_for_ever() -> None:
    noted = waits((2.0, 2.4, 0.4))
    noted.add(2.4 + WAITS_KEPT, 2.5 + WAITS_KEPT, 0.1)
    assert noted.within(0.0, 9.0) == 0.0


# Threads of nobody, each time with what they have waited meanwhile.
class Grows(Threads):
    def __init__(self, *seconds: float) -> None:
        self._seconds = iter(seconds)
        super().__init__(list)

    def grown(self) -> float:
        return next(self._seconds, 0.0)


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    waiting = Waiting()
    waiting._own.close()
    waiting._own = Grows()
    yield waiting
    waiting.close()


def test_a_loop_that_was_late_had_waited(waiting: Waiting) -> None:
    waiting.sample(10.0, 0.0)
    waiting.sample(10.5, 0.4)
    assert waiting.waited(10.2, 10.5) == pytest.approx(0.3)
    assert waiting.waited(10.6, 10.9) == 0.0


def test_a_wait_of_the_harness_counts_even_if_no_beat_was_due_meanwhile(waiting: Waiting) -> None:
    waiting._own = Grows(0.0, 0.0, 0.3)
    waiting.sample(10.0, 0.0)
    waiting.sample(10.5, 0.0)
    assert waiting.waited(10.0, 10.5) == pytest.approx(0.3)


def test_a_beat_that_was_late_while_the_harness_had_nothing_to_do_holds_nothing_up(
    waiting: Waiting,
) -> None:
    waiting.sample(10.0, 0.0)
    waiting.sample(15.0, 0.4)
    waiting.sample(20.0, 0.0)
    assert waiting.waited(10.1, 19.9) == 0.0
    assert waiting.waited(10.1, 15.01) == pytest.approx(0.4)


def test_others_count_where_they_waited_and_for_some_time_after(waiting: Waiting) -> None:
    waiting._watched.append(Grows(0.0, 0.0, 0.3))
    waiting.sample(10.0, 0.0)
    waiting.sample(10.01, 0.0)
    assert waiting.waited(9.0, 10.005) == pytest.approx(0.3)
    assert waiting.waited(9.0, 9.7 + WAITS_REACH) == pytest.approx(0.3)
    assert waiting.waited(9.0, 10.01 + WAITS_REACH) == 0.0


def test_what_is_left_of_a_time_on_the_simulated_clock_is_exact() -> None:
    with SimulatedClock() as clock:
        clock.run(asyncio.sleep(1.5))
        assert clock.left_of(2.0, 0.0) == 0.5


def test_a_time_on_the_wall_clock_ends_although_the_machine_is_busy() -> None:
    with WallClock() as clock:
        begun = clock.time()
        assert reaches(0.0, lambda: -clock.left_of(0.05, begun))
        assert clock.time() - begun >= 0.05


@pytest.fixture
def starved() -> Iterator[int]:
    # A process that is always ready to run, on a core with another that goes before it.
    with ExitStack() as stack:
        processes = []
        for _ in range(2):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-S", "-c", BUSY]))
            stack.callback(process.kill)
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
            processes.append(process.pid)
        os.setpriority(os.PRIO_PROCESS, processes[0], 19)
        yield processes[0]


def reaches(seconds: float, measured: Callable[[], float]) -> bool:
    deadline = time.monotonic() + 30
    while measured() < seconds:
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.02)
    return True


@measured_here
def test_a_process_that_starves_waits_for_a_processor(starved: int) -> None:
    with WallClock() as clock, clock.watch(starved):
        begun = clock.time()
        assert reaches(0.2, lambda: clock.waited(begun, clock.time()))
    assert clock._waiting._watched == []


@measured_here
def test_where_nobody_knows_who_acts_whoever_waits_counts(starved: int) -> None:
    with WallClock() as clock, clock.watch_url("http://127.0.0.1:1"):
        (watched,) = clock._waiting._watched
        assert isinstance(watched, Pressure)
        assert starved
        begun = clock.time()
        assert reaches(0.2, lambda: clock.waited(begun, clock.time()))


def test_of_another_machine_nothing_is_known() -> None:
    with WallClock() as clock, clock.watch_url("http://192.0.2.1/v1"):
        assert clock._waiting._watched == []


def test_on_the_simulated_clock_nobody_waits() -> None:
    with SimulatedClock() as clock, clock.watch(1), clock.watch_url("http://127.0.0.1:1"):
        assert clock.waited(0.0, 9.0) == 0.0


@measured_here
def test_whoever_serves_a_url_on_this_machine_is_watched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, WallClock() as clock:
        port = server.getsockname()[1]
        assert serving(port) == {os.getpid()}
        with clock.watch_url(f"http://127.0.0.1:{port}"):
            (watched,) = clock._waiting._watched
            assert isinstance(watched, Threads)
    assert serving(port) == set()


@measured_here
def test_a_process_is_watched_with_its_children() -> None:
    command = [sys.executable, "-S", "-c", PARENT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert family([parent.pid]) == {parent.pid, child}
        assert parent.pid in family([os.getpid()])


@measured_here
def test_work_counts_where_it_shall() -> None:
    works = Threads(lambda: [os.getpid()], work_counts=True)
    worked = -time.process_time()
    while worked + time.process_time() < 0.1:
        pass
    worked += time.process_time()
    assert works.grown() >= 0.9 * worked
    works.close()


@measured_here
def test_a_thread_that_has_ended_is_forgotten() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    threads = Threads(lambda: [os.getpid()])
    before = len(threads._files)
    ended.set()
    thread.join()
    while threads.grown() >= 0.0 and len(threads._files) == before:
        threading.Event().wait(0.001)
    threads.close()
    assert threads.grown() == 0.0
