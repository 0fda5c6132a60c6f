import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.gateway.documents import completion as complete
from sluicegate.gateway.reading import Reading
from sluicegate.provider import openai
from sluicegate.provider.frames import Identity
from sluicegate.provider.script import Script, ToolCall
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.masking import Mask

from .streams import (
    DONE,
    OTHERWISE,
    Document,
    assert_well_formed,
    chunk,
    completion,
    event,
    failure,
    got,
    read,
    text_of,
    usage,
)

SENT: list[Document] = [
    chunk(role="assistant", content="H\u00e4"),
    chunk(content="\U0001f600"),
    chunk("stop"),
]
STREAM = b"".join(map(event, [*SENT, usage()])) + event(DONE)


def same(body: bytes, *pieces: bytes) -> bool:
    return read(pieces or [body]) == read([STREAM])


def test_the_whole_stream_is_read() -> None:
    found, error = read([STREAM])
    assert error is None
    assert text_of([json.loads(data) for data in found[:-1]]) == "H\u00e4\U0001f600"


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sets(st.integers(1, len(STREAM) - 1), max_size=9), st.sampled_from(["\n", "\r\n", "\r"]))
def test_the_events_do_not_depend_on_how_bytes_are_cut_or_lines_end(
    places: set[int], line_end: str
) -> None:
    body = STREAM.replace(b"\n", line_end.encode())
    borders = [0, *sorted(places), len(body)]
    pieces = [body[one:other] for one, other in pairwise(borders)]
    assert same(body, *pieces)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + STREAM,
        b"\n\n \n" + STREAM,
        b": hello\n\n" + STREAM.replace(b"\n\n", b"\n\n: ping\n\n"),
        STREAM.replace(b"data: ", b"data:"),
        STREAM.replace(b"data: ", b"id: 1\nretry: 5\nevent: chunk\ndata: "),
        STREAM.removesuffix(b"\n\n"),
        STREAM.replace(b"\n", b"\r").removesuffix(b"\r"),
        STREAM.partition(b"data: [DONE]")[0].removesuffix(b"\n\n"),
        STREAM + b"data: {",
        STREAM + STREAM,
    ],
)
def test_the_same_events_in_other_bytes_are_the_same(body: bytes) -> None:
    assert same(body)
    assert same(body, *(body[place : place + 1] for place in range(len(body))))


def test_a_piece_that_begins_like_a_document_within_an_event_is_none() -> None:
    assert same(STREAM, b"data: ", STREAM.removeprefix(b"data: "))


def test_events_are_counted_but_for_pings() -> None:
    reading = Reading(Mask(), OTHERWISE)
    for _ in reading.feed(b"data:\n\n: x\n\n" + STREAM):
        pass
    assert reading.heard == 5
    assert reading.repair.done


def test_an_event_of_a_mebibyte_arrives_whole() -> None:
    text = "x" * 2**20
    chunks = got(chunk(role="assistant", content=text), chunk("stop"), DONE)
    assert text_of(chunks) == text


def test_a_complete_answer_in_place_of_a_stream_becomes_one() -> None:
    body = json.dumps(completion(content="Hi"), indent=1).encode()
    body = b"\xef\xbb\xbf\n" + body
    found, error = read(body[place : place + 1] for place in range(len(body)))
    assert error is None
    assert found[-1] == DONE
    assert_well_formed(found)
    assert text_of([json.loads(data) for data in found[:-1]]) == "Hi"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "malformed"),
        (b" \n", "malformed"),
        (b"\xef\xbb", "malformed"),
        (b"<html>Bad gateway</html>", "malformed"),
        (b"<html>\n\n</html>", "malformed"),
        (b'{"choices": ', "malformed"),
        (b'{"choices": "\xff"}', "malformed"),
        (b"{}", "malformed"),
        (b'{"error": {"message": "overloaded", "code": 529}}', "error"),
        (b": only\n\n: comments\n\n", "malformed"),
        (STREAM.partition(b"stop")[0], "broken"),
        (b"".join(event(data) for data in SENT)[:-2], "broken"),
        (b"".join(event(data) for data in SENT) + b'data: {"broken": ', "malformed"),
    ],
)
def test_what_is_no_whole_answer_fails(body: bytes, kind: str) -> None:
    for pieces in ([body], [body[:2], body[2:]]):
        found, error = read(pieces)
        assert error is not None
        assert DONE not in found
        assert error.kind == kind


@pytest.mark.parametrize("beginning", [b"data: ", b"{", b" "])
def test_an_answer_without_an_end_is_not_read_for_ever(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr("sluicegate.gateway.reading.LARGEST", 64)
    monkeypatch.setattr("sluicegate.upstream.events.LARGEST", 64)
    found, error = read([beginning, *[b" " * 16] * 8], ends=False)
    assert found == []
    assert error is not None


def test_a_plain_answer_passes_as_it_is() -> None:
    body = json.dumps(completion(content="Hi"), indent=2)
    text, document = complete(b"\xef\xbb\xbf" + body.encode(), Mask())
    assert text == body
    assert document["choices"][0]["message"]["content"] == "Hi"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        STREAM,
        b"<html>",
        b'{"choices": [{"mess',
        b'{"error": {"message": "no"}}',
        json.dumps(completion(None, content="Hi")).encode(),
        json.dumps(completion(content="Hi")).encode("utf-16"),
        json.dumps(chunk(content="Hi")).encode(),
    ],
)
def test_what_is_no_plain_answer_fails(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        complete(body, Mask())


CALLS = (ToolCall("now", "{}"), ToolCall("then", '{"a": 1}'))
# What is kept as it is, though it departs from the format.
QUIRKS = [name for name in openai.QUIRKS if name != "tool_index_missing"]


@pytest.mark.parametrize("with_usage", [False, True])
@pytest.mark.parametrize("calls", [(), CALLS])
@pytest.mark.parametrize("quirk", QUIRKS)
def test_the_client_never_sees_how_an_agent_departs_from_the_format(
    quirk: str,
    calls: tuple[ToolCall, ...],
    with_usage: bool,  # noqa: FBT001 - parametrised
) -> None:
    script = Script(text=("Hi", " there"), tool_calls=calls, quirks=frozenset({quirk}))
    frames = openai.frames(Identity("x", 5, "m"), script, usage=with_usage)
    found, error = read([event(frame.data.decode()) for frame in frames])
    assert error is None
    assert found.count(DONE) == 1
    assert_well_formed(found)
    said = text_of([json.loads(data) for data in found[:-1]])
    assert said == ("Hi there there" if quirk == "duplicate_chunk" else "Hi there")


JUNK = st.sampled_from([None, "", "x", 0, -1, True, [], ["x"], {}, {"x": 1}])
DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["assistant", "", None]) | JUNK,
        "content": st.sampled_from(["a", "", None]) | JUNK,
        "refusal": st.sampled_from(["no", "", None]),
        "more": JUNK,
    },
)
CHOICES = st.fixed_dictionaries(
    {"delta": DELTAS},
    optional={
        "index": st.sampled_from([0, 1]),
        "finish_reason": st.sampled_from([None, "", "stop", "length"]),
    },
)
CHUNKS = st.fixed_dictionaries(
    {"choices": st.lists(CHOICES, max_size=2)},
    optional={
        "id": st.sampled_from(["c1", "c2", ""]) | JUNK,
        "created": st.sampled_from([0, 5, 6]) | JUNK,
        "model": st.sampled_from(["m", "", "n"]) | JUNK,
        "more": JUNK,
    },
)
EVENTS = st.lists(CHUNKS | st.sampled_from([DONE, "", '{"error": "x"}', "{"]), max_size=8)


def finished(sent: list[Any]) -> bool:
    """Tell whether an agent has said of each choice why it ended."""
    choices = [c for each in sent if isinstance(each, dict) for c in each["choices"]]
    indexes = {choice.get("index", 0) for choice in choices}
    ended = {choice.get("index", 0) for choice in choices if choice.get("finish_reason")}
    return bool(indexes) and indexes == ended


@settings(max_examples=60, deadline=None, derandomize=True)
@given(EVENTS)
def test_whatever_an_agent_sends_the_stream_is_well_formed_and_claims_nothing_more(
    sent: list[Document | str],
) -> None:
    found, error = read(map(event, sent))
    assert_well_formed(found)
    assert (error is None) == (DONE in found)
    before = sent[: sent.index(DONE)] if DONE in sent else sent
    whole = [each for each in before if isinstance(each, dict)]
    assert error is not None or finished(whole)
    if error is None:
        assert text_of([json.loads(data) for data in found[:-1]]) == text_of(whole)


def test_a_failure_shows_no_secret() -> None:
    error = failure('{"error": {"message": "key s3cret at 10.0.0.1:8000"}}')
    assert "s3cret" not in str(error)
    assert "10.0.0.1" not in str(error)
