"""The events of a streamed answer before they are bytes, and what a wire format must know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .refusal import RefusedError
from .script import Script

Document = dict[str, Any]
Headers = tuple[tuple[str, str], ...]

Kind = Literal["start", "content", "finish", "usage", "done"]
"""What a frame is for.

`content` is a chunk that carries text, reasoning or a piece of a tool call: `fail_chunk` counts
these, and the pace follows each. `finish` says why the answer ends, `usage` what it cost, `done`
that the stream is complete. `start` is anything else.
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """What every body and chunk of one answer carries; `created` in Unix seconds."""

    id: str
    created: int
    model: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream: its data, which is one line, and its name, where it has one."""

    kind: Kind
    data: bytes
    event: str | None = None


class Format(Protocol):
    """A wire format, such as OpenAI's chat completions; a module is one."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """What error messages call the format."""

    @property
    def REQUEST(self) -> str:  # noqa: N802
        """The name of the schema that its requests follow."""

    @property
    def QUIRKS(self) -> Mapping[str, str]:  # noqa: N802
        """What `quirks` can name in this format, each in one sentence."""

    @property
    def QUIRKS_OF_TOOLS(self) -> frozenset[str]:  # noqa: N802
        """Those of them that only show in calls of tools."""

    @property
    def PING(self) -> Frame | None:  # noqa: N802
        """The event that keeps a connection alive; None where a comment does."""

    def __hash__(self) -> int:
        """Return what tells a format from others; a module is one of its kind."""

    def check(self, document: Document) -> None:
        """Check what no schema can say of a request that fits its own; raises RefusedError."""

    def completion(self, identity: Identity, script: Script) -> Document:
        """Build the body of a plain answer."""

    def frames(self, identity: Identity, script: Script, *, usage: bool) -> tuple[Frame, ...]:
        """Build the whole stream, without its faults: those are put in afterwards.

        `usage` says whether the client asked for it. Identities are put in afterwards, too: where
        `identity` is written, it is exactly as in `head(identity)`.
        """

    def head(self, identity: Identity) -> bytes:
        """Return the members that carry the identity, as they stand in the JSON of a frame.

        Frames are built once for each script, and the head of another identity put in its place.
        """

    def failure(self, status: int, message: str | None = None) -> Document:
        """Build the error body that fits a status from 400 to 599; the message is its own."""

    def refusal(self, refused: RefusedError) -> Document:
        """Build the error body of a request that is refused."""

    def stream_error(self, message: str | None = None) -> Frame:
        """Build the event by which a provider says in mid-stream that it has failed, and why."""

    def rate_limit(self, *, is_over: bool) -> Headers:
        """Build the headers that tell a client how much of its rate limit is left.

        `is_over`: no request of it is.
        """

    def request_id(self, name: str) -> Headers:
        """Build the header that names the request."""
