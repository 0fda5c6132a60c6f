import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import SluicegateError
from sluicegate.provider.entries import read_entry, write_entry
from sluicegate.provider.journal import Entry, Outcome, Write

ENTRY = Entry(
    number=3,
    started=1.5,
    method="POST",
    path="/v1/chat/completions",
    query="fail=429",
    headers=(("host", "x"), ("accept", "*/*"), ("accept", "text/html")),
    body=b'{"model": "\xc3\xa4"}',
    status=200,
    headers_at=1.6,
    response_headers=(("content-type", "text/event-stream"),),
    writes=(Write(1.7, b"data: [DONE]\n\n"), Write(1.8, b"\xff\x00")),
    outcome="reset",
    ended=1.9,
    token="t1",  # noqa: S106 - a token of a plan
)

LATIN = st.text(st.characters(max_codepoint=255))
HEADERS = st.lists(st.tuples(LATIN, LATIN)).map(tuple)
TIMES = st.floats(0, 1e9)
ENTRIES = st.builds(
    Entry,
    number=st.integers(1),
    started=TIMES,
    method=LATIN,
    path=LATIN,
    query=LATIN,
    headers=HEADERS,
    body=st.binary() | st.text().map(str.encode),
    status=st.none() | st.integers(100, 599),
    headers_at=st.none() | TIMES,
    response_headers=HEADERS,
    writes=st.lists(st.builds(Write, TIMES, st.binary())).map(tuple),
    outcome=st.sampled_from(get_args(Outcome)),
    ended=st.none() | TIMES,
    token=st.none() | st.just("t1"),
    fingerprints=st.lists(st.text()).map(tuple),
)


@given(ENTRIES)
def test_an_entry_comes_back_from_json_as_it_was(entry: Entry) -> None:
    assert read_entry(json.loads(json.dumps(write_entry(entry)))) == entry


def test_what_is_utf_8_is_a_text_and_anything_else_is_base64() -> None:
    written = write_entry(ENTRY)
    assert written["body"] == '{"model": "ä"}'
    assert written["writes"] == [
        {"at": 1.7, "data": "data: [DONE]\n\n"},
        {"at": 1.8, "data": {"base64": "/wA="}},
    ]


def test_an_entry_reads_well_in_json() -> None:
    plain = replace(ENTRY, writes=(), headers=(("host", "x"),), response_headers=(), body=b"")
    assert write_entry(plain) == {
        "number": 3,
        "started": 1.5,
        "method": "POST",
        "path": "/v1/chat/completions",
        "query": "fail=429",
        "headers": [["host", "x"]],
        "body": "",
        "status": 200,
        "headers_at": 1.6,
        "response_headers": [],
        "writes": [],
        "outcome": "reset",
        "ended": 1.9,
        "token": "t1",
        "unrecorded": 0,
        "fingerprints": [],
    }


def test_further_members_do_no_harm() -> None:
    assert read_entry({**write_entry(ENTRY), "agent": "droid"}) == ENTRY


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "exploded"},
        {"outcome": []},
        {"headers": [["host"]]},
        {"headers": None},
        {"headers": 3},
        {"body": None},
        {"body": {}},
        {"body": {"base64": "!"}},
        {"body": {"base64": 3}},
        {"body": "\ud800"},
        {"writes": [{}]},
        {"writes": [None]},
        {"writes": None},
    ],
)
def test_what_is_no_entry_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SluicegateError, match="expected an entry of a journal"):
        read_entry({**write_entry(ENTRY), **change})


@pytest.mark.parametrize("document", [{}, [], None, "x"])
def test_what_is_no_document_of_an_entry_is_refused(document: Any) -> None:  # noqa: ANN401 - anything
    with pytest.raises(SluicegateError, match="expected an entry of a journal"):
        read_entry(document)
