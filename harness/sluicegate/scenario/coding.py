"""What a Content-Encoding hides: the bytes of a body as its reader takes them."""

import zlib
from collections.abc import Iterable, Iterator

_GZIP = 16 + zlib.MAX_WBITS


def decoded(
    headers: Iterable[tuple[str, str]], pieces: Iterable[tuple[float, bytes]]
) -> list[tuple[float, bytes]]:
    """Undo gzip piece by piece, each at its time; what is no gzip stays as it is."""
    if not any(name.lower() == "content-encoding" and value == "gzip" for name, value in headers):
        return list(pieces)
    return list(_unzipped(pieces))


def _unzipped(pieces: Iterable[tuple[float, bytes]]) -> Iterator[tuple[float, bytes]]:
    decoder = zlib.decompressobj(_GZIP)
    for time, data in pieces:
        try:
            plain = decoder.decompress(data)
        except zlib.error:
            yield time, data
            return
        if plain:
            yield time, plain
