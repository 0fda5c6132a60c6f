"""How late a loop is: a beat at a steady pace, and the worst delay since any instant."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable

from .limits import HEARTBEAT


class Lateness:
    """The worst lateness since any instant, kept in the few entries that can still be the answer.

    An entry that is followed by a worse one can never be the worst again and is dropped, so the
    entries fall in size from the oldest to the newest and stay few, however long the clock runs.
    """

    def __init__(self) -> None:
        self._entries: deque[tuple[float, float]] = deque()

    def add(self, instant: float, lateness: float) -> None:
        """Note how late the loop was at that instant, both in seconds."""
        while self._entries and self._entries[-1][1] <= lateness:
            self._entries.pop()
        self._entries.append((instant, lateness))

    def worst(self, since: float) -> float:
        """Return the worst lateness noted at or after `since`, 0.0 if there is none."""
        return next((late for instant, late in self._entries if instant >= since), 0.0)


class Heartbeat:
    """Beats on a loop as long as it runs; `worst` and `overdue` may be asked from any thread.

    With each beat it calls `beaten`, with the time on the loop and the seconds it was late by.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, beaten: Callable[[float, float], None]
    ) -> None:
        self._loop = loop
        self._beaten = beaten
        self._lateness = Lateness()
        self._lock = threading.Lock()
        self._due = loop.time()

    def start(self) -> None:
        """Begin to beat; to be called in the loop's thread."""
        self._due = self._loop.time()
        self._beat()

    def worst(self, since: float) -> float:
        """Return the worst lateness since that time on the loop, in seconds.

        A beat that is overdue at this moment counts with what it is late by now.
        """
        with self._lock:
            return max(self._lateness.worst(since), self._overdue())

    def overdue(self) -> float:
        """Return by how many seconds the next beat is late at this moment."""
        with self._lock:
            return self._overdue()

    def _overdue(self) -> float:
        return max(self._loop.time() - self._due, 0.0)

    def _beat(self) -> None:
        now = self._loop.time()
        with self._lock:
            late = now - self._due
            self._lateness.add(now, late)
            self._due = now + HEARTBEAT
        self._beaten(now, late)
        self._loop.call_at(self._due, self._beat)
