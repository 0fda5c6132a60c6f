"""The choices of a stream's chunks: each begins with a role, and ends with one finish_reason."""

from collections.abc import Iterator
from typing import Final

from sluicegate.upstream.documents import documents, member
from sluicegate.upstream.errors import UpstreamError

from .deltas import ASSISTANT, corrected, says
from .documents import Document, without

# Where a completion of another kind has what a chunk has in its delta.
_ELSEWHERE: Final = ("text", "message")


class Choices:
    """Repairs the choices of one stream, by their index."""

    def __init__(self) -> None:
        self._ended: dict[int, bool] = {}

    @property
    def begun(self) -> bool:
        """Whether there was a choice."""
        return bool(self._ended)

    @property
    def ended(self) -> bool:
        """Whether each choice has its finish_reason, and there is one."""
        return self.begun and all(self._ended.values())

    def repaired(self, document: Document) -> list[Document]:
        """Return the choices of a chunk as they are passed on; raises UpstreamError.

        Of a choice that has ended, what says nothing is cut; what says something is an error.
        """
        return list(self._repaired(documents(document, "choices")))

    def _repaired(self, choices: list[Document]) -> Iterator[Document]:
        for choice in choices:
            index, reason = member(choice, "index", int), member(choice, "finish_reason", str)
            delta = corrected(_delta(choice))
            if not self._ended.get(index):
                delta = self._with_role_once(index, delta)
                self._ended[index] = bool(reason)
                yield {**choice, "index": index, "delta": delta, "finish_reason": reason or None}
            elif says(choice):
                raise UpstreamError("malformed", "the upstream went on after its finish_reason")

    def _with_role_once(self, index: int, delta: Document) -> Document:
        if index in self._ended:
            return without(delta, "role")
        return {**delta, "role": ASSISTANT}


def _delta(choice: Document) -> Document:
    if choice.get("delta") is None and any(map(choice.get, _ELSEWHERE)):
        raise UpstreamError("malformed", "the upstream sent a choice that has no delta")
    return member(choice, "delta", dict)
