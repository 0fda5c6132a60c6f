"""How long processes were ready to run and waited for a processor (Linux; elsewhere always 0).

What comes late was held up by its system, or by a machine that had no processor free. The kernel
counts the second for each thread (/proc/PID/task/TID/schedstat), and the harness looks at it with
every beat. What the harness itself worked meanwhile is no system's fault either, and counts as its
waits do. A wait counts only where it can have held something up: idle threads do not wait, but
the harness's own loop, which beats all the time, does so for nothing. So its waits count close to
the two ends of a window, at which it acted, and those of others in all of it, up to a limit.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .limits import FAMILY_POLL, HEARTBEAT, THREADS_POLL, WAITS_KEPT, WAITS_REACH
from .processes import family

_NEAR: Final = 2 * HEARTBEAT
_SECOND: Final = 1e9
"""Nanoseconds."""
_PRESSURE: Final = Path("/proc/pressure/cpu")


class Waits:
    """The waits of the last minutes, each with the interval in which it lies."""

    def __init__(self) -> None:
        self._waits: deque[tuple[float, float, float]] = deque()

    def add(self, begin: float, end: float, seconds: float) -> None:
        """Note a wait of so many seconds, which lies between `begin` and `end`."""
        if seconds > 0:
            self._waits.append((begin, end, seconds))
        while self._waits and self._waits[0][1] < end - WAITS_KEPT:
            self._waits.popleft()

    def within(self, since: float, until: float, near: float | None = None) -> float:
        """Return the seconds of waiting in a window, at most its length.

        With `near`, only of waits that come as close as that to one of its ends.
        """
        found = (
            min(seconds, min(end, until) - max(begin, since))
            for begin, end, seconds in self._since(since)
            if begin < until and (near is None or begin < since + near or end > until - near)
        )
        return min(sum(found), max(0.0, until - since))

    def _since(self, since: float) -> Iterator[tuple[float, float, float]]:
        for wait in reversed(self._waits):
            if wait[1] <= since:
                break
            yield wait


class Threads:
    """The threads of processes, each with what it has waited so far, and worked if that counts."""

    def __init__(self, pids: Callable[[], Iterable[int]], *, work_counts: bool = False) -> None:
        self._pids = pids
        self._counted = slice(0 if work_counts else 1, 2)
        self._files: dict[tuple[int, int], int] = {}
        self._so_far: dict[tuple[int, int], int] = {}
        self.look()
        self.grown()

    def look(self) -> None:
        """Find the threads that there are now; all that a new one has waited is still to come."""
        for pid in self._pids():
            for thread in _threads(pid):
                if (pid, thread) not in self._files:
                    self._open(pid, thread)

    def grown(self) -> float:
        """Return the seconds that all of them together have grown by since this was last asked."""
        return sum(map(self._grown, list(self._files))) / _SECOND

    def close(self) -> None:
        """Let go of all files."""
        while self._files:
            os.close(self._files.popitem()[1])

    def _open(self, pid: int, thread: int) -> None:
        with suppress(OSError):
            path = f"/proc/{pid}/task/{thread}/schedstat"
            self._files[pid, thread] = os.open(path, os.O_RDONLY)
            self._so_far[pid, thread] = 0

    def _grown(self, thread: tuple[int, int]) -> int:
        try:
            # Time on a processor, time of waiting for one, number of turns: sched-stats.rst.
            times = os.pread(self._files[thread], 64, 0).split()[self._counted]
            so_far = sum(map(int, times))
        except (OSError, ValueError):
            os.close(self._files.pop(thread))  # the thread has ended
            del self._so_far[thread]
            return 0
        grown, self._so_far[thread] = so_far - self._so_far[thread], so_far
        return grown


class Pressure:
    """The time in which anything on this machine waited for a processor: psi.rst of the kernel."""

    def __init__(self) -> None:
        self._total = 0
        self.grown()

    def grown(self) -> float:
        """Return the seconds since this was last asked in which at least one thread waited."""
        before, self._total = self._total, _pressure()
        return (self._total - before) / 1e6

    def look(self) -> None:
        """Do nothing: everything is known."""

    def close(self) -> None:
        """Do nothing: nothing is held."""


def _threads(pid: int) -> list[int]:
    try:
        return [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []


def _pressure() -> int:
    with suppress(OSError, IndexError, ValueError):
        return int(_PRESSURE.read_text().splitlines()[0].rpartition("=")[2])
    return 0


class Waiting:
    """What those who are watched have waited for a processor, and the harness waited and worked.

    `sample` is called with every beat; everything may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._own = Threads(lambda: [os.getpid()], work_counts=True)
        self._watched: list[Threads | Pressure] = []
        self._own_waits, self._waits = Waits(), Waits()
        self._sampled = self._looked = 0.0

    def sample(self, now: float, late: float) -> None:
        """Note what has been waited since the last sample; the loop was `late` by so much."""
        with self._lock:
            own = max(late, self._own.grown())
            others = sum(each.grown() for each in self._watched)
            self._own_waits.add(now - own, now, own)
            # It came to an end some time since the last sample.
            self._waits.add(min(self._sampled, now) - others, now, others)
            self._sampled = now
            if now - self._looked >= THREADS_POLL:
                self._look(now)

    def waited(self, since: float, until: float) -> float:
        """Return the seconds that can have held up what was seen to come at `until`.

        `since` is when something was last seen to happen before it.
        """
        with self._lock:
            own = self._own_waits.within(since, until, _NEAR)
            others = self._waits.within(max(since, until - WAITS_REACH), until)
        return min(own + others, max(0.0, until - since))

    @contextmanager
    def watch(self, leaders: Collection[int]) -> Iterator[None]:
        """Let the waits of these processes and their families count; of none, those of all."""
        found = Threads(Families(leaders)) if leaders else Pressure()
        with self._lock:
            self._watched.append(found)
        try:
            yield
        finally:
            with self._lock:
                self._watched.remove(found)
                found.close()

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            for each in (self._own, *self._watched):
                each.close()

    def _look(self, now: float) -> None:
        self._looked = now
        for each in (self._own, *self._watched):
            each.look()


class Families:
    """The processes that `family` finds, looked for now and then."""

    def __init__(self, leaders: Iterable[int]) -> None:
        self._leaders = frozenset(leaders)
        self._found: set[int] = set()
        self._until = 0.0

    def __call__(self) -> set[int]:
        """Return them as they were at most a second ago."""
        if time.monotonic() >= self._until:
            self._found, self._until = family(self._leaders), time.monotonic() + FAMILY_POLL
        return self._found


def is_measured() -> bool:
    """Say whether this machine tells how long threads have waited."""
    return Path(f"/proc/{os.getpid()}/schedstat").exists()
