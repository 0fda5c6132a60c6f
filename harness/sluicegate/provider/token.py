"""Tokens: what a client puts into a prompt so that the provider knows whose request it is."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sluicegate.errors import SluicegateError

ACCEPTS: Final = "1 to 64 letters, digits, `_` and `-`"
"""What a token is made of."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BEGIN: Final = "[sluicegate:"
_END: Final = "]"

_PROMPTS: Final = ("instructions", "system", "messages", "input")
"""The members that hold the prompt, in one format or another; the strongest one is the last."""

_TEXTS: Final = ("content", "text")
"""The members of messages, and of parts of them, that hold texts or further parts."""


def is_token(text: str) -> bool:
    """Tell whether a text can be a token."""
    return _TOKEN.fullmatch(text) is not None


def mark(token: str) -> str:
    """Return the text that a client puts into its prompt, anywhere: `[sluicegate:TOKEN]`.

    Raises SluicegateError for what is no token.
    """
    if not is_token(token):
        raise SluicegateError(f"expected a token of {ACCEPTS}, got {token!r}")
    return f"{_BEGIN}{token}{_END}"


def find(document: Mapping[str, Any]) -> str | None:
    """Return the last token in the prompt of a request: a gateway may send a whole conversation.

    Chat completions and Messages are understood, and Responses; whatever else the document holds
    does no harm.
    """
    texts = _backwards([document.get(name) for name in _PROMPTS])
    return next((token for text in texts for token in _tokens(text)), None)


def _backwards(content: object) -> Iterator[str]:
    # No recursion: a hostile document may be nested deeply.
    waiting = [content]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += [each[name] for name in _TEXTS if name in each]


def _tokens(text: str) -> Iterator[str]:
    end = len(text)
    while (begin := text.rfind(_BEGIN, 0, end)) >= 0:
        found = _TOKEN.match(text, begin + len(_BEGIN))
        if found and text.startswith(_END, found.end()):
            yield found.group()
        end = begin
