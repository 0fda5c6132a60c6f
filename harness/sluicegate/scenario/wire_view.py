"""The wire in two columns: what the provider sent, and what the client got, instant by instant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise, zip_longest

from .exchange import Exchange, Provided
from .sides import Kind, Mark, Side, client_side, parting, provider_side

WIDTH = 101
"""Characters of the longest line."""

_SHOWN = 14
"""Lines at most, with those that tell of others."""

_EDGE = 3
"""Lines that are shown of the beginning, and of the end, in any case."""

_COLUMN = 43
_TIME = 12


@dataclass(frozen=True, slots=True)
class _Cell:
    """A mark as it is shown: when (seconds since the request), its kind, its text.

    `parts` tells that here the two sides are not the same any more.
    """

    at: float
    kind: Kind
    text: str
    parts: bool = False


_EMPTY = _Cell(0.0, "stray", "")


def wire(exchange: Exchange) -> str:
    """Show what crossed the wire.

    Of a long exchange it is the beginning, the end, and what surrounds the first event that is not
    the same on both sides; where all are, more of the end.
    """
    client = client_side(exchange)
    if exchange.provided is None:
        cells = [_cell(exchange, mark) for mark in client.marks]
        lines = [_line(cell.at, cell.text) for cell in cells]
        return "\n".join([_line(None, "the client got"), *_excerpt(lines, ())])
    sides = [provider_side(each.entry, exchange.ended) for each in exchange.provided]
    parted = _parted(client, sides)
    got = [_cell(exchange, mark, parts=mark in parted) for mark in client.marks]
    rows = list(_rows(_sent(exchange, exchange.provided, sides, parted), got))
    lines = [_line(time, _columns(left.text, right.text)) for time, left, right in rows]
    places = [place for place, (_, *cells) in enumerate(rows) if any(cell.parts for cell in cells)]
    who = "the providers" if len(exchange.provided) > 1 else "the provider"
    head = _columns(f"{who} sent", "the client got")
    return "\n".join([_line(None, head), *_excerpt(lines, places)])


def _parted(client: Side, providers: Sequence[Side]) -> list[Mark]:
    """Return the first events that are not the same; of several providers the most alike counts."""
    found = [(place, side) for side in providers if (place := parting(client, side)) is not None]
    streams = [side for side in providers if side.is_stream and side.marker == client.marker]
    if not found or len(found) < len(streams):
        return []
    place, provider = max(found, key=lambda each: each[0])
    return [mark for side in (client, provider) for mark in side.events()[place : place + 1]]


def labels(provided: Sequence[Provided]) -> list[str]:
    """Name the provider of each entry, numbered where one was asked more than once."""
    names = [each.by for each in provided]
    return [
        f"{name} ({names[:place].count(name) + 1})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _sent(
    exchange: Exchange, provided: Sequence[Provided], sides: Sequence[Side], parted: Sequence[Mark]
) -> list[_Cell]:
    if not provided:
        return [_Cell(exchange.ended - exchange.started, "end", "(no request arrived)")]
    cells: list[_Cell] = []
    for label, side in zip(labels(provided), sides, strict=True):
        prefix = f"{label}: " if len(provided) > 1 else ""
        cells += [_cell(exchange, mark, prefix, parts=mark in parted) for mark in side.marks]
    return sorted(cells, key=_instant)


def _cell(exchange: Exchange, mark: Mark, prefix: str = "", *, parts: bool = False) -> _Cell:
    width = _COLUMN if exchange.provided is not None else WIDTH - _TIME
    text = _fitting(prefix + mark.text, mark.size, width)
    return _Cell(mark.at - exchange.started, mark.kind, text, parts)


def _fitting(text: str, size: int | None, width: int) -> str:
    tail = "" if size is None else f" ({size} byte{'s' * (size != 1)})"
    if len(text) + len(tail) <= width:
        return text + tail
    return f"{text[: width - len(tail) - 3]}...{tail}"


def _instant(cell: _Cell) -> float:
    return round(cell.at, 3)


def _rows(left: list[_Cell], right: list[_Cell]) -> Iterator[tuple[float, _Cell, _Cell]]:
    """Yield the instants in order; within one, what both sides have stands side by side."""
    sent, got = _by_instant(left), _by_instant(right)
    for instant in sorted(sent.keys() | got.keys()):
        for one, other in _aligned(sent.get(instant, []), got.get(instant, [])):
            yield instant, one, other


def _by_instant(cells: Iterable[_Cell]) -> dict[float, list[_Cell]]:
    return {instant: list(group) for instant, group in groupby(cells, _instant)}


def _aligned(left: list[_Cell], right: list[_Cell]) -> Iterator[tuple[_Cell, _Cell]]:
    matcher = SequenceMatcher(None, [*map(_alike, left)], [*map(_alike, right)])
    for _, a, b, c, d in matcher.get_opcodes():
        yield from zip_longest(left[a:b], right[c:d], fillvalue=_EMPTY)


def _alike(cell: _Cell) -> str:
    return cell.kind if cell.kind in ("head", "end") else cell.text


def _columns(left: str, right: str) -> str:
    return f"{left:<{_COLUMN}} | {right}"


def _line(time: float | None, text: str) -> str:
    return f"{'' if time is None else f'{time + 0.0:8.3f} s':<{_TIME}}{text}".rstrip()


def _excerpt(lines: Sequence[str], places: Sequence[int]) -> list[str]:
    """Return the lines, or of too many those that count, with a note for each gap."""
    shown: list[str] = []
    for before, place in pairwise([-1, *_kept(len(lines), places)]):
        hidden = lines[before + 1 : place]
        # A note on one line would take as much room as the line.
        note = _line(None, f"({len(hidden)} lines are not shown)")
        shown += [*([note] if len(hidden) > 1 else hidden), lines[place]]
    return shown


def _kept(count: int, places: Sequence[int]) -> list[int]:
    """Return the places of the lines to show: both edges, and what is nearest to `places`."""

    def rank(line: int) -> tuple[bool, int]:
        is_edge = line < _EDGE or line >= count - _EDGE
        return not is_edge, min(abs(line - place) for place in places or [count - 1])

    ranked = sorted(range(count), key=rank)
    tries = (sorted(ranked[:size]) for size in range(_SHOWN, 0, -1))
    return next(kept for kept in tries if len(kept) + _gaps(kept) <= _SHOWN)


def _gaps(kept: Sequence[int]) -> int:
    return sum(place - before > 1 for before, place in pairwise([-1, *kept]))
