"""Bodies and events of the Anthropic Messages format, to the letter."""

from collections.abc import Iterator, Mapping
from typing import Final

from . import anthropic_blocks, anthropic_history, failures
from .anthropic_quirks import QUIRKS as DEPARTURES
from .encoding import encode
from .frames import Document, Frame, Headers, Identity, Kind
from .openai import TEXT, WORDS
from .refusal import RefusedError
from .script import Script

NAME: Final = "the Anthropic format"
REQUEST: Final = "anthropic/request"

QUIRKS: Final[Mapping[str, str]] = {
    **{name: quirk.meaning for name, quirk in DEPARTURES.items()},
    "output_tokens_only": "the usage at the end of a stream has output_tokens alone",
    "null_cache_tokens": "the counts of cached tokens are null, not numbers",
    **anthropic_blocks.QUIRKS,
}
QUIRKS_OF_TOOLS: Final = anthropic_blocks.QUIRKS_OF_TOOLS
"""The quirks that do nothing without calls of tools."""

check = anthropic_history.check

PING: Final = Frame("start", b'{"type":"ping"}', "ping")

REQUEST_ID: Final = "req_mock"
"""The `request_id` of every error body."""

STOP_SEQUENCE: Final = "END"
"""The `stop_sequence` of an answer that ends for one."""

_FIRST_SERVER_ERROR = 500

_FITTING: Final[Mapping[int, tuple[str, str]]] = {
    400: ("invalid_request_error", "Invalid request"),
    401: ("authentication_error", "Authentication error"),
    402: ("billing_error", "Billing error"),
    403: ("permission_error", "Permission denied"),
    404: ("not_found_error", "Not found"),
    409: ("conflict_error", "Conflict"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "Rate limited"),
    500: ("api_error", "Internal server error"),
    504: ("timeout_error", "Request timeout"),
    529: ("overloaded_error", "Overloaded"),
}


def completion(identity: Identity, script: Script) -> Document:
    """Build the body of a plain answer."""
    content = [block.whole for block in anthropic_blocks.blocks(script, (TEXT,))]
    return {**_head(identity), "content": content, **_stop(script), "usage": _usage(script)}


def frames(
    identity: Identity,
    script: Script,
    *,
    usage: bool,  # noqa: ARG001 - this format always tells the usage
) -> tuple[Frame, ...]:
    """Build the whole stream; it tells the usage whether or not the client asked for it."""
    padding = {"obfuscation": "x" * script.padding} if script.padding else {}
    made = [
        Frame(kind, encode(document | padding), document["type"])
        for kind, document in _events(identity, script)
    ]
    for name, quirk in DEPARTURES.items():
        if name in script.quirks:
            made = quirk.depart(made)
    return tuple(made)


def head(identity: Identity) -> bytes:
    """Return the members that carry the identity, as they stand in `message_start`."""
    return encode(_head(identity))[1:-1]


def failure(status: int, message: str | None = None) -> Document:
    """Build the error body that fits a status from 400 to 599."""
    fitting = failures.failure(status)["error"]["message"]
    kind, fitting = _FITTING.get(status, (_kind_of(status), fitting))
    return _error(kind, message or fitting) | {"request_id": REQUEST_ID}


def refusal(refused: RefusedError) -> Document:
    """Build the error body of a request that is refused."""
    return _error(_kind_of(refused.status), refused.message) | {"request_id": REQUEST_ID}


def stream_error(message: str | None = None) -> Frame:
    """Build the event by which a provider says in mid-stream that it has failed."""
    kind, fitting = _FITTING[529]
    return Frame("start", encode(_error(kind, message or fitting)), "error")


def rate_limit(*, is_over: bool) -> Headers:
    """Build the headers of four limits, of which most is left, or no request if it is over."""
    return tuple(
        (name, "0" if is_over and name == _REQUESTS_LEFT else n) for name, n in _RATE_LIMIT
    )


_REQUESTS_LEFT: Final = "anthropic-ratelimit-requests-remaining"


def request_id(name: str) -> Headers:
    """Build the header that names the request."""
    return (("request-id", name),)


def _limit(of: str, limit: int, remaining: int) -> Headers:
    prefix = f"anthropic-ratelimit-{of}"
    return (
        (f"{prefix}-limit", str(limit)),
        (f"{prefix}-remaining", str(remaining)),
        (f"{prefix}-reset", "2030-01-01T00:00:00Z"),
    )


_RATE_LIMIT: Final[Headers] = (
    *_limit("requests", 60, 59),
    *_limit("tokens", 180_000, 179_000),
    *_limit("input-tokens", 150_000, 149_000),
    *_limit("output-tokens", 30_000, 30_000),
)


def _error(kind: str, message: str) -> Document:
    return {"type": "error", "error": {"type": kind, "message": message}}


def _kind_of(status: int) -> str:
    other = 500 if status >= _FIRST_SERVER_ERROR else 400
    kind, _ = _FITTING.get(status, _FITTING[other])
    return kind


def _head(identity: Identity) -> Document:
    return {
        "id": f"msg_{identity.id.replace('-', '_')}",
        "type": "message",
        "role": "assistant",
        "model": identity.model,
    }


def _events(identity: Identity, script: Script) -> Iterator[tuple[Kind, Document]]:
    yield "start", {"type": "message_start", "message": _started(identity, script)}
    for index, block in enumerate(anthropic_blocks.blocks(script, WORDS)):
        yield from anthropic_blocks.events(index, block)
    usage = _usage(script)
    if "output_tokens_only" in script.quirks:
        usage = {"output_tokens": script.completion_tokens}
    yield "finish", {"type": "message_delta", "delta": _stop(script), "usage": usage}
    yield "done", {"type": "message_stop"}


def _started(identity: Identity, script: Script) -> Document:
    # The first token of the answer is there when its stream begins.
    usage = {**_input(script), "output_tokens": min(1, script.completion_tokens)}
    unknown = {"stop_reason": None, "stop_sequence": None}
    return {**_head(identity), "content": [], **unknown, "usage": usage}


def _stop(script: Script) -> Document:
    reason = script.finish_reason or ("tool_use" if script.tool_calls else "end_turn")
    if "end_turn_after_tools" in script.quirks:
        reason = "end_turn"
    sequence = STOP_SEQUENCE if reason == "stop_sequence" else None
    return {"stop_reason": reason, "stop_sequence": sequence}


def _usage(script: Script) -> Document:
    usage = {**_input(script), "output_tokens": script.completion_tokens}
    thought = script.reasoning_tokens
    return usage | ({"output_tokens_details": {"thinking_tokens": thought}} if thought else {})


def _input(script: Script) -> Document:
    is_told = "null_cache_tokens" not in script.quirks
    cached = script.cached_tokens + script.cache_write_tokens
    return {
        # Unlike in the OpenAI format, what was read from a cache, or written to it, does not count.
        "input_tokens": max(0, script.prompt_tokens - cached),
        "cache_creation_input_tokens": script.cache_write_tokens if is_told else None,
        "cache_read_input_tokens": script.cached_tokens if is_told else None,
    }
