"""A leash: what ends a process group and removes its folder when the harness is gone."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

# The first line names the group, the second one tells that it has been stopped. Where the input
# ends before that, the harness has died, however it did, or has not stopped what it started. It may
# have died before it named what it had just started; that has its output in a file that is known.
# It keeps our input open until its program begins, so by now it is either there or dead. Whoever
# has left the group and prints into the file is found so, too, and what it starts meanwhile the
# next time.
_SCRIPT: Final = """
read -r group
read -r line && group=
[ -z "$group" ] || kill -s KILL -- "-$group" 2>/dev/null
for again in 1 2 3; do
  found=
  for each in /proc/[0-9]*; do
    if [ "$each/fd/1" -ef "$2" ] || [ "$each/fd/2" -ef "$2" ]; then
      found=yes
      kill -s KILL -- "-${each#/proc/}" "${each#/proc/}"
    fi
  done 2>/dev/null
  [ -n "$found" ] || break
done
rm -rf -- "$1"
"""


@dataclass(frozen=True, slots=True)
class Leash:
    """What holds a process group."""

    end: IO[bytes]

    def hold(self, group: int) -> None:
        """Put a process group on the leash."""
        self._tell(f"{group}\n")

    def release(self) -> None:
        """Tell that the group has been stopped."""
        self._tell("\n")

    def _tell(self, line: str) -> None:
        with suppress(BrokenPipeError):
            self.end.write(line.encode())


@contextmanager
def leash(folder: Path, output: Path) -> Iterator[Leash]:
    """Let a process group, and a folder, not outlive the block, nor this process if it is killed.

    `output` is the file in the folder into which the group prints: it tells who belongs to it until
    it is put on the leash, and who has left it. Where the leash is released, the group has been
    stopped.
    """
    # In a session of its own: an interrupt from the keyboard is not for it.
    with subprocess.Popen(  # noqa: S603 - the script is ours, and the paths arguments of it
        ["/bin/sh", "-c", _SCRIPT, "leash", str(folder), str(output)],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as watcher:
        yield Leash(cast("IO[bytes]", watcher.stdin))
