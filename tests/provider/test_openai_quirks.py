import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.provider import openai
from sluicegate.provider.script import Script
from sluicegate.wire.schema import violations

from .openai_wire import (
    DONE,
    END,
    HEAD,
    NAMED,
    NOTHING,
    NOTHING_HEAD,
    PARIS,
    PARIS_HEAD,
    ROLE,
    USAGE,
    chunk,
    finish,
    flat,
    fold,
    message,
    told,
    tool,
)

A, B = b'"content":"a"', b'"content":"b"'
SAFE = b'{"filtered":false,"severity":"safe"}'
FILTERED = (
    b'{%s,"choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":'
    b'{"hate":%s,"self_harm":%s,"sexual":%s,"violence":%s}}]}' % (HEAD, SAFE, SAFE, SAFE, SAFE)
)


@pytest.mark.parametrize(
    ("quirk", "stream"),
    [
        (
            "role_repeated",
            [chunk(ROLE + A), chunk(ROLE + B), chunk(ROLE[:-1], b'"stop"'), DONE],
        ),
        ("role_missing", [chunk(A), chunk(B), *END]),
        ("role_alone", [chunk(ROLE + b'"content":""'), chunk(A), chunk(B), *END]),
        (
            "empty_role",
            [chunk(ROLE + A), chunk(b'"role":"",' + B), chunk(b'"role":""', b'"stop"'), DONE],
        ),
        (
            "null_content",
            [chunk(ROLE + A), chunk(B), chunk(b'"content":null', b'"stop"'), DONE],
        ),
        ("empty_finish_reason", [chunk(ROLE + A, b'""'), chunk(B, b'""'), *END]),
        (
            "no_finish_reason_key",
            [
                b'{%s,"choices":[{"index":0,"delta":{%s%s}}]}' % (HEAD, ROLE, A),
                b'{%s,"choices":[{"index":0,"delta":{%s}}]}' % (HEAD, B),
                *END,
            ],
        ),
        ("usage_on_finish", [chunk(ROLE + A), chunk(B), finish(b"stop", rest=b"," + USAGE), DONE]),
        (
            "usage_everywhere",
            [
                chunk(ROLE + A, rest=b"," + USAGE),
                chunk(B, rest=b"," + USAGE),
                finish(b"stop", rest=b"," + USAGE),
                DONE,
            ],
        ),
        ("duplicate_chunk", [chunk(ROLE + A), chunk(B), chunk(B), *END]),
        ("no_choices", [chunk(ROLE + A), b"{%s}" % HEAD, chunk(B), *END]),
        ("empty_choices_first", [FILTERED, chunk(ROLE + A), chunk(B), *END]),
    ],
)
def test_a_quirk_of_a_stream_to_the_byte(quirk: str, stream: list[bytes]) -> None:
    assert told(Script(text=("a", "b"), quirks=frozenset({quirk}))) == stream


CALLS = (PARIS, NOTHING)
PIECES = [
    b'"index":0,' + PARIS_HEAD + b'""}',
    b'"index":0,"function":{"arguments":"{\\"city\\":\\"P"}',
    b'"index":0,"function":{"arguments":"aris\\"}"}',
    b'"index":1,' + NOTHING_HEAD + b'""}',
    b'"index":1,"function":{"arguments":"{}"}',
]


@pytest.mark.parametrize(
    ("quirk", "pieces"),
    [
        (
            "tool_call_whole",
            [
                b'"index":0,' + PARIS_HEAD + b'"{\\"city\\":\\"Paris\\"}"}',
                b'"index":1,' + NOTHING_HEAD + b'"{}"}',
            ],
        ),
        ("tool_indexes_swapped", [PIECES[3], PIECES[0], PIECES[4], PIECES[1], PIECES[2]]),
        (
            "tool_index_missing",
            [piece.partition(b",")[2] for piece in PIECES],
        ),
        (
            "tool_head_repeated",
            [
                PIECES[0],
                b'"index":0,' + PARIS_HEAD + b'"{\\"city\\":\\"P"}',
                b'"index":0,' + PARIS_HEAD + b'"aris\\"}"}',
                PIECES[3],
                b'"index":1,' + NOTHING_HEAD + b'"{}"}',
            ],
        ),
        (
            "tool_arguments_broken",
            [
                *PIECES[:2],
                b'"index":0,"function":{"arguments":"aris\\""}',
                PIECES[3],
                b'"index":1,"function":{"arguments":"{"}',
            ],
        ),
        (
            "object_arguments",
            [
                b'"index":0,' + PARIS_HEAD + b'{"city":"Paris"}}',
                b'"index":1,' + NOTHING_HEAD + b"{}}",
            ],
        ),
        ("null_content", PIECES),
    ],
)
def test_a_quirk_of_calls_to_the_byte(quirk: str, pieces: list[bytes]) -> None:
    script = Script(tool_calls=CALLS, quirks=frozenset({quirk}))
    null = b',"content":null' if quirk == "null_content" else b""
    first, *others = [tool(piece) + null for piece in pieces]
    assert told(script) == [
        chunk(ROLE + first),
        *map(chunk, others),
        chunk(null[1:], b'"tool_calls"'),
        DONE,
    ]


def test_a_stream_with_calls_can_end_as_if_there_were_none() -> None:
    script = Script(tool_calls=CALLS, quirks=frozenset({"stop_after_tools"}))
    assert told(script)[-2:] == END
    assert openai.completion(NAMED, script)["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("quirk", "arguments"),
    [
        ("tool_arguments_broken", ['{"city":"Paris"', "{"]),
        ("object_arguments", [{"city": "Paris"}, {}]),
    ],
)
def test_a_plain_answer_gets_its_calls_wrong_too(quirk: str, arguments: list[object]) -> None:
    calls = message(Script(tool_calls=CALLS, quirks=frozenset({quirk})))["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == arguments


def test_a_usage_can_be_missing_even_where_it_was_asked_for() -> None:
    script = Script(quirks=frozenset({"no_usage"}))
    assert "usage" not in openai.completion(NAMED, script)
    assert told(script, usage=True) == told(Script())


def test_a_usage_on_the_finish_chunk_has_no_chunk_of_its_own() -> None:
    *_, last, done = told(Script(quirks=frozenset({"usage_on_finish"})), usage=True)
    assert (last, done) == (finish(b"stop", rest=b"," + USAGE), DONE)


@pytest.mark.parametrize("text", [("a",), ()])
def test_of_a_short_answer_the_only_word_comes_twice_if_there_is_one(text: tuple[str, ...]) -> None:
    script = Script(text=text, quirks=frozenset({"duplicate_chunk"}))
    once = told(Script(text=text))
    assert told(script) == [*once[: len(text)], *once]


@pytest.mark.parametrize(
    ("quirk", "kinds"),
    [
        ("role_alone", "start content content finish done"),
        ("no_choices", "content start content finish done"),
        ("empty_choices_first", "start content content finish done"),
        ("duplicate_chunk", "content content content finish done"),
    ],
)
def test_a_chunk_that_says_nothing_is_no_content(quirk: str, kinds: str) -> None:
    frames = openai.frames(NAMED, Script(text=("a", "b"), quirks=frozenset({quirk})), usage=False)
    assert [frame.kind for frame in frames] == kinds.split()


def test_quirks_that_need_calls_are_known() -> None:
    assert openai.QUIRKS.keys() > openai.QUIRKS_OF_TOOLS
    for quirk in openai.QUIRKS_OF_TOOLS:
        assert said(Script(quirks=frozenset({quirk}))) == said(Script())


@pytest.mark.parametrize("quirk", openai.QUIRKS)
def test_every_quirk_changes_something(quirk: str) -> None:
    script = Script(text=("a", "b"), tool_calls=CALLS)
    assert said(replace(script, quirks=frozenset({quirk}))) != said(script)


def said(script: Script) -> object:
    streams = [openai.frames(NAMED, script, usage=usage) for usage in (False, True)]
    return streams, openai.completion(NAMED, script)


DEPARTING = {
    "empty_role",
    "empty_finish_reason",
    "no_choices",
    "tool_index_missing",
    "object_arguments",
}
"""Quirks that even a tolerant reader of the schema takes for mistakes."""


@pytest.mark.parametrize("quirk", openai.QUIRKS)
def test_a_tolerant_reader_accepts_what_is_not_plainly_wrong(quirk: str) -> None:
    script = Script(text=("a", "b"), tool_calls=CALLS, quirks=frozenset({quirk}))
    found = [
        violation
        for each in told(script)[:-1]
        for violation in violations(json.loads(each), "openai/chat.completion.chunk")
    ]
    assert bool(found) == (quirk in DEPARTING)


UNFOLDABLE = {"duplicate_chunk", "tool_index_missing", "object_arguments"}
QUIRKS = st.frozensets(st.sampled_from(sorted(openai.QUIRKS.keys() - UNFOLDABLE)), max_size=4)


@given(QUIRKS, st.booleans())
def test_no_quirk_loses_what_is_said_or_who_says_it(
    quirks: frozenset[str],
    usage: bool,  # noqa: FBT001 - Hypothesis fills it in
) -> None:
    script = Script(text=("a", "b"), reasoning=("c",), tool_calls=CALLS, quirks=quirks)
    *data, done = told(script, usage=usage)
    assert done == DONE
    assert all(each.count(HEAD) == 1 for each in data)
    chunks = [json.loads(each) for each in data]
    assert fold(chunks) == flat(message(script))
