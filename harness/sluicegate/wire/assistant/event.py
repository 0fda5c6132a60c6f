"""Events of a streamed answer, each with the message so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from .document import Part, checked, read
from .message import read_assistant

if TYPE_CHECKING:
    from .message import AssistantMessage

EventType = Literal[
    "start",
    "text_delta",
    "thinking_delta",
    "tool_call_start",
    "tool_call_delta",
    "tool_call_end",
    "done",
    "error",
    "text_start",
    "text_end",
    "thinking_start",
    "thinking_end",
]

TERMINAL: Final = frozenset({"done", "error"})
"""The types of the events that end a stream."""


@dataclass(frozen=True, slots=True)
class Event(Part):
    """One event; `partial` is the message so far, with what `delta` adds to it."""

    type: EventType
    partial: AssistantMessage
    delta: str | None = None

    @property
    def terminal(self) -> bool:
        """Whether the stream ends with it."""
        return self.type in TERMINAL


def read_event(document: object) -> Event:
    """Read the data of one event from JSON.

    Before the last event, what a server does not know yet may be empty or null; in `done` and
    `error` the message is complete. Raises DocumentError, whose `field` is the wrong place.
    """
    found = checked(document, "assistant/event", "the event")
    return read(Event, found, partial=read_assistant)
