import gzip
import zlib
from collections.abc import Iterable
from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.provider.answer import Part
from sluicegate.provider.frames import Frame
from sluicegate.provider.framing import (
    comment,
    compress,
    compress_again,
    event,
    keep_alive,
    prefix,
    recut,
)
from sluicegate.provider.script import Script
from sluicegate.wire.sse import Decoder, Event

UNNAMED = Frame("content", b'{"a":1}')
NAMED = Frame("start", b'{"a":1}', "ping")
PING = b": keep-alive\n\n"


@pytest.mark.parametrize(
    ("script", "written"),
    [
        (Script(), b'data: {"a":1}\n\n'),
        (Script(line_end="crlf"), b'data: {"a":1}\r\n\r\n'),
        (Script(line_end="cr"), b'data: {"a":1}\r\r'),
        (Script(space=False), b'data:{"a":1}\n\n'),
        (Script(comments=True), b': keep-alive\n\ndata: {"a":1}\n\n'),
        (
            Script(comments=True, line_end="crlf", space=False),
            b': keep-alive\r\n\r\ndata:{"a":1}\r\n\r\n',
        ),
        (Script(bom=True), b'data: {"a":1}\n\n'),
    ],
)
def test_an_event_is_written_as_the_script_says(script: Script, written: bytes) -> None:
    assert event(UNNAMED, script) == written


@pytest.mark.parametrize(
    ("script", "written"),
    [
        (Script(), b'event: ping\ndata: {"a":1}\n\n'),
        (Script(line_end="cr"), b'event: ping\rdata: {"a":1}\r\r'),
        (Script(space=False), b'event:ping\ndata:{"a":1}\n\n'),
        (Script(comments=True), b': keep-alive\n\nevent: ping\ndata: {"a":1}\n\n'),
    ],
)
def test_an_event_with_a_name_has_a_line_for_it(script: Script, written: bytes) -> None:
    assert event(NAMED, script) == written


def test_a_comment_has_the_line_ends_of_the_stream() -> None:
    assert comment(Script()) == b": keep-alive\n\n"
    assert comment(Script(line_end="crlf")) == b": keep-alive\r\n\r\n"
    assert comment(Script(line_end="cr")) == b": keep-alive\r\r"


def test_a_stream_begins_with_a_byte_order_mark_if_it_is_to() -> None:
    assert prefix(Script()) == b""
    assert prefix(Script(bom=True)) == b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("wait", "interval", "waits"),
    [
        (0.0, 1.0, [0.0]),
        (0.9, 1.0, [0.9]),
        (1.0, 1.0, [1.0]),
        (1.001, 1.0, [1.0, 0.001]),
        (2.0, 1.0, [1.0, 1.0]),
        (2.5, 1.0, [1.0, 1.0, 0.5]),
        (0.3, 0.1, [0.1, 0.1, 0.1]),
        (1.1, 0.1, [0.1] * 11),
        (30.0, 7.0, [7.0, 7.0, 7.0, 7.0, 2.0]),
    ],
)
def test_a_long_wait_is_broken_up(wait: float, interval: float, waits: list[float]) -> None:
    parts = keep_alive([Part(wait, b"x")], interval, PING)
    assert [part.after for part in parts] == waits
    assert [part.data for part in parts] == [*[PING] * (len(waits) - 1), b"x"]


def test_the_waits_of_a_stream_are_broken_up_one_by_one() -> None:
    parts = [Part(0.0, b""), Part(0.25, b"a"), Part(0.1, b"b"), Part(0.2, b"")]
    assert keep_alive(parts, 0.1, PING) == (
        Part(0.0, b""),
        Part(0.1, PING),
        Part(0.1, PING),
        Part(0.05, b"a"),
        Part(0.1, b"b"),
        Part(0.1, PING),
        Part(0.1, b""),
    )


MILLISECONDS = st.integers(0, 100_000).map(lambda number: number / 1000)
INTERVALS = st.integers(300, 100_000).map(lambda number: number / 1000)
DATA = st.binary(max_size=20) | st.sampled_from([b"\r\n\r\n", "é…😀".encode(), b"\n\r", b""])
PARTS = st.lists(st.builds(Part, st.just(0.0) | MILLISECONDS, DATA), max_size=6)


def together(parts: Iterable[Part]) -> bytes:
    return b"".join(part.data for part in parts)


def took(parts: Iterable[Part]) -> float:
    return round(fsum(part.after for part in parts), 9)


@given(PARTS, INTERVALS)
def test_keeping_alive_changes_neither_what_is_said_nor_when(
    parts: list[Part], interval: float
) -> None:
    kept = keep_alive(parts, interval, b"PING")
    assert took(kept) == took(parts)
    assert all(0 <= part.after <= interval for part in kept)
    at, moments = 0.0, []
    for part in kept:
        at += part.after
        if part.data != b"PING":
            moments.append((round(at, 6), part.data))
    expected = [round(took(parts[: place + 1]), 6) for place in range(len(parts))]
    assert moments == list(zip(expected, [part.data for part in parts], strict=True))


def test_each_part_can_be_read_as_soon_as_it_arrives() -> None:
    parts = [Part(0.0, b""), Part(0.1, b"data: a\n\n"), Part(0.2, b""), Part(0.3, b"data: b\n\n")]
    inflate = zlib.decompressobj(wbits=31)
    compressed = compress(parts)
    assert [part.after for part in compressed] == [0.0, 0.1, 0.2, 0.3]
    assert [inflate.decompress(part.data) for part in compressed] == [p.data for p in parts]
    assert inflate.eof


def test_what_is_compressed_names_no_file_and_no_time() -> None:
    (part,) = compress([Part(0.0, b"a")])
    assert part.data.startswith(b"\x1f\x8b\x08\x00\x00\x00\x00\x00")


def test_a_part_without_data_stays_without() -> None:
    _, silent, _ = compress([Part(0.0, b"a"), Part(1.0, b""), Part(1.0, b"b")])
    assert silent == Part(1.0, b"")


def test_a_stream_that_is_not_whole_has_no_end_and_can_go_on() -> None:
    inflate = zlib.decompressobj(wbits=31)
    again = compress_again(PING)
    (part,) = compress([Part(0.0, b"")], is_whole=False)
    assert inflate.decompress(part.data + again) + inflate.decompress(again) == PING * 2
    assert not inflate.eof


def test_nothing_is_compressed_to_nothing() -> None:
    assert compress([]) == ()


@given(PARTS.filter(bool))
def test_what_was_compressed_is_what_was_said(parts: list[Part]) -> None:
    assert gzip.decompress(together(compress(parts))) == together(parts)
    inflate = zlib.decompressobj(wbits=31)
    unfinished = compress(parts, is_whole=False)
    assert inflate.decompress(together(unfinished)) == together(parts)
    assert not inflate.eof


@pytest.mark.parametrize(
    ("script", "writes"),
    [
        (Script(), [(0.0, b""), (0.5, "é…\r\n\r\n".encode()), (0.0, b"ab"), (0.1, b"\r\n")]),
        (
            Script(cut="bytes"),
            [
                (0.0, b""),
                (0.5, b"\xc3"),
                (0.0, b"\xa9"),
                (0.0, b"\xe2"),
                (0.0, b"\x80"),
                (0.0, b"\xa6"),
                (0.0, b"\r"),
                (0.0, b"\n"),
                (0.0, b"\r"),
                (0.0, b"\n"),
                (0.0, b"a"),
                (0.0, b"b"),
                (0.1, b"\r"),
                (0.0, b"\n"),
            ],
        ),
        (
            Script(cut="nowhere"),
            [(0.0, b""), (0.5, "é…\r\n\r\nab".encode()), (0.1, b"\r\n")],
        ),
        (
            Script(cut="characters"),
            [
                (0.0, b""),
                (0.5, b"\xc3"),
                (0.0, b"\xa9\xe2"),
                (0.0, b"\x80\xa6\r\n\r\n"),
                (0.0, b"ab"),
                (0.1, b"\r\n"),
            ],
        ),
        (
            Script(cut="line_ends"),
            [
                (0.0, b""),
                (0.5, "é…\r".encode()),
                (0.0, b"\n\r"),
                (0.0, b"\n"),
                (0.0, b"ab"),
                (0.1, b"\r"),
                (0.0, b"\n"),
            ],
        ),
    ],
)
def test_a_stream_is_cut_as_the_script_says(
    script: Script, writes: list[tuple[float, bytes]]
) -> None:
    parts = [
        Part(0.0, b""),
        Part(0.5, "é…\r\n\r\n".encode()),
        Part(0.0, b"ab"),
        Part(0.1, b"\r\n"),
    ]
    assert [(part.after, part.data) for part in recut(parts, script)] == writes


CUTS = st.sampled_from(["events", "bytes", "nowhere", "characters", "line_ends"])


@given(PARTS, st.builds(Script, cut=CUTS))
def test_a_cut_changes_neither_what_is_said_nor_how_long_it_takes(
    parts: list[Part], script: Script
) -> None:
    writes = recut(parts, script)
    assert together(writes) == together(parts)
    assert took(writes) == took(parts)


LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8)
FRAMES = st.lists(
    st.builds(
        lambda data, name: Frame("content", data.encode(), name),
        LINES,
        st.none() | st.sampled_from(["ping", "message_start"]),
    ),
    max_size=4,
)
SCRIPTS = st.builds(
    Script,
    line_end=st.sampled_from(["lf", "crlf", "cr"]),
    space=st.booleans(),
    bom=st.booleans(),
    comments=st.booleans(),
    cut=CUTS,
)


def stream(frames: Iterable[Frame], script: Script) -> list[Part]:
    parts = [Part(0.5, event(frame, script)) for frame in frames]
    return [Part(0.0, prefix(script)), *keep_alive(parts, 0.2, comment(script))]


@given(FRAMES, SCRIPTS)
def test_a_reader_gets_the_same_events_however_they_are_written_and_cut(
    frames: list[Frame], script: Script
) -> None:
    if not script.space:
        # Without the space of its own, an event that begins with one loses it.
        frames = [replace(frame, data=frame.data.lstrip(b" ")) for frame in frames]
    decoder = Decoder()
    parts = recut(stream(frames, script), script)
    got = [event for part in parts for event in decoder.feed(part.data)]
    assert got == [Event(frame.event or "message", frame.data.decode()) for frame in frames]
