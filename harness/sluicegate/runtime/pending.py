"""What the tasks of a loop are waiting for, told frame by frame."""

import asyncio
import gc
from pathlib import Path
from types import FrameType
from typing import Any

_FRAMES = ("cr_frame", "gi_frame", "ag_frame")
_INNER = ("cr_await", "gi_yieldfrom", "ag_await")


def await_chain(awaitable: object) -> list[str]:
    """Return one line for each frame of a suspended coroutine, the outermost first.

    `Task.get_stack` gives a single frame: it does not follow what a coroutine awaits.
    """
    lines = []
    current: object | None = awaitable
    while current is not None:
        if not _has_frame(current):
            wrapped = _unwrap(current)
            if wrapped is None:
                lines.append(repr(current))
                break
            current = wrapped
        frame = _first(current, _FRAMES)
        if frame is not None:
            lines.append(_describe_frame(frame))
        current = _first(current, _INNER)
    return lines


def describe_pending(loop: asyncio.AbstractEventLoop) -> str:
    """Describe every pending task of the loop by its name and its full await chain."""
    tasks = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
    if not tasks:
        return "no task is pending"
    return "\n".join(["pending tasks:", *map(_describe_task, tasks)])


def _describe_task(task: asyncio.Task[Any]) -> str:
    chain = await_chain(task.get_coro())
    return f"  {task.get_name()}\n" + "\n".join(f"    {line}" for line in chain)


def _describe_frame(frame: FrameType) -> str:
    code = frame.f_code
    return f"{Path(code.co_filename).name}:{frame.f_lineno} in {code.co_qualname}"


def _first(value: object, names: tuple[str, ...]) -> Any:  # noqa: ANN401 - frames and awaitables
    return next(
        (found for name in names if (found := getattr(value, name, None)) is not None), None
    )


def _has_frame(value: object) -> bool:
    return any(hasattr(value, name) for name in _FRAMES)


def _unwrap(wrapper: object) -> object | None:
    # Coroutine wrappers and `asend` objects show what they wrap to the garbage collector only.
    return next((inner for inner in gc.get_referents(wrapper) if _has_frame(inner)), None)
