import json

import pytest

from sluicegate.gateway.concealment import concealing

KEY = 'sk/one"two\\three'


@pytest.mark.parametrize(
    "written", [json.dumps(KEY), json.dumps(KEY).replace("/", "\\/"), f"before {KEY} after"]
)
def test_a_key_is_hidden_however_json_writes_it(written: str) -> None:
    shown = concealing([KEY, "another-key"])(written)
    assert "***" in shown
    assert "two" not in shown


def test_what_has_no_key_stays_the_same_object() -> None:
    text = "a" * 1000
    assert concealing([KEY])(text) is text
    assert concealing([])(text) is text


@pytest.mark.parametrize("key", ["", "short", "1735689600"])
def test_what_stands_in_ordinary_words_and_numbers_is_not_hidden(key: str) -> None:
    text = f'{{"created":1735689600,"text":"a short {key}"}}'
    assert concealing([key])(text) == text


def test_the_longest_key_counts() -> None:
    assert concealing(["abcdefgh", "abcdefgh-ijkl"])("abcdefgh-ijkl") == "***"
