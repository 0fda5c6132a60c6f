"""How long a client may take over an answer that is there: no agent is kept waiting for ever."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from math import isinf
from typing import Any

GiveUp = Callable[[], Coroutine[Any, Any, None] | None]


class Patience:
    """Gives one answer up at a time when its client takes nothing; to be closed by `aclose`."""

    def __init__(self) -> None:
        self._is_waiting = False
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    def begin(self, until: float, give_up: GiveUp) -> None:
        """Give up at a time of the loop's clock; what `give_up` returns is done then, too.

        The client is waited for from now on.
        """
        self._is_waiting = True
        if not isinf(until):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(until, self._end, give_up)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for the client in here; while an agent is waited for, its own limits count."""
        self._is_waiting = True
        try:
            yield
        finally:
            self._is_waiting = False

    async def aclose(self) -> None:
        """Give up nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._ending is not None:
            await self._ending

    def _end(self, give_up: GiveUp) -> None:
        if self._is_waiting and (ending := give_up()):
            self._ending = asyncio.get_running_loop().create_task(ending)
