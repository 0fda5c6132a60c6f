"""What an answer says: its bytes, whatever they turn out to be, read into deltas as they come."""

import re
from codecs import BOM_UTF8
from collections.abc import AsyncGenerator, Iterator
from typing import Final

from .deltas import Delta
from .documents import parsed
from .errors import UpstreamError
from .events import LARGEST, Events, TooLargeError
from .exchange import Answer
from .formats import Reader
from .limits import Watch
from .masking import Mask

_PING: Final = re.compile(r'\s*\{\s*"type"\s*:\s*"ping"')


async def read(answer: Answer, reader: Reader, mask: Mask) -> AsyncGenerator[Delta, None]:
    """Yield what an answer says; raises UpstreamError."""
    data = await _beginning(answer)
    # The content type may be wrong: what it is shows by itself.
    if data.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
        document = parsed(await _all(answer, data), "the upstream's answer", mask)
        for delta in reader.whole(document):
            yield delta
        return
    is_empty, events = not data, Events()
    while data:
        for delta in _said(events, data, reader, answer.watch):
            yield delta
        data = b"" if reader.done else await answer.piece()
    if not events.any:
        got = "an empty answer" if is_empty else repr(mask(answer.content_type))
        raise UpstreamError("malformed", f"expected a stream of events, got {got}")
    for delta in reader.end():
        yield delta


async def _beginning(answer: Answer) -> bytes:
    data = bytearray()
    while piece := await answer.piece():
        data += piece
        if piece.strip():
            break
        if len(data) > LARGEST:
            raise _too_large()
    return bytes(data)


async def _all(answer: Answer, beginning: bytes) -> bytes:
    data = bytearray(beginning)
    while piece := await answer.piece():
        data += piece
        if len(data) > LARGEST:
            raise _too_large()
    return bytes(data)


def _said(events: Events, data: bytes, reader: Reader, watch: Watch) -> Iterator[Delta]:
    try:
        for event in events.feed(data):
            if not _PING.match(event.data):
                watch.heard()
            for delta in reader.feed(event):
                watch.said()
                yield delta
    except TooLargeError:
        raise _too_large() from None


def _too_large() -> UpstreamError:
    return UpstreamError("malformed", f"the upstream sent more than {LARGEST} bytes at once")
