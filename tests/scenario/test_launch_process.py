import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sluicegate.errors import NotJudgedError
from sluicegate.runtime.clock import WallClock
from sluicegate.scenario.launch import process
from sluicegate.scenario.launch.home import Home, home
from sluicegate.scenario.launch.process import running

QUIET = {"PATH": os.environ["PATH"]}
# Whoever lives holds the pipe `alive`.
WRAPPER = "exec 3>alive; (trap '' TERM; echo up >&3; sleep 100; sleep 100) & wait"
STUBBORN = "exec 3>alive; trap '' TERM; echo up >&3; sleep 100; sleep 100"
CHILDREN = "exec 3>alive; sleep 100 & sleep 100 & echo up >&3; wait"
LEFT = "exec 3>alive; setsid sh -c 'echo up >&3; sleep 100' & wait"
STRANGER = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""
POLITE = """
exec 3>alive
(trap 'echo bye >&3; exit' TERM; echo up >&3; while :; do sleep 0.01; done) &
wait
"""
LEASHED = """
import os, subprocess, sys
from pathlib import Path
from sluicegate.scenario.launch.leash import leash
home = Path(sys.argv[1])
with leash(home, home / "output") as held, (home / "output").open("wb") as output:
    child = subprocess.Popen(
        ["sh", "-c", "sleep 100 2>&1 & wait"], stdout=output, start_new_session=True
    )
    {}
"""


@contextmanager
def pipe(folder: Path) -> Iterator[int]:
    """Make a pipe in a folder; yield the end that is read."""
    os.mkfifo(folder / "alive")
    end = os.open(folder / "alive", os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield end
    finally:
        os.close(end)


async def told(end: int) -> bytes:
    """Wait until something comes out of the pipe."""
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(end, came.set)
    await came.wait()
    loop.remove_reader(end)
    return os.read(end, 100)


def outlived(script: str) -> bytes:
    """Run a script until it is up; return what it said after that, once nobody is left of it."""

    async def ran(place: Home, end: int) -> bytes:
        async with running(["sh", "-c", script], QUIET, place):
            assert await told(end) == b"up\n"
        return os.read(end, 100)  # BlockingIOError while anybody lives

    with home() as place, pipe(place.folder) as end, WallClock() as clock:
        return clock.run(ran(place, end))


def test_a_process_ends_with_all_its_children() -> None:
    assert outlived(CHILDREN) == b""


@pytest.mark.parametrize("script", [STUBBORN, WRAPPER])
def test_what_does_not_end_when_it_is_told_to_is_killed(
    script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STOP_LIMIT", 0.05)
    monkeypatch.setattr(process, "STRAGGLER_LIMIT", 0.05)
    assert outlived(script) == b""


def test_who_has_left_the_group_is_found_by_its_output() -> None:
    async def left(place: Home, end: int) -> bytes:
        async with running(["sh", "-c", LEFT], QUIET, place):
            assert await told(end) == b"up\n"
        return await told(end)

    with home() as place, pipe(place.folder) as end, WallClock() as clock:
        assert clock.run(left(place, end)) == b""


def test_who_was_not_started_is_left_alone_wherever_it_listens() -> None:
    command = [sys.executable, "-S", "-c", STRANGER]
    with (
        home() as place,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=QUIET
        ) as stranger,
        WallClock() as clock,
    ):
        assert stranger.stdout is not None
        clock.run(process.end_listeners(int(stranger.stdout.readline()), place))
        stranger.communicate()
    assert stranger.returncode == 0


def test_what_a_wrapper_wraps_may_end_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STRAGGLER_LIMIT", 60.0)
    assert outlived(POLITE) == b"bye\n"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("held.hold(child.pid); os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("os.kill(os.getpid(), 15)", -signal.SIGTERM),
        ("held.hold(child.pid); sys.exit(7)", 7),
        ("sys.exit(7)", 7),
    ],
)
def test_what_was_started_does_not_outlive_a_harness_that_ends_before_it_stops_that(
    tmp_path: Path, end: str, code: int
) -> None:
    owned = tmp_path / "owned"
    owned.mkdir()
    # Both outputs end when nobody has them open any more: the child, and who puts an end to it.
    done = subprocess.run(
        [sys.executable, "-c", LEASHED.format(end), str(owned)], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, b"")
    assert not owned.exists()


@pytest.mark.parametrize(
    ("program", "told"),
    [("no-such-gateway", "No such file or directory"), ("/", "Permission denied")],
)
def test_a_command_that_cannot_be_started_is_told(program: str, told: str) -> None:
    async def ran(place: Home) -> None:
        async with running([program], QUIET, place):
            pass

    with home() as place, WallClock() as clock:
        with pytest.raises(
            NotJudgedError, match=f"'{program}' cannot be started: {told}"
        ) as caught:
            clock.run(ran(place))
        assert caught.value.blame == "the profile"
