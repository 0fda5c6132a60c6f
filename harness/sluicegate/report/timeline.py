"""The picture of an exchange: a lane for the client, one for each provider, time to the right."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from .axis import Axis, axis, duration
from .captions import caption, facts

_CUT_ROW: Final = 16
_CLIENT: Final = 32
_GAP: Final = 46
_LANE: Final = 56
_LABEL: Final = 9
_LABEL_HEIGHT: Final = 24
_BELOW_LINE: Final = 14
_AXIS_ROW: Final = 24
_BAR: Final = 14
_SLOT: Final = 10
_NEAR: Final = 1.0
_NEAR_END: Final = 2.5
_BETWEEN_COUNTS: Final = 5.0
_LEAST_COUNT: Final = 3
_CONTENT: Final[tuple[str, ...]] = ("chunk", "body", "broken", "stray", "done")
_LINKED: Final = {"chunk", "body", "broken"}
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: where (percent, and pixels to the right of it), and what it was."""

    x: float
    shift: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many chunks lie at one place."""

    x: float
    number: int


@dataclass(frozen=True, slots=True)
class Lane:
    """One side of an exchange; its label begins at `top`, its line is at `y`, in pixels.

    It is waiting from `begin` to `head`, and answering from there to `end`, all in percent.
    `trouble` is how it ended where that was too early.
    """

    who: str
    facts: tuple[str, ...]
    trouble: str
    top: int
    y: int
    begin: float
    head: float
    end: float
    marks: tuple[Mark, ...]
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A line between two lanes: what the one sent and the other got."""

    x1: float
    y1: int
    x2: float
    y2: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn of an exchange, and the same in a sentence; heights are pixels."""

    axis: Axis
    height: int
    lanes: tuple[Lane, ...]
    requests: tuple[Link, ...]
    links: tuple[Link, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One of several exchanges, from its request to its end."""

    number: int
    y: int
    left: float
    right: float
    is_whole: bool
    title: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Several exchanges on one axis."""

    axis: Axis
    height: int
    bars: tuple[Bar, ...]


_Side = Mapping[str, Any]


def picture(exchange: Mapping[str, Any]) -> Picture:
    """Return the picture of an exchange of the report; its times are seconds since its request."""
    client, providers = exchange["client"], exchange["providers"]
    sides = [client, *providers]
    scale = axis([exchange["ended"], *itertools.chain.from_iterable(map(_times, sides))])
    top = _CUT_ROW if scale.cuts else 0
    begins = [0.0, *(side["begun"] for side in providers)]
    lanes = tuple(
        _lane(scale, side, begin, _place(number, top))
        for number, (side, begin) in enumerate(zip(sides, begins, strict=True))
    )
    return Picture(
        scale,
        max(lanes[-1].y + _BELOW_LINE, lanes[-1].top + _LABEL_HEIGHT) + _AXIS_ROW,
        lanes,
        tuple(Link(lane.begin, lanes[0].y, lane.begin, lane.y) for lane in lanes[1:]),
        tuple(_links(scale, sides, lanes)),
        caption(client, providers),
    )


def overview(exchanges: Sequence[Mapping[str, Any]]) -> Overview:
    """Return how the exchanges of a scenario lie in time, since its first request."""
    ends = [each["started"] + each["ended"] for each in exchanges]
    scale = axis([*(each["started"] for each in exchanges), *ends])
    top = _CUT_ROW if scale.cuts else 0
    bars = tuple(
        _bar(scale, each, end, top + place * _BAR)
        for place, (each, end) in enumerate(zip(exchanges, ends, strict=True))
    )
    return Overview(scale, top + len(bars) * _BAR + _AXIS_ROW, bars)


def _bar(scale: Axis, exchange: Mapping[str, Any], end: float, y: int) -> Bar:
    left, right = scale.x(exchange["started"]), scale.x(end)
    ending = exchange["client"]["ending"]
    when = f"from {duration(exchange['started'])} to {duration(end)}"
    title = f"exchange {exchange['number']}: {exchange['request']}, {when}: {ending}"
    number, is_whole = exchange["number"], exchange["client"]["whole"]
    return Bar(number, y, left, right, is_whole, title)


def _times(side: _Side) -> Iterator[float]:
    yield side.get("begun", 0.0)
    yield from (mark["at"] for mark in side["marks"])


def _place(number: int, top: int) -> tuple[int, int]:
    """Return where a lane's label and line are; no label lies between the first two lines."""
    if not number:
        return top, top + _CLIENT
    y = top + _CLIENT + _GAP + (number - 1) * _LANE
    return y + _LABEL, y


def _lane(scale: Axis, side: _Side, begin: float, place: tuple[int, int]) -> Lane:
    marks = sorted(side["marks"], key=lambda mark: float(mark["at"]))
    groups = list(_groups(scale, marks))
    end = max([begin, *(mark["at"] for mark in marks)])
    head = next((mark["at"] for mark in marks if mark["kind"] == "head"), end)
    return Lane(
        side["who"],
        facts(side),
        "" if side["whole"] else side["ending"],
        *place,
        scale.x(begin),
        scale.x(head),
        scale.x(end),
        tuple(
            drawn
            for x, members in groups
            for drawn in _drawn(x, members, scale, is_whole=side["whole"])
        ),
        tuple(_counts(groups)),
    )


_Group = tuple[float, list[Mapping[str, Any]]]


def _groups(scale: Axis, marks: Iterable[Mapping[str, Any]]) -> Iterator[_Group]:
    """Yield the marks that would lie upon one another, and where the first of them lies."""
    group: list[Mapping[str, Any]] = []
    start = 0.0
    for mark in marks:
        x = scale.x(mark["at"])
        if group and x - start >= (_NEAR_END if mark["kind"] == "end" else _NEAR):
            yield start, group
            group = []
        if not group:
            start = x
        group.append(mark)
    if group:
        yield start, group


def _drawn(
    x: float, members: list[Mapping[str, Any]], scale: Axis, *, is_whole: bool
) -> Iterator[Mark]:
    """Yield the marks of a group, one kind beside the other."""
    shifts = _shifts({mark["kind"] for mark in members})
    last = scale.x(members[-1]["at"])
    for mark in members:
        kind, shift = mark["kind"], shifts[mark["kind"]]
        shown = "early" if kind == "end" and not is_whole else kind
        place = last if shift > 0 else x if shift else scale.x(mark["at"])
        yield Mark(place, shift, shown, _title(mark))


def _shifts(kinds: set[str]) -> dict[str, int]:
    content = [kind for kind in _CONTENT if kind in kinds]
    shifts = {kind: place * _SLOT for place, kind in enumerate(content)}
    shifts["head"] = -_SLOT if len(kinds) > 1 else 0
    shifts["end"] = len(content) * _SLOT
    return shifts


def _title(mark: Mapping[str, Any]) -> str:
    size = "" if mark["size"] is None else f" ({mark['size']} byte{'s' * (mark['size'] != 1)})"
    return f"{duration(mark['at'])}: {mark['text']}{size}"


def _counts(groups: Iterable[_Group]) -> Iterator[Count]:
    last = -_BETWEEN_COUNTS
    for x, members in groups:
        number = sum(mark["kind"] == "chunk" for mark in members)
        if number >= _LEAST_COUNT and x - last >= _BETWEEN_COUNTS:
            yield Count(x, number)
            last = x


def _links(scale: Axis, sides: Sequence[_Side], lanes: Sequence[Lane]) -> Iterator[Link]:
    """Yield a line for each thing that a provider sent and the client got, by what it says."""
    got = _carried(sides[0])
    for side, lane in zip(sides[1:], lanes[1:], strict=True):
        sent = _carried(side)
        matcher = SequenceMatcher(None, [*map(_says, sent)], [*map(_says, got)], autojunk=False)
        for block in matcher.get_matching_blocks():
            pairs = zip(sent[block.a :][: block.size], got[block.b :][: block.size], strict=True)
            for one, other in pairs:
                yield Link(scale.x(one["at"]), lane.y, scale.x(other["at"]), lanes[0].y)


def _carried(side: _Side) -> list[Mapping[str, Any]]:
    return [mark for mark in side["marks"] if mark["kind"] in _LINKED]


def _says(mark: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a mark says; a gateway may number chunks, and write their ends, otherwise."""
    quoted = _QUOTED.findall(mark["text"])
    return mark["kind"], quoted[-1] if quoted else mark["text"]
