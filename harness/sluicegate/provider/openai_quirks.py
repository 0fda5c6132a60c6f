"""Small departures of real providers from the stream of the OpenAI format, chunk by chunk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from .frames import Document, Kind


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk before it is bytes."""

    kind: Kind
    document: Document


@dataclass(frozen=True, slots=True)
class Quirk:
    """One departure: what it is, in one sentence, and the stream that becomes of an ordinary one.

    `depart` takes the chunks and the usage.
    """

    meaning: str
    depart: Callable[[list[Chunk], Document], list[Chunk]]


def _choices(meaning: str, change: Callable[[int, Document], Document]) -> Quirk:
    def depart(chunks: list[Chunk], _: Document) -> list[Chunk]:
        positions = count()
        return [
            _with(chunk, choices=[change(next(positions), c) for c in chunk.document["choices"]])
            for chunk in chunks
        ]

    return Quirk(meaning, depart)


def _deltas(meaning: str, change: Callable[[int, Document], Document]) -> Quirk:
    return _choices(
        meaning,
        lambda position, choice: {**choice, "delta": change(position, choice["delta"])},
    )


def _with(chunk: Chunk, **members: object) -> Chunk:
    return replace(chunk, document={**chunk.document, **members})


def _without(document: Document, name: str) -> Document:
    return {each: value for each, value in document.items() if each != name}


def _empty_role(position: int, delta: Document) -> Document:
    return {"role": "", **delta} if position else delta


def _empty_reason(_: int, choice: Document) -> Document:
    return {**choice, "finish_reason": choice["finish_reason"] or ""}


def _no_reason(_: int, choice: Document) -> Document:
    return choice if choice["finish_reason"] else _without(choice, "finish_reason")


def _role_alone(chunks: list[Chunk], _: Document) -> list[Chunk]:
    first, *others = chunks
    choice = first.document["choices"][0]
    role = {**choice, "delta": {"role": "assistant", "content": ""}}
    rest = {**choice, "delta": _without(choice["delta"], "role")}
    return [
        _with(Chunk("start", first.document), choices=[role]),
        _with(first, choices=[rest]),
        *others,
    ]


def _usage_on_finish(chunks: list[Chunk], usage: Document) -> list[Chunk]:
    return [
        _with(chunk, usage=usage) if chunk.kind == "finish" else chunk
        for chunk in chunks
        if chunk.kind != "usage"
    ]


def _usage_everywhere(chunks: list[Chunk], usage: Document) -> list[Chunk]:
    return [_with(chunk, usage=usage) for chunk in chunks]


def _duplicate_chunk(chunks: list[Chunk], _: Document) -> list[Chunk]:
    contents = [chunk for chunk in chunks if chunk.kind == "content"]
    if not contents:
        return chunks
    # An answer of one word has no second: its first comes twice.
    place = chunks.index(contents[:2][-1])
    return [*chunks[: place + 1], *chunks[place:]]


def _no_choices(chunks: list[Chunk], _: Document) -> list[Chunk]:
    first, *others = chunks
    return [first, Chunk("start", _without(first.document, "choices")), *others]


def _empty_choices_first(chunks: list[Chunk], _: Document) -> list[Chunk]:
    found = {"prompt_index": 0, "content_filter_results": dict.fromkeys(_FILTERS, _SAFE)}
    first = Chunk("start", chunks[0].document)
    return [_with(first, choices=[], prompt_filter_results=[found]), *chunks]


_FILTERS = ("hate", "self_harm", "sexual", "violence")
_SAFE = {"filtered": False, "severity": "safe"}

QUIRKS: Final[Mapping[str, Quirk]] = {
    "role_repeated": _deltas(
        "every delta carries the role", lambda _, delta: {"role": "assistant", **delta}
    ),
    "role_missing": _deltas("no delta carries the role", lambda _, delta: _without(delta, "role")),
    "role_alone": Quirk(
        "a chunk with the role and an empty text comes before the others", _role_alone
    ),
    "empty_role": _deltas("every delta but the first carries an empty role", _empty_role),
    "null_content": _deltas(
        "content is null, not absent, where a delta has no text",
        lambda _, delta: {**delta, "content": delta.get("content")},
    ),
    "empty_finish_reason": _choices(
        "finish_reason is empty, not null, until the end", _empty_reason
    ),
    "no_finish_reason_key": _choices(
        "finish_reason is absent, not null, until the end", _no_reason
    ),
    "usage_on_finish": Quirk(
        "the chunk with finish_reason carries the usage, asked for or not, and no later one",
        _usage_on_finish,
    ),
    "usage_everywhere": Quirk("every chunk carries the usage, asked for or not", _usage_everywhere),
    "duplicate_chunk": Quirk("the second chunk that says something comes twice", _duplicate_chunk),
    "no_choices": Quirk("the first chunk is followed by one that has no choices", _no_choices),
    "empty_choices_first": Quirk(
        "a chunk with an empty list of choices comes first, about the prompt, as from Azure",
        _empty_choices_first,
    ),
}
"""The departures, in the order in which they are made."""
