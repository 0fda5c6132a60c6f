"""Answers in the format of Anthropic's Messages, read into deltas."""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final

from sluicegate.wire.assistant.message import Usage
from sluicegate.wire.sse import Event

from .calls import Calls
from .deltas import Delta, StopReason, TextDelta, ThinkingDelta, ThinkingSignature
from .documents import Document, count, documents, member, parsed, reported, written
from .errors import UpstreamError
from .masking import Mask
from .reasons import finished

_REASONS: Final[Mapping[str, StopReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_use",
    "refusal": "error",
}

# Some gateways append it to streams of every format.
_DONE: Final = "[DONE]"

# A block that comes whole, and a delta.
_SIGNED: Final = ("thinking", "signature")

_TOKENS: Final = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)


class Reader:
    """Reads one answer.

    Its own terminal marker is `message_stop` after a `stop_reason`; with `takes_unmarked_end` the
    second one is enough where the answer then ends cleanly. What follows the marker is not read.
    """

    def __init__(self, mask: Mask, *, takes_unmarked_end: bool = False) -> None:
        self.done = False
        self._mask = mask
        self._takes_unmarked_end = takes_unmarked_end
        self._reason = ""
        self._tokens: dict[str, int] = {}
        self._calls = Calls()
        self._inputs: dict[int, Document] = {}
        self._signature = ""

    @property
    def usage(self) -> Usage:
        """What the upstream has told of its usage."""
        prompt, output, read, written = (self._tokens.get(name, 0) for name in _TOKENS)
        return Usage(prompt, output, read, written, prompt + output + read + written)

    def feed(self, event: Event) -> Iterator[Delta]:
        """Yield what an event says; raises UpstreamError."""
        if self.done or not event.data.strip() or event.data.startswith(_DONE):
            return
        document = parsed(event.data, "an event of the upstream", self._mask)
        kind = member(document, "type", str) or event.event
        if document.get("error") or "error" in (kind, event.event):
            raise reported(document, self._mask)
        # Types that are not known come with new features, and are to be passed over.
        if on_event := self._EVENTS.get(kind):
            yield from on_event(self, document)

    def end(self) -> Iterator[Delta]:
        """Take the clean end of the answer; raises UpstreamError unless it was complete."""
        if self.done:
            return
        if not (self._reason and self._takes_unmarked_end):
            lacking = "message_stop" if self._reason else "stop_reason"
            raise UpstreamError("broken", f"the upstream's answer ended without {lacking}")
        yield from self._on_stop({})

    def whole(self, document: Document) -> Iterator[Delta]:
        """Yield what an answer says that came as one document; raises UpstreamError."""
        if document.get("error"):
            raise reported(document, self._mask)
        if document.get("type") != "message":
            raise UpstreamError("malformed", "the upstream's answer is no message")
        yield from self._on_start({"message": document})
        for place, block in enumerate(documents(document, "content")):
            yield from self._on_block({"index": place, "content_block": block})
            yield from self._on_block_stop({"index": place})
        yield from self._on_delta({"delta": document})
        yield from self._on_stop({})

    def _on_start(self, event: Document) -> Iterator[Delta]:
        message = member(event, "message", dict)
        self._calls.answer_id = member(message, "id", str)
        self._note(member(message, "usage", dict))
        return iter(())

    def _on_block(self, event: Document) -> Iterator[Delta]:
        block, place = member(event, "content_block", dict), _place(event)
        yield from self._signed()
        if block.get("type") == "tool_use":
            self._inputs[place] = member(block, "input", dict)
            call_id, name = member(block, "id", str), member(block, "name", str)
            yield from self._calls.piece(place, call_id, name, "")
        else:
            yield from self._says(block)

    def _on_block_delta(self, event: Document) -> Iterator[Delta]:
        delta, place = member(event, "delta", dict), _place(event)
        if delta.get("type") != "input_json_delta":
            return self._says(delta)
        # Tools that the upstream runs itself have input, too.
        if place not in self._inputs:
            return iter(())
        piece = member(delta, "partial_json", str)
        if piece:
            self._inputs[place] = {}
        return self._calls.piece(place, "", "", piece)

    def _on_block_stop(self, event: Document) -> Iterator[Delta]:
        place = _place(event)
        yield from self._signed()
        # Real servers begin with an empty input and send it in pieces; others send it at once.
        if whole := self._inputs.pop(place, None):
            yield from self._calls.piece(place, "", "", written(whole))
        yield from self._calls.end(place)

    def _says(self, part: Document) -> Iterator[Delta]:
        kind = str(part.get("type")).removesuffix("_delta")
        if kind == "text" and (text := member(part, "text", str)):
            yield from self._calls.aside(TextDelta(text))
        if kind == "thinking" and (thinking := member(part, "thinking", str)):
            yield from self._calls.aside(ThinkingDelta(thinking))
        if kind == "redacted_thinking" and (data := member(part, "data", str)):
            yield from self._calls.aside(ThinkingSignature(data, redacted=True))
        if kind in _SIGNED:
            self._signature += member(part, "signature", str)

    def _signed(self) -> Iterator[Delta]:
        """Say the signature of the block of thinking that is over, if it has one."""
        signature, self._signature = self._signature, ""
        return self._calls.aside(ThinkingSignature(signature)) if signature else iter(())

    def _on_delta(self, event: Document) -> Iterator[Delta]:
        self._reason = member(member(event, "delta", dict), "stop_reason", str) or self._reason
        self._note(member(event, "usage", dict))
        return iter(())

    def _on_stop(self, _: Document) -> Iterator[Delta]:
        if not self._reason:
            raise UpstreamError("broken", "the upstream's answer has no stop_reason")
        yield from self._signed()
        yield from self._calls.finish()
        self.done = True
        yield finished(_REASONS, self._reason, self.usage, has_calls=self._calls.any)

    def _note(self, usage: Document) -> None:
        # What comes later is the sum so far; what is null or absent there stays.
        told = (name for name in _TOKENS if usage.get(name) is not None)
        self._tokens.update((name, count(usage, name)) for name in told)

    _EVENTS: ClassVar[Mapping[str, Callable[["Reader", Document], Iterator[Delta]]]] = {
        "message_start": _on_start,
        "content_block_start": _on_block,
        "content_block_delta": _on_block_delta,
        "content_block_stop": _on_block_stop,
        "message_delta": _on_delta,
        "message_stop": _on_stop,
    }


def _place(event: Document) -> int:
    return member(event, "index", int)
