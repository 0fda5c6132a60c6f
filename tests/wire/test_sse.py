import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sluicegate.wire.sse import RETRY_MAX, Decoder, Event, is_event_stream

VECTORS = tomllib.loads((Path(__file__).parent / "sse_vectors.toml").read_text(encoding="utf-8"))
MEDIA_TYPES = VECTORS["media_types"]

each_vector = pytest.mark.parametrize(
    "vector", VECTORS["vector"], ids=[vector["name"] for vector in VECTORS["vector"]]
)


def stream_of(vector: dict[str, Any]) -> bytes:
    text: str = vector["stream"]
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")


def expected_of(vector: dict[str, Any]) -> tuple[list[Event], str, int | None]:
    events = [Event(**event) for event in vector["events"]]
    return events, vector.get("last_event_id", ""), vector.get("retry")


def decode(*pieces: bytes) -> tuple[list[Event], str, int | None]:
    decoder = Decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.flush()
    return events, decoder.last_event_id, decoder.retry


@each_vector
def test_a_stream_decodes_to_the_events_of_its_vector(vector: dict[str, Any]) -> None:
    assert decode(stream_of(vector)) == expected_of(vector)


@each_vector
def test_a_vector_decodes_alike_cut_in_two_anywhere(vector: dict[str, Any]) -> None:
    stream = stream_of(vector)
    for cut in range(len(stream) + 1):
        assert decode(stream[:cut], b"", stream[cut:]) == expected_of(vector), f"cut at {cut}"


@each_vector
def test_a_vector_decodes_alike_byte_by_byte(vector: dict[str, Any]) -> None:
    stream = stream_of(vector)
    pieces = [stream[at : at + 1] for at in range(len(stream))]
    assert decode(*pieces) == expected_of(vector)


def test_a_cr_dispatches_without_waiting_for_the_next_byte() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: a\r") == []
    assert decoder.feed(b"\r") == [Event(data="a")]
    assert decoder.feed(b"data: b\r\n\r") == [Event(data="b")]


def test_an_lf_after_a_cr_is_swallowed_once_and_only_at_once() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: a\r") == []
    assert decoder.feed(b"") == []
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"\n") == [Event(data="a")]
    assert decoder.feed(b"data: b\rdata: c") == []
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"\n") == [Event(data="b\nc")]


def test_the_events_of_a_feed_come_in_order() -> None:
    assert Decoder().feed(b"data: a\n\ndata: b\n\ndata: c") == [Event(data="a"), Event(data="b")]


def test_the_last_event_id_changes_at_the_blank_line_and_not_before() -> None:
    decoder = Decoder()
    decoder.feed(b"id: 1\ndata: a\n")
    assert decoder.last_event_id == ""
    decoder.feed(b"\nid: 2\n")
    assert decoder.last_event_id == "1"
    decoder.feed(b"\n")
    assert decoder.last_event_id == "2"


def test_a_new_decoder_knows_no_id_and_no_retry() -> None:
    assert decode() == ([], "", None)


@pytest.mark.parametrize("digits", ["9" * 5_000, "9" * 100_000])
def test_a_retry_longer_than_int_reads_is_the_longest_time(digits: str) -> None:
    assert decode(f"retry: {digits}\n".encode()) == ([], "", RETRY_MAX)


def test_leading_zeros_of_any_number_change_no_retry() -> None:
    assert decode(b"retry: " + b"0" * 5_000 + b"250\n") == ([], "", 250)


@pytest.mark.parametrize(
    ("digits", "retry"),
    [
        ("9223372036854775806", RETRY_MAX - 1),
        ("9223372036854775807", RETRY_MAX),
        ("9223372036854775808", RETRY_MAX),
        ("10000000000000000000", RETRY_MAX),
        ("100000000000000000000", RETRY_MAX),
    ],
)
def test_a_retry_is_exact_up_to_the_longest_time(digits: str, retry: int) -> None:
    assert decode(f"retry: {digits}\n".encode()) == ([], "", retry)


def test_a_long_comment_is_no_event() -> None:
    stream = b"data:1\n:" + b"x" * 100_000 + b"\rdata:2\n\n"
    assert decode(stream) == ([Event(data="1\n2")], "", None)


def test_a_line_of_a_megabyte_may_come_byte_by_byte() -> None:
    decoder = Decoder()
    for _ in range(1_000_000):
        decoder.feed(b"x")
    assert decoder.feed(b"\ndata: a\n\n") == [Event(data="a")]


def test_an_event_of_many_lines_and_pieces_is_whole() -> None:
    stream = b"data: " + b"\ndata: ".join([b"y" * 999] * 1_000) + b"\n\n"
    pieces = [stream[at : at + 777] for at in range(0, len(stream), 777)]
    assert decode(*pieces) == ([Event(data="\n".join(["y" * 999] * 1_000))], "", None)


def test_flush_drops_what_is_incomplete_and_keeps_what_was_committed() -> None:
    decoder = Decoder()
    decoder.feed(b"id: 1\nretry: 5\n\nid: 2\ndata: a\ndata: b")
    assert decoder.flush() == []
    assert decoder.flush() == []
    assert (decoder.last_event_id, decoder.retry) == ("1", 5)


def test_a_flushed_decoder_takes_no_more_bytes() -> None:
    decoder = Decoder()
    decoder.flush()
    with pytest.raises(ValueError, match=r"expected no bytes after flush\(\), got b'data: a'"):
        decoder.feed(b"data: a")


def test_decoders_share_nothing() -> None:
    first, second = Decoder(), Decoder()
    first.feed(b"id: 1\nretry: 5\ndata: a\n")
    assert second.feed(b"\n\n") == []
    assert (second.last_event_id, second.retry) == ("", None)
    assert first.feed(b"\n") == [Event(data="a", id="1")]


def test_an_event_is_frozen_and_slotted() -> None:
    event = Event(data="a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.data = "b"  # type: ignore[misc] # the mistake under test
    assert not hasattr(event, "__dict__")


@pytest.mark.parametrize("content_type", MEDIA_TYPES["accepted"])
def test_the_media_type_of_an_event_stream_is_known(content_type: str) -> None:
    assert is_event_stream(content_type)


@pytest.mark.parametrize("content_type", MEDIA_TYPES["refused"])
def test_another_or_malformed_media_type_is_refused(content_type: str) -> None:
    assert not is_event_stream(content_type)
