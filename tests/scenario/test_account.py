from dataclasses import replace

import pytest

from sluicegate.provider.journal import Entry, Write
from sluicegate.scenario.account import facts, sentence
from sluicegate.scenario.exchange import Exchange, Heard, Provided, Request
from sluicegate.scenario.wire_view import wire

from .exchanges import (
    ALL_SAID,
    BEGUN,
    BROKEN,
    DONE,
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
    messaged,
    proxied,
    streamed,
)


def noted(exchange: Exchange, by: str = "the provider") -> Provided:
    """Return what a provider notes that sent just what the client got."""
    entry = Entry(
        1,
        exchange.started,
        "POST",
        exchange.request.target,
        "",
        (),
        status=exchange.status or None,
        headers_at=exchange.headers_at,
        response_headers=exchange.headers,
        writes=tuple(Write(read.at, read.data) for read in exchange.reads),
        outcome="finished",
        ended=exchange.ended,
    )
    return Provided(by, entry)


def between(got: Exchange, *sent: Exchange) -> Exchange:
    return replace(got, provided=tuple(map(noted, sent)))


def ended(exchange: Exchange, outcome: str) -> Exchange:
    """Return the exchange with a provider that sent what the client got, and ended like that."""
    provided = noted(exchange)
    entry = replace(provided.entry, outcome=outcome)  # type: ignore[arg-type] # it is an Outcome
    return replace(exchange, provided=(replace(provided, entry=entry),))


NOTHING = replace(streamed(), status=0, headers=(), headers_at=None)
GIVEN_UP = replace(NOTHING, ending="given up", trouble="after 120 s", ended=121.0)
LEFT = replace(streamed(FIRST), ending="left")
CUT = replace(streamed(FIRST, SECOND), ending="broken", trouble="the peer left")
REFUSED = replace(answered("{}", 500), ending="refused", reads=(), heard=())

SENTENCES: dict[str, Exchange] = {
    "status 200": answered("{}"),
    "a complete stream of 3 chunks": GOOD,
    "a complete stream of 3 chunks, as the provider sent it": between(GOOD, GOOD),
    "status 429, as the provider sent it": between(answered("{}", 429), answered("{}", 429)),
    "status 200, although the provider sent status 503": between(
        answered("{}"), answered("{}", 503)
    ),
    "status 200, although the provider sent status 200 with other bytes": between(
        answered("{}"), answered("[]")
    ),
    "a complete stream of 2 chunks, although the provider sent a stream that ended after chunk 1, "
    "without [DONE]": between(streamed(FIRST, FINISH, DONE), streamed(FIRST)),
    "a stream that ended after chunk 1 and an event that is no JSON, without [DONE]": streamed(
        FIRST, BROKEN
    ),
    "a stream that ended before its first chunk with an event that is no JSON, without [DONE]": (
        streamed(BROKEN)
    ),
    "a stream of 1 chunk that went on after [DONE]": streamed(FIRST, DONE, DONE),
    "a stream of 1 chunk and 1 event without JSON": streamed(BROKEN, FIRST, DONE),
    "a stream that broke off after chunk 2": CUT,
    "a stream that broke off after chunk 2, although the provider sent a complete stream of 3 "
    "chunks": between(CUT, GOOD),
    "a stream that broke off after chunk 2, as the provider sent it": ended(CUT, "failed"),
    "a stream that ended after chunk 2, without [DONE], although the provider sent a stream that "
    "was cut off, as the provider was stopped, after chunk 2": ended(
        streamed(FIRST, SECOND), "server stopped"
    ),
    "status 200 and a body that broke off after 2 bytes": replace(
        answered("{}"), ending="broken", trouble="x"
    ),
    "no answer and gave up after 120 s": GIVEN_UP,
    "no answer and gave up after 120 s, as the provider sent none": ended(
        GIVEN_UP, "client went away"
    ),
    "no answer, although the provider sent status 200": between(
        replace(NOTHING, ending="broken"), answered("{}")
    ),
    "no answer, as no request reached the provider": replace(NOTHING, ending="broken", provided=()),
    "status 200, although no request reached the provider": replace(answered("{}"), provided=()),
    "status 500 and an answer that it could not read as a stream, as the provider sent it": (
        replace(REFUSED, provided=(noted(answered("{}", 500)),))
    ),
    "a complete stream of 1 chunk, although the provider sent a complete stream of 1 chunk with "
    "other bytes": between(streamed(FIRST, DONE), streamed(b": ping\n\n", FIRST, DONE)),
    "a complete stream of 3 chunks, although the provider sent a complete stream of 3 chunks in "
    "another order": between(streamed(FIRST, FINISH, SECOND, DONE), GOOD),
    "a complete stream of 3 chunks, although the provider sent a complete stream of 3 chunks, "
    "which differs in event 2": between(streamed(FIRST, FIRST, FINISH, DONE), GOOD),
    "status 503 and a complete stream of 3 chunks": replace(GOOD, status=503),
    "a stream that broke off after chunk 2, although the provider sent a complete stream of 2 "
    "chunks": between(CUT, streamed(FIRST, SECOND, DONE)),
    "a stream that ended after chunk 2, without [DONE], although the provider sent a stream that "
    "was reset by the provider, after chunk 2": ended(streamed(FIRST, SECOND), "reset"),
    "a stream that ended after chunk 1, without [DONE], although the provider sent a stream that "
    "was cut off by the provider, after chunk 1": ended(streamed(FIRST), "cut"),
    "a stream that had not ended when it went away, after chunk 1": LEFT,
    "a stream that had not ended when it went away, after chunk 1, as the provider sent it": ended(
        LEFT, "client went away"
    ),
    "no answer and went away": replace(NOTHING, ending="left"),
    "no answer and went away, as the provider sent none": ended(
        replace(NOTHING, ending="left"), "client went away"
    ),
    "a complete stream of 3 chunks, although the provider sent a stream that ended after chunk 2, "
    "without message_stop": between(MESSAGE, messaged(START, HELLO)),
    "a stream that ended after chunk 2, without message_stop": messaged(START, HELLO),
    "a stream of 2 chunks that went on after message_stop": messaged(HELLO, STOP, HELLO),
    "a complete stream of 4 chunks": TOOL,
    "a stream that ended after chunk 2, without done": proxied(BEGUN, SAID),
    "a stream of 2 chunks that went on after done": proxied(BEGUN, ALL_SAID, SAID),
    "a stream that broke off after chunk 1": replace(proxied(BEGUN), ending="broken"),
    "a complete stream of 4 chunks, as the provider sent it": between(TOOL, TOOL),
    "a complete stream of 3 chunks; the provider sent a complete stream of 3 chunks with other "
    "bytes": between(SPOKEN, MESSAGE),
    "a complete stream of 3 chunks; the provider sent a stream that ended after chunk 1, without "
    "[DONE]": between(SPOKEN, streamed(FIRST)),
    "a stream that ended after chunk 1, without done; the provider sent a stream that was reset by "
    "the provider, after chunk 2": replace(
        proxied(BEGUN), provided=ended(messaged(START, HELLO), "reset").provided
    ),
    "a complete stream of 3 chunks; the provider sent no answer": between(
        SPOKEN, replace(NOTHING, request=MESSAGE.request)
    ),
    "status 401, although no request reached the provider": replace(
        answered("{}", 401), request=SPOKEN.request, provided=()
    ),
}


@pytest.mark.parametrize("text", SENTENCES)
def test_one_sentence_says_what_both_sides_witnessed(text: str) -> None:
    assert sentence(SENTENCES[text]) == f"the client saw {text}"


def test_an_ordinary_clients_events_agree_with_the_providers_bytes() -> None:
    heard = tuple(Heard(each.at, each.event) for each in GOOD.events)
    ordinary = replace(between(GOOD, GOOD), reads=(), heard=heard)
    assert sentence(ordinary).endswith("as the provider sent it")
    pinged = replace(
        between(GOOD, streamed(b": ping\n\n", FIRST, SECOND, FINISH, DONE)), heard=heard
    )
    assert sentence(pinged).endswith("as the provider sent it")


TWO = replace(
    answered("{}"),
    provided=(noted(answered("[]", 503), "cheap"), noted(answered("{}"), "dear")),
)


def test_several_providers_are_named_one_by_one() -> None:
    assert sentence(TWO) == "the client saw status 200, as dear sent it; cheap sent status 503"
    asked_twice = between(answered("{}"), answered("[]", 503), answered("{}"))
    assert sentence(asked_twice) == (
        "the client saw status 200, as the provider (2) sent it; the provider (1) sent status 503"
    )
    text = wire(TWO)
    assert "cheap: 503 Service Unavailable" in text
    assert "dear: 200 OK" in text
    assert "the providers sent " in text


def test_the_facts_are_expected_got_the_request_and_a_plain_answers_body() -> None:
    request = Request(
        "POST",
        "/v1/models?api_key=hush&delay=1",
        (("content-type", "application/json"), ("authorization", "Bearer hush")),
        b'{"a":\n1}',
    )
    exchange = replace(answered('{"b": 2}'), request=request, number=1, total=2)
    assert facts(exchange, "one\ntwo", "three") == (
        "expected   one\n"
        "           two\n"
        "got        three\n"
        "exchange   1 of 2\n"
        "request    POST /v1/models?api_key=***&delay=1\n"
        "           authorization: Bearer ***\n"
        '           {"a":\\n1}\n'
        'answer     {"b": 2}'
    )


def test_long_facts_are_cut() -> None:
    text = facts(replace(answered("[" + "1, " * 400 + "1]")), "much " * 400, "x" * 400)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 101
    assert lines[5].strip() == "..."
    assert lines[-1].strip() == "... (1203 bytes)"
    japanese = facts(answered("\u65e5" * 800), "", "").splitlines()
    assert japanese[-1].strip() == "... (2400 bytes)"
    assert sum(line.strip("gotx ") == "" for line in lines) == 5


def test_equal_times_stand_on_one_line_and_ends_side_by_side() -> None:
    late = replace(GOOD, reads=tuple(replace(read, at=read.at + 0.1) for read in GOOD.reads))
    assert wire(between(late, GOOD)) == (
        "            the provider sent                           | the client got\n"
        "   0.000 s  200 OK, text/event-stream                   | 200 OK, text/event-stream\n"
        '   0.000 s  chunk 1  role "assistant"  "Hello"          |\n'
        '   0.100 s  chunk 2  " world"                           | chunk 1  role "assistant"'
        '  "Hello"\n'
        '   0.200 s  chunk 3  finish_reason "stop"               | chunk 2  " world"\n'
        "   0.300 s  [DONE]                                      | chunk 3"
        '  finish_reason "stop"\n'
        "   0.400 s                                              | [DONE]\n"
        "   0.400 s  (finished)                                  | (the body is complete)"
    )


def test_a_request_that_never_arrived_is_shown() -> None:
    assert wire(replace(NOTHING, provided=())) == (
        "            the provider sent                           | the client got\n"
        "   0.000 s  (no request arrived)                        | (the body is complete)"
    )


def test_of_a_long_stream_the_beginning_and_the_end_are_shown() -> None:
    lines = wire(streamed(*[SECOND] * 20)).splitlines()
    assert lines[1] == "   0.000 s  200 OK, text/event-stream"
    assert lines[3] == '   0.100 s  chunk 2  " world"'
    assert lines[4] == "            (9 lines are not shown)"
    assert lines[5] == '   1.100 s  chunk 12  " world"'
    assert len(lines) == 15
    assert "not shown" not in wire(streamed(*[SECOND] * 12))
    assert "(2 lines are not shown)" in wire(streamed(*[SECOND] * 13))


def excerpt(got: Exchange, *sent: Exchange) -> list[str]:
    """Return the left column of what is shown, without times, and the notes."""
    lines = wire(between(got, *sent)).splitlines()[1:]
    return [line[12:].partition("|")[0].partition('"')[0].strip() for line in lines]


def test_of_a_long_stream_the_first_event_that_differs_is_shown() -> None:
    sent = streamed(*[SECOND] * 30, DONE)
    got = streamed(*[SECOND] * 14, FIRST, *[SECOND] * 15, DONE)
    assert excerpt(got, sent) == [
        "200 OK, text/event-stream",
        "chunk 1",
        "chunk 2",
        "(9 lines are not shown)",
        *(f"chunk {n}" for n in range(12, 18)),
        "(12 lines are not shown)",
        "chunk 30",
        "[DONE]",
        "(finished)",
    ]


def test_both_places_of_an_event_that_differs_are_shown_where_they_are_apart() -> None:
    sent = streamed(*[SECOND] * 20, FIRST, *[SECOND] * 20, DONE)
    late = streamed(*[SECOND] * 40, DONE)
    late = replace(late, reads=tuple(replace(read, at=read.at + 10.05) for read in late.reads))
    told = wire(between(replace(late, ended=16.0), sent))
    assert 'chunk 21  role "assistant"  "Hello"' in told
    assert '| chunk 21  " world"' in told
    assert told.count("lines are not shown") == 3
    assert len(told.splitlines()) <= 15


@pytest.mark.parametrize("cut", range(1, 45))
def test_what_is_shown_is_bounded_wherever_the_difference_is(cut: int) -> None:
    sent = streamed(*[SECOND] * 40, DONE)
    got = replace(streamed(*[SECOND] * min(cut, 40), *[FIRST] * (cut > 40)), headers=GOOD.headers)
    shown = excerpt(got, sent)
    assert len(shown) <= 14
    assert "(1 lines are not shown)" not in shown


def test_of_several_providers_the_one_that_is_most_alike_is_compared() -> None:
    other, sent = streamed(FIRST, DONE), streamed(*[SECOND] * 30, DONE)
    got = streamed(*[SECOND] * 14, FIRST, *[SECOND] * 15, DONE)
    assert "the provider (2): chunk 15" in excerpt(got, other, sent)
    assert "the provider (2): chunk 15" not in excerpt(sent, other, sent)


def test_a_long_line_is_cut_and_says_how_long_it_was() -> None:
    exchange = between(answered("x" * 500), answered("x" * 500))
    assert "   2.000 s  xxxx" in wire(exchange)
    assert "xx... (500 bytes) | xx" in wire(exchange)
    assert max(map(len, wire(exchange).splitlines())) <= 101
    assert max(map(len, wire(answered("x" * 500)).splitlines())) <= 101
