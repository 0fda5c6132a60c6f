"""Leases of TCP ports that no other run, worker or outgoing connection takes meanwhile."""

import fcntl
import os
import secrets
import socket
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from sluicegate.errors import SluicegateError

RANGE: Final = range(20_000, 30_000)
"""The ports to lease: Linux takes those of outgoing connections from 32768 on."""

_PRIVATE: Final = 0o700


@contextmanager
def lease(candidates: Sequence[int] = RANGE) -> Iterator[int]:
    """Hold a port that is free, and that no other lease gives away until this one ends.

    Raises SluicegateError where all of them are taken.
    """
    folder = _folder()
    # Not always from the first: what stopped listening a moment ago may still have connections.
    begin = secrets.randbelow(len(candidates))
    for port in (*candidates[begin:], *candidates[:begin]):
        with (folder / str(port)).open("w") as file:
            if _is_locked(file) and is_free(port):
                yield port
                return
    raise SluicegateError(
        f"all ports from {candidates[0]} to {candidates[-1]} are taken: stop what listens there"
    )


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now, at any address of this machine."""
    # Without SO_REUSEADDR, which not every server sets.
    with socket.socket() as tried:
        try:
            tried.bind(("", port))
        except OSError:
            return False
    return True


def _is_locked(file: TextIO) -> bool:
    """Lock a file, which lasts until it is closed; tell whether nobody else had."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _folder() -> Path:
    """Return where all runs of this user have their locks, a file for each port."""
    folder = Path(tempfile.gettempdir()) / f"sluicegate-ports-{os.getuid()}"
    folder.mkdir(mode=_PRIVATE, exist_ok=True)
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not is_ours or stat.S_IMODE(found.st_mode) & ~_PRIVATE:
        raise SluicegateError(f"{folder} is open to others: remove it, or set another TMPDIR")
    return folder
