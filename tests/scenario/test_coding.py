import gzip
import zlib

import pytest

from sluicegate.scenario.coding import decoded

GZIP = (("Content-Type", "text/event-stream"), ("content-ENCODING", "gzip"))
EVENTS = [(1.0, b"data: 1\n\n"), (1.1, b"data: 2\n\n"), (1.3, b"data: [DONE]\n\n")]


def zipped(pieces: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return [
        (time, compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))
        for time, data in pieces
    ]


def test_each_piece_is_read_at_its_own_time() -> None:
    assert decoded(GZIP, zipped(EVENTS)) == EVENTS


def test_a_piece_that_holds_nothing_yet_is_none() -> None:
    head, body = gzip.compress(b"Hello", mtime=0)[:10], gzip.compress(b"Hello", mtime=0)[10:]
    assert decoded(GZIP, [(1.0, head), (2.0, body)]) == [(2.0, b"Hello")]


@pytest.mark.parametrize("headers", [(), (("Content-Encoding", "identity"),), (("X", "gzip"),)])
def test_without_gzip_the_bytes_are_what_they_are(headers: tuple[tuple[str, str], ...]) -> None:
    pieces = zipped(EVENTS)
    assert decoded(headers, pieces) == pieces


def test_what_claims_to_be_gzip_and_is_none_stays_as_it_is() -> None:
    assert decoded(GZIP, EVENTS) == EVENTS


def test_what_follows_the_end_of_gzip_stays_as_it_is() -> None:
    pieces = [(1.0, gzip.compress(b"Hello") + b"one"), (2.0, b"two")]
    assert decoded(GZIP, pieces) == [(1.0, b"Helloone"), (2.0, b"two")]


def test_a_stream_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    (time, data), *_ = zipped(EVENTS)
    assert decoded(GZIP, [(time, data[:-6])])[0][1] in (b"data: 1\n\n"[:n] for n in range(10))


def test_no_pieces_are_no_bytes() -> None:
    assert decoded(GZIP, []) == []
