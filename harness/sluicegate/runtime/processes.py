"""Which processes belong together, and which of them serve a port (Linux only)."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_LISTENING: Final = "0A"
"""The state of a socket that listens: /proc/net/tcp, in proc_net_tcp.txt of the kernel."""


def family(leaders: Iterable[int]) -> set[int]:
    """Return these processes, those of the groups that they lead, and all that descend from them.

    A process that has gone is no error.
    """
    groups = frozenset(leaders)
    found = set(groups)
    kin = list(_kin())
    while born := {
        pid
        for pid, parent, group in kin
        if pid not in found and (parent in found or group in groups)
    }:
        found |= born
    return found


def serving(port: int) -> set[int]:
    """Return the processes that listen on a TCP port of this machine, as far as one may see them.

    It is none where they run in a container, or as another user.
    """
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    return {pid for pid in _pids() if sockets and not sockets.isdisjoint(_open_files(pid))}


def _kin() -> Iterator[tuple[int, int, int]]:
    """Yield each process with its parent and its group: proc_pid_stat(5)."""
    for pid in _pids():
        with suppress(OSError, ValueError):
            stat = (_PROC / str(pid) / "stat").read_bytes()
            # A process may have parentheses and blanks in its name.
            _, parent, group = stat.rpartition(b")")[2].split()[:3]
            yield pid, int(parent), int(group)


def _pids() -> Iterator[int]:
    folders = _PROC.iterdir() if _PROC.is_dir() else ()
    return (int(folder.name) for folder in folders if folder.name.isdigit())


def _listening(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            lines = (_PROC / "net" / table).read_text().splitlines()[1:]
            for _, address, _, state, *others in map(str.split, lines):
                if state == _LISTENING and int(address.rpartition(":")[2], 16) == port:
                    yield others[5]


def _open_files(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for file in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                yield str(file.readlink())
