"""What a Content-Encoding hides: the bytes of a body as its reader takes them."""

import zlib
from collections.abc import Iterable, Iterator

_GZIP = 16 + zlib.MAX_WBITS


def decoded(
    headers: Iterable[tuple[str, str]], pieces: Iterable[tuple[float, bytes]]
) -> list[tuple[float, bytes]]:
    """Undo gzip piece by piece, each at its time; what is none, or follows it, stays as it is."""
    if not any(name.lower() == "content-encoding" and value == "gzip" for name, value in headers):
        return list(pieces)
    return list(_unzipped(iter(pieces)))


def _unzipped(pieces: Iterator[tuple[float, bytes]]) -> Iterator[tuple[float, bytes]]:
    decoder = zlib.decompressobj(_GZIP)
    for time, data in pieces:
        try:
            plain = decoder.decompress(data) + decoder.unused_data
        except zlib.error:
            plain, is_over = data, True
        else:
            is_over = decoder.eof
        if plain:
            yield time, plain
        if is_over:
            yield from pieces
