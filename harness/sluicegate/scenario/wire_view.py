"""The wire in two columns: what the provider sent, and what the client got, instant by instant."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, zip_longest

from .exchange import Exchange, Provided
from .sides import Mark, client_side, provider_side

WIDTH = 101
"""Characters of the longest line."""

_SHOWN = 12
_COLUMN = 43
_TIME = 12

_Cell = tuple[float, str, str]
"""A mark as it is shown: when (seconds since the request), its kind, its text."""


def wire(exchange: Exchange) -> str:
    """Show what crossed the wire; of a long exchange the beginning and the last dozen lines."""
    client = [_cell(exchange, mark) for mark in client_side(exchange).marks]
    if exchange.provided is None:
        lines = [_line(time, text) for time, _, text in client]
        return "\n".join([_line(None, "the client got"), *_last(lines)])
    rows = _rows(_sent(exchange, exchange.provided), client)
    lines = [_line(time, _columns(left, right)) for time, left, right in rows]
    who = "the providers" if len(exchange.provided) > 1 else "the provider"
    head = _columns(f"{who} sent", "the client got")
    return "\n".join([_line(None, head), *_last(lines)])


def labels(provided: Sequence[Provided]) -> list[str]:
    """Name the provider of each entry, numbered where one was asked more than once."""
    names = [each.by for each in provided]
    return [
        f"{name} ({names[:place].count(name) + 1})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _sent(exchange: Exchange, provided: Sequence[Provided]) -> list[_Cell]:
    if not provided:
        return [(exchange.ended - exchange.started, "end", "(no request arrived)")]
    cells: list[_Cell] = []
    for label, each in zip(labels(provided), provided, strict=True):
        prefix = f"{label}: " if len(provided) > 1 else ""
        marks = provider_side(each.entry, exchange.ended).marks
        cells += [_cell(exchange, mark, prefix) for mark in marks]
    return sorted(cells, key=_instant)


def _cell(exchange: Exchange, mark: Mark, prefix: str = "") -> _Cell:
    width = _COLUMN if exchange.provided is not None else WIDTH - _TIME
    return mark.at - exchange.started, mark.kind, _fitting(prefix + mark.text, mark.size, width)


def _fitting(text: str, size: int | None, width: int) -> str:
    tail = "" if size is None else f" ({size} byte{'s' * (size != 1)})"
    if len(text) + len(tail) <= width:
        return text + tail
    return f"{text[: width - len(tail) - 3]}...{tail}"


def _instant(cell: _Cell) -> float:
    return round(cell[0], 3)


def _rows(left: list[_Cell], right: list[_Cell]) -> Iterator[tuple[float, str, str]]:
    """Yield the instants in order; within one, what both sides have stands side by side."""
    sent, got = _by_instant(left), _by_instant(right)
    for instant in sorted(sent.keys() | got.keys()):
        for one, other in _aligned(sent.get(instant, []), got.get(instant, [])):
            yield instant, one, other


def _by_instant(cells: Iterable[_Cell]) -> dict[float, list[_Cell]]:
    return {instant: list(group) for instant, group in groupby(cells, _instant)}


def _aligned(left: list[_Cell], right: list[_Cell]) -> Iterator[tuple[str, str]]:
    matcher = SequenceMatcher(None, [*map(_alike, left)], [*map(_alike, right)])
    for _, a, b, c, d in matcher.get_opcodes():
        texts = ([cell[2] for cell in left[a:b]], [cell[2] for cell in right[c:d]])
        yield from zip_longest(*texts, fillvalue="")


def _alike(cell: _Cell) -> str:
    _, kind, text = cell
    return kind if kind in ("head", "end") else text


def _columns(left: str, right: str) -> str:
    return f"{left:<{_COLUMN}} | {right}"


def _line(time: float | None, text: str) -> str:
    return f"{'' if time is None else f'{time + 0.0:8.3f} s':<{_TIME}}{text}".rstrip()


def _last(lines: list[str]) -> list[str]:
    hidden = len(lines) - _SHOWN - 1
    if hidden < 1:
        return lines
    note = _line(None, f"({hidden} earlier line{'s are' if hidden > 1 else ' is'} not shown)")
    return [lines[0], note, *lines[-_SHOWN:]]
