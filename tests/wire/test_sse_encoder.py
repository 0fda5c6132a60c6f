import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.wire.sse import RETRY_MAX, Decoder, Event, comment, encode

# One line as the format knows it: any characters but CR and LF, and no lone surrogate.
ONE_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"))
ID = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"))
ANY_TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n: "))
RETRY = st.integers(min_value=0, max_value=RETRY_MAX)


def test_data_alone_is_one_field_and_a_blank_line() -> None:
    assert encode("[DONE]") == b"data: [DONE]\n\n"


def test_every_field_stands_on_its_own_line_and_data_comes_last() -> None:
    expected = b"event: ping\nid: 7\nretry: 250\ndata: {}\n\n"
    assert encode("{}", event="ping", id="7", retry=250) == expected


def test_empty_values_are_sent() -> None:
    assert encode("", event="", id="", retry=0) == b"event: \nid: \nretry: 0\ndata: \n\n"


def test_text_is_sent_as_utf_8() -> None:
    assert encode("café", event="…") == b"event: \xe2\x80\xa6\ndata: caf\xc3\xa9\n\n"


def test_a_leading_space_survives() -> None:
    assert encode(" a") == b"data:  a\n\n"


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_each_line_of_data_is_its_own_field(line_end: str) -> None:
    assert encode(f"a{line_end}b{line_end}") == b"data: a\ndata: b\ndata: \n\n"


def test_only_cr_and_lf_end_a_line_of_data() -> None:
    assert encode("a\v\f\x85\u2028b") == b"data: a\x0b\x0c\xc2\x85\xe2\x80\xa8b\n\n"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\r\n", "a\n"])
def test_a_line_end_in_an_event_name_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="one line as the event of an event, got "):
        encode("x", event=value)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\r\n", "a\n"])
def test_a_line_end_in_an_id_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="one line as the id of an event, got "):
        encode("x", id=value)


def test_a_null_character_in_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no U\+0000 in the id of an event, got 'a\\x00'"):
        encode("x", id="a\0")


def test_a_negative_retry_is_refused() -> None:
    with pytest.raises(ValueError, match="0 ms or more as the retry of an event, got -1"):
        encode("x", retry=-1)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        encode("\ud800")
    with pytest.raises(ValueError, match="surrogates not allowed"):
        comment("\ud800")


def test_a_comment_is_a_line_with_a_colon_and_a_blank_line() -> None:
    assert comment("keep-alive") == b": keep-alive\n\n"


def test_each_line_of_a_comment_is_its_own_comment() -> None:
    assert comment("a\r\ndata: b\rc\n") == b": a\n: data: b\n: c\n: \n\n"


@given(ANY_TEXT, st.none() | ONE_LINE, st.none() | ID, st.none() | RETRY)
def test_what_is_encoded_is_decoded(
    data: str, event: str | None, event_id: str | None, retry: int | None
) -> None:
    decoder = Decoder()
    received = decoder.feed(encode(data, event=event, id=event_id, retry=retry))
    lines = re.sub(r"\r\n|\r", "\n", data)
    assert received == [Event(event=event or "message", data=lines, id=event_id or "")]
    assert decoder.retry == retry


@given(ANY_TEXT)
def test_a_comment_dispatches_nothing_and_leaves_nothing_open(text: str) -> None:
    decoder = Decoder()
    assert decoder.feed(comment(text) + encode("a")) == [Event(data="a")]
    assert (decoder.last_event_id, decoder.retry) == ("", None)
