"""Exchanges written by hand, for the tests of the judge."""

import json
from dataclasses import replace
from typing import Any

from sluicegate.scenario.exchange import Exchange, Read, Request

CHUNK = (
    '{{"id":"mock-1","object":"chat.completion.chunk","created":1,"model":"gpt-4","choices":'
    '[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}'
)


def event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


def chunk(delta: str = "{}", finish: str = "null") -> bytes:
    return event(CHUNK.format(delta=delta, finish=finish))


FIRST = chunk('{"role":"assistant","content":"Hello"}')
SECOND = chunk('{"content":" world"}')
FINISH = chunk(finish='"stop"')
DONE = event("[DONE]")
BROKEN = event('{"broken": ')


def streamed(*writes: bytes, apart: float = 0.1) -> Exchange:
    """A stream that began 1 s after the clock did, one read after the other."""
    reads = tuple(Read(1.0 + n * apart, data) for n, data in enumerate(writes))
    return Exchange(
        request=Request("POST", "/v1/chat/completions", body=b"{}"),
        started=1.0,
        ended=1.0 + len(writes) * apart,
        ending="complete",
        status=200,
        headers=(("content-type", "text/event-stream"),),
        headers_at=1.0,
        reads=reads,
    )


def answered(body: str, status: int = 200) -> Exchange:
    """A plain answer that came 2 s after its request."""
    headers = (("content-type", "application/json"), ("allow", "POST"), ("allow", "OPTIONS"))
    reads = (Read(3.0, body.encode()),)
    return replace(
        streamed(), status=status, headers=headers, headers_at=3.0, reads=reads, ended=3.0
    )


GOOD = streamed(FIRST, SECOND, FINISH, DONE)


def named(kind: str, members: str = "") -> bytes:
    """An event of the Anthropic format."""
    data = f'{{"type":"{kind}"{f",{members}" if members else ""}}}'
    return f"event: {kind}\ndata: {data}\n\n".encode()


def messaged(*writes: bytes) -> Exchange:
    """A stream of the Anthropic format."""
    request = Request("POST", "/v1/messages", body=b"{}")
    return replace(streamed(*writes), request=request)


START = named("message_start", '"message":{"role":"assistant"}')
HELLO = named("content_block_delta", '"delta":{"type":"text_delta","text":"Hello"}')
END_TURN = named("message_delta", '"delta":{"stop_reason":"end_turn"}')
STOP = named("message_stop")
MESSAGE = messaged(START, HELLO, END_TURN, STOP)

USAGE: dict[str, Any] = {
    "input": 10,
    "output": 5,
    "cache_read": 2,
    "cache_write": 1,
    "total_tokens": 18,
    "cost": {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0, "total": 0},
}
_REASONS = {"done": "stop", "error": "error"}


def text(said: str) -> dict[str, Any]:
    """A block of text in a message."""
    return {"type": "text", "text": said}


def tool_call(arguments: object) -> dict[str, Any]:
    """A block that calls a tool."""
    return {"type": "tool_call", "id": "c1", "name": "bash", "arguments": arguments}


def agents(
    kind: str,
    *content: object,
    delta: str | None = None,
    **members: Any,  # noqa: ANN401 - the members of a message
) -> dict[str, Any]:
    """An event of the agents' format, with members of its message that are not as they should."""
    partial = {
        "role": "assistant",
        "content": list(content),
        "model": "m",
        "provider": "p",
        "usage": USAGE,
        "stop_reason": _REASONS.get(kind, ""),
        "timestamp": 5,
        **({"error_message": "cut off"} if kind == "error" else {}),
    }
    added = {} if delta is None else {"delta": delta}
    return {"type": kind, **added, "partial": partial | members}


def proxied(*events: object) -> Exchange:
    """A stream of the agents' format."""
    request = Request("POST", "/stream", body=b"{}")
    return replace(streamed(*(event(json.dumps(each)) for each in events)), request=request)


BEGUN = agents("start")
SAID = agents("text_delta", text("Hello"), delta="Hello")
SAID_MORE = agents("text_delta", text("Hello!"), delta="!")
ALL_SAID = agents("done", text("Hello!"))
FAILED = agents("error", text("Hello!"))
SPOKEN = proxied(BEGUN, SAID, SAID_MORE, ALL_SAID)

CALLING = agents("tool_call_start", tool_call({}), delta="bash")
GIVING = agents("tool_call_delta", tool_call({}), delta='{"n": 1}')
CALLED = agents("tool_call_end", tool_call({"n": 1}))
ALL_CALLED = agents("done", tool_call({"n": 1}), stop_reason="tool_use")
TOOL = proxied(BEGUN, CALLING, GIVING, CALLED, ALL_CALLED)
