import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.content import STEP, decoded

WORDS = b"data: Hello\n\n" * 9
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)


async def pieces(coding: str, *sent: bytes) -> AsyncIterator[bytes]:
    async def content() -> AsyncIterator[bytes]:
        for each in sent:
            yield each

    response = httpx.Response(200, headers={"Content-Encoding": coding}, content=content())
    async with aclosing(decoded(response)) as found:
        async for piece in found:
            yield piece


async def whole(coding: str, *sent: bytes) -> bytes:
    return b"".join([piece async for piece in pieces(coding, *sent)])


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("", WORDS),
        ("Identity", WORDS),
        ("gzip", gzip.compress(WORDS, mtime=0)),
        (" X-GZIP", gzip.compress(WORDS, mtime=0) + b"and more"),
        ("deflate", zlib.compress(WORDS)),
        ("deflate", RAW.compress(WORDS) + RAW.flush()),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_content_is_decompressed_wherever_it_is_cut(
    clock: SimulatedClock, coding: str, data: bytes, size: int
) -> None:
    if coding == "deflate" and size == 1 and data[0] != zlib.compress(b"")[0]:
        size = 2  # one byte alone could begin either
    sent = [data[at : at + size] for at in range(0, len(data), size)]
    assert clock.run(whole(coding, *sent)) == WORDS


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,identity", "br", "zstd", "gzip", "deflate"])
def test_what_is_of_no_known_coding_is_refused(clock: SimulatedClock, coding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        clock.run(whole(coding, WORDS))


def test_much_in_little_comes_in_steps_between_which_others_go_on(clock: SimulatedClock) -> None:
    bomb = gzip.compress(bytes(64 * STEP))

    async def count() -> tuple[int, int]:
        turns, other = 0, asyncio.Event()

        async def go_on() -> None:
            nonlocal turns
            while not other.is_set():
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(go_on())
        sizes = [len(piece) async for piece in pieces("gzip", bomb)]
        other.set()
        await task
        assert sum(sizes) == 64 * STEP
        return max(sizes), turns

    tracemalloc.start()
    try:
        largest, turns = clock.run(count())
        assert tracemalloc.get_traced_memory()[1] < 16 * STEP
    finally:
        tracemalloc.stop()
    assert largest <= STEP
    assert turns >= 64
