"""Work in anyio's threads holds the simulated clock, although it bypasses the loop's executor."""

import asyncio
from collections.abc import Callable
from queue import Queue
from typing import Any

from anyio._backends import _asyncio as backend

from .loop import SimulatedLoop


class _HoldingQueue(Queue[Any]):
    """Holds the clock from giving a worker its work until the worker asks for more."""

    def __init__(self, loop: SimulatedLoop, maxsize: int) -> None:
        super().__init__(maxsize)
        self._loop = loop
        self._working = False

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ANN401, FBT001, FBT002 - queue's own signature
        if item is not None:  # `None` tells the worker to stop
            self._loop.hold()
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: ANN401, FBT001, FBT002 - queue's own signature
        if self._working:
            self._loop.release_soon()
        item = super().get(block, timeout)
        self._working = item is not None
        return item


class _HoldingWorker(backend.WorkerThread):
    def __init__(self, root_task: asyncio.Task[Any], *args: Any) -> None:  # noqa: ANN401 - anyio's own signature
        super().__init__(root_task, *args)
        loop = root_task.get_loop()
        if isinstance(loop, SimulatedLoop):
            self.queue = _HoldingQueue(loop, self.queue.maxsize)
            loop.adopt(self)


class _Watch:
    """Replaces anyio's worker while at least one simulated loop exists."""

    def __init__(self) -> None:
        self._loops = 0
        self._original = backend.WorkerThread

    def start(self) -> None:
        if self._loops == 0:
            backend.WorkerThread = _HoldingWorker  # type: ignore[assignment,misc]
        self._loops += 1

    def stop(self) -> None:
        self._loops -= 1
        if self._loops == 0:
            backend.WorkerThread = self._original  # type: ignore[misc]


_watch = _Watch()


def watch_threads() -> Callable[[], None]:
    """Let anyio's threads hold the clock of their loop; return what undoes it."""
    _watch.start()
    return _watch.stop
