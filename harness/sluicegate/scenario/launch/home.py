"""Homes: the folder of one instance, and what it has printed."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sluicegate.provider.journal import MASK, mask_headers

LAST: Final = 40
"""Lines of what an instance has printed that are shown."""

_TAIL: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Home:
    """Where an instance lives: it may write in `folder`, and `output` has all that it prints."""

    root: Path

    @property
    def folder(self) -> Path:
        """The folder in which the instance runs."""
        return self.root / "folder"

    @property
    def output(self) -> Path:
        """The file that has what the instance prints."""
        return self.root / "output"


@contextmanager
def home() -> Iterator[Home]:
    """Make a home that only this user can look into, and remove it in the end."""
    # A process that is killed may write to the last moment.
    with tempfile.TemporaryDirectory(prefix="sluicegate-", ignore_cleanup_errors=True) as root:
        made = Home(Path(root))
        made.folder.mkdir()
        yield made


def size(path: Path) -> int:
    """Return how many bytes a file has by now, 0 where there is none yet."""
    return path.stat().st_size if path.exists() else 0


def after(path: Path, begin: int) -> str:
    """Return what a file has got since it had so many bytes."""
    with path.open("rb") as file:
        file.seek(begin)
        return file.read().decode(errors="replace")


def last_lines(
    path: Path, begin: int = 0, most: int = LAST, secrets: Iterable[str] = ()
) -> list[str]:
    """Return the last lines that a file has got since it had so many bytes; none if it is gone.

    The secrets in them are masked.
    """
    if not path.exists():
        return []
    text = after(path, max(begin, size(path) - _TAIL))
    for secret in secrets:
        text = text.replace(secret, MASK)
    return [line.rstrip() for line in text.splitlines()][-most:]


def secrets_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets in the headers of clients, without their authentication schemes."""
    masked = dict(mask_headers(headers.items()))
    hidden = (value for name, value in headers.items() if masked[name] != value)
    return tuple(filter(None, (value.partition(" ")[2] or value for value in hidden)))
