"""How many requests each client may make in a minute."""

from collections import deque
from itertools import takewhile
from typing import Final

MINUTE: Final = 60.0
"""Seconds."""

# What adding and subtracting seconds may leave over.
_NOTHING: Final = 1e-6


class RateLimit:
    """Allows each client so many requests within any minute; what it refuses does not count.

    Times are in seconds and never go back. What is older than a minute is forgotten, clients and
    all, so that no more is kept than was allowed in the last minute.
    """

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        # The client that was allowed a request last is the last here.
        self._allowed: dict[str, deque[float]] = {}

    def take(self, client: str, now: float) -> float:
        """Return 0.0 where the client may make a request now, else the seconds until it may."""
        self._forget(now)
        times = self._allowed.get(client, deque[float]())
        while times and _left(times[0], now) == 0.0:
            times.popleft()
        if len(times) >= self._most:
            return _left(times[0], now)
        times.append(now)
        self._allowed.pop(client, None)
        self._allowed[client] = times
        return 0.0

    def _forget(self, now: float) -> None:
        old = takewhile(lambda each: _left(each[1][-1], now) == 0.0, self._allowed.items())
        for client, _ in list(old):
            del self._allowed[client]


def _left(then: float, now: float) -> float:
    left = then + MINUTE - now
    return left if left > _NOTHING else 0.0
