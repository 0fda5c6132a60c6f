"""The wire formats of upstreams, by name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from sluicegate.wire.assistant.message import Usage
from sluicegate.wire.assistant.request import StreamRequest
from sluicegate.wire.sse import Event

from . import (
    anthropic_reader,
    anthropic_request,
    openai_reader,
    openai_request,
    proxy_reader,
    proxy_request,
)
from .deltas import Delta
from .documents import Document
from .masking import Mask

FormatName = Literal["openai", "anthropic", "proxy"]


class Reader(Protocol):
    """Reads one answer; what it yields ends with Finished, or it raises UpstreamError."""

    @property
    def done(self) -> bool:
        """Whether the answer is complete; nothing more of it is of interest then."""

    @property
    def usage(self) -> Usage:
        """What the upstream has told of its usage."""

    def feed(self, event: Event) -> Iterator[Delta]:
        """Yield what an event says."""

    def end(self) -> Iterator[Delta]:
        """Take the clean end of the answer."""

    def whole(self, document: Document) -> Iterator[Delta]:
        """Yield what an answer says that came as one document."""


class MakeReader(Protocol):
    """Makes a reader."""

    def __call__(self, mask: Mask, *, takes_unmarked_end: bool = False) -> Reader:
        """Return a reader of one answer."""


@dataclass(frozen=True, slots=True)
class Format:
    """A wire format: its requests, the headers that carry a key, and its answers.

    `place` puts the path of a request below that of a base URL.
    """

    request: Callable[[StreamRequest], tuple[str, dict[str, Any]]]
    headers: Callable[[str], Mapping[str, str]]
    reader: MakeReader
    place: Callable[[str, str], str] = lambda base, path: base.rstrip("/") + path


FORMATS: Final[Mapping[FormatName, Format]] = {
    "openai": Format(openai_request.request, openai_request.headers, openai_reader.Reader),
    "anthropic": Format(
        anthropic_request.request, anthropic_request.headers, anthropic_reader.Reader
    ),
    "proxy": Format(
        proxy_request.request, openai_request.headers, proxy_reader.Reader, proxy_request.place
    ),
}
