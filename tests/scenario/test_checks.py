import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import pytest

from sluicegate.errors import NotJudgedError, SluicegateError, ViolationError
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.scenario.checks import answer, ending, framing, status, stream, timing
from sluicegate.scenario.checks.values import MISSING, at, same, written
from sluicegate.scenario.exchange import Exchange, Read

from .exchanges import (
    BROKEN,
    DONE,
    END_TURN,
    FINISH,
    FIRST,
    GOOD,
    HELLO,
    MESSAGE,
    SECOND,
    START,
    STOP,
    answered,
    chunk,
    event,
    messaged,
    named,
    streamed,
)

Check = Callable[[Exchange], None]

PLAIN = answered('{"id": "mock-1", "n": 1, "none": null, "list": [1, 2]}')
ERROR = answered('{"error": {"message": "m", "type": "t", "param": null, "code": null}}', 429)
ROLE = '{"role":"assistant","content":"x"}'
NO_ANSWER = replace(streamed(), status=0, headers=(), headers_at=None, ending="broken")
RESET = replace(streamed(FIRST), ending="broken", trouble="x", cause="reset")
EARLY = replace(RESET, cause="early end")
LEFT = replace(streamed(FIRST), ending="left")
MARK = b"\xef\xbb\xbf"


DIGITS = "01234567890123456789"


def numbered(*values: object) -> Exchange:
    """Return a stream with such a member in its events, and none for None."""
    return streamed(*(event(json.dumps({"a": value} if value else {})) for value in values), DONE)


def lettered(text: str) -> Exchange:
    """Return a stream that says a text in two events."""
    return streamed(event(json.dumps({"s": text[:7]})), event(json.dumps({"s": text[7:]})), DONE)


def ended(line_end: bytes) -> bytes:
    """Return a stream whose lines end like that."""
    return (FIRST + SECOND + DONE).replace(b"\n", line_end)


CHECKS: dict[str, tuple[Check, Exchange, list[Exchange]]] = {
    "status": (lambda e: status.has_status(e, 200), PLAIN, [ERROR, replace(PLAIN, status=0)]),
    "mistake": (status.is_client_error, replace(PLAIN, status=422), [PLAIN, NO_ANSWER]),
    "no success": (status.is_no_success, ERROR, [PLAIN, NO_ANSWER, LEFT]),
    "no success, broken": (status.is_no_success, RESET, [GOOD]),
    "entry": (
        lambda e: answer.has_entry(e, "$.data", [["path", "value"], ["$.id", "b"], ["$.n", "1"]]),
        answered('{"data": [{"id": "a", "n": 2}, {"id": "b", "n": 1}]}'),
        [ERROR, answered('{"data": [{"id": "a", "n": 1}, {"id": "b", "n": 2}]}')],
    ),
    "header": (lambda e: answer.has_header(e, "Content-Type", "application/json"), PLAIN, [GOOD]),
    "header differs": (
        lambda e: answer.header_differs(e, ERROR, "Allow"),
        replace(PLAIN, headers=(("allow", "GET"),)),
        [ERROR, replace(PLAIN, headers=())],
    ),
    "header mentions": (lambda e: answer.header_mentions(e, "Allow", "POST"), PLAIN, [GOOD]),
    "event stream": (answer.is_stream, GOOD, [PLAIN, replace(GOOD, headers=())]),
    "clean end": (
        answer.ends_cleanly,
        GOOD,
        [replace(GOOD, ending="broken"), replace(GOOD, ending="given up")],
    ),
    "reset": (
        lambda e: answer.breaks_off(e, "reset"),
        RESET,
        [GOOD, EARLY, LEFT, replace(RESET, cause=None)],
    ),
    "early end": (
        lambda e: answer.breaks_off(e, "early end"),
        EARLY,
        [GOOD, RESET, LEFT, replace(GOOD, cause="early end")],
    ),
    "no answer": (answer.does_not_begin, NO_ANSWER, [GOOD, RESET, ERROR]),
    "no end": (
        answer.has_not_ended,
        LEFT,
        [GOOD, RESET, NO_ANSWER, replace(GOOD, ending="refused")],
    ),
    "no header": (
        lambda e: answer.has_no_header(e, "content-TYPE"),
        replace(PLAIN, headers=()),
        [PLAIN, NO_ANSWER, replace(PLAIN, headers=(("Content-Type", ""),))],
    ),
    "end of the body": (
        lambda e: answer.body_ends_with(e, b'data: {"broken": \n\n'),
        streamed(FIRST, BROKEN),
        [GOOD, streamed(FIRST, BROKEN[:-1]), streamed()],
    ),
    "schema": (
        lambda e: answer.is_valid(e, "openai/error"),
        ERROR,
        [PLAIN, answered("oops"), answered("")],
    ),
    "value": (
        lambda e: answer.value_is(e, "$.n", 1),
        PLAIN,
        [
            answered('{"n": true}'),
            answered('{"n": 1.5}'),
            answered("{}"),
            answered("[]"),
            answered('{"n": 1, "x": NaN}'),
            answered('{"n": 1, "n": 1}'),
            answered('\ufeff{"n": 1}'),
        ],
    ),
    "null": (
        lambda e: answer.value_is(e, "$.none", None),
        PLAIN,
        [answered("{}"), answered('{"none": 0}')],
    ),
    "values": (
        lambda e: answer.values_are(e, [["path", "value"], ["$.n", "1"], ["$.id", "mock-1"]]),
        PLAIN,
        [answered('{"n": 1, "id": "mock-2"}'), answered('{"n": "1", "id": "mock-1"}')],
    ),
    "beginning": (
        lambda e: answer.value_begins(e, "$.id", "mock-"),
        PLAIN,
        [answered('{"id": "x"}'), answered('{"id": 1}'), answered("{}")],
    ),
    "mention": (
        lambda e: answer.value_mentions(e, "$.id", "ock"),
        PLAIN,
        [answered('{"id": "x"}'), answered('{"id": 1}')],
    ),
    "entries": (
        lambda e: answer.has_entries(e, "$.list", 2),
        PLAIN,
        [answered('{"list": [1]}'), answered('{"list": "ab"}'), answered("{}")],
    ),
    "difference": (
        lambda e: answer.value_differs(e, answered('{"id": "mock-0"}'), "$.id"),
        PLAIN,
        [answered('{"id": "mock-0"}'), answered("{}")],
    ),
    "growth": (
        lambda e: answer.value_has_grown(e, answered('{"n": 0.7}'), "$.n", 0.3),
        PLAIN,
        [
            answered('{"n": 0.3}'),
            answered('{"n": 0.7}'),
            answered('{"n": 1.0000001}'),
            answered('{"n": true}'),
            answered('{"n": "1"}'),
            answered("{}"),
            answered(""),
        ],
    ),
    "fall": (
        lambda e: answer.value_has_grown(e, answered('{"n": 3}'), "$.n", -2),
        PLAIN,
        [answered('{"n": 5}'), answered('{"n": 3}')],
    ),
    "growth of nothing": (
        lambda e: answer.value_has_grown(PLAIN, e, "$.n", 1),
        answered('{"n": 0}'),
        [answered('{"n": null}'), answered('{"n": false}'), answered("{}"), answered("oops")],
    ),
    "same body": (
        lambda e: answer.body_is_alike(e, answered('{"a": 1, "b": 2}')),
        answered('{"a": 1, "b": 2}', 401),
        [answered('{"b": 2, "a": 1}'), answered('{"a":1,"b":2}'), answered(""), NO_ANSWER],
    ),
    "report": (
        lambda e: answer.trouble_mentions(e, "ConnectError"),
        replace(NO_ANSWER, trouble="ConnectError: refused"),
        [PLAIN, NO_ANSWER, replace(NO_ANSWER, trouble="connecterror"), RESET],
    ),
    "error": (
        lambda e: answer.error_is(
            e, [["message", "type", "param", "code"], ["m", "t", "null", "null"]]
        ),
        ERROR,
        [
            answered('{"error": {"message": "m", "type": "t", "param": null}}'),
            answered('{"error": {"message": "x", "type": "t", "param": null, "code": null}}'),
        ],
    ),
    "words": (
        lambda e: stream.says(e, ["Hello", " world"]),
        GOOD,
        [
            streamed(SECOND, FIRST),
            streamed(FIRST),
            streamed(FIRST, SECOND, SECOND),
            streamed(b"event: error\n" + FIRST, SECOND),
            PLAIN,
        ],
    ),
    "[DONE]": (
        ending.ends_with_done,
        GOOD,
        [
            streamed(FIRST, FINISH),
            streamed(FIRST, DONE, DONE),
            streamed(FIRST, DONE, FINISH),
            streamed(FIRST, DONE[:-1]),
            streamed(FIRST, DONE, b"data: cut"),
            streamed(FIRST, DONE, b"hello\n\n"),
            streamed(),
        ],
    ),
    "no [DONE]": (
        ending.has_no_done,
        streamed(FIRST, BROKEN),
        [GOOD, streamed(DONE, FIRST), streamed(event(" [DONE]")), streamed()],
    ),
    "no claim": (
        ending.claims_nothing,
        streamed(FIRST, BROKEN),
        [
            GOOD,
            streamed(FIRST, FINISH),
            streamed(FIRST, DONE),
            streamed(chunk(finish='""')),
            NO_ANSWER,
        ],
    ),
    "no claim in the Anthropic format": (
        ending.claims_nothing,
        messaged(START, HELLO, named("message_delta", '"delta":{"stop_reason":null}')),
        [messaged(HELLO, END_TURN), messaged(HELLO, STOP), messaged(HELLO, DONE)],
    ),
    "message_stop": (
        ending.ends_with_stop,
        MESSAGE,
        [
            messaged(START, HELLO, END_TURN),
            messaged(STOP, HELLO),
            messaged(STOP, STOP),
            messaged(STOP, DONE),
            streamed(event('{"type":"message_stop"}')),
            messaged(),
        ],
    ),
    "kinds of events": (
        lambda e: stream.names_are(e, ["message_start", "content_block_delta", "message_stop"]),
        messaged(START, HELLO, HELLO, STOP),
        [
            MESSAGE,
            messaged(START, HELLO),
            messaged(START, HELLO, STOP, HELLO),
            messaged(HELLO, START, STOP),
            messaged(),
        ],
    ),
    "words in the Anthropic format": (
        lambda e: stream.says(e, ["Hello", "Hello"]),
        messaged(START, HELLO, HELLO, STOP),
        [MESSAGE, messaged(FIRST, FIRST), streamed(HELLO, HELLO), messaged()],
    ),
    "some value": (
        lambda e: stream.some_is(e, "$.choices[0].finish_reason", None),
        streamed(event("{}"), FIRST, FINISH),
        [streamed(FINISH), streamed(event("{}")), streamed(DONE), streamed()],
    ),
    "joined texts": (
        lambda e: stream.joined_is(e, "$.choices[0].delta.content", "Hello world"),
        GOOD,
        [
            streamed(SECOND, FIRST),
            streamed(FIRST),
            streamed(FIRST, SECOND, SECOND),
            streamed(FINISH),
            streamed(),
        ],
    ),
    "events": (lambda e: stream.has_events(e, 4), GOOD, [streamed(FIRST), streamed(*[DONE] * 5)]),
    "last event": (
        lambda e: ending.last_event_is(e, '{"broken": '),
        streamed(FIRST, BROKEN),
        [GOOD, streamed(event('{"broken":')), streamed()],
    ),
    "chunks by schema": (
        lambda e: stream.is_valid(e, "openai/chat.completion.chunk"),
        GOOD,
        [streamed(FIRST, event("{}")), streamed(), streamed(event("1"))],
    ),
    "each value": (
        lambda e: stream.each_is(e, "$.model", "gpt-4"),
        GOOD,
        [streamed(FIRST, event('{"model": "x"}')), streamed(FIRST, event("{}")), streamed(DONE)],
    ),
    "each value but the last": (
        lambda e: stream.each_is(e, "$.usage", None, but_last=True),
        streamed(event('{"usage": null}'), event('{"usage": {}}')),
        [streamed(event('{"usage": {}}'), event('{"usage": {}}')), streamed(FIRST, FIRST)],
    ),
    "missing value": (
        lambda e: stream.each_is(e, "$.usage", MISSING),
        GOOD,
        [streamed(FIRST, event('{"usage": null}')), streamed()],
    ),
    "entries of each": (
        lambda e: stream.each_has_entries(e, "$.choices", 1),
        GOOD,
        [streamed(FIRST, event('{"choices": []}')), streamed(event("{}")), streamed()],
    ),
    "each beginning": (
        lambda e: stream.each_begins(e, "$.id", "mock-"),
        GOOD,
        [streamed(FIRST, event('{"id": "x"}')), streamed(FIRST, event("{}"))],
    ),
    "one value": (
        lambda e: stream.is_constant(e, "$.id"),
        GOOD,
        [streamed(FIRST, event('{"id": "x"}')), streamed(event("{}"), event("{}"))],
    ),
    "role first": (
        lambda e: stream.has_role_first(e, "assistant"),
        GOOD,
        [streamed(FIRST, chunk(ROLE)), streamed(SECOND), streamed(SECOND, chunk(ROLE))],
    ),
    "finish last": (
        lambda e: ending.has_finish_reason(e, "stop"),
        GOOD,
        [streamed(FIRST), streamed(FINISH, FIRST), streamed(FINISH, FINISH)],
    ),
    "finish last but one": (
        lambda e: ending.has_finish_reason(e, "stop", place=-2),
        streamed(FIRST, FINISH, event('{"choices": []}')),
        [GOOD, streamed(FINISH)],
    ),
    "no finish": (
        ending.has_no_finish_reason,
        streamed(FIRST, BROKEN),
        [GOOD, streamed(), streamed(FINISH, BROKEN)],
    ),
    "no member in some": (
        lambda e: stream.some_is(e, "$.choices", MISSING),
        streamed(FIRST, event("{}")),
        [GOOD, streamed(DONE), streamed()],
    ),
    "no member in each but the last": (
        lambda e: stream.each_is(e, "$.usage", MISSING, but_last=True),
        streamed(FIRST, event('{"usage": null}')),
        [streamed(event('{"usage": null}'), FIRST), streamed(FIRST)],
    ),
    "first values": (
        lambda e: stream.first_values_are(e, [["path", "value"], ["$.choices", "[]"]]),
        streamed(event('{"choices": []}'), FIRST),
        [GOOD, streamed(FIRST, event('{"choices": []}')), streamed(DONE)],
    ),
    "lines that end with LF": (
        lambda e: framing.has_line_ends(e, "lf"),
        GOOD,
        [
            streamed(ended(b"\r\n")),
            streamed(ended(b"\r")),
            streamed(FIRST, b"\r"),
            PLAIN,
            streamed(),
        ],
    ),
    "lines that end with CRLF": (
        lambda e: framing.has_line_ends(e, "crlf"),
        streamed(*[ended(b"\r\n")[n : n + 1] for n in range(len(ended(b"\r\n")))]),
        [GOOD, streamed(ended(b"\r")), streamed(ended(b"\r\n"), b"\n")],
    ),
    "lines that end with CR": (
        lambda e: framing.has_line_ends(e, "cr"),
        streamed(ended(b"\r")),
        [GOOD, streamed(ended(b"\r\n")), streamed(ended(b"\r"), b"\n")],
    ),
    "comments": (
        lambda e: framing.has_comments(e, 2),
        streamed(b"\xef\xbb\xbf: one\n\n", FIRST, b":", b"two\r\r"),
        [GOOD, streamed(b":\n\n", FIRST), streamed(b":\n:\n:\n"), PLAIN],
    ),
    "byte order mark": (
        framing.begins_with_mark,
        streamed(b"\xef\xbb", b"\xbf" + FIRST),
        [GOOD, streamed(FIRST, MARK), streamed(MARK, MARK + FIRST), streamed(), PLAIN],
    ),
    "larger events": (
        lambda e: framing.each_is_larger(e, 9),
        streamed(FIRST, SECOND, DONE),
        [streamed(FIRST, event("x" * 9), DONE), streamed(FIRST), streamed()],
    ),
    "last values": (
        lambda e: stream.last_values_are(e, [["path", "value"], ["$.choices", "[]"]]),
        streamed(FIRST, event('{"choices": []}'), DONE),
        [GOOD, streamed(event("{}"))],
    ),
}
CASES = [
    pytest.param(check, bad, id=f"{name} {number}")
    for name, (check, _, all_bad) in CHECKS.items()
    for number, bad in enumerate(all_bad)
]


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_passes_in_silence(name: str) -> None:
    check, good, _ = CHECKS[name]
    check(good)


@pytest.mark.parametrize(("check", "bad"), CASES)
def test_a_check_fails_in_words_and_shows_expected_got_where_and_the_wire(
    check: Check, bad: Exchange
) -> None:
    with pytest.raises(ViolationError) as caught:
        check(bad)
    error = caught.value
    words, saw = error.words.splitlines()
    assert not words.startswith("expected ")
    assert saw.startswith("the client saw ")
    assert error.evidence.startswith("expected   ")
    assert "\ngot        " in error.evidence
    assert f"\nrequest    {bad.request}\n" in error.evidence
    assert "the client got\n" in error.evidence
    assert error.brief.startswith("expected ")
    assert ", got " in error.brief
    assert str(error) == f"{error.words}\n\n{error.evidence}"
    assert not re.search(r"b'|\bNone\b|\bTrue\b|<object", str(error))


WORDS: dict[str, Callable[[Clock], None]] = {
    "the lines of the stream end with CRLF and LF, not with CR": lambda _: framing.has_line_ends(
        streamed(FIRST, b"\r\n"), "cr"
    ),
    "the stream has 1 comment, not 2": lambda _: framing.has_comments(
        streamed(b": hi\n\n", FIRST), 2
    ),
    "the stream does not begin with one byte order mark": (
        lambda _: framing.begins_with_mark(GOOD)
    ),
    "event 2 has 3 bytes, and should have more than 3": lambda _: framing.each_is_larger(
        streamed(FIRST, event("123"), DONE), 3
    ),
    '$.model is "gpt-4" in chunks 1 to 3; in one it should be missing': lambda _: stream.some_is(
        GOOD, "$.model", MISSING
    ),
    '$.model of the first chunk is "gpt-4", not 7': lambda _: stream.first_values_are(
        GOOD, [["path", "value"], ["$.model", "7"]]
    ),
    "the connection was not reset": lambda _: answer.breaks_off(EARLY, "reset"),
    "the connection did not end before the answer": lambda _: answer.breaks_off(GOOD, "early end"),
    "an answer began, with status 429": lambda _: answer.does_not_begin(ERROR),
    "the answer had ended before the client went away": lambda _: answer.has_not_ended(GOOD),
    'the answer has the header Allow "POST, OPTIONS"': lambda _: answer.has_no_header(
        PLAIN, "Allow"
    ),
    "no answer came, so it has no headers": lambda _: answer.has_no_header(NO_ANSWER, "Allow"),
    'the stream claims to be complete, with choices[0].finish_reason "stop"': (
        lambda _: ending.claims_nothing(streamed(FIRST, FINISH))
    ),
    "the stream claims to be complete, with [DONE]": lambda _: ending.claims_nothing(
        streamed(FIRST, DONE)
    ),
    'the stream claims to be complete, with delta.stop_reason "end_turn"': (
        lambda _: ending.claims_nothing(MESSAGE)
    ),
    "the stream claims to be complete, with message_stop": lambda _: ending.claims_nothing(
        messaged(HELLO, STOP)
    ),
    "the stream has no message_stop, and the last event is content_block_delta": (
        lambda _: ending.ends_with_stop(messaged(START, HELLO))
    ),
    "the stream has 2 message_stop, and the last event is message_stop": (
        lambda _: ending.ends_with_stop(messaged(STOP, STOP))
    ),
    'the events are "message_start", "message_stop", and not "message_stop"': (
        lambda _: stream.names_are(messaged(START, STOP), ["message_stop"])
    ),
    '$.n is in no chunk; in one it should be "x"': lambda _: stream.some_is(GOOD, "$.n", "x"),
    "$.a is 1 in chunk 1, 2 in chunk 2, 1 in chunks 3 to 4, 2 in chunk 6, and there in 2 more "
    "chunks; in one it should be 3": lambda _: stream.some_is(
        numbered(1, 2, 1, 1, None, 2, 1, 2), "$.a", 3
    ),
    "the stream has no chunk, and should have 1 or more": lambda _: stream.some_is(
        streamed(DONE), "$.n", 1
    ),
    'the role is "assistant" in chunks 1 to 40; it should be "assistant", once, in the first '
    "chunk": (lambda _: stream.has_role_first(streamed(*[FIRST] * 40, DONE), "assistant")),
    'chunk 2 has the finish_reason "stop"': lambda _: ending.has_no_finish_reason(
        streamed(FIRST, FINISH)
    ),
    'chunk 3 has the stop_reason "end_turn"': lambda _: ending.has_no_finish_reason(MESSAGE),
    '$.choices[0].delta.content of all chunks, joined, is "Hello world", not "Hello"': (
        lambda _: stream.joined_is(GOOD, "$.choices[0].delta.content", "Hello")
    ),
    '$.s of all chunks, joined, is "...4567890123456789-0123456789", not '
    '"...4567890123456789+0123456789"': lambda _: stream.joined_is(
        lettered(f"{DIGITS * 5}-{DIGITS[:10]}"), "$.s", f"{DIGITS * 5}+{DIGITS[:10]}"
    ),
    '$.s of all chunks, joined, is "0123456789012345678901234567890123456789012345678901...", '
    'not "!"': lambda _: stream.joined_is(lettered(DIGITS * 5), "$.s", "!"),
    '$.s of all chunks, joined, is "...4567890123456789", not "...456789012345678901"': (
        lambda _: stream.joined_is(lettered(DIGITS * 5), "$.s", f"{DIGITS * 5}01")
    ),
    "no answer came, so there is no event stream": lambda _: answer.is_stream(NO_ANSWER),
    'an event has the name "content_block_delta", and a chunk has none': (
        lambda _: stream.says(streamed(HELLO), ["Hello"])
    ),
    "the answer began 2 s after the request, 0.5 s too late": lambda clock: timing.begins_after(
        PLAIN, 1.5, clock
    ),
    "the answer ended 0.4 s after the request, 119.6 s too early": lambda clock: timing.ends_after(
        GOOD, 120.0, clock
    ),
    "the first text came 0 s after the request, 0.002 s too early": (
        lambda clock: timing.first_text_after(GOOD, 0.002, clock)
    ),
    "text 2 came 0.1 s after the first text, 0.1 s too early": lambda clock: timing.texts_apart(
        GOOD, 0.2, clock
    ),
    'the answer has no header Allow, and it should be "GET"': lambda _: answer.has_header(
        GOOD, "Allow", "GET"
    ),
    'the answer has the header Set-Cookie "***", and it should mention "a=1"': (
        lambda _: answer.header_mentions(
            replace(GOOD, headers=(("set-cookie", "b=hush"),)), "Set-Cookie", "a=1"
        )
    ),
    "the body is not JSON, but an event stream": lambda _: answer.value_is(GOOD, "$.id", 1),
    "the body is not JSON: it is not UTF-8 at byte 1": lambda _: answer.value_is(
        replace(PLAIN, reads=(Read(3.0, b'"\xff"'),)), "$", 1
    ),
    '$.x of the body is "' + "y" * 55 + '...", not "\\u200b"': lambda _: answer.value_is(
        answered(f'{{"x": "{"y" * 99}"}}'), "$.x", "\u200b"
    ),
    'text 2 of the stream is " world", not " there"': lambda _: stream.says(
        GOOD, ["Hello", " there"]
    ),
    'the finish_reason is "stop" in chunk 3; it should be "length", once, in the last chunk': (
        lambda _: ending.has_finish_reason(GOOD, "length")
    ),
}


@pytest.mark.parametrize("words", WORDS)
def test_the_first_sentence_says_what_is_wrong(words: str) -> None:
    with SimulatedClock() as clock, pytest.raises(ViolationError) as caught:
        WORDS[words](clock)
    assert caught.value.words.splitlines()[0] == words


def test_a_time_below_the_millisecond_is_not_told_as_none() -> None:
    late = r"0\.0005 s too late"
    with SimulatedClock(tolerance=0.0001) as clock, pytest.raises(ViolationError, match=late):
        timing.ends_after(GOOD, 0.3995, clock)


def test_the_one_line_is_short() -> None:
    with pytest.raises(ViolationError) as caught:
        answer.value_is(answered('{"x": "' + "y" * 999 + '"}'), "$.x", "z" * 999)
    assert len(caught.value.brief) < 250
    assert "y" * 300 not in caught.value.words


@pytest.mark.parametrize("check", [answer.is_valid, stream.is_valid])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openai/eror", 'no schema "openai/eror"; did you mean "openai/error"'),
        ("x", 'no schema "x"; there are "anthropic/error", '),
    ],
)
def test_an_unknown_schema_is_the_authors_mistake(
    check: Callable[[Exchange, str], None], name: str, message: str
) -> None:
    with pytest.raises(SluicegateError, match=message):
        check(streamed(), name)


@pytest.mark.parametrize("path", ["", "id", "$id", "$.", "$[x]", "$.a b"])
def test_what_is_no_path_is_the_authors_mistake(path: str) -> None:
    with pytest.raises(SluicegateError, match=r"expected a path such as \$\.choices"):
        answer.values_are(PLAIN, [["path", "value"], [path, "1"]])


TIMES: list[tuple[Callable[[Exchange, float, Clock], None], Exchange, float]] = [
    (timing.begins_after, PLAIN, 2.0),
    (timing.ends_after, GOOD, 0.4),
    (timing.first_text_after, GOOD, 0.0),
    (timing.texts_apart, streamed(FIRST, SECOND), 0.1),
]


@pytest.mark.parametrize(("check", "exchange", "seconds"), TIMES)
def test_a_time_is_judged_within_the_tolerance(
    check: Callable[[Exchange, float, Clock], None], exchange: Exchange, seconds: float
) -> None:
    with SimulatedClock() as clock:
        check(exchange, seconds + 0.0009, clock)
        check(exchange, seconds - 0.0009, clock)
        with pytest.raises(ViolationError):
            check(exchange, seconds + 0.0011, clock)
        with pytest.raises(ViolationError):
            check(exchange, seconds - 0.0011, clock)


def test_on_the_wall_clock_a_chunk_may_be_late_but_not_later_than_the_next_is_due() -> None:
    with WallClock(tolerance=0.05) as clock:
        timing.texts_apart(streamed(FIRST, SECOND, apart=0.19), 0.1, clock)
        with pytest.raises(
            ViolationError, match=r"text 2 came 0\.21 s after the first text, 0\.11 s too late"
        ):
            timing.texts_apart(streamed(FIRST, SECOND, apart=0.21), 0.1, clock)
        with pytest.raises(ViolationError):
            timing.texts_apart(streamed(FIRST, SECOND, apart=0.04), 0.1, clock)


def test_the_distance_of_chunks_needs_two_of_them() -> None:
    with SimulatedClock() as clock, pytest.raises(ViolationError, match="fewer than two texts"):
        timing.texts_apart(streamed(FIRST), 0.1, clock)


def test_what_never_began_did_not_begin_in_time() -> None:
    with SimulatedClock() as clock, pytest.raises(ViolationError, match="the answer never began"):
        timing.begins_after(replace(PLAIN, headers_at=None), 2.0, clock)


@pytest.mark.parametrize("created", ["0", "true", "null", '"1"', "1.5", "99999999999"])
def test_a_wrong_time_of_creation_is_a_violation(created: str) -> None:
    with SimulatedClock() as clock, pytest.raises(ViolationError):
        timing.created_at_request(answered(f'{{"created": {created}}}'), "$.created", clock)


def test_the_time_of_creation_is_in_unix_seconds() -> None:
    with SimulatedClock() as clock:
        now = int(clock.unix()) + 2
        timing.created_at_request(answered(f'{{"created": {now}}}'), "$.created", clock)


def test_every_chunk_is_created_at_the_time_of_the_request() -> None:
    with SimulatedClock() as clock:
        good = event(f'{{"created": {int(clock.unix()) + 1}}}')
        timing.each_created_at_request(streamed(good, good), "$.created", clock)
        for bad in (streamed(good, event('{"created": 1}')), streamed()):
            with pytest.raises(ViolationError):
                timing.each_created_at_request(bad, "$.created", clock)


@pytest.mark.parametrize(
    "value", ["Wed, 01 Jan 2025 00:00:07 GMT", "Wed, 01 Jan 2025 00:00:09 GMT", "7", None]
)
def test_a_date_in_a_header_is_judged_to_the_second(value: str | None) -> None:
    headers = () if value is None else (("Retry-After", value),)
    with (
        SimulatedClock() as clock,
        pytest.raises(ViolationError, match="is not 7 s after the request"),
    ):
        timing.is_date_after(replace(GOOD, headers=headers), "Retry-After", 7.0, clock)


def test_a_date_in_a_header_is_counted_from_the_request() -> None:
    good = replace(GOOD, headers=(("retry-after", "Wed, 01 Jan 2025 00:00:08 GMT"),))
    with SimulatedClock() as clock:
        timing.is_date_after(good, "Retry-After", 7.0, clock)


def test_an_empty_text_is_everywhere_and_not_worth_looking_for() -> None:
    looks: list[Callable[[], None]] = [
        lambda: answer.header_mentions(PLAIN, "Allow", ""),
        lambda: answer.value_begins(PLAIN, "$.id", ""),
        lambda: answer.value_mentions(PLAIN, "$.id", ""),
        lambda: stream.each_begins(GOOD, "$.id", ""),
        lambda: answer.trouble_mentions(RESET, ""),
    ]
    for look in looks:
        with pytest.raises(SluicegateError, match="got an empty one"):
            look()


def test_a_harness_that_was_late_itself_does_not_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    with SimulatedClock() as clock:
        monkeypatch.setattr(clock, "lag", lambda _since: 0.2)
        with pytest.raises(NotJudgedError, match=r"late, more than the tolerance of 0\.001 s"):
            timing.ends_after(GOOD, 9.0, clock)


@pytest.mark.parametrize(
    "table", [[["path", "value"]], [["path"], ["$.n"]], [["a", "b"], ["c", "d"]]]
)
def test_a_table_of_other_columns_is_the_authors_mistake(table: list[list[str]]) -> None:
    with pytest.raises(SluicegateError, match=r"the columns path \| value"):
        answer.values_are(PLAIN, table)


def test_a_path_leads_to_a_value_or_to_nothing() -> None:
    document = {"a": [{"b-c": 1}]}
    assert at(document, "$") == document
    assert at(document, "$.a[0].b-c") == 1
    assert at(document, "$.a[1]") is MISSING
    assert at(document, "$.a.b") is MISSING
    assert at(document, "$[0]") is MISSING


def test_a_cell_is_json_where_it_is_json() -> None:
    cells = ["10", "null", "[]", '"10"', "gpt-4", "true", ""]
    assert [written(cell) for cell in cells] == [10, None, [], "10", "gpt-4", True, ""]


def test_values_are_compared_as_json_does() -> None:
    assert same({"a": 1, "b": [2]}, {"b": [2], "a": 1})
    assert not same(1, True)  # noqa: FBT003 - the point of it


@pytest.mark.parametrize(
    "judge",
    [
        partial(stream.is_constant, path="$.id"),
        partial(stream.each_is, path="$.usage", expected=None, but_last=True),
        partial(ending.has_finish_reason, reason="stop", place=-2),
    ],
)
def test_what_needs_two_chunks_is_not_met_by_one(judge: Callable[[Exchange], None]) -> None:
    with pytest.raises(ViolationError, match="the stream has 1 chunk, and should have 2 or more"):
        judge(streamed(FIRST, BROKEN))


def test_an_answer_that_is_no_stream_has_no_number_of_events() -> None:
    with pytest.raises(ViolationError, match="the answer is no event stream"):
        stream.has_events(answered("{}"), 0)


@pytest.mark.parametrize(("how", "ended"), [("given up", 121.0), ("left", 6.0)])
def test_a_client_that_did_not_wait_for_the_end_saw_none(
    how: Literal["given up", "left"], ended: float
) -> None:
    exchange = replace(GOOD, ending=how, ended=ended)
    with SimulatedClock() as clock, pytest.raises(ViolationError, match="the answer never ended"):
        timing.ends_after(exchange, ended - 1.0, clock)


def test_a_client_that_gave_up_saw_an_answer_that_had_not_ended() -> None:
    answer.has_not_ended(replace(GOOD, ending="given up"))


def test_an_answer_that_broke_has_an_end() -> None:
    with SimulatedClock() as clock:
        timing.ends_after(RESET, 0.1, clock)


def test_what_is_compressed_is_judged_by_what_it_says() -> None:
    data = gzip.compress(FIRST + SECOND + FINISH + DONE)
    zipped = replace(streamed(data), headers=(*GOOD.headers, ("content-encoding", "gzip")))
    stream.says(zipped, ["Hello", " world"])
    ending.ends_with_done(zipped)
    assert zipped.body == GOOD.body


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        (
            lambda: answer.value_has_grown(PLAIN, answered('{"n": 3}'), "$.n", 2),
            "$.n has not grown by 2: it was 3, and is 1",
        ),
        (
            lambda: answer.value_has_grown(PLAIN, PLAIN, "$.id", 2),
            '$.id has not grown by 2: it was "mock-1", and is "mock-1"',
        ),
        (
            lambda: answer.body_is_alike(PLAIN, ERROR),
            "the body is not the same as in the first answer",
        ),
        (
            lambda: answer.trouble_mentions(RESET, "refused"),
            'the client reports "x", and it should mention "refused"',
        ),
        (
            lambda: answer.trouble_mentions(PLAIN, "refused"),
            "the client reports no trouble",
        ),
    ],
)
def test_a_comparison_fails_in_words(judge: Callable[[], None], words: str) -> None:
    with pytest.raises(ViolationError) as caught:
        judge()
    assert caught.value.words.splitlines()[0] == words
