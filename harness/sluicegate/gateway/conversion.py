"""A complete chat.completion as the stream that it could have been."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sluicegate.upstream.documents import documents, member, written

from .deltas import ASSISTANT, corrected
from .documents import CHUNK, Document, check_complete, without

DONE: Final = "[DONE]"
"""The data of the last event of a stream."""

# What every chunk repeats; other members come once.
_COMMON: Final = ("id", "created", "model", "system_fingerprint", "service_tier")


@dataclass(frozen=True, slots=True)
class Identity:
    """What is the same in all chunks of a stream; `created` is in Unix seconds."""

    id: str
    created: int
    model: str

    def completed_by(self, *found: Document) -> Document:
        """Return the members of the identity, each from the first document that has it."""
        own: dict[str, object] = {"id": self.id, "created": self.created, "model": self.model}
        return {name: _first(name, type(value), found) or value for name, value in own.items()}


def streamed(document: Document, otherwise: Identity, *, with_usage: bool) -> list[str]:
    """Return the data of all events of a stream that says what a complete answer says.

    With `with_usage` the usage has a chunk of its own, as clients get it that asked for it; else
    it comes with the first finish_reason. Raises UpstreamError for an answer that is not complete.
    """
    check_complete(document)
    usage = member(document, "usage", dict)
    chunks = list(_chunks(document, otherwise, None if with_usage else usage))
    if with_usage:
        chunks = [{**chunk, "usage": None} for chunk in chunks]
        head = without(chunks[-1], "usage")
        chunks += [{**head, "choices": [], "usage": usage}] if usage else []
    return [*map(written, chunks), DONE]


def _chunks(document: Document, otherwise: Identity, usage: Document | None) -> Iterator[Document]:
    identity = otherwise.completed_by(document)
    head = {name: document[name] for name in _COMMON if name in document} | dict(identity)
    head["object"] = CHUNK
    others = without(document, *_COMMON, "object", "choices", "usage")
    choices = [_placed(place, c) for place, c in enumerate(documents(document, "choices"))]
    for choice in choices:
        said = {**without(choice, "message"), "delta": _delta(choice), "finish_reason": None}
        yield {**head, "choices": [said], **others}
        others = {}
    used = {"usage": usage} if usage else {}
    for choice in choices:
        ended = {"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}
        yield {**head, "choices": [ended], **used}
        used = {}


def _placed(place: int, choice: Document) -> Document:
    return {**choice, "index": member(choice, "index", int) if "index" in choice else place}


def _delta(choice: Document) -> Document:
    message: Document = choice["message"]
    calls = enumerate(documents(message, "tool_calls"))
    placed = [{**call, "index": place} for place, call in calls]
    return {**corrected({**message, "tool_calls": placed or None}), "role": ASSISTANT}


def _first(name: str, kind: type, found: tuple[Document, ...]) -> object:
    values = (document.get(name) for document in found)
    return next((each for each in values if type(each) is kind and each), None)
