"""What an upstream says, told on as events: in the agents' dialect, and without its key."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal

from sluicegate.upstream.deltas import (
    Delta,
    Finished,
    TextDelta,
    ThinkingDelta,
    ThinkingSignature,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from sluicegate.upstream.masking import MASK
from sluicegate.wire.assistant.builder import ArgumentsError, Builder
from sluicegate.wire.assistant.message import Usage

from .censor import SHORTEST, Censor
from .log import Failure

Events = tuple[bytes, ...]
Priced = Callable[[Usage], Usage]

_Kind = Literal["text", "thinking", "arguments"]

_TELL: Final[Mapping[_Kind, Callable[[Builder, str], Events]]] = {
    "text": Builder.text,
    "thinking": Builder.thinking,
    "arguments": Builder.tool_call_delta,
}

_LENGTH: Final = "the upstream ended the answer at the limit of its tokens"


class Relay:
    """Turns the deltas of one answer into events, as JSON; `start` comes first.

    `key` is masked in all of them unless it is shorter than `SHORTEST`. `priced` says what the
    tokens cost; `usage` is what it made of those that were told last. `failure` tells why the
    outcome is `error`.

    After a call whose arguments are no JSON, the answer is heard out in silence: why it ended, and
    what it took, is in the error that follows.
    """

    def __init__(self, builder: Builder, key: str, priced: Priced) -> None:
        self.usage = Usage()
        self.outcome: Literal["done", "error"] | None = None
        self.failure: Failure | None = None
        self._builder = builder
        self._key = key if len(key) >= SHORTEST else ""
        self._priced = priced
        self._mistake = ""
        self._open: _Kind = "text"
        self._censors: Mapping[_Kind, Censor] | None = None
        if self._key:
            self._censors = {kind: Censor(key, in_json=kind == "arguments") for kind in _TELL}

    def start(self) -> Events:
        """Begin, before the upstream has said anything."""
        return self._builder.start()

    def tell(self, delta: Delta) -> Events:
        """Tell what the upstream says; `outcome` is set with the last event."""
        if self._mistake and not isinstance(delta, Finished):
            return ()
        return self._TOLD[type(delta)](self, delta)

    def note(self, usage: Usage) -> None:
        """Take note of the usage so far, in case that there is no last event to tell it."""
        if self.outcome is None:
            self.usage = self._priced(usage)

    def fail(self, message: str, failure: Failure, usage: Usage | None = None) -> Events:
        """End with an error; `message` is shown as it is, `usage` is by default what was noted."""
        if usage is not None:
            self.usage = self._priced(usage)
        words = "; ".join(filter(None, (self._mistake, message)))
        events = (*self._flushed(), *self._builder.error(words, self.usage))
        self.outcome, self.failure = "error", failure
        return events

    def _text(self, delta: TextDelta) -> Events:
        return self._piece("text", delta.text)

    def _thinking(self, delta: ThinkingDelta) -> Events:
        return self._piece("thinking", delta.text)

    def _signature(self, delta: ThinkingSignature) -> Events:
        rest, signature = self._flushed(), self._masked(delta.signature)
        return (*rest, *self._builder.thinking_signature(signature, redacted=delta.redacted))

    def _call(self, delta: ToolCallStart) -> Events:
        call_id, name = self._masked(delta.id), self._masked(delta.name)
        return (*self._flushed(), *self._builder.tool_call_start(call_id, name))

    def _arguments(self, delta: ToolCallDelta) -> Events:
        return self._piece("arguments", delta.arguments)

    def _call_ended(self, _: ToolCallEnd) -> Events:
        rest = self._flushed()
        try:
            return (*rest, *self._builder.tool_call_end())
        except ArgumentsError as error:
            self._mistake = str(error)
            return rest

    def _finished(self, last: Finished) -> Events:
        if last.stop_reason == "error" or self._mistake:
            why = _LENGTH if last.stop_reason == "length" else last.error_message
            return self.fail(why, Failure("arguments" if self._mistake else "refused"), last.usage)
        self.usage = self._priced(last.usage)
        events = (*self._flushed(), *self._builder.done(last.stop_reason, self.usage))
        self.outcome = "done"
        return events

    def _piece(self, kind: _Kind, piece: str) -> Events:
        if self._censors is None:
            return _TELL[kind](self._builder, piece)
        rest = self._flushed() if kind != self._open else ()
        self._open = kind
        return (*rest, *_TELL[kind](self._builder, self._censors[kind].feed(piece)))

    def _flushed(self) -> Events:
        """End what was open, with what was held back of it."""
        held = self._censors[self._open].flush() if self._censors else ""
        return _TELL[self._open](self._builder, held) if held else ()

    def _masked(self, words: str) -> str:
        return words.replace(self._key, MASK) if self._key else words

    _TOLD: ClassVar[Mapping[type, Callable[["Relay", Any], Events]]] = {
        TextDelta: _text,
        ThinkingDelta: _thinking,
        ThinkingSignature: _signature,
        ToolCallStart: _call,
        ToolCallDelta: _arguments,
        ToolCallEnd: _call_ended,
        Finished: _finished,
    }
