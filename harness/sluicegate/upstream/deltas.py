"""What an upstream says, piece by piece, whatever its wire format."""

from dataclasses import dataclass
from typing import Literal

from sluicegate.wire.assistant.message import Usage

StopReason = Literal["stop", "length", "tool_use", "error"]
"""Why an upstream ended its answer, in the words of the agents' dialect."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingSignature:
    """The block of thinking is complete, and signed: its upstream wants both back unchanged.

    Where nothing was thought since the last one, the block is empty. One that is `redacted` is
    always a block of its own: its upstream alone can read it, and `signature` is all there is.
    """

    signature: str
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class ToolCallStart:
    """A call of a tool begins; its `id` is unique in the answer."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of the JSON that the arguments of the open call are."""

    arguments: str


@dataclass(frozen=True, slots=True)
class ToolCallEnd:
    """The open call is complete."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The upstream ended its answer by its own terminal marker; nothing follows.

    `error_message` says what `error` means, and is empty otherwise.
    """

    stop_reason: StopReason
    usage: Usage
    error_message: str = ""


Delta = (
    TextDelta
    | ThinkingDelta
    | ThinkingSignature
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | Finished
)
"""One call of a tool is open at a time, and nothing else comes before its end."""
