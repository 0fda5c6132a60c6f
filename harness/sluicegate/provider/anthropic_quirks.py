"""Small departures of real providers from the stream of the Anthropic format, event by event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from .encoding import encode
from .frames import Document, Frame


@dataclass(frozen=True, slots=True)
class Quirk:
    """One departure: what it is, in one sentence, and what becomes of an ordinary stream."""

    meaning: str
    depart: Callable[[list[Frame]], list[Frame]]


def _frame(document: Document) -> Frame:
    return Frame("start", encode(document), document["type"])


_PING = _frame({"type": "ping"})
_UNKNOWN = _frame({"type": "message_progress", "progress": 0})
_EARLY = _frame(
    {
        "type": "message_delta",
        "delta": {"stop_reason": None, "stop_sequence": None},
        "usage": {"output_tokens": 1},
    }
)
_DONE = Frame("done", b"[DONE]")


def _pings(frames: list[Frame]) -> list[Frame]:
    return [each for frame in frames for each in (frame, _PING)][:-1]


def _unknown_event(frames: list[Frame]) -> list[Frame]:
    return [*frames[:1], _UNKNOWN, *frames[1:]]


def _two_message_deltas(frames: list[Frame]) -> list[Frame]:
    return [each for frame in frames for each in (*[_EARLY] * (frame.kind == "finish"), frame)]


def _done_marker(frames: list[Frame]) -> list[Frame]:
    return [*frames, _DONE]


def _no_event_names(frames: list[Frame]) -> list[Frame]:
    return [replace(frame, event=None) for frame in frames]


QUIRKS: Final[Mapping[str, Quirk]] = {
    "pings": Quirk("a ping follows each event but the last", _pings),
    "unknown_event": Quirk(
        "an event of a type that no client knows follows message_start", _unknown_event
    ),
    "two_message_deltas": Quirk(
        "a message_delta whose stop_reason is null comes before the last one", _two_message_deltas
    ),
    "done_marker": Quirk("[DONE] follows message_stop, as from some gateways", _done_marker),
    "no_event_names": Quirk(
        "no event has a name, as clients of the OpenAI format expect", _no_event_names
    ),
}
"""The departures, in the order in which they are made."""
