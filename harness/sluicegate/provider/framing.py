"""The bytes of a stream: how events are written, compressed, and cut into writes."""

import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from .answer import Part
from .frames import Frame
from .script import Cut, LineEnd, Script

_LINE_ENDS: Final[dict[LineEnd, bytes]] = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}

_GZIP: Final = 16 + zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS
_MICROSECONDS: Final = 1_000_000

# A zero-width match: where a character goes on, and where a line end does.
_INSIDE_CHARACTER = re.compile(rb"(?<=[\xc2-\xf4])(?=[\x80-\xbf])")
_INSIDE_LINE_END = re.compile(rb"(?<=\r)(?=\n)")


def prefix(script: Script) -> bytes:
    """Return what a stream begins with, before its first event or comment."""
    return BOM_UTF8 if script.bom else b""


def _is_plain(script: Script) -> bool:
    return script.line_end == "lf" and script.space and not script.comments


def event(frame: Frame, script: Script) -> bytes:
    """Write one event with the blank line that ends it, after a comment if the script wants one."""
    if frame.event is None and _is_plain(script):
        return b"data: " + frame.data + b"\n\n"
    end = _LINE_ENDS[script.line_end]
    colon = b": " if script.space else b":"
    name = b"" if frame.event is None else b"event" + colon + frame.event.encode() + end
    before = comment(script) if script.comments else b""
    return before + name + b"data" + colon + frame.data + end + end


def comment(script: Script) -> bytes:
    """Write the comment that keeps a connection alive, with a blank line."""
    return b": keep-alive" + _LINE_ENDS[script.line_end] * 2


def keep_alive(parts: Iterable[Part], interval: float, data: bytes) -> tuple[Part, ...]:
    """Break every wait that is longer than `interval` seconds up by writes of `data`.

    Waits are exact to the microsecond, and so are their sums.
    """
    step = round(interval * _MICROSECONDS)
    return tuple(broken for part in parts for broken in _broken_up(part, step, data))


def _broken_up(part: Part, step: int, data: bytes) -> Iterator[Part]:
    wait = round(part.after * _MICROSECONDS)
    if wait <= step:
        yield part
        return
    writes = (wait - 1) // step
    yield from [Part(step / _MICROSECONDS, data)] * writes
    yield Part((wait - writes * step) / _MICROSECONDS, part.data)


def compress(parts: Iterable[Part], *, is_whole: bool = True) -> tuple[Part, ...]:
    """Compress with gzip, so that a client can read each part as soon as it arrives.

    The first part begins the gzip stream, even an empty one; the last one ends a whole stream.
    """
    flush = _flusher(_GZIP)
    flushed = [Part(part.after, flush(part.data, zlib.Z_SYNC_FLUSH)) for part in parts]
    if is_whole and flushed:
        flushed[-1] = replace(flushed[-1], data=flushed[-1].data + flush(b"", zlib.Z_FINISH))
    return tuple(flushed)


def compress_again(data: bytes) -> bytes:
    """Compress what can follow a gzip stream that is not whole, as often as it is written."""
    return _flusher(_RAW)(data, zlib.Z_SYNC_FLUSH)


def _flusher(format_: int) -> Callable[[bytes, int], bytes]:
    compressor = zlib.compressobj(wbits=format_)

    def flush(data: bytes, mode: int) -> bytes:
        # Where nothing was compressed since the last flush, there is nothing to flush.
        return (compressor.compress(data) if data else b"") + compressor.flush(mode)

    return flush


def recut(parts: Iterable[Part], script: Script) -> tuple[Part, ...]:
    """Cut a stream into writes as the script says; what follows a cut comes at once."""
    return tuple(_CUTS[script.cut](parts))


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    writes: list[list[Part]] = []
    for part in parts:
        if writes and part.after == 0:
            writes[-1].append(part)
        else:
            writes.append([part])
    return (
        Part(first.after, b"".join(part.data for part in (first, *others)))
        for first, *others in writes
    )


def _cut(pieces: Callable[[bytes], list[bytes]]) -> "_Cut":
    def cut(parts: Iterable[Part]) -> Iterator[Part]:
        for part in parts:
            first, *others = pieces(part.data) or [b""]
            yield Part(part.after, first)
            yield from (Part(0.0, piece) for piece in others)

    return cut


def _bytes(data: bytes) -> list[bytes]:
    return [bytes((byte,)) for byte in data]


_Cut = Callable[[Iterable[Part]], Iterator[Part]]
_CUTS: Final[dict[Cut, _Cut]] = {
    "events": iter,
    "bytes": _cut(_bytes),
    "nowhere": _joined,
    "characters": _cut(_INSIDE_CHARACTER.split),
    "line_ends": _cut(_INSIDE_LINE_END.split),
}
