"""The bytes of an answer, decompressed in small steps: a few can mean many."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final, cast

import httpx

STEP: Final = 64 * 1024
"""Bytes that are decompressed at once; between two steps all others get their turn."""

# How zlib is told what comes.
_GZIP: Final = zlib.MAX_WBITS | 16
_WINDOWS: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_PLAIN: Final = ("", "identity")


async def decoded(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield the content of an answer as it comes; raises httpx.HTTPError.

    Of codings, gzip and deflate are known, and one alone: httpx.DecodingError is raised for every
    other, and for what is not of its coding.
    """
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as raw:
        if coding in _PLAIN:
            async for piece in raw:
                yield piece
            return
        inflate = _Inflate(coding)
        async for piece in raw:
            for part in inflate.feed(piece):
                yield part
                await asyncio.sleep(0)


class _Inflate:
    def __init__(self, coding: str) -> None:
        if coding not in _WINDOWS:
            raise httpx.DecodingError(f"expected gzip or deflate, got {coding!r}")
        # Some servers send deflate without its header.
        self._may_be_raw = coding == "deflate"
        self._inflating = zlib.decompressobj(_WINDOWS[coding])

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes mean; what follows the end is passed over."""
        while data and not self._inflating.eof:
            if part := self._step(data):
                yield part
            data = self._inflating.unconsumed_tail

    def _step(self, data: bytes) -> bytes:
        try:
            return self._inflating.decompress(data, STEP)
        except zlib.error as error:
            if not self._may_be_raw:
                raise httpx.DecodingError(str(error)) from None
            self._inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        finally:
            self._may_be_raw = False
        return self._step(data)
