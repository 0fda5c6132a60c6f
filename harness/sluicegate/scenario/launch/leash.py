"""A leash: what ends a process group and removes its folder when the harness is gone."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, cast

# The first line names the group. The second one says that all is well; where the input ends before
# it, the harness has died, however it did.
_SCRIPT: Final = """
read -r group
read -r line && exit
[ -z "$group" ] || kill -s KILL -- "-$group" 2>/dev/null
rm -rf -- "$1"
"""

Hold = Callable[[int], None]
"""Puts a process group on the leash."""


@contextmanager
def leash(folder: Path) -> Iterator[Hold]:
    """Let a folder, and a process group, not outlive this process even if that is killed."""
    # In a session of its own: an interrupt from the keyboard is not for it.
    with subprocess.Popen(  # noqa: S603 - the script is ours, and the folder an argument of it
        ["/bin/sh", "-c", _SCRIPT, "leash", str(folder)],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as watcher:
        end = cast("IO[bytes]", watcher.stdin)
        try:
            yield lambda group: _tell(end, f"{group}\n")
        finally:
            _tell(end, "\n\n")


def _tell(end: IO[bytes], line: str) -> None:
    with suppress(BrokenPipeError):
        end.write(line.encode())
