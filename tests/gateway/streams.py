# Streams as agents send them, and what holds for every stream that a client gets.
import json
from collections.abc import Iterable
from typing import Any, Final

from sluicegate.gateway.conversion import Identity
from sluicegate.gateway.reading import Reading
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.masking import Mask
from sluicegate.wire.schema import violations

Document = dict[str, Any]

DONE: Final = "[DONE]"
IDENTITY: Final = {"id": "c1", "created": 5, "model": "m"}
OTHERWISE: Final = Identity("made-up", 9, "asked")
USED: Final = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def chunk(reason: str | None = None, /, index: int = 0, **delta: object) -> Document:
    choice = {"index": index, "delta": delta, "finish_reason": reason}
    return {**IDENTITY, "object": "chat.completion.chunk", "choices": [choice]}


def usage() -> Document:
    return {**chunk(), "choices": [], "usage": USED}


def completion(reason: str | None = "stop", **message: object) -> Document:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return {**IDENTITY, "object": "chat.completion", "choices": [choice], "usage": USED}


def event(data: Document | str) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return f"data: {text}\n\n".encode()


def read(
    pieces: Iterable[bytes], *, ends: bool = True, with_usage: bool = False
) -> tuple[list[str], UpstreamError | None]:
    """Return the data of the client's events, and how the answer failed if it did."""
    reading = Reading(Mask(("s3cret",)), OTHERWISE, with_usage=with_usage)
    found: list[str] = []
    try:
        for piece in pieces:
            found.extend(reading.feed(piece))
        if ends:
            found.extend(reading.end())
    except UpstreamError as error:
        return found, error
    return found, None


def got(*events: Document | str, with_usage: bool = False) -> list[Document]:
    """Return the chunks of a stream that is whole."""
    found, error = read(map(event, events), with_usage=with_usage)
    assert error is None
    assert found[-1:] == [DONE]
    assert_well_formed(found)
    return [json.loads(data) for data in found[:-1]]


def failure(*events: Document | str) -> UpstreamError:
    """Return the failure of a stream of which the client gets no claim to be whole."""
    found, error = read(map(event, events))
    assert error is not None
    assert DONE not in found
    assert_well_formed(found)
    return error


def assert_well_formed(found: list[str]) -> None:
    assert DONE not in found[:-1]
    chunks = [json.loads(data) for data in found if data != DONE]
    assert len({(each["id"], each["created"], each["model"]) for each in chunks}) <= 1
    for each, data in zip(chunks, found, strict=False):
        assert not {"\n", "\r"} & set(data)
        assert not violations(each, "openai/chat.completion.chunk", profile="strict"), data
    choices = [choice for each in chunks for choice in each["choices"]]
    for index in {choice["index"] for choice in choices}:
        own = [choice for choice in choices if choice["index"] == index]
        assert [c["delta"].get("role") for c in own] == ["assistant", *[None] * (len(own) - 1)]
        assert not [c for c in own[:-1] if c["finish_reason"]], "the answer went on after its end"
        assert DONE not in found or own[-1]["finish_reason"]


def text_of(chunks: Iterable[Document]) -> str:
    deltas = (choice["delta"] for each in chunks for choice in each["choices"])
    return "".join(delta.get("content") or "" for delta in deltas)
