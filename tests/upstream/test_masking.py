import time

import pytest

from sluicegate.upstream.masking import LONGEST, Mask

MASKED = [
    ("Incorrect API key provided: sk-abcd***wxyz.", "Incorrect API key provided: ***"),
    ("key sk-proj-AbCd_1234-xyz is wrong", "key *** is wrong"),
    ("Authorization: Bearer abc.def", "Authorization: ***"),
    ('{"api_key": "abc"}', '{"api_key": "***"}'),
    ("bearer 0123456789 is expired", "bearer *** is expired"),
    ("hash d41d8cd98f00b204e9800998ecf8427e", "hash ***"),
    ("id req_011CSHoEeqs5C35K2UUqR7Fy", "id req_***"),
    ("AIzaSyA1234567890abcdefghij", "***"),
    ("eyJhbGciOi.eyJzdWIiOi.c2ln", "***"),
    ("connect to http://llm-7.corp.example:8000/v1?x=1 failed", "connect to *** failed"),
    ("connect to 10.0.0.7:8000 failed", "connect to *** failed"),
    ("connect to [fe80::1]:80 failed", "connect to *** failed"),
    ("connect to fe80::1:2:3 and ::1", "connect to *** and ***"),
    ("localhost:8001 refused", "*** refused"),
    ("worker-3.pool.internal is down", "*** is down"),
    ("redis:6379 is down", "*** is down"),
    ("db.example.com:5432 is down", "*** is down"),
    ("cannot open /var/lib/keys.db", "cannot open ***"),
    ('Oops\nTraceback (most recent call last):\n  File "/app/x.py"', "Oops"),
    ("TypeError: x\n    at Server.<anonymous> (file.js:1:2)", "TypeError: x"),
]
KEPT = [
    "Rate limit exceeded",
    "The model claude-sonnet-4-5-20250929 does not exist",
    "maximum context length is 128000 tokens: you sent 130000",
    "max_tokens: must be at least 1",
    "messages.1.content: field required",
    "Missing bearer authentication in header",
    "Unknown path /v1/foo, see the docs at 12:30",
]


@pytest.mark.parametrize(("words", "masked"), MASKED)
def test_what_a_client_must_not_see_is_masked(words: str, masked: str) -> None:
    assert Mask()(words) == masked


@pytest.mark.parametrize("words", KEPT)
def test_other_words_stay(words: str) -> None:
    assert Mask()(words) == words


def test_a_known_secret_is_masked_whatever_it_looks_like() -> None:
    mask = Mask(("open", "open sesame", ""))
    assert mask("open sesame opens, opensesame") == "*** ***s, ***sesame"


def test_a_mask_does_not_show_its_secrets() -> None:
    assert "sesame" not in repr(Mask(("sesame",)))


@pytest.mark.parametrize("words", ["\n" * 60_000, "\n \t" * 60_000 + "at x", "\x1b" * 60_000])
def test_long_words_take_no_time(words: str) -> None:
    began = time.perf_counter()
    assert Mask()(words) == ""
    assert time.perf_counter() - began < 0.05


def test_what_a_terminal_would_obey_is_left_out() -> None:
    words = "\x1b]0;ses\u200bame\x07\x1b[2J\x85 \u202edone\r\n"
    assert Mask(("sesame",))(words) == "]0;***[2J done"


def test_words_are_one_short_line() -> None:
    assert Mask()("a\n b\t c") == "a b c"
    assert len(Mask()("word " * 100_000)) == LONGEST + len("...")
    assert Mask()("w" * LONGEST) == "w" * LONGEST


def test_no_words_take_long() -> None:
    for part in ("a-", "a.", "1.", "f:", "token ", "Bearer "):
        Mask()(part * 50_000)
