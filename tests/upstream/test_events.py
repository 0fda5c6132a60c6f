import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.upstream import events
from sluicegate.upstream.events import Events, TooLargeError
from sluicegate.wire.sse import Decoder, Event

STREAM = (
    b"\xef\xbb\xbf: hello\n\nevent: ping\ndata: {}\n\nid: 7\nretry: 5\n\n"
    b"data:a\r\ndata: b\r\n\r\ndata\rdata\r\rdata: \xc3\xa9 \xe2\x80\xa8\n\ndata: unfinished\n"
)
EVENTS = [
    Event("ping", "{}"),
    Event("message", "a\nb"),
    Event("message", "\n"),
    Event("message", "\N{LATIN SMALL LETTER E WITH ACUTE} \N{LINE SEPARATOR}"),
]
BYTES = st.lists(
    st.sampled_from(
        [
            b"data:a\n\n",
            b"\n\n",
            b"data",
            b"event",
            b"id",
            b":",
            b" ",
            b"\r",
            b"\n",
            b"\xef\xbb\xbf",
            b"\xe2\x80",
            b"a",
        ]
    )
).map(b"".join)


def read(*pieces: bytes) -> list[Event]:
    reading = Events()
    return [event for piece in pieces for event in reading.feed(piece)]


def test_events_are_read_wherever_they_are_cut() -> None:
    assert read(STREAM) == EVENTS
    assert read(*(STREAM[place : place + 1] for place in range(len(STREAM)))) == EVENTS


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_is_there_as_soon_as_its_blank_line_is(end: bytes) -> None:
    assert read(b"data: a" + end + end) == [Event(data="a")]


# Two decoders that share no code, and whose mistakes would be others.
@given(BYTES, BYTES)
def test_the_judge_reads_the_same(first: bytes, second: bytes) -> None:
    judge = Decoder()
    judged = [*judge.feed(first), *judge.feed(second)]
    assert read(first, second) == [Event(each.event, each.data) for each in judged]


def test_a_stream_without_events_has_none() -> None:
    reading = Events()
    assert not list(reading.feed(b": comment\n\n<html>\n\n"))
    assert not reading.any
    assert list(reading.feed(b"data\n\n"))
    assert reading.any


def test_an_event_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LARGEST", 100)
    reading = Events()
    assert not list(reading.feed(b"data: " + b"x" * 94))
    with pytest.raises(TooLargeError):
        list(reading.feed(b"x"))


def test_a_large_event_may_come_in_small_pieces() -> None:
    pieces = [b"data: ", *[b"x" * 10] * 20_000, b"\n\n"]
    assert len(read(*pieces)[0].data) == 200_000
