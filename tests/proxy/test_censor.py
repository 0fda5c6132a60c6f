import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.proxy.censor import Censor

KEY = "sk-abcabd1"

# Few characters, so that beginnings of the key, and keys within one another, are frequent.
KEYS = st.text("ab-", min_size=1, max_size=5)
TEXTS = st.text("ab-*c", max_size=40)


def cut(text: str, at: list[int]) -> list[str]:
    ends = sorted({0, *(each % (len(text) + 1) for each in at), len(text)})
    return [text[start:end] for start, end in pairwise(ends)]


def censored(censor: Censor, pieces: list[str]) -> str:
    return "".join(map(censor.feed, pieces))


@given(KEYS, TEXTS, st.lists(st.integers(0, 40), max_size=8))
def test_a_key_is_masked_wherever_its_text_is_cut(key: str, text: str, at: list[int]) -> None:
    censor, end = Censor(key), "cccccc"
    assert censored(censor, [*cut(text, at), end]) == (text + end).replace(key, "***")


@given(KEYS, TEXTS, st.lists(st.integers(0, 40), max_size=8))
def test_what_is_held_back_is_the_longest_end_that_begins_the_key(
    key: str, text: str, at: list[int]
) -> None:
    shown = censored(Censor(key), cut(text, at))
    after = text.rpartition(key)[2] if key in text else text
    rest = text.replace(key, "***")
    ends = [after[start:] for start in range(len(after)) if key.startswith(after[start:])]
    longest = max(ends, key=len, default="")
    assert shown == rest.removesuffix(longest)


# Each character as it is, or as any escape that JSON has for it.
def spelled(character: str) -> st.SearchStrategy[str]:
    code = f"\\u{ord(character):04x}"
    ways = [code, code.upper().replace("U", "u"), json.dumps(character)[1:-1]]
    return st.sampled_from([*ways, *(["\\/"] if character == "/" else [])])


@given(st.data(), st.text('a/"\\c', max_size=20), st.lists(st.integers(0, 200), max_size=12))
def test_a_key_in_json_is_masked_however_it_is_written(
    data: st.DataObject, meant: str, at: list[int]
) -> None:
    key = 'a/"\\'
    text = "".join(data.draw(spelled(character)) for character in meant)
    censor = Censor(key, in_json=True)
    shown = censored(censor, cut(text, at)) + censored(censor, ["cccc"])
    assert json.loads(f'"{shown}"') == (meant + "cccc").replace(key, "***")


@given(st.text(), st.lists(st.integers(0, 200), max_size=12))
def test_json_without_the_key_stays_as_it_is(text: str, at: list[int]) -> None:
    for ascii_only in (True, False):
        written = json.dumps(text, ensure_ascii=ascii_only)
        censor = Censor("another-key", in_json=True)
        assert censored(censor, cut(written, at)) + censor.flush() == written


@given(st.text("\\u0a", max_size=30), st.lists(st.integers(0, 30), max_size=12))
def test_what_is_no_json_stays_as_it_is_and_hides_no_key(text: str, at: list[int]) -> None:
    censor = Censor(KEY, in_json=True)
    shown = censored(censor, [*cut(text, at), "x ", KEY]) + censor.flush()
    assert KEY not in shown
    assert shown.startswith(text) or text.endswith("\\")


def test_text_that_cannot_begin_the_key_is_not_held_back() -> None:
    censor = Censor(KEY)
    pieces = ["Hello", " sky", " sk", "-abc", "abc", " sk-abc", "abd1", "!", "s"]
    shown = ["Hello", " sky", " ", "", "sk-abcabc", " ", "***", "!", ""]
    assert [censor.feed(piece) for piece in pieces] == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("s", "s"), ("sk-a", "sk-a"), ("sk-ab", "***"), ("sk-abcabd", "***"), ("", "")],
)
def test_half_a_key_at_the_end_is_masked_too(text: str, shown: str) -> None:
    censor = Censor(KEY)
    assert censor.feed(text) == ""
    assert censor.flush() == shown
    assert censor.feed("x") == "x"
