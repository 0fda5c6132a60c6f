import gzip
from dataclasses import replace

import pytest

from sluicegate.provider.journal import Entry, Outcome, Write
from sluicegate.scenario.exchange import Exchange, Heard
from sluicegate.scenario.sides import Mark, client_side, provider_side
from sluicegate.wire.sse import Event

from .exchanges import (
    BEGUN,
    BROKEN,
    DONE,
    END_TURN,
    FAILED,
    FINISH,
    FIRST,
    GOOD,
    HELLO,
    MESSAGE,
    SAID,
    SECOND,
    SPOKEN,
    START,
    STOP,
    TOOL,
    answered,
    chunk,
    event,
    named,
    proxied,
    streamed,
)


def told(*writes: bytes) -> list[str]:
    return [piece.text for piece in client_side(streamed(*writes)).pieces]


def test_a_side_is_its_head_its_pieces_and_its_end() -> None:
    assert [(mark.at, mark.kind, mark.text) for mark in client_side(GOOD).marks] == [
        (1.0, "head", "200 OK, text/event-stream"),
        (1.0, "chunk", 'chunk 1  role "assistant"  "Hello"'),
        (1.1, "chunk", 'chunk 2  " world"'),
        (1.2, "chunk", 'chunk 3  finish_reason "stop"'),
        (1.3, "done", "[DONE]"),
        (1.4, "end", "(the body is complete)"),
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (chunk('{"content":"Hi"}', '"stop"'), 'chunk 1  "Hi"  finish_reason "stop"'),
        (chunk('{"tool_calls":[1]}'), "chunk 1  tool_calls [1]"),
        (
            event('{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}'),
            'chunk 1  usage {"prompt_tokens": 1, "completion_tokens": 2}',
        ),
        (
            event(
                '{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}'
            ),
            "chunk 1  usage 1 + 2, total 3",
        ),
        (event('{"choices":[{},{}]}'), 'chunk 1  {"choices": [{}, {}]}'),
        (event('{"choices":[{"delta":7}]}'), 'chunk 1  {"choices": [{"delta": 7}]}'),
        (event('{"error":"x"}'), 'chunk 1  {"error": "x"}'),
        (event("1"), "chunk 1  1"),
    ],
)
def test_a_chunk_is_shown_by_what_matters_in_it(data: bytes, text: str) -> None:
    assert told(data) == [text]


def test_events_of_the_anthropic_format_are_told_by_their_type_and_their_delta() -> None:
    assert [(mark.kind, mark.text) for mark in client_side(MESSAGE).pieces] == [
        ("chunk", 'chunk 1  {"type": "message_start", "message": {"role": "assistant"}}'),
        ("chunk", 'chunk 2  content_block_delta  "Hello"'),
        ("chunk", 'chunk 3  message_delta  "end_turn"'),
        ("done", "message_stop"),
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (named("ping"), 'chunk 1  {"type": "ping"}'),
        (
            named("content_block_delta", '"delta":{"type":"input_json_delta","partial_json":"{"}'),
            'chunk 1  content_block_delta  "{"',
        ),
        (
            named("message_delta", '"delta":{"stop_reason":null}'),
            'chunk 1  {"type": "message_delta", "delta": {"stop_reason": null}}',
        ),
        (named("x", '"delta":7'), 'chunk 1  {"type": "x", "delta": 7}'),
        (named("ping").replace(b": ", b":"), 'chunk 1  {"type": "ping"}'),
        (
            b'event: y\ndata: {"type":"x"}\n\n',
            'chunk 1  {"type": "x"}',
        ),
    ],
)
def test_an_event_with_a_type_is_told_by_what_matters_in_it(data: bytes, text: str) -> None:
    assert told(data) == [text]


def test_events_of_the_agents_format_are_told_by_what_they_add() -> None:
    failed = proxied(BEGUN, SAID, FAILED)
    assert [(mark.kind, mark.text) for mark in client_side(failed).pieces] == [
        ("chunk", "chunk 1  start"),
        ("chunk", 'chunk 2  text_delta  "Hello"'),
        ("chunk", 'chunk 3  error  "error"  "cut off"'),
    ]
    assert [(mark.kind, mark.text) for mark in client_side(TOOL).pieces] == [
        ("chunk", "chunk 1  start"),
        ("chunk", 'chunk 2  tool_call_start  "bash"'),
        ("chunk", 'chunk 3  tool_call_delta  "{\\"n\\": 1}"'),
        ("chunk", "chunk 4  tool_call_end"),
        ("done", 'done  "tool_use"'),
    ]


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (event('{"type":"done"}'), "chunk", 'chunk 1  {"type": "done"}'),
        (event('{"type":"done","partial":null}'), "done", "done"),
        (event('{"type":"start","partial":5}'), "chunk", "chunk 1  start"),
        (event('{"type":5,"partial":{}}'), "chunk", 'chunk 1  {"type": 5, "partial": {}}'),
        (
            event('{"type":"text_delta","delta":"","partial":{}}'),
            "chunk",
            "chunk 1  text_delta",
        ),
        (
            event('{"type":"text_delta","delta":["x"],"partial":{}}'),
            "chunk",
            'chunk 1  text_delta  ["x"]',
        ),
    ],
)
def test_an_event_with_a_message_is_told_without_it(data: bytes, kind: str, text: str) -> None:
    (mark,) = client_side(streamed(data)).pieces
    assert (mark.kind, mark.text) == (kind, text)


def test_a_stream_of_the_agents_format_carries_what_the_client_library_heard() -> None:
    heard = replace(SPOKEN, reads=(), heard=SPOKEN.events)
    assert client_side(heard).marks == client_side(SPOKEN).marks
    assert client_side(heard).carried() == client_side(SPOKEN).carried()
    assert client_side(SPOKEN).count("done") == 1


@pytest.mark.parametrize(
    ("exchange", "marker"),
    [
        (SPOKEN, "done"),
        (replace(SPOKEN, request=replace(SPOKEN.request, target="/stream/openai")), "done"),
        (replace(SPOKEN, request=replace(SPOKEN.request, target="/stream?framing=true")), "done"),
        (GOOD, "[DONE]"),
        (MESSAGE, "message_stop"),
        (
            replace(MESSAGE, request=replace(MESSAGE.request, target="/v1/messages?x=1")),
            "message_stop",
        ),
    ],
)
def test_each_format_has_its_own_event_for_the_end(exchange: Exchange, marker: str) -> None:
    assert client_side(exchange).marker == marker


@pytest.mark.parametrize(
    ("data", "kind", "text", "size"),
    [
        (BROKEN, "broken", 'no JSON  data: {"broken": ', 17),
        (b": ping\n\n", "stray", "no event  : ping", 6),
        (b"data: cut", "stray", "unfinished  data: cut", 9),
        (b"\xff\x07\r\r", "stray", "no event  \\xff\\x07", 2),
        (b": hi\ndata: [DONE]\n\n", "done", "[DONE]  : hi\\ndata: [DONE]", 17),
        (b'event: error\r\ndata: {"a":1}\r\n\r\n', "chunk", "", 27),
    ],
)
def test_what_is_unusual_is_shown_raw(data: bytes, kind: str, text: str, size: int) -> None:
    (mark,) = client_side(streamed(data)).pieces
    assert (mark.kind, mark.size) == (kind, size)
    assert mark.text == (text or 'chunk 1  {"a": 1}  event: error\\r\\ndata: {"a":1}')


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_stream_is_told_alike_wherever_it_is_cut(end: bytes, size: int) -> None:
    whole = (b": ping\n\n" + FIRST + b"\n\n" + BROKEN + DONE + b"data: x").replace(b"\n", end)
    cut = [whole[place : place + size] for place in range(0, len(whole), size)]
    assert told(*cut) == told(whole)
    assert len(told(whole)) == 5


def test_a_plain_body_is_whole_at_each_instant() -> None:
    exchange = answered("ab")
    read = exchange.reads[0]
    exchange = replace(exchange, reads=(read, read, replace(read, at=4.0)))
    pieces = client_side(exchange).pieces
    assert [(mark.at, mark.text, mark.size) for mark in pieces] == [
        (3.0, "abab", 4),
        (4.0, "ab", 2),
    ]


def test_an_ordinary_clients_events_are_told_as_the_judges_own() -> None:
    heard = tuple(Heard(each.at, each.event) for each in GOOD.events)
    ordinary = client_side(replace(GOOD, reads=(), heard=heard))
    assert ordinary.marks == client_side(GOOD).marks


def test_an_ordinary_clients_broken_event_is_shown_by_its_data() -> None:
    exchange = replace(GOOD, reads=(), heard=(Heard(1.0, Event(data="{")),))
    (mark,) = client_side(exchange).pieces
    assert (mark.text, mark.size) == ("no JSON  {", 1)


def entry(*writes: bytes) -> Entry:
    return Entry(
        1,
        1.0,
        "POST",
        "/v1/chat/completions",
        "",
        (),
        status=200,
        headers_at=1.0,
        response_headers=(("Content-Type", "text/event-stream"),),
        writes=tuple(Write(1.0 + 0.1 * place, data) for place, data in enumerate(writes)),
        outcome="finished",
        ended=1.4,
    )


def test_the_providers_side_carries_what_the_client_got() -> None:
    side, client = provider_side(entry(FIRST, SECOND, FINISH, DONE), 9.0), client_side(GOOD)
    assert side.marks[:-1] == client.marks[:-1]
    assert side.marks[-1] == Mark(1.4, "end", "(finished)")
    assert side.carried() == client.carried()


def test_the_providers_side_of_the_anthropic_format_has_its_marker() -> None:
    message = replace(entry(START, HELLO, END_TURN, STOP), path="/v1/messages")
    side = provider_side(message, 9.0)
    assert (side.marker, side.carried()) == ("message_stop", client_side(MESSAGE).carried())


def test_the_providers_side_of_the_agents_format_has_its_marker() -> None:
    sent = tuple(Write(read.at, read.data) for read in SPOKEN.reads)
    side = provider_side(replace(entry(), path="/stream", writes=sent), 9.0)
    assert (side.marker, side.carried()) == ("done", client_side(SPOKEN).carried())


def test_what_both_sides_compressed_is_told_as_what_it_says() -> None:
    coding = ("Content-Encoding", "gzip")
    data = gzip.compress(FIRST + DONE)
    sent = replace(entry(data), response_headers=(("Content-Type", "text/event-stream"), coding))
    got = replace(streamed(data), headers=(*GOOD.headers, coding))
    assert provider_side(sent, 9.0).carried() == client_side(got).carried()
    assert client_side(got).carried() == client_side(streamed(FIRST, DONE)).carried()


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("reset", "(the provider reset the connection)"),
        ("cut", "(the provider ended the connection)"),
        ("client went away", "(the client went away)"),
    ],
)
def test_a_connection_that_the_provider_broke_is_not_whole(outcome: Outcome, text: str) -> None:
    side = provider_side(replace(entry(FIRST, DONE), outcome=outcome), 9.0)
    assert (side.is_whole, side.marks[-1].text) == (False, text)


def test_a_client_that_left_as_it_was_told_to_is_said_to_have_gone() -> None:
    side = client_side(replace(streamed(FIRST), ending="left"))
    assert (side.is_whole, side.marks[-1].text) == (False, "(the client went away)")


def test_a_provider_that_has_not_ended_is_shown_until_the_client_did() -> None:
    silent = replace(entry(), status=None, headers_at=None, outcome="open", ended=None)
    side = provider_side(silent, 9.0)
    assert side.marks == (Mark(9.0, "end", "(not finished yet)"),)
    assert (side.status, side.is_whole) == (0, False)
