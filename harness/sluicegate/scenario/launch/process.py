"""Processes: commands that the harness starts, each the leader of a process group of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from sluicegate.errors import NotJudgedError
from sluicegate.runtime.processes import serving

from .home import Home
from .leash import leash
from .limits import DEATH_LIMIT, PROBE_EVERY, STOP_LIMIT, STRAGGLER_LIMIT
from .ports import is_free

Process = asyncio.subprocess.Process

_MARK: Final = "SLUICEGATE_INSTANCE"
"""The environment variable that tells what was started for which instance."""


@asynccontextmanager
async def running(
    command: Sequence[str], environ: Mapping[str, str], home: Home
) -> AsyncIterator[Process]:
    """Run a command in its home until the exit, or until the harness dies.

    Its whole process group is ended then. Raises NotJudgedError, which blames the profile, for a
    command that cannot be started.
    """
    with leash(home.root, home.output) as held:
        process = await _started(command, environ, home)
        held.hold(process.pid)
        try:
            yield process
        finally:
            await _stop(process)
            held.release()


async def _started(command: Sequence[str], environ: Mapping[str, str], home: Home) -> Process:
    try:
        with home.output.open("wb") as output:
            return await asyncio.create_subprocess_exec(
                *command,
                env={**environ, _MARK: str(home.root)},
                cwd=home.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    except (OSError, ValueError) as error:
        raise NotJudgedError(_cannot_start(command[0], error), blame="the profile") from None


def _cannot_start(program: str, error: Exception) -> str:
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return (
        f"the command {program!r} cannot be started: {said}; install it, or correct `command` in "
        "the profile (a program beside the profile is {{ profile }}/...)"
    )


async def _stop(process: Process) -> None:
    try:
        _signal(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_LIMIT):
                await process.wait()
            async with asyncio.timeout(STRAGGLER_LIMIT):
                await _stragglers_gone(process.pid)
    finally:
        _signal(process.pid, signal.SIGKILL)
        await process.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(DEATH_LIMIT):
                await _stragglers_gone(process.pid)


async def end_listeners(port: int, home: Home) -> None:
    """End who still listens on the port that a command had, as it has left the command's group.

    That is whoever descends from the command, as its environment tells, and nobody else.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(DEATH_LIMIT):
            while not is_free(port) and (left := _marked(serving(port), home)):
                for pid in left:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
                await asyncio.sleep(PROBE_EVERY)


def _marked(pids: Iterable[int], home: Home) -> list[int]:
    mark = f"{_MARK}={home.root}".encode()
    return [pid for pid in pids if mark in _environment(pid)]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _signal(group: int, number: int) -> bool:
    """Send a signal to a process group; tell whether there is anybody who can get it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


async def _stragglers_gone(group: int) -> None:
    # Processes that are not our children tell nobody that they have ended.
    while _lives(group):  # noqa: ASYNC110 - see above
        await asyncio.sleep(PROBE_EVERY)


def _lives(group: int) -> bool:
    """Tell whether anything of the group is left that has not ended."""
    if not _signal(group, 0):
        return False
    return any(_is_of(group, path) for path in Path("/proc").glob("[0-9]*/stat"))


def _is_of(group: int, path: Path) -> bool:
    try:
        # The name of the program, in brackets, may have blanks in it.
        state, _, belongs = path.read_text().rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return False
    return int(belongs) == group and state not in _ENDED


_ENDED: Final = ("Z", "X")
