import json
from dataclasses import replace

import pytest

from sluicegate.provider.journal import Entry, Write
from sluicegate.report.lanes import LONGEST, MOST_MARKS, asked, exchange, legible, shortened
from sluicegate.scenario.exchange import Exchange, Provided

from ..scenario.exchanges import DONE, FIRST, GOOD, chunk, streamed  # noqa: TID252 - no package

ENTRY = Entry(
    number=1,
    started=1.001,
    method="POST",
    path="/v1/chat/completions",
    query="",
    headers=(),
    body=b'{"stream": true}',
    status=200,
    headers_at=1.001,
    response_headers=(("content-type", "text/event-stream"),),
    writes=(Write(1.1, FIRST), Write(1.2, DONE)),
    outcome="finished",
    ended=1.2,
)


def provided(by: str = "the provider", entry: Entry = ENTRY) -> Provided:
    return Provided(by, entry)


def test_a_lane_has_what_its_side_saw_with_times_since_the_request() -> None:
    found = exchange(replace(streamed(FIRST, DONE), provided=(provided(),)), 0.25)
    assert found == {
        "number": 1,
        "request": "POST /v1/chat/completions",
        "started": 0.75,
        "ended": 0.2,
        "client": {
            "who": "the client",
            "status": 200,
            "stream": True,
            "ending": "the body is complete",
            "whole": True,
            "marks": [
                {"at": 0.0, "kind": "head", "text": "200 OK, text/event-stream", "size": None},
                {"at": 0.0, "kind": "chunk", "text": HELLO, "size": None},
                {"at": 0.1, "kind": "done", "text": "[DONE]", "size": None},
                {"at": 0.2, "kind": "end", "text": "(the body is complete)", "size": None},
            ],
            "hidden": 0,
        },
        "providers": [
            {
                "who": "the provider",
                "asked": "streamed",
                "begun": 0.001,
                "status": 200,
                "stream": True,
                "ending": "finished",
                "whole": True,
                "marks": [
                    {
                        "at": 0.001,
                        "kind": "head",
                        "text": "200 OK, text/event-stream",
                        "size": None,
                    },
                    {"at": 0.1, "kind": "chunk", "text": HELLO, "size": None},
                    {"at": 0.2, "kind": "done", "text": "[DONE]", "size": None},
                    {"at": 0.2, "kind": "end", "text": "(finished)", "size": None},
                ],
                "hidden": 0,
            }
        ],
    }


HELLO = 'chunk 1  role "assistant"  "Hello"'


def test_a_provider_that_was_asked_twice_is_numbered() -> None:
    found = exchange(replace(GOOD, provided=(provided(), provided("droid"), provided())), 0)
    assert [each["who"] for each in found["providers"]] == [
        "the provider (1)",
        "droid",
        "the provider (2)",
    ]


@pytest.mark.parametrize("provided", [None, ()])
def test_without_a_witness_there_is_the_client_alone(
    provided: tuple[Provided, ...] | None,
) -> None:
    assert exchange(replace(GOOD, provided=provided), 0)["providers"] == []


def test_a_long_lane_keeps_its_begin_and_its_end() -> None:
    words = [chunk(f'{{"content":"{n}"}}') for n in range(500)]
    client = exchange(streamed(*words, DONE), 0)["client"]
    marks = client["marks"]
    assert (len(marks), client["hidden"]) == (MOST_MARKS, 503 - MOST_MARKS)
    assert [marks[0]["kind"], marks[-1]["kind"]] == ["head", "end"]


def test_texts_are_cut() -> None:
    said = exchange(streamed(chunk(json.dumps({"content": "x" * 500}))), 0)["client"]["marks"][1]
    assert len(said["text"]) == LONGEST
    assert said["text"].endswith("x…")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "streamed"),
        ({"body": b"{}"}, "plain"),
        ({"body": b'{"stream": "true"}'}, "plain"),
        ({"body": b"no JSON"}, "plain"),
        ({"body": b"\xff"}, "plain"),
        ({"body": b"[]"}, "plain"),
        ({"body": b"{}", "query": "delay=1&stream=true"}, "streamed"),
        ({"query": "stream=false"}, "plain"),
        ({"path": "/v1/messages"}, "streamed"),
        ({"path": "/elsewhere/v1/messages"}, "streamed"),
        ({"method": "GET", "path": "/health"}, "GET /health"),
        ({"path": "/v1/models"}, "POST /v1/models"),
    ],
)
def test_what_a_provider_was_asked_for_is_told(changes: dict[str, bytes], expected: str) -> None:
    assert asked(provided(entry=replace(ENTRY, **changes))) == expected  # type: ignore[arg-type] # of many types


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Grüße 漢字 🎉", "Grüße 漢字 🎉"),
        ("two\nlines", "two\nlines"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\ud800", "\\ud800"),
        ("\u202eturned", "\\u202eturned"),
    ],
)
def test_a_text_steers_no_terminal(text: str, expected: str) -> None:
    assert legible(text) == expected


def test_a_short_text_is_one_line() -> None:
    assert shortened("two\nlines\tand  more") == "two lines\\tand  more"
    assert len(shortened("x" * 500)) == LONGEST


def test_times_are_exact_to_the_microsecond() -> None:
    seen: Exchange = replace(GOOD, started=1.0, ended=1.0 + 1e-7)
    assert exchange(seen, 0)["ended"] == 0
