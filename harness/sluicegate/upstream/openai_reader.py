"""Answers in the format of OpenAI's chat completions, read into deltas."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sluicegate.wire.assistant.message import Usage
from sluicegate.wire.sse import Event

from .calls import Calls
from .deltas import Delta, StopReason, TextDelta, ThinkingDelta
from .documents import Document, count, documents, member, parsed, reported, written
from .errors import UpstreamError
from .masking import Mask
from .openai_calls import Places
from .reasons import finished

_DONE: Final = "[DONE]"

_REASONS: Final[Mapping[str, StopReason]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "error",
}

_THINKING: Final = ("reasoning_content", "reasoning")
"""Where compatible servers put what the model thinks, one or the other, or the same in both."""

_TEXT: Final = ("content", "refusal")


class Reader:
    """Reads one answer.

    Its own terminal marker is `finish_reason` and `[DONE]`; with `takes_unmarked_end` the first
    one is enough where the answer then ends cleanly. What follows the marker is not read.
    """

    def __init__(self, mask: Mask, *, takes_unmarked_end: bool = False) -> None:
        self.done = False
        self.usage = Usage()
        self._mask = mask
        self._takes_unmarked_end = takes_unmarked_end
        self._reason = ""
        self._calls = Calls()
        self._places = Places()

    def feed(self, event: Event) -> Iterator[Delta]:
        """Yield what an event says; raises UpstreamError."""
        if self.done or not event.data.strip():
            return
        if event.data.startswith(_DONE):
            yield from self._finish("[DONE] came without finish_reason")
            return
        document = parsed(event.data, "an event of the upstream", self._mask)
        if document.get("error") or event.event == "error":
            raise reported(document, self._mask)
        self._note(document)
        for choice in documents(document, "choices"):
            yield from self._choice(choice, member(choice, "delta", dict))

    def end(self) -> Iterator[Delta]:
        """Take the clean end of the answer; raises UpstreamError unless it was complete."""
        if self.done:
            return
        if not (self._reason and self._takes_unmarked_end):
            lacking = "[DONE]" if self._reason else "finish_reason"
            raise UpstreamError("broken", f"the upstream's answer ended without {lacking}")
        yield from self._finish("")

    def whole(self, document: Document) -> Iterator[Delta]:
        """Yield what an answer says that came as one document; raises UpstreamError."""
        if document.get("error"):
            raise reported(document, self._mask)
        if not documents(document, "choices"):
            raise UpstreamError("malformed", "the upstream's answer is no chat.completion")
        self._note(document)
        for choice in documents(document, "choices"):
            message = member(choice, "message", dict)
            calls = enumerate(documents(message, "tool_calls"))
            placed = [{**call, "index": place} for place, call in calls]
            yield from self._choice(choice, {**message, "tool_calls": placed})
        yield from self._finish("the upstream's answer has no finish_reason")

    def _note(self, document: Document) -> None:
        self._calls.answer_id = self._calls.answer_id or member(document, "id", str)
        if usage := member(document, "usage", dict):
            self.usage = _usage(usage)

    def _choice(self, choice: Document, delta: Document) -> Iterator[Delta]:
        if choice.get("index"):
            return  # one answer is asked for, and the first one is it
        if thoughts := _first(delta, _THINKING):
            yield from self._calls.aside(ThinkingDelta(thoughts))
        if text := _first(delta, _TEXT):
            yield from self._calls.aside(TextDelta(text))
        for piece in documents(delta, "tool_calls"):
            index = piece.get("index")
            yield from self._piece(index if isinstance(index, int) else None, piece)
        if call := member(delta, "function_call", dict):
            yield from self._piece(0, {"function": call})
        if reason := member(choice, "finish_reason", str):
            self._reason = reason
            yield from self._calls.finish()

    def _piece(self, index: int | None, piece: Document) -> Iterator[Delta]:
        function, call_id = member(piece, "function", dict), member(piece, "id", str)
        name = member(function, "name", str)
        place = self._places.place(index, call_id, name)
        return self._calls.piece(place, call_id, name, _arguments(function))

    def _finish(self, without_reason: str) -> Iterator[Delta]:
        if not self._reason:
            raise UpstreamError("broken", without_reason)
        yield from self._calls.finish()
        self.done = True
        yield finished(_REASONS, self._reason, self.usage, has_calls=self._calls.any)


def _first(delta: Document, names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := member(delta, name, str))), "")


def _arguments(function: Document) -> str:
    arguments: Any = function.get("arguments")
    # Some servers send the object itself, not its JSON in a string.
    if isinstance(arguments, dict):
        return written(arguments)
    return member(function, "arguments", str)


def _usage(usage: Document) -> Usage:
    details = member(usage, "prompt_tokens_details", dict)
    read, written = count(details, "cached_tokens"), count(details, "cache_write_tokens")
    # In this format the tokens of the prompt include those that a cache gave or took.
    prompt = max(0, count(usage, "prompt_tokens") - read - written)
    output = count(usage, "completion_tokens")
    return Usage(prompt, output, read, written, prompt + output + read + written)
