"""Where progress is shown: a picture that moves, on a terminal; otherwise a line now and then."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol, TextIO, cast

from .estimate import duration
from .lasting import Lasting
from .progress import COUNTING, Screen, Tally

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

EVERY: Final = 10.0
"""Seconds between two lines about how far a run is."""

_REFRESH: Final = 4
"""Pictures a second: each takes time from the systems that are judged."""

_LISTED: Final = 8
"""Scenarios that run now, of which the picture names so many."""

_WIDE: Final = 30
_BAD: Final = ("FAILED", "NOT JUDGED")
_DUMB: Final = ("", "dumb", "unknown")
_NO: Final = ("", "0", "false", "no")


def screen(stream: TextIO, environ: Mapping[str, str], *, quiet: bool = False) -> Screen:
    """Return the screen that fits a stream; it follows TERM, NO_COLOR and CI."""
    if quiet:
        return Silence()
    lasting = Lasting(stream)
    if not _moves(stream, environ):
        return Lines(lasting)
    # It takes a tenth of a second to import.
    from rich.console import Console  # noqa: PLC0415 - see above

    return Picture(
        Console(file=cast("TextIO", lasting), highlight=False, markup=False, emoji=False)
    )


def _moves(stream: TextIO, environ: Mapping[str, str]) -> bool:
    # A CI's terminal is kept as a log, where each picture would stay.
    is_log = environ.get("CI", "").lower() not in _NO
    return stream.isatty() and not is_log and environ.get("TERM", "") not in _DUMB


class Stream(Protocol):
    """What lines are written to."""

    def write(self, text: str, /) -> object:
        """Write a text."""

    def flush(self) -> object:
        """Let it be seen."""


class Silence:
    """A screen that shows nothing."""

    def begin(self, tally: Tally) -> None:
        """Show nothing."""

    def tell(self, line: str) -> None:
        """Show nothing."""

    def update(self, tally: Tally) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Show nothing."""


class Lines:
    """Plain lines: one for each failure, and one in ten seconds for how far the run is."""

    def __init__(self, stream: Stream, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._now = now
        self._last = 0.0

    def begin(self, tally: Tally) -> None:
        """Say how many scenarios there are."""
        self.tell(sentence(tally))
        self._last = self._now()

    def tell(self, line: str) -> None:
        """Write a line."""
        self._stream.write(f"{printable(line)}\n")
        self._stream.flush()

    def update(self, tally: Tally) -> None:
        """Say how far the run is, if nothing was said for long enough."""
        now = self._now()
        if now - self._last >= EVERY:
            self._last = now
            self.tell(sentence(tally))

    def close(self) -> None:
        """Do nothing: all lines stay."""


class Picture:
    """A bar with the scenarios that run now below it; what stays is printed above."""

    def __init__(self, console: "Console") -> None:
        from rich.live import Live  # noqa: PLC0415 - as above

        self._console = console
        self._tally = Tally()
        self._live = Live(
            get_renderable=self._picture,
            console=console,
            refresh_per_second=_REFRESH,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def begin(self, tally: Tally) -> None:
        """Begin to draw."""
        self._tally = tally
        self._live.start()

    def tell(self, line: str) -> None:
        """Print a line above the bar."""
        from rich.text import Text  # noqa: PLC0415 - as above

        style = "red" if line.startswith(_BAD) else ""
        self._console.print(Text(printable(line), style=style), soft_wrap=True)

    def update(self, tally: Tally) -> None:
        """Leave it to the next picture, a quarter of a second away."""
        self._tally = tally

    def close(self) -> None:
        """Wipe the picture away."""
        self._live.stop()

    def _picture(self) -> "RenderableType":
        from rich.console import Group  # noqa: PLC0415 - as above
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        tally = self._tally
        bar = ProgressBar(max(tally.total, 1), tally.done, _WIDE, complete_style="cyan")
        head = Table.grid(padding=(0, 2))
        head.add_row(bar, Text(sentence(tally), no_wrap=True, overflow="ellipsis"))
        lines = (Text(line, no_wrap=True, overflow="ellipsis") for line in _running(tally))
        return Group(head, *lines)


def _running(tally: Tally) -> list[str]:
    names = [*tally.running.values()]
    lines = [f"  {printable(name)}" for name in names[:_LISTED]]
    return [*lines, f"  and {len(names) - _LISTED} more"] if names[_LISTED:] else lines


def sentence(tally: Tally) -> str:
    """Say how far a run is, in a line."""
    if not tally.done:
        begun = f"{tally.total} scenario{'' if tally.total == 1 else 's'}"
    else:
        bad = [f"{tally.counts[each]} {each}" for each in COUNTING if tally.counts[each]]
        begun = f"{tally.done} of {tally.total} scenarios, {', '.join(bad) or 'none failed'}"
    left = None if tally.done == tally.total else tally.left()
    return begun if left is None else f"{begun}, about {duration(left)} left"


def printable(line: str) -> str:
    """Return a line without characters that would move the cursor or change the colours."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
