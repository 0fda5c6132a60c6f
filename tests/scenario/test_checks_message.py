import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sluicegate.errors import NotJudgedError, SluicegateError, ViolationError
from sluicegate.scenario.checks import message
from sluicegate.scenario.checks.values import MISSING
from sluicegate.scenario.exchange import Exchange, Heard
from sluicegate.wire.sse import Event

from .exchanges import (
    ALL_CALLED,
    ALL_SAID,
    BEGUN,
    BROKEN,
    CALLED,
    CALLING,
    DONE,
    FAILED,
    GIVING,
    SAID,
    SAID_MORE,
    SPOKEN,
    TOOL,
    USAGE,
    agents,
    answered,
    event,
    proxied,
    streamed,
    text,
    tool_call,
)

Check = Callable[[Exchange], None]

BEGINS = event(json.dumps(BEGUN))
ENDS = event(json.dumps(ALL_SAID))
CUT = proxied(BEGUN, SAID)
UNTOLD = "event 2: expected one of stop, length, tool_use as the stop_reason of done, got ''"


def without(exchange: Exchange, *headers: tuple[str, str]) -> Exchange:
    """Return the exchange with these headers and no others."""
    return replace(exchange, headers=headers)


def sent(*writes: bytes) -> Exchange:
    """Return a stream of the agents' format in bytes."""
    return replace(streamed(*writes), request=SPOKEN.request)


def done(**members: Any) -> Exchange:  # noqa: ANN401 - the members of a message
    """Return a stream whose message ends with such members."""
    return proxied(BEGUN, agents("done", **members))


NO_EVENTS = 'the answer is no event stream: it has the header Content-Type "application/json"'

NO_STREAM: dict[str, Exchange] = {
    NO_EVENTS: answered("{}"),
    "the stream has no events": proxied(),
    "event 2 is no JSON": sent(BEGINS, BROKEN, ENDS),
    "event 1 is no JSON": sent(DONE, BEGINS, ENDS),
    'an event has the name "ping", and a chunk has none': sent(b"event: ping\n" + BEGINS, ENDS),
}
"""What no check on messages takes for a stream of them."""

NO_END: dict[str, Exchange] = {
    "event 2: expected done or error as the last event, got text_delta": CUT,
    "event 1: expected start as the first event, got text_delta": proxied(SAID, ALL_SAID),
    "event 3: expected nothing after done, got error": proxied(BEGUN, ALL_SAID, FAILED),
    'event 2: expected an event of a documented type, got {"type": "stop"}': proxied(
        BEGUN, {"type": "stop"}, ALL_SAID
    ),
}
"""Streams that are not in order."""

CHECKS: dict[str, tuple[Check, Exchange, dict[str, Exchange]]] = {
    "one done": (
        lambda e: message.ends_with(e, "done"),
        SPOKEN,
        {
            'the stream ends with "error", not with "done"': proxied(BEGUN, FAILED),
            **NO_END,
            **NO_STREAM,
        },
    ),
    "one error": (
        lambda e: message.ends_with(e, "error"),
        proxied(BEGUN, FAILED),
        {'the stream ends with "done", not with "error"': SPOKEN, **NO_END, **NO_STREAM},
    ),
    "growth": (
        message.grows,
        SPOKEN,
        {
            "event 3: block 1: text: expected 'Hello!', got 'Hello?'": proxied(
                BEGUN, SAID, agents("text_delta", text("Hello?"), delta="!"), ALL_SAID
            ),
            "event 2: expected the message so far as partial, got null": proxied(
                BEGUN, {"type": "text_delta", "delta": "Hello"}, ALL_SAID
            ),
            "event 2: expected the model to stay 'm', got 'n'": proxied(
                BEGUN, agents("text_delta", text("Hello"), delta="Hello", model="n"), ALL_SAID
            ),
            **NO_STREAM,
        },
    ),
    "whole calls": (
        message.calls_are_whole,
        TOOL,
        {
            "the stream calls no tool": SPOKEN,
            "event 2: expected tool_call_delta after a tool_call_start only": proxied(
                BEGUN, GIVING, CALLED, CALLING, ALL_CALLED
            ),
            "event 4: expected the end of the tool call, got done": proxied(
                BEGUN, CALLING, GIVING, ALL_CALLED
            ),
            'event 4: block 1: arguments: expected {"n": 1}, got {"n": 2}': proxied(
                BEGUN, CALLING, GIVING, agents("tool_call_end", tool_call({"n": 2})), ALL_CALLED
            ),
            "the stream ends in the middle of a call of a tool": proxied(BEGUN, CALLING, GIVING),
            **NO_STREAM,
        },
    ),
    "how it ended": (
        message.says_how_it_ended,
        SPOKEN,
        {
            "event 2: expected one of stop, length, tool_use as the stop_reason of done, got "
            "'error'": done(stop_reason="error"),
            UNTOLD: done(stop_reason=""),
            "event 2: expected one of error, aborted as the stop_reason of error, got 'stop'": (
                proxied(BEGUN, agents("error", stop_reason="stop"))
            ),
            "event 2: expected an error_message that says what went wrong, got ''": proxied(
                BEGUN, agents("error", error_message="")
            ),
            **NO_END,
            **NO_STREAM,
        },
    ),
    "usage": (
        message.counts_are_whole,
        SPOKEN,
        {
            "event 2: expected the usage in the last event, got null": done(usage=None),
            "event 2: expected 10 + 5 + 2 + 1 = 18 as total_tokens, got 17": done(
                usage={**USAGE, "total_tokens": 17}
            ),
            "event 2: expected a number of tokens as input, got '10'": done(
                usage={**USAGE, "input": "10"}
            ),
            "event 2: expected the cost, got null": done(usage={**USAGE, "cost": None}),
            **NO_END,
            **NO_STREAM,
        },
    ),
    "one line each": (
        message.is_one_line_each,
        SPOKEN,
        {
            "event 2 is not one line of data and a blank line: "
            '"data: {\\"type\\":\\ndata: \\"done\\"}"': sent(
                BEGINS, b'data: {"type":\ndata: "done"}\n\n'
            ),
            'event 3 is not one line of data and a blank line: "data: [DONE]\\n"': sent(
                BEGINS, ENDS, b"data: [DONE]\n"
            ),
            "the stream has no events": sent(b""),
            NO_EVENTS: answered("data: {}\n\n"),
        },
    ),
    "events": (
        lambda e: message.events_are(
            e,
            'data: {"type":"start","partial":{...}}\n\n'
            '  data: {"type": "text_delta", "delta": "Hello", "partial": { ... }}  \n'
            'data: {"type":"text_delta","partial":{"content":[{"text":"Hello!"}]}}\n'
            'data: {"type":"done","partial":{...}}\n',
        ),
        SPOKEN,
        {
            "the stream has 5 events, not 4": proxied(BEGUN, SAID, SAID_MORE, ALL_SAID, ALL_SAID),
            "the stream has 3 events, not 4": proxied(BEGUN, SAID, SAID_MORE),
            'event 2 is {"type": "text_delta", "delta": "!", "partial": {"role": ..., and should '
            'be {"type": "text_delta", "delta": "Hello", "partial": {}}': proxied(
                BEGUN, SAID_MORE, SAID_MORE, ALL_SAID
            ),
            'event 1 is {"type": "start", "partial": null}, and should be {"type": "start", '
            '"partial": {}}': proxied(
                {"type": "start", "partial": None}, SAID, SAID_MORE, ALL_SAID
            ),
            'event 1 is "start", and should be {"type": "start", "partial": {}}': proxied(
                "start", SAID, SAID_MORE, ALL_SAID
            ),
            'event 3 is {"type": "text_delta", "partial": {"content": []}}, and should be {"type": '
            '"text_delta", "partial": {"content": [{"text": "...': proxied(
                BEGUN, SAID, {"type": "text_delta", "partial": {"content": []}}, ALL_SAID
            ),
            **NO_STREAM,
        },
    ),
    "value": (
        lambda e: message.message_is(e, "$.content[0].text", "Hello!"),
        SPOKEN,
        {
            '$.content[0].text of the message is "Hello", not "Hello!"': CUT,
            '$.content[0].text of the message is missing, not "Hello!"': TOOL,
            "the last event has no message": proxied(SAID_MORE, {"type": "done"}),
            **NO_STREAM,
        },
    ),
    "no value": (
        lambda e: message.message_is(e, "$.error_message", MISSING),
        SPOKEN,
        {'$.error_message of the message is "cut off", not missing': proxied(FAILED)},
    ),
    "values": (
        lambda e: message.message_has(
            e, [["path", "value"], ["$.stop_reason", "stop"], ["$.usage.input", "10"]]
        ),
        SPOKEN,
        {
            '$.stop_reason of the message is "tool_use", not "stop"': TOOL,
            "$.usage.input of the message is true, not 10": done(usage={"input": True}),
        },
    ),
    "mention": (
        lambda e: message.message_mentions(e, "$.error_message", "cut"),
        proxied(BEGUN, FAILED),
        {
            '$.error_message of the message is missing, and does not mention "cut"': SPOKEN,
            '$.error_message of the message is ["cut"], and does not mention "cut"': proxied(
                agents("error", error_message=["cut"])
            ),
        },
    ),
}
CASES = [
    pytest.param(name, words, id=f"{name}: {words}")
    for name, (_, _, bad) in CHECKS.items()
    for words in bad
]


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_messages_passes_in_silence(name: str) -> None:
    check, good, _ = CHECKS[name]
    check(good)


@pytest.mark.parametrize(("name", "words"), CASES)
def test_a_check_of_messages_fails_in_words_and_shows_the_wire(name: str, words: str) -> None:
    check, _, bad = CHECKS[name]
    with pytest.raises(ViolationError) as caught:
        check(bad[words])
    error = caught.value
    assert error.words.splitlines()[0] == words
    assert error.evidence.startswith("expected   ")
    assert "\ngot        " in error.evidence
    assert "the client got\n" in error.evidence
    assert error.brief.startswith("expected ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        BEGINS[:-1],
        BEGINS + b"data: {}",
        BEGINS + b": ping\n\n",
        BEGINS + b"id: 1\n" + ENDS,
        BEGINS + b"\n" + ENDS,
        BEGINS.replace(b": ", b":", 1),
        BEGINS.replace(b"\n", b"\r\n"),
        b'data: {"type":\rdata: "done"}\n\n',
    ],
)
def test_an_event_of_other_lines_is_not_one_line_of_data(data: bytes) -> None:
    with pytest.raises(ViolationError, match=r"is not one line of data|has no events"):
        message.is_one_line_each(sent(data))


@pytest.mark.parametrize("end", [FAILED, agents("error", tool_call({}))])
def test_a_call_of_a_tool_that_an_error_ends_is_not_whole(end: object) -> None:
    with pytest.raises(ViolationError) as caught:
        message.calls_are_whole(proxied(BEGUN, CALLING, end))
    assert caught.value.brief == "expected 1 tool_call_end, got 0 tool_call_ends"


def heard(exchange: Exchange) -> Exchange:
    """Return the exchange as the client library hears it."""
    return replace(exchange, status=0, headers=(), headers_at=None, reads=(), heard=exchange.events)


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "one line each"])
def test_what_the_client_library_hears_is_judged_alike(name: str) -> None:
    check, good, bad = CHECKS[name]
    check(heard(good))
    for words in bad.keys() - {NO_EVENTS}:
        with pytest.raises(ViolationError) as caught:
            check(heard(bad[words]))
        assert caught.value.words.splitlines()[0] == words


def test_the_lines_of_what_the_client_library_hears_are_not_judged() -> None:
    with pytest.raises(NotJudgedError, match="about bytes"):
        message.is_one_line_each(heard(SPOKEN))


def test_all_that_is_wrong_is_shown_at_once() -> None:
    with pytest.raises(ViolationError) as caught:
        message.counts_are_whole(done(usage={**USAGE, "input": -1, "output": None}))
    assert "\ngot        event 2: expected a number of tokens as input, got -1\n" in (
        caught.value.evidence
    )
    assert "event 2: expected a number of tokens as output, got null" in caught.value.evidence


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "expected events, such as data: "),
        ("\n \n", "expected events, such as data: "),
        ("data: [DONE]", 'expected an event in JSON, got "data: .DONE."'),
        ('data: {"type":"start"', "it goes wrong at character 16"),
        ('data: {"a":1,"a":1}', "stands twice"),
        ("event: start", "expected an event in JSON"),
    ],
)
def test_events_that_are_no_json_are_the_authors_mistake(lines: str, words: str) -> None:
    with pytest.raises(SluicegateError, match=words):
        message.events_are(SPOKEN, lines)


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        (lambda: message.message_is(SPOKEN, "content", 1), "expected a path such as"),
        (lambda: message.message_has(SPOKEN, [["path"], ["$"]]), r"the columns path \| value"),
        (lambda: message.message_has(SPOKEN, [["path", "value"]]), "at least one row"),
        (lambda: message.message_mentions(SPOKEN, "$.model", ""), "got an empty one"),
        (lambda: message.is_warned_of(SPOKEN, ["x"], ""), "got an empty one"),
    ],
)
def test_a_mistake_in_a_sentence_on_messages_is_the_authors(
    judge: Callable[[], None], words: str
) -> None:
    with pytest.raises(SluicegateError, match=words) as caught:
        judge()
    assert not isinstance(caught.value, ViolationError)


def test_a_warning_is_found_by_a_part_of_it() -> None:
    message.is_warned_of(SPOKEN, ["one", "no TOKEN here"], "TOKEN")
    for warned, got in ((["one", "two"], '"one", "two"'), ([], "no warning")):
        with pytest.raises(ViolationError, match='does not warn of "TOKEN"') as caught:
            message.is_warned_of(SPOKEN, warned, "TOKEN")
        assert caught.value.brief == f'expected a warning that mentions "TOKEN", got {got}'


def test_what_the_client_library_returns_is_the_message_of_the_last_event() -> None:
    message.is_returned(SPOKEN, ALL_SAID["partial"])
    for stale in (SAID["partial"], {**ALL_SAID["partial"], "content": []}, {}):
        with pytest.raises(ViolationError, match="that the client returns is not that of the last"):
            message.is_returned(SPOKEN, stale)


def test_what_no_client_library_returns_is_the_authors_mistake() -> None:
    with pytest.raises(SluicegateError, match='write `Given the client is "client library"`'):
        message.is_returned(SPOKEN, None)


def test_of_a_list_every_entry_is_compared() -> None:
    lines = 'data: {"type":"start","partial":{"content":[{...}, {"text":"Hello"}]}}'
    message.events_are(proxied(agents("start", text("x"), text("Hello"))), lines)
    for content in ([text("Hello"), text("x")], [5, text("Hello")], [text("x")]):
        with pytest.raises(ViolationError, match="event 1 is "):
            message.events_are(proxied(agents("start", *content)), lines)


def test_an_event_that_was_cut_off_is_not_counted() -> None:
    cut = sent(BEGINS, ENDS[:-1])
    assert [each.event for each in cut.events] == [Event(data=json.dumps(BEGUN))]
    with pytest.raises(ViolationError, match="expected done or error as the last event"):
        message.ends_with(replace(cut, heard=(Heard(1.0, cut.events[0].event),)), "done")
