"""How late a loop is: a beat at a steady pace, and the worst delay since any instant."""

import asyncio
import threading
from collections import deque

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
    """Beats on a loop as long as it runs; `worst` may be asked from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
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
            overdue = self._loop.time() - self._due
            return max(self._lateness.worst(since), overdue, 0.0)

    def _beat(self) -> None:
        now = self._loop.time()
        with self._lock:
            self._lateness.add(now, now - self._due)
            self._due = now + HEARTBEAT
        self._loop.call_at(self._due, self._beat)
