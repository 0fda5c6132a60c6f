import json
import re
import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.proxy.censor import Censor

KEY = "sk-abcabd1"

# Few characters, so that beginnings of the key, and keys within one another, are frequent.
KEYS = st.text("ab-", min_size=8, max_size=12)
PARTS = st.lists(st.text("ab-*c ", max_size=14) | KEYS, max_size=5)
CUTS = st.lists(st.integers(0, 60), max_size=8)


def cut(text: str, at: list[int]) -> list[str]:
    ends = sorted({0, *(each % (len(text) + 1) for each in at), len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


def censored(censor: Censor, pieces: list[str]) -> str:
    return "".join([*map(censor.feed, pieces), censor.flush()])


def is_masked(shown: str, text: str, key: str) -> bool:
    begun = "|".join(re.escape(key[:length]) for length in range(len(key) // 2 + 1))
    return bool(re.fullmatch(rf"(?:{begun})\*\*\*".join(map(re.escape, text.split(key))), shown))


@given(KEYS, PARTS, CUTS)
def test_of_a_key_at_most_half_is_shown_wherever_its_text_is_cut(
    key: str, parts: list[str], at: list[int]
) -> None:
    for text in (key.join(parts), "".join(parts)):
        assert is_masked(censored(Censor(key), cut(text, at)), text, key)


@given(KEYS, PARTS)
def test_a_key_that_comes_at_once_is_masked_from_its_beginning(key: str, parts: list[str]) -> None:
    text = key.join(parts)
    assert censored(Censor(key), [text]) == text.replace(key, "***")


@pytest.mark.parametrize("in_json", [False, True])
@given(data=st.data(), at=CUTS)
def test_what_is_held_back_says_nothing_about_the_key(
    data: st.DataObject, at: list[int], *, in_json: bool
) -> None:
    made_of = st.sampled_from(["ab", "cde", string.ascii_letters + "_.-"])
    length = data.draw(st.integers(8, 60))
    one, other = (
        data.draw(st.text(data.draw(made_of), min_size=length, max_size=length)) for _ in "12"
    )
    # Guesses: beginnings of the one key, and of the other, up to its last character.
    guesses = st.integers(0, length - 1).map(lambda end: one[:end]) | st.text(
        "ab \\u06", max_size=90
    )
    pieces = cut("".join(data.draw(st.lists(guesses, max_size=6))), at)
    if one in "".join(pieces) or other in "".join(pieces):
        return
    first, second = (Censor(key, in_json=in_json) for key in (one, other))
    assert [*map(first.feed, pieces), first.flush()] == [*map(second.feed, pieces), second.flush()]


def test_words_are_shown_at_once_and_a_long_run_a_keys_length_late() -> None:
    censor = Censor("0123456789" * 3)
    pieces = ["Hello, ", "extra", "ordinary", " words", "!", " ", "x" * 20, "y" * 20, "z", "\n"]
    shown = [*pieces[:6], "x" * 15, "", "", "x" * 5 + "y" * 20 + "z\n"]
    shown[7] = ""
    assert [censor.feed(piece) for piece in pieces] == shown
    assert [len(censor.feed("x" * 30)) for _ in range(4)] == [15, 16, 30, 30]
    assert censor.flush() == "x" * 29


# Each character as it is, or as any escape that JSON has for it.
def spelled(character: str) -> st.SearchStrategy[str]:
    code = f"\\u{ord(character):04x}"
    ways = [code, code.upper().replace("U", "u"), json.dumps(character)[1:-1]]
    return st.sampled_from([*ways, *(["\\/"] if character == "/" else [])])


@given(
    st.data(),
    st.lists(st.text('a/"\\c', max_size=9) | st.just('a/"\\a/"\\'), max_size=4),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_a_key_in_json_is_masked_however_it_is_written(
    data: st.DataObject, parts: list[str], at: list[int]
) -> None:
    key, meant = 'a/"\\a/"\\', "".join(parts)
    text = "".join(data.draw(spelled(character)) for character in meant)
    shown = censored(Censor(key, in_json=True), cut(text, at))
    assert is_masked(json.loads(f'"{shown}"'), meant, key)


@given(st.text(), st.lists(st.integers(0, 200), max_size=12))
def test_json_without_the_key_stays_as_it_is(text: str, at: list[int]) -> None:
    for ascii_only in (True, False):
        written = json.dumps(text, ensure_ascii=ascii_only)
        assert censored(Censor("another-key", in_json=True), cut(written, at)) == written


@given(st.text("\\u0a", max_size=30), st.lists(st.integers(0, 30), max_size=12))
def test_what_is_no_json_stays_as_it_is_and_hides_no_key(text: str, at: list[int]) -> None:
    censor = Censor(KEY, in_json=True)
    shown = censored(censor, [*cut(text, at), "x ", KEY])
    assert KEY not in shown
    assert shown.startswith(text) or text.endswith("\\")


@given(KEYS, st.lists(st.text("ab-\\u0061 ", max_size=9), max_size=60))
def test_no_more_than_a_keys_length_is_held_back(key: str, pieces: list[str]) -> None:
    for in_json in (False, True):
        censor = Censor(key, in_json=in_json)
        shown = sum(len(censor.feed(piece)) for piece in pieces)
        assert len("".join(pieces)) - shown < 6 * len(key) or key in "".join(pieces)
