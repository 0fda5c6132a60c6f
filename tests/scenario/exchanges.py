"""Exchanges written by hand, for the tests of the judge."""

from dataclasses import replace

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
