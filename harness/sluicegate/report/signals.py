"""Signals that end a process, kept away while a report is written."""

import math
import signal
import threading
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals by which somebody ends a run: SIGHUP comes where a terminal is closed."""

SAME_WITHIN: Final = 1.0
"""Seconds within which a further signal means the same: `timeout` signals us, then our group."""

Handler = Callable[[int, FrameType | None], None]


def handled(handler: Handler) -> Callable[[], None]:
    """Let a function handle the ending signals; return what puts an end to that.

    Those that are ignored remain so: `nohup` wants it.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    # A function, unlike SIG_IGN, is not passed on to the programs that are started meanwhile.
    heard = [each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}

    def restore() -> None:
        for number, old in before.items():
            signal.signal(number, old)

    return restore


def ignored() -> Callable[[], None]:
    """Let no ending signal reach this process; return what puts an end to that."""
    return handled(lambda *_: None)


class Interrupts:
    """A handler that raises KeyboardInterrupt, once for signals that come together."""

    def __init__(self) -> None:
        self._last = -math.inf

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Interrupt what runs."""
        before, self._last = self._last, monotonic()
        if self._last - before >= SAME_WITHIN:
            raise KeyboardInterrupt
