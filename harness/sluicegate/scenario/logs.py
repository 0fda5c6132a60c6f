"""Logs: what a system has logged since a scenario began, and how long a judge waits for it."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sluicegate.errors import NotJudgedError
from sluicegate.provider.journal import MASK
from sluicegate.runtime.clock import Clock

PATIENCE: Final = 2.0
"""Seconds on the clock after which a line that has not come is missing.

On the wall clock, what processes waited for a processor meanwhile is added, here and for `QUIET`.
"""

QUIET: Final = 0.5
"""Seconds without a new line, after an answer has ended, after which a log has said all."""

_POLL: Final = 0.02

Line = dict[str, Any]
"""A line of a log that is an object of JSON."""

Holds = Callable[[Sequence[Line]], bool]
"""Tells of the lines so far whether they are what is waited for."""


@dataclass(slots=True)
class Log:
    """What a system has logged since it was leased: `read` returns all of it.

    `printed` returns what it has printed elsewhere. `clock` is the one on which lines may come
    later than the answers that they are about; without it they never do. `secrets` are masked in
    what is shown.
    """

    read: Callable[[], str]
    clock: Clock | None = None
    printed: Callable[[], str] = str
    secrets: tuple[str, ...] = ()
    _length: int = -1
    _grew: float = 0.0

    def text(self) -> str:
        """Return everything that the system has logged and printed so far."""
        return f"{self.read()}\n{self.printed()}"

    def lines(self) -> list[Line]:
        """Return the whole lines of JSON that it has logged so far."""
        return json_lines(self.read())

    def masked(self, text: str) -> str:
        """Return a text without the secrets."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text

    def once(self, holds: Holds) -> list[Line]:
        """Return the lines as soon as it holds of them, and in the end what is there."""
        self._wait(lambda _: holds(self.lines()))
        return self.lines()

    def once_quiet(self, holds: Holds, since: float) -> list[Line]:
        """Return the lines when it holds of them and nothing was added for `QUIET`.

        `since` is when the answer ended, in seconds on the clock.
        """
        self._wait(lambda clock: self._is_quiet(clock, since) and holds(self.lines()))
        return self.lines()

    def _wait(self, is_over: Callable[[Clock], bool]) -> None:
        if self.clock is not None:
            self.clock.run(_until(self.clock, is_over))

    def _is_quiet(self, clock: Clock, since: float) -> bool:
        length = len(self.text())
        if length != self._length:
            self._length, self._grew = length, clock.time()
        return clock.left_of(QUIET, max(self._grew, since)) <= 0


async def _until(clock: Clock, is_over: Callable[[Clock], bool]) -> None:
    begun = clock.time()
    while clock.left_of(PATIENCE, begun) > 0:
        # A system may make the file of its log with the first line.
        with suppress(NotJudgedError):
            if is_over(clock):
                return
        await asyncio.sleep(_POLL)


def json_lines(text: str) -> list[Line]:
    """Read a log of one JSON object for each line, but for a last one that is not whole yet.

    Other lines may be between them.
    """
    return [found for line in text.split("\n")[:-1] if (found := _object(line)) is not None]


def _object(line: str) -> Line | None:
    try:
        found = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
