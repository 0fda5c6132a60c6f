"""The JSON of a message that grows: what was encoded once is never encoded again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from .document import write

if TYPE_CHECKING:
    from .message import StopReason, Usage

_JSON_SPACE = " \t\r\n"
_ON_ONE_LINE = str.maketrans("\r\n", "  ")


def encoded(value: object) -> bytes:
    """Encode JSON on one line, in UTF-8.

    Lone surrogates become escapes: the halves of a pair, encoded apart, meet as one character.
    Raises ValueError for a number that is not finite.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def arguments_object(text: str) -> bytes:
    """Encode the arguments of a tool call, a JSON object in text, on one line.

    They stay as the model wrote them, numbers included; blank text is the empty object. Raises
    ValueError for anything else.
    """
    text = text.strip(_JSON_SPACE) or "{}"
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("expected JSON that is less deeply nested") from None
    if not isinstance(parsed, dict):
        raise ValueError("expected a JSON object")  # noqa: TRY004 - the text's fault, as above
    # Valid JSON has line ends between its tokens only.
    return text.translate(_ON_ONE_LINE).encode("utf-8", "backslashreplace")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


class Snapshot:
    """The JSON of an assistant's message so far; a block may grow until the next one begins."""

    __slots__ = ("_closing", "_content", "_ending", "_head")

    def __init__(self, model: str, provider: str, timestamp: int, usage: Usage) -> None:
        identity = encoded({"model": model, "provider": provider, "timestamp": timestamp})
        self._head = b'{"role":"assistant",' + identity[1:-1] + b',"content":['
        self._content = bytearray()
        self._closing = b""
        self.end("", usage)

    def begin(self, head: bytes, closing: bytes) -> None:
        """Begin a block: `head` grows from now on, and `closing` makes it complete."""
        separator = b"," if self._content else b""
        self._content += self._closing + separator + head
        self._closing = closing

    def grow(self, piece: bytes) -> None:
        """Add to the last block."""
        self._content += piece

    def complete(self, closing: bytes) -> None:
        """Replace what makes the last block complete."""
        self._closing = closing

    def end(self, reason: StopReason, usage: Usage, error_message: str | None = None) -> None:
        """Say why the message ends, and what it took."""
        ending: dict[str, object] = {"usage": write(usage), "stop_reason": reason}
        if error_message is not None:
            ending["error_message"] = error_message
        self._ending = b"]," + encoded(ending)[1:]

    def parts(self) -> tuple[bytes | bytearray, ...]:
        """Return what makes up the JSON when it is joined; it is valid until the next change."""
        return self._head, self._content, self._closing, self._ending
