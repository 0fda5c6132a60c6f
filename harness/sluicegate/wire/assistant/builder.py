"""The server's side of a stream: what an upstream says becomes events with the message so far."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal

from sluicegate.errors import SluicegateError

from .encoding import Snapshot, arguments_object, encoded
from .message import Usage, read_assistant

if TYPE_CHECKING:
    from .message import AssistantMessage

DoneReason = Literal["stop", "length", "tool_use"]
"""Why a message ended as it should."""

_State = Literal["new", "between", "text", "thinking", "tool_call", "ended"]

_ANYWHERE: Final[tuple[_State, ...]] = ("between", "text", "thinking")
# What may be said in which state, and the state that it leads to.
_NEXT: Final[dict[str, dict[_State, _State]]] = {
    "start": {"new": "between"},
    "text": dict.fromkeys(_ANYWHERE, "text"),
    "thinking": dict.fromkeys(_ANYWHERE, "thinking"),
    "thinking_signature": {"thinking": "between"},
    "tool_call_start": dict.fromkeys(_ANYWHERE, "tool_call"),
    "tool_call_delta": {"tool_call": "tool_call"},
    "tool_call_end": {"tool_call": "between"},
    "done": dict.fromkeys(_ANYWHERE, "ended"),
    "error": dict.fromkeys((*_ANYWHERE, "tool_call"), "ended"),
}
_INSTEAD: Final[dict[_State, str]] = {
    "new": "call start() first",
    "tool_call": "call tool_call_end() first",
    "ended": "the last event was sent, and nothing follows it",
}
_FRAMES: Final[dict[_State, tuple[str, str]]] = {
    "text": ("text_start", "text_end"),
    "thinking": ("thinking_start", "thinking_end"),
}
_DONE_REASONS: Final = ("stop", "length", "tool_use")
_SHOWN: Final = 60


class ArgumentsError(SluicegateError):
    """The arguments of a tool call are no JSON object."""


class Builder:
    """Build the events of one message; each method returns the data of the events to send, as JSON.

    Work per event does not grow with the message, apart from writing it out. `timestamp` is in
    milliseconds since 1970. With `framing`, `text_start`, `text_end`, `thinking_start` and
    `thinking_end` are sent, too. A call that is out of place raises SluicegateError.
    """

    __slots__ = ("_framing", "_pieces", "_snapshot", "_state", "_tool")

    def __init__(self, model: str, provider: str, timestamp: int, *, framing: bool = False) -> None:
        self._snapshot = Snapshot(model, provider, timestamp, Usage())
        self._framing = framing
        self._state: _State = "new"
        self._tool = ""
        self._pieces: list[str] = []

    @property
    def ended(self) -> bool:
        """Whether the last event was returned."""
        return self._state == "ended"

    @property
    def message(self) -> AssistantMessage:
        """The message so far."""
        return read_assistant(json.loads(b"".join(self._snapshot.parts())))

    def start(self) -> tuple[bytes, ...]:
        """Begin the stream."""
        self._enter("start")
        return (self._event("start"),)

    def text(self, delta: str) -> tuple[bytes, ...]:
        """Add to the text; an empty delta is no event."""
        return self._grow("text", delta)

    def thinking(self, delta: str) -> tuple[bytes, ...]:
        """Add to the thinking; an empty delta is no event."""
        return self._grow("thinking", delta)

    def thinking_signature(self, signature: str, *, redacted: bool = False) -> tuple[bytes, ...]:
        """Sign the thinking, which ends its block; later snapshots show it as `signature`.

        Where no thinking is open, an empty block is signed, and an empty delta shows it. So it is
        with thinking that is `redacted`: whoever signed it is the only one who can read it.
        """
        is_open = self._state == "thinking" and not redacted
        begun = () if is_open else self._begin("thinking")
        members = {"signature": signature, **({"redacted": True} if redacted else {})}
        self._snapshot.complete(b'",' + encoded(members)[1:])
        shown = () if is_open else (self._event("thinking_delta", b'""'),)
        return (*begun, *shown, *self._enter("thinking_signature"))

    def tool_call_start(self, call_id: str, name: str) -> tuple[bytes, ...]:
        """Begin the call of a tool; its arguments stay empty until `tool_call_end()`."""
        ended = self._enter("tool_call_start")
        self._tool = name
        self._pieces.clear()
        block = encoded({"type": "tool_call", "id": call_id, "name": name})
        self._snapshot.begin(block[:-1] + b',"arguments":', b"{}}")
        return (*ended, self._event("tool_call_start", encoded(name)))

    def tool_call_delta(self, piece: str) -> tuple[bytes, ...]:
        """Add a piece to the JSON of the arguments; an empty piece is no event."""
        self._enter("tool_call_delta")
        if not piece:
            return ()
        self._pieces.append(piece)
        return (self._event("tool_call_delta", encoded(piece)),)

    def tool_call_end(self) -> tuple[bytes, ...]:
        """End the call of a tool.

        No pieces are no arguments. Raises ArgumentsError where the pieces are no JSON object: the
        call stays open then, and only `error()` can follow.
        """
        self._next("tool_call_end")
        arguments = "".join(self._pieces)
        try:
            self._snapshot.complete(arguments_object(arguments) + b"}")
        except ValueError:
            raise ArgumentsError(
                f"expected a JSON object as the arguments of the tool {self._tool!r}, "
                f"got {arguments[:_SHOWN]!r}"
            ) from None
        self._enter("tool_call_end")
        return (self._event("tool_call_end"),)

    def done(self, stop_reason: DoneReason, usage: Usage) -> tuple[bytes, ...]:
        """End the stream as it should end."""
        if stop_reason not in _DONE_REASONS:
            known = ", ".join(_DONE_REASONS)
            raise SluicegateError(f"expected one of {known} as the reason, got {stop_reason!r}")
        ended = self._enter("done")
        self._snapshot.end(stop_reason, usage)
        return (*ended, self._event("done"))

    def error(
        self, message: str, usage: Usage | None = None, *, aborted: bool = False
    ) -> tuple[bytes, ...]:
        """End the stream with an error, in a tool call, too; `aborted` is the client's own wish."""
        if not message:
            raise SluicegateError("expected a message that says what went wrong, got ''")
        ended = self._enter("error")
        self._snapshot.end("aborted" if aborted else "error", usage or Usage(), message)
        return (*ended, self._event("error"))

    def _grow(self, kind: Literal["text", "thinking"], delta: str) -> tuple[bytes, ...]:
        if not delta:
            self._next(kind)
            return ()
        framed = () if self._state == kind else self._begin(kind)
        piece = encoded(delta)
        self._snapshot.grow(piece[1:-1])
        return (*framed, self._event(f"{kind}_delta", piece))

    def _begin(self, kind: Literal["text", "thinking"]) -> tuple[bytes, ...]:
        ended = self._enter(kind)
        self._snapshot.begin(b'{"type":"%b","%b":"' % (kind.encode(), kind.encode()), b'"}')
        return (*ended, self._event(_FRAMES[kind][0])) if self._framing else ()

    def _enter(self, act: str) -> tuple[bytes, ...]:
        """Go on to the next state; return the event that ends the block before, if it is framed."""
        before, self._state = self._state, self._next(act)
        if not self._framing or before not in _FRAMES:
            return ()
        return (self._event(_FRAMES[before][1]),)

    def _next(self, act: str) -> _State:
        if self._state not in _NEXT[act]:
            other = "start() came before" if act == "start" else "call tool_call_start() first"
            raise SluicegateError(f"{act}() is out of place: {_INSTEAD.get(self._state, other)}")
        return _NEXT[act][self._state]

    def _event(self, kind: str, delta: bytes | None = None) -> bytes:
        added = b"" if delta is None else b',"delta":' + delta
        head = b'{"type":"%b"%b,"partial":' % (kind.encode(), added)
        return b"".join((head, *self._snapshot.parts(), b"}"))
