"""Answers in the agents' own format, from another proxy, read into deltas."""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final, NoReturn

from sluicegate.wire.assistant.message import Cost, Usage
from sluicegate.wire.sse import Event

from .calls import Calls
from .deltas import Delta, StopReason, TextDelta, ThinkingDelta, ThinkingSignature
from .documents import Document, amount, count, documents, member, parsed, reported, written
from .errors import UpstreamError
from .masking import Mask
from .reasons import finished

_REASONS: Final[Mapping[str, StopReason]] = {
    "stop": "stop",
    "length": "length",
    "tool_use": "tool_use",
}

# Some gateways append it to streams of every format.
_DONE: Final = "[DONE]"

_TOKENS: Final = ("input", "output", "cache_read", "cache_write")
_COSTS: Final = (*_TOKENS, "total")


class Reader:
    """Reads one answer.

    Its own terminal markers are the events `done` and `error`; an answer without one is broken,
    also with `takes_unmarked_end`. What follows the marker is not read, nor is more of a snapshot
    than what the deltas leave out. The framing events say nothing else, and are passed over.
    """

    def __init__(self, mask: Mask, *, takes_unmarked_end: bool = False) -> None:
        del takes_unmarked_end  # before its last event, a message does not say why it ends
        self.done = False
        self._mask = mask
        self._calls = Calls()
        self._place = 0
        self._has_arguments = False
        self._usage: Document = {}
        self._signed = 0

    @property
    def usage(self) -> Usage:
        """What the upstream has told of its usage, and of what it costs."""
        prompt, output, read, written = (count(self._usage, name) for name in _TOKENS)
        told = self._usage.get("cost")
        costs = told if isinstance(told, dict) else {}
        cost = Cost(*(amount(costs.get(name)) for name in _COSTS))
        return Usage(prompt, output, read, written, prompt + output + read + written, cost)

    def feed(self, event: Event) -> Iterator[Delta]:
        """Yield what an event says; raises UpstreamError."""
        if self.done or not event.data.strip() or event.data.startswith(_DONE):
            return
        document = parsed(event.data, "an event of the upstream", self._mask)
        if document.get("error") or event.event == "error":
            raise self._reported(document)
        # Types that are not known come with new features, and are to be passed over.
        kind = member(document, "type", str)
        if on_event := self._EVENTS.get(kind):
            self._usage = member(_partial(document), "usage", dict) or self._usage
            # A signature stands in the snapshot alone; what is thought comes before it.
            yield from self._signatures(document, but=int(kind == "thinking_delta"))
            yield from on_event(self, document)
            yield from self._signatures(document)

    def end(self) -> Iterator[Delta]:
        """Take the clean end of the answer; raises UpstreamError unless it was complete."""
        if not self.done:
            raise UpstreamError("broken", "the upstream's answer ended without done or error")
        return iter(())

    def whole(self, document: Document) -> NoReturn:
        """Raise UpstreamError: there are no answers in this format that come as one document."""
        if document.get("error"):
            raise reported(document, self._mask)
        raise UpstreamError("malformed", "the upstream's answer is no stream of events")

    def _reported(self, event: Document) -> UpstreamError:
        said = member(_partial(event), "error_message", str)
        document = event if event.get("error") else {**event, "error": said}
        return reported(document, self._mask)

    def _signatures(self, event: Document, but: int = 0) -> Iterator[Delta]:
        """Say what signatures are new in a snapshot, without its last `but` blocks."""
        if self.done:
            return
        content = _partial(event).get("content")
        blocks = content[: len(content) - but] if isinstance(content, list) else []
        for place in range(self._signed, len(blocks)):
            if found := _signature(blocks[place]):
                self._signed = place + 1
                yield from self._calls.aside(found)
        # Only the last one may still be signed.
        self._signed = max(self._signed, len(blocks) - 1)

    def _on_text(self, event: Document) -> Iterator[Delta]:
        if text := member(event, "delta", str):
            yield from self._calls.aside(TextDelta(text))

    def _on_thinking(self, event: Document) -> Iterator[Delta]:
        if thinking := member(event, "delta", str):
            yield from self._calls.aside(ThinkingDelta(thinking))

    def _on_call(self, event: Document) -> Iterator[Delta]:
        self._place, self._has_arguments = self._place + 1, False
        block = _last_call(event)
        name = member(event, "delta", str) or member(block, "name", str)
        return self._calls.piece(self._place, member(block, "id", str), name, "")

    def _on_arguments(self, event: Document) -> Iterator[Delta]:
        if not self._place:
            raise UpstreamError(
                "malformed", "the upstream sent arguments before the start of a tool call"
            )
        piece = member(event, "delta", str)
        self._has_arguments |= bool(piece)
        return self._calls.piece(self._place, "", "", piece)

    def _on_call_end(self, event: Document) -> Iterator[Delta]:
        # Some servers send arguments that came at once in the snapshot alone.
        arguments = {} if self._has_arguments else member(_last_call(event), "arguments", dict)
        if self._place and arguments:
            yield from self._calls.piece(self._place, "", "", written(arguments))
        yield from self._calls.end(self._place)

    def _on_done(self, event: Document) -> Iterator[Delta]:
        yield from self._calls.finish()
        self.done = True
        reason = member(_partial(event), "stop_reason", str)
        yield finished(_REASONS, reason, self.usage, has_calls=self._calls.any)

    def _on_error(self, event: Document) -> NoReturn:
        raise self._reported(event)

    _EVENTS: ClassVar[Mapping[str, Callable[["Reader", Document], Iterator[Delta]]]] = {
        "start": lambda *_: iter(()),
        "text_delta": _on_text,
        "thinking_delta": _on_thinking,
        "tool_call_start": _on_call,
        "tool_call_delta": _on_arguments,
        "tool_call_end": _on_call_end,
        "done": _on_done,
        "error": _on_error,
    }


def _partial(event: Document) -> Document:
    return member(event, "partial", dict)


def _last_call(event: Document) -> Document:
    block = next(reversed(documents(_partial(event), "content")), {})
    return block if block.get("type") == "tool_call" else {}


def _signature(block: object) -> ThinkingSignature | None:
    if not isinstance(block, dict) or block.get("type") != "thinking":
        return None
    signature = block.get("signature")
    if not signature or not isinstance(signature, str):
        return None
    return ThinkingSignature(signature, block.get("redacted") is True)
