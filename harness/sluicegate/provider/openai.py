"""Bodies and chunks of the OpenAI chat completions format, to the letter."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

TEXT = "Hello! I'm a mock LLM response. How can I help you today?"
WORDS = ("Hello", " from", " streaming", " mock", " provider", "!")
USAGE = {"prompt_tokens": 10, "completion_tokens": 15, "total_tokens": 25}
OWNER = "sluicegate"


@dataclass(frozen=True, slots=True)
class Identity:
    """What every body and chunk of one answer carries; `created` in Unix seconds."""

    id: str
    created: int
    model: str


def encode(document: Document) -> bytes:
    """Encode a document as compact JSON.

    Non-ASCII characters are escaped: a model's name may hold a lone surrogate, which has no
    UTF-8 form.
    """
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def completion(identity: Identity, text: str = TEXT) -> Document:
    """Build the body of a plain answer."""
    message = {"role": "assistant", "content": text}
    return {
        "id": identity.id,
        "object": "chat.completion",
        "created": identity.created,
        "model": identity.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": USAGE,
    }


def content_chunks(
    identity: Identity, words: Sequence[str] = WORDS, *, usage: bool = False
) -> Iterator[Document]:
    """Yield one chunk for each word; the first also carries the role.

    `usage` says whether the client asked for it: every chunk but the last then has a null one.
    """
    for position, word in enumerate(words):
        role = {} if position else {"role": "assistant"}
        yield _chunk(identity, [_choice({**role, "content": word}, None)], usage=usage)


def finish_chunk(identity: Identity, *, usage: bool = False) -> Document:
    """Build the chunk that says why the answer ends."""
    return _chunk(identity, [_choice({}, "stop")], usage=usage)


def usage_chunk(identity: Identity) -> Document:
    """Build the chunk that carries the usage, asked for by `stream_options.include_usage`."""
    return _chunk(identity, [], usage=True) | {"usage": USAGE}


def _choice(delta: Document, finish_reason: str | None) -> Document:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _chunk(identity: Identity, choices: list[Document], *, usage: bool) -> Document:
    chunk = {
        "id": identity.id,
        "object": "chat.completion.chunk",
        "created": identity.created,
        "model": identity.model,
        "choices": choices,
    }
    return chunk | {"usage": None} if usage else chunk


def models(names: Sequence[str], created: int) -> Document:
    """Build the list of models; `created` in Unix seconds."""
    data = [
        {"id": name, "object": "model", "created": created, "owned_by": OWNER} for name in names
    ]
    return {"object": "list", "data": data}
