"""An exchange as a report has it: what each side saw, as lanes of marks in JSON."""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from sluicegate.scenario.exchange import Exchange, Provided
from sluicegate.scenario.sides import Mark, Side, client_side, provider_side
from sluicegate.scenario.wire_view import labels

MOST_MARKS: Final = 200
"""Marks of a lane; of more, the first and the last are kept."""

LONGEST: Final = 200
"""Characters of a text."""

_DIGITS: Final = 6
_CHATS: Final = ("/v1/chat/completions", "/v1/messages")
_STREAM: Final = re.compile(r"(?:^|&)stream=(true|false)(?:&|$)")


def exchange(seen: Exchange, first: float) -> dict[str, Any]:
    """Return an exchange; times are seconds since its request, `first` is that of the first one."""
    provided = seen.provided or ()
    return {
        "number": seen.number,
        "request": shortened(str(seen.request)),
        "started": _since(seen.started, first),
        "ended": _since(seen.ended, seen.started),
        "client": {"who": "the client", **_lane(client_side(seen), seen.started)},
        "providers": [
            {
                "who": label,
                "asked": asked(each),
                "begun": _since(each.entry.started, seen.started),
                **_lane(provider_side(each.entry, seen.ended), seen.started),
            }
            for label, each in zip(labels(provided), provided, strict=True)
        ],
    }


def asked(provided: Provided) -> str:
    """Say what a provider was asked for: a stream, a plain answer, or something else."""
    entry = provided.entry
    if entry.method != "POST" or not entry.path.endswith(_CHATS):
        return shortened(f"{entry.method} {entry.path}")
    said = _STREAM.search(entry.query)
    is_streamed = said[1] == "true" if said else _wants_stream(entry.body)
    return "streamed" if is_streamed else "plain"


def legible(text: str) -> str:
    """Return a text, with escapes for what no encoding has, and for what steers a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return a text in one line, without what is too long; two spaces in it remain."""
    text = legible(" ".join(text.splitlines()))
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _wants_stream(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("stream") is True


def _lane(side: Side, origin: float) -> dict[str, Any]:
    marks = _kept(side.marks)
    return {
        "status": side.status,
        "stream": side.is_stream,
        "ending": shortened(side.marks[-1].text).removeprefix("(").removesuffix(")"),
        "whole": side.is_whole,
        "marks": [_mark(mark, origin) for mark in marks],
        "hidden": len(side.marks) - len(marks),
    }


def _kept(marks: Sequence[Mark]) -> Sequence[Mark]:
    half = MOST_MARKS // 2
    return marks if len(marks) <= MOST_MARKS else [*marks[:half], *marks[-half:]]


def _mark(mark: Mark, origin: float) -> dict[str, Any]:
    return {
        "at": _since(mark.at, origin),
        "kind": mark.kind,
        "text": shortened(mark.text),
        "size": mark.size,
    }


def _since(time: float, origin: float) -> float:
    return round(time - origin, _DIGITS)
