"""A client's stream, made of the events of an agent: what is right passes as it is.

Documents are never rebuilt from what is understood of them, so unknown members arrive. What the
agent did not say is never added: an answer is complete only if it said so itself.
"""

import re
from dataclasses import dataclass
from typing import Final

from sluicegate.upstream.documents import member, reported, written
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.masking import Mask
from sluicegate.wire.sse import Event

from .choices import Choices
from .conversion import DONE, Identity, streamed
from .deltas import commits, says
from .documents import CHUNK, COMPLETION, Document, parsed, without

_LINE_END: Final = re.compile(r"[\r\n]")
_PING: Final = re.compile(r'\s*(?:$|\{\s*"type"\s*:\s*"ping")')

# What chunks have in common; a chunk with nothing else and no choices says nothing.
_COMMON: Final = ("id", "object", "created", "model", "system_fingerprint", "service_tier")


def is_ping(event: Event) -> bool:
    """Tell whether an event only says that the connection is alive."""
    return event.event == "ping" or _PING.match(event.data) is not None


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk: as it came, in text and parsed, and what it is repaired to."""

    text: str
    came: Document
    repaired: Document

    def data(self, identity: Document) -> str:
        document = {**self.repaired, **identity, "object": CHUNK}
        # A line end between JSON's tokens would make two lines of data.
        if document == self.came and not _LINE_END.search(self.text):
            return self.text
        return written(document)


class Repair:
    """Repairs one stream; what it returns is the data of the client's events, in their order.

    It returns nothing until the answer is committed, and then at once all that was held back.
    Every method raises UpstreamError as soon as the answer cannot become whole any more.
    `otherwise` is the identity of a stream that has none; `with_usage` tells whether the client
    asked for the usage.

    `committed` tells whether the answer is, `said` whether the agent has said anything of it, be it
    only a thought, and `done` whether it is complete: nothing more of it is of interest then.
    """

    def __init__(self, mask: Mask, otherwise: Identity, *, with_usage: bool = False) -> None:
        self.committed = False
        self.said = False
        self.done = False
        self._mask = mask
        self._otherwise = otherwise
        self._with_usage = with_usage
        self._choices = Choices()
        self._identity: Document = {}
        self._preface: Document = {}
        self._held: list[_Chunk] = []

    @property
    def ended(self) -> bool:
        """Whether the agent has said of each choice why it ended."""
        return self._choices.ended

    def feed(self, event: Event) -> list[str]:
        """Take an event of the stream."""
        if self.done or is_ping(event):
            return []
        if event.data.startswith(DONE):
            return self._finish("[DONE] came")
        document = parsed(event.data, "an event of the upstream", self._mask)
        if event.event == "error":
            raise reported(document, self._mask)
        if document.get("object") == COMPLETION:
            return self.whole(document)
        chunk = self._repaired(event.data, document)
        return [] if chunk is None else self._passed_on(chunk)

    def end(self) -> list[str]:
        """Take the clean end of the stream."""
        return [] if self.done else self._finish("the upstream's answer ended")

    def whole(self, document: Document) -> list[str]:
        """Take a complete answer in place of a stream."""
        if self.committed:
            raise UpstreamError("malformed", "the upstream began its answer anew")
        data = streamed(document, self._otherwise, with_usage=self._with_usage)
        self.committed = self.said = self.done = True
        return data

    def _finish(self, how: str) -> list[str]:
        if not self._choices.ended:
            raise UpstreamError("broken", f"{how} without finish_reason")
        self.done = True
        return [DONE]

    def _repaired(self, text: str, document: Document) -> _Chunk | None:
        _check(document)
        choices = self._choices.repaired(document)
        if not self._choices.begun:
            # Azure tells of the prompt before it begins: it is told with the beginning, then.
            self._preface = {**self._preface, **document}
            return None
        preface, self._preface = self._preface, {}
        if not choices and not _carries(document, is_over=self._choices.ended):
            return None
        return _Chunk(text, document, {**preface, **document, "choices": choices})

    def _passed_on(self, chunk: _Chunk) -> list[str]:
        choices = chunk.repaired["choices"]
        self.said = self.said or any(map(says, choices))
        self._held.append(chunk)
        if not self.committed and not any(map(commits, choices)):
            return []
        held = [each.repaired for each in self._held]
        self._identity = self._identity or self._otherwise.completed_by(*held)
        data = [each.data(self._identity) for each in self._held]
        # Only now: what cannot be written must not commit the answer.
        self.committed, self._held = True, []
        return data


def _check(document: Document) -> None:
    if not ("choices" in document or "usage" in document or document.get("object") == CHUNK):
        raise UpstreamError("malformed", f"an event of the upstream is no {CHUNK}")
    member(document, "usage", dict)


def _carries(document: Document, *, is_over: bool) -> bool:
    """Tell whether a chunk without choices says anything; after the last choice only usage does."""
    if is_over:
        return bool(document.get("usage"))
    others = without(document, *_COMMON, "choices")
    return any(value is not None for value in others.values())
