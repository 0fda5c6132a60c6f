"""The time axis of a picture: where an instant lies, its ticks, and long silences that are cut."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

WHOLE: Final = 100.0
"""The width of an axis; places on it are percent, so that a picture fits any window."""

_SHORTEST: Final = 0.001
_SHORTEST_CUT: Final = 1.0
_LEAST_BESIDE: Final = 0.02
_TIMES_LONGER: Final = 4
_CUT_WIDTH: Final = 14.0
_CUTS_WIDTH: Final = 50.0
_LABELLED_WIDTH: Final = 9.0
_BETWEEN_TICKS: Final = 11.0
_NICE: Final = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled instant, in percent; a narrow picture leaves out every `is_second` one."""

    x: float
    label: str
    is_second: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of time, in seconds, and where it lies, in percent; a cut one is not to scale."""

    start: float
    end: float
    left: float
    right: float
    is_cut: bool

    @property
    def label(self) -> str:
        """How long it is, where there is room to say it."""
        return duration(self.end - self.start) if self.width >= _LABELLED_WIDTH else ""

    @property
    def width(self) -> float:
        """How wide it is, in percent."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """Where its middle lies, in percent."""
        return (self.left + self.right) / 2

    def x(self, seconds: float) -> float:
        """Return where an instant of it lies."""
        return self.left + self.width * (seconds - self.start) / (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Axis:
    """Time from left to right; its spans follow one another, from the first instant to the last."""

    spans: tuple[Span, ...]

    @property
    def cuts(self) -> tuple[Span, ...]:
        """The silences that are cut short."""
        return tuple(span for span in self.spans if span.is_cut)

    def x(self, seconds: float) -> float:
        """Return where an instant lies, in percent; what lies outside goes to the nearest end."""
        within = min(max(seconds, self.spans[0].start), self.spans[-1].end)
        span = next(each for each in self.spans if within <= each.end)
        return round(span.x(within), 2)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Round instants, none closer to the next one than its label needs."""
        if self.spans[-1].end - self.spans[0].start <= _SHORTEST:
            return (Tick(0.0, duration(self.spans[0].start), is_second=False),)
        drawn = [span for span in self.spans if not span.is_cut]
        step = _step(
            sum(each.width for each in drawn) / sum(each.end - each.start for each in drawn)
        )
        kept: list[tuple[float, float]] = []
        within = itertools.chain.from_iterable(_instants(span, step) for span in drawn)
        for seconds in (self.spans[0].start, *within, *(cut.end for cut in self.cuts[-1:])):
            x = self.x(seconds)
            if not kept or x - kept[-1][0] >= _BETWEEN_TICKS / 2:
                kept.append((x, seconds))
        return tuple(
            Tick(x, _label(seconds, step, self.spans[-1].end), bool(place % 2))
            for place, (x, seconds) in enumerate(kept)
        )


def axis(times: Iterable[float]) -> Axis:
    """Return the axis on which these instants lie, in seconds; it begins at 0.

    A silence is cut where it is so long that what happens before and after it would be one point.
    """
    instants = sorted({0.0, *times})
    if instants[-1] - instants[0] < _SHORTEST:
        instants = [instants[0], instants[0] + _SHORTEST]
    gaps = list(itertools.pairwise(instants))
    least = _least_cut(sorted(end - start for start, end in gaps))
    pieces = list(_joined(gaps, least))
    return Axis(tuple(_laid_out(pieces)))


def _least_cut(lengths: list[float]) -> float:
    """Return from which length on silences are cut: where they outlast all shorter ones by far."""
    for length, shorter in zip(lengths[1:], itertools.accumulate(lengths), strict=False):
        is_long = length > max(_SHORTEST_CUT, _TIMES_LONGER * shorter)
        if is_long and shorter >= _LEAST_BESIDE:
            return length
    return math.inf


_Piece = tuple[float, float, bool]


def _joined(gaps: list[tuple[float, float]], least: float) -> Iterator[_Piece]:
    for is_cut, group in itertools.groupby(gaps, lambda gap: gap[1] - gap[0] >= least):
        members = list(group)
        if is_cut:
            yield from ((start, end, True) for start, end in members)
        else:
            yield members[0][0], members[-1][1], False


def _laid_out(pieces: list[_Piece]) -> Iterator[Span]:
    cuts = sum(is_cut for *_, is_cut in pieces)
    cut_width = min(_CUT_WIDTH, _CUTS_WIDTH / max(cuts, 1))
    seconds = sum(end - start for start, end, is_cut in pieces if not is_cut)
    scale = (WHOLE - cuts * cut_width) / seconds
    left = 0.0
    for start, end, is_cut in pieces:
        right = left + (cut_width if is_cut else scale * (end - start))
        yield Span(start, end, left, right, is_cut)
        left = right


def _step(scale: float) -> float:
    """Return the least round number of seconds that leaves room for a label; percent a second."""
    least = _BETWEEN_TICKS / scale
    power = 10.0 ** math.floor(math.log10(least))
    return next(nice * power for nice in _NICE if nice * power >= least * (1 - 1e-9))


def _instants(span: Span, step: float) -> Iterator[float]:
    first = math.ceil(span.start / step - 1e-9)
    last = math.floor(span.end / step + 1e-9)
    if first > last:
        yield span.start
    yield from (number * step for number in range(first, last + 1))


def _label(seconds: float, step: float, end: float) -> str:
    unit, factor = ("ms", 1000) if end < 1 else ("s", 1)
    decimals = max(0, -math.floor(math.log10(step * factor) + 1e-9))
    return f"{seconds * factor + 0.0:.{decimals}f} {unit}"


def duration(seconds: float) -> str:
    """Write a time as people say it: `0.4 ms`, `100 ms`, `1.25 s`, `30 s`."""
    if seconds < 1:
        milliseconds = seconds * 1000
        digits = 0 if milliseconds >= 10 or milliseconds < 0.05 else 1  # noqa: PLR2004 - as written
        return f"{_short(milliseconds, digits)} ms"
    return f"{_short(seconds, 2)} s"


def _short(number: float, digits: int) -> str:
    written = f"{number + 0.0:.{digits}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
