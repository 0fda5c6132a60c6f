"""Bodies and chunks of the OpenAI chat completions format, to the letter."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from . import failures, openai_tools
from .encoding import encode
from .frames import Document, Frame, Headers, Identity, Kind
from .openai_quirks import QUIRKS as DEPARTURES
from .openai_quirks import Chunk
from .refusal import RefusedError
from .script import Script

NAME: Final = "the OpenAI format"
REQUEST: Final = "openai/request"

QUIRKS: Final[Mapping[str, str]] = {
    **{name: quirk.meaning for name, quirk in DEPARTURES.items()},
    "no_usage": "there is no usage in a plain answer, nor in a stream that was asked for it",
    **openai_tools.QUIRKS,
}
QUIRKS_OF_TOOLS: Final = frozenset(openai_tools.QUIRKS)
"""The quirks that do nothing without calls of tools."""

PING: Final = None

TEXT = "Hello! I'm a mock LLM response. How can I help you today?"
WORDS = ("Hello", " from", " streaming", " mock", " provider", "!")
"""The documented greetings: of a plain answer, and of a stream."""

OWNER = "sluicegate"

_DONE = Frame("done", b"[DONE]")


def check(document: Document) -> None:
    """Take every request that fits its schema."""


def completion(identity: Identity, script: Script) -> Document:
    """Build the body of a plain answer."""
    choice = {"index": 0, "message": _message(script), "finish_reason": _finish_reason(script)}
    body = {**_head(identity, "chat.completion"), "choices": [choice]}
    return body if "no_usage" in script.quirks else {**body, "usage": _usage(script)}


def frames(identity: Identity, script: Script, *, usage: bool) -> tuple[Frame, ...]:
    """Build the whole stream; `usage` says whether the client asked for it.

    Every chunk but the one that carries the usage then has a null one.
    """
    chunks = list(_chunks(identity, script, usage=usage and "no_usage" not in script.quirks))
    for name, quirk in DEPARTURES.items():
        if name in script.quirks:
            chunks = quirk.depart(chunks, _usage(script))
    padding = {"obfuscation": "x" * script.padding} if script.padding else {}
    data = (Frame(chunk.kind, encode(chunk.document | padding)) for chunk in chunks)
    return (*data, _DONE)


def head(identity: Identity) -> bytes:
    """Return the members that carry the identity, as they stand in every chunk."""
    return encode(_head(identity, "chat.completion.chunk"))[1:-1]


def failure(status: int, message: str | None = None) -> Document:
    """Build the error body that fits a status from 400 to 599."""
    return failures.failure(status, message)


def refusal(refused: RefusedError) -> Document:
    """Build the error body of a request that is refused."""
    kind = failures.kind_of(refused.status)
    return failures.error(refused.message, kind, param=refused.param, code=refused.code)


def stream_error(message: str | None = None) -> Frame:
    """Build the event by which a provider says in mid-stream that it has failed."""
    fitting = "The server had an error while processing your request"
    return Frame("start", encode(failures.error(message or fitting, "server_error")))


def rate_limit(*, is_over: bool) -> Headers:
    """Build the headers of two limits, of which most is left, or no request if `is_over`."""
    return tuple(
        (name, "0" if is_over and name == _REQUESTS_LEFT else n) for name, n in _RATE_LIMIT
    )


def request_id(name: str) -> Headers:
    """Build the header that names the request."""
    return (("x-request-id", name),)


def models(names: Sequence[str], created: int) -> Document:
    """Build the list of models; `created` in Unix seconds."""
    data = [
        {"id": name, "object": "model", "created": created, "owned_by": OWNER} for name in names
    ]
    return {"object": "list", "data": data}


_REQUESTS_LEFT = "x-ratelimit-remaining-requests"
_RATE_LIMIT = (
    ("x-ratelimit-limit-requests", "60"),
    ("x-ratelimit-limit-tokens", "150000"),
    (_REQUESTS_LEFT, "59"),
    ("x-ratelimit-remaining-tokens", "149984"),
    ("x-ratelimit-reset-requests", "1s"),
    ("x-ratelimit-reset-tokens", "6m0s"),
)


def _head(identity: Identity, kind: str) -> Document:
    return {
        "id": identity.id,
        "object": kind,
        "created": identity.created,
        "model": identity.model,
    }


def _message(script: Script) -> Document:
    message: Document = {"role": "assistant", "content": _content(script)}
    if script.reasoning:
        message["reasoning_content"] = "".join(script.reasoning)
    if script.tool_calls:
        message["tool_calls"] = openai_tools.calls(script)
    return message


def _content(script: Script) -> str | None:
    if script.text is None and not script.tool_calls:
        return TEXT
    is_silent = not script.text and (script.reasoning or script.tool_calls)
    return None if is_silent else "".join(script.text or ())


def _finish_reason(script: Script) -> str:
    if "stop_after_tools" in script.quirks:
        return "stop"
    return script.finish_reason or ("tool_calls" if script.tool_calls else "stop")


def _chunks(identity: Identity, script: Script, *, usage: bool) -> Iterator[Chunk]:
    head = _head(identity, "chat.completion.chunk")
    null = {"usage": None} if usage else {}

    def chunk(kind: Kind, delta: Document, finish_reason: str | None = None) -> Chunk:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return Chunk(kind, {**head, "choices": [choice], **null})

    first, *others = _deltas(script)
    yield chunk("content" if _says(script) else "start", {"role": "assistant", **first})
    yield from (chunk("content", delta) for delta in others)
    yield chunk("finish", {}, _finish_reason(script))
    if usage:
        yield Chunk("usage", {**head, "choices": [], "usage": _usage(script)})


def _says(script: Script) -> bool:
    return bool(script.text is None or script.text or script.reasoning or script.tool_calls)


def _deltas(script: Script) -> Iterator[Document]:
    words = script.text
    if words is None:
        words = () if script.tool_calls else WORDS
    if not _says(script):
        words = ("",)
    thoughts = ({"reasoning_content": piece} for piece in script.reasoning)
    return chain(thoughts, ({"content": word} for word in words), openai_tools.deltas(script))


def _usage(script: Script) -> Document:
    prompt = _counted(
        cached_tokens=script.cached_tokens, cache_write_tokens=script.cache_write_tokens
    )
    completion = _counted(reasoning_tokens=script.reasoning_tokens)
    return {
        "prompt_tokens": script.prompt_tokens,
        "completion_tokens": script.completion_tokens,
        "total_tokens": script.total,
        **({"prompt_tokens_details": prompt} if prompt else {}),
        **({"completion_tokens_details": completion} if completion else {}),
    }


def _counted(**tokens: int) -> Document:
    return {name: number for name, number in tokens.items() if number}
