"""The command line as a person uses it: run a `sluicegate` command and see what it prints."""

import re
import shlex
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress

import pytest

from sluicegate.errors import SluicegateError, ViolationError

from .checks.values import quoted, sought

LAST_PORT = 65535

LIMIT = 30.0
"""Seconds of real time that a command may take."""


class Command:
    """The commands of one scenario, and the ports that it holds meanwhile.

    Where `is_judged` is false, a profile names other systems than those that the commands start.
    """

    def __init__(self, *, is_judged: bool = True) -> None:
        self._is_judged = is_judged
        self._held = ExitStack()
        self._done: subprocess.CompletedProcess[str] | None = None

    def hold(self, address: str) -> None:
        """Listen on `host:port`, as another program; if one does already, that serves as well."""
        host, _, port = address.rpartition(":")
        if not host or not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) <= LAST_PORT:
            raise SluicegateError(f"expected an address such as 127.0.0.1:8001, got {address!r}")
        with suppress(OSError):
            # Shared, so that runs side by side do not depend on one another's port.
            listener = socket.create_server((host, int(port)), reuse_port=True)
            self._held.enter_context(listener)

    def run(self, line: str) -> None:
        """Run a command to its end; raises SluicegateError unless it is one of `sluicegate`.

        Skips the scenario where the command is not what is judged.
        """
        command = [sys.executable, "-m", *_words(line)]
        if not self._is_judged:
            pytest.skip("not claimed: the system that the profile names is no command of ours")
        try:
            self._done = subprocess.run(  # noqa: S603 - our own command, without a shell
                command, capture_output=True, text=True, timeout=LIMIT, check=False
            )
        except subprocess.TimeoutExpired:
            raise ViolationError(f"expected `{line}` to end within {LIMIT:g} s") from None

    def ends(self, *, well: bool) -> None:
        """Require the exit code 0, or another one; never a traceback."""
        done = self._last()
        output = done.stdout + done.stderr
        if (done.returncode == 0) != well or "Traceback" in output:
            wanted = "to succeed" if well else "to fail with a plain message"
            raise ViolationError(
                f"expected the command {wanted}, got exit code {done.returncode}\n{output}"
            )

    def prints(self, text: str) -> None:
        """Require a text in what the command printed."""
        output = self._last().stdout + self._last().stderr
        if sought(text) not in output:
            words = f"the command does not print {quoted(text)}; what it prints is"
            raise ViolationError(f"{words}\n{output or '(nothing)'}")

    def close(self) -> None:
        """Let go of the held ports."""
        self._held.close()

    def _last(self) -> "subprocess.CompletedProcess[str]":
        if self._done is None:
            raise SluicegateError('no command was run yet: "When a person runs ..." comes first')
        return self._done


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise SluicegateError(f"cannot read the command {line!r}: {error}") from None
    if words[:1] != ["sluicegate"]:
        raise SluicegateError(f"expected a command that begins with sluicegate, got {line!r}")
    return words
