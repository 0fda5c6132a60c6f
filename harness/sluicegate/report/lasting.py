"""A stream that may lose its reader: a terminal is closed, or the other end of a pipe."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO


class Lasting:
    """A text stream; what is written after its reader has gone is lost, and no error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, and return its length."""
        try:
            self._stream.write(text)
        except OSError:
            self._forget()
        return len(text)

    def flush(self) -> None:
        """Let what was written be seen."""
        try:
            self._stream.flush()
        except OSError:
            self._forget()

    def _forget(self) -> None:
        # Python would fail in the end, as it writes what is left: the exit code would be its own.
        with suppress(OSError), Path(os.devnull).open("wb") as nobody:
            os.dup2(nobody.fileno(), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        """Return what else the stream has."""
        return getattr(self._stream, name)
