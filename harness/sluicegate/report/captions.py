"""A picture in words: what each provider sent and the client got, and when."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .axis import duration

_Side = Mapping[str, Any]


def caption(client: _Side, providers: Sequence[_Side]) -> str:
    """Say in a sentence what an exchange's picture shows."""
    told = [_told(side, "sent") for side in providers]
    told = told or ["no provider is known to have been asked"]
    told.append(_told(client, "got"))
    sentence = "; ".join(told)
    return f"{sentence[0].upper()}{sentence[1:]}."


def facts(side: _Side) -> tuple[str, ...]:
    """Return what a lane is labelled with beside its name."""
    return tuple(_facts(side))


def _facts(side: _Side) -> Iterator[str]:
    if asked := side.get("asked"):
        yield f"asked: {asked}"
    yield str(side["status"] or "no answer")
    if side["hidden"]:
        yield f"{side['hidden']} more not shown"


def _told(side: _Side, verb: str) -> str:
    if not side["status"]:
        return f"{side['who']} {verb} no answer{_ending(side)}"
    carried = list(_carried(side)) or [f"status {side['status']}{_at(side, 'head')}"]
    return f"{side['who']} {verb} {' and '.join(carried)}{_ending(side)}"


def _carried(side: _Side) -> Iterator[str]:
    if not side["stream"]:
        return
    chunks = _times(side, "chunk")
    if chunks:
        yield f"{_number(len(chunks), 'chunk')} {_when(chunks)}"
    if broken := _times(side, "broken"):
        yield f"{_number(len(broken), 'event')} without JSON {_when(broken)}"
    if done := _times(side, "done"):
        yield f"the end mark {_when(done)}"


def _when(times: Sequence[float]) -> str:
    first, last = duration(min(times)), duration(max(times))
    if first != last:
        return f"from {first} to {last}"
    return f"{'together ' * (len(times) > 1)}at {first}"


def _at(side: _Side, kind: str) -> str:
    times = _times(side, kind)
    return f" at {duration(times[0])}" if times else ""


def _ending(side: _Side) -> str:
    return "" if side["whole"] else f", then {side['ending']}{_at(side, 'end')}"


def _times(side: _Side, kind: str) -> list[float]:
    return [mark["at"] for mark in side["marks"] if mark["kind"] == kind]


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
