"""What the provider says and when: an answer as a list of timed writes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from sluicegate.wire import sse

from . import failures, openai
from .faults import Faults, read_faults
from .openai import Document, Identity
from .refusal import RefusedError
from .request import ChatRequest, read_request

PACE = 0.1
"""Seconds that follow each content chunk of a stream."""

SILENCE = 30.0
"""Seconds of silence that `fail=timeout` means."""

DONE = sse.encode("[DONE]")

# The source document's own malformed event, with the space that it writes before the newline.
BROKEN = b'data: {"broken": \n\n'

STREAM_HEADERS = (
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache"),
    ("Connection", "keep-alive"),
)

Ending = Literal["complete"]
Headers = tuple[tuple[str, str], ...]
Issue = Callable[[str], Identity]


@dataclass(frozen=True, slots=True)
class Part:
    """One write: `data`, `after` seconds of silence."""

    after: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer; nothing, headers included, is sent for `delay` seconds."""

    status: int
    headers: Headers
    parts: tuple[Part, ...]
    delay: float = 0.0
    ending: Ending = "complete"


def respond(query: bytes, body: bytes, issue: Issue) -> Answer:
    """Answer a chat completion request.

    A bad query parameter is refused at once. What the others ask for comes in this order:
    `delay`, then `fail`, whatever the body is, then the body's own mistakes, then streaming.
    `issue` names an answer for a model.
    """
    try:
        faults = read_faults(query)
    except RefusedError as refused:
        return refusal(refused)
    answer = _answer(faults, body, issue)
    return replace(answer, delay=faults.delay + answer.delay)


def document(status: int, content: Document, headers: Headers = ()) -> Answer:
    """Answer with one JSON document."""
    data = openai.encode(content)
    kind = (("Content-Type", "application/json"), ("Content-Length", str(len(data))))
    return Answer(status, kind + headers, (Part(0.0, data),))


def health(*, healthy: bool) -> Answer:
    """Answer whether the provider is well."""
    if healthy:
        return document(200, {"status": "ok"})
    return refusal(RefusedError("The provider is unhealthy.", status=503, code="unhealthy"))


def refusal(refused: RefusedError, headers: Headers = ()) -> Answer:
    """Answer with the error that a refusal is."""
    kind = failures.kind_of(refused.status)
    content = failures.error(refused.message, kind, param=refused.param, code=refused.code)
    return document(refused.status, content, headers)


def _answer(faults: Faults, body: bytes, issue: Issue) -> Answer:
    if faults.fail is not None:
        return _failure(faults.fail)
    try:
        request = read_request(body)
    except RefusedError as refused:
        return refusal(refused)
    identity = issue(request.model)
    streamed = request.stream if faults.stream is None else faults.stream
    if streamed:
        return _stream(identity, request, faults.fail_chunk)
    return document(200, openai.completion(identity))


def _failure(fail: int | Literal["timeout"]) -> Answer:
    if fail == "timeout":
        return replace(_failure(504), delay=SILENCE)
    return document(fail, failures.failure(fail))


def _stream(identity: Identity, request: ChatRequest, fail_chunk: int) -> Answer:
    usage = request.include_usage
    words = [_event(chunk) for chunk in openai.content_chunks(identity, usage=usage)]
    if 0 < fail_chunk <= len(words):
        parts = _paced([*words[: fail_chunk - 1], BROKEN])
    else:
        end = [openai.finish_chunk(identity, usage=usage)]
        end += [openai.usage_chunk(identity)] if usage else []
        events = [_event(chunk) for chunk in end]
        parts = (*_paced([*words, events[0]]), *(Part(0.0, data) for data in (*events[1:], DONE)))
    return Answer(200, STREAM_HEADERS, parts)


def _event(chunk: Document) -> bytes:
    return sse.encode(openai.encode(chunk).decode("ascii"))


def _paced(writes: list[bytes]) -> tuple[Part, ...]:
    return tuple(Part(PACE if position else 0.0, data) for position, data in enumerate(writes))
