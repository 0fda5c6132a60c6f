"""Documents as the JSON that providers send: compact, on one line, in raw UTF-8."""

import json

from .frames import Document


def encode(document: Document) -> bytes:
    """Encode a document as compact JSON in UTF-8.

    A document with a lone surrogate, which has no UTF-8 form, is escaped to ASCII as a whole.
    """
    try:
        return _compact(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return _compact(document, ensure_ascii=True).encode()


def _compact(document: Document, *, ensure_ascii: bool) -> str:
    return json.dumps(document, ensure_ascii=ensure_ascii, separators=(",", ":"))
