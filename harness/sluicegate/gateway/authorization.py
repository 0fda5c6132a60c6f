"""Who may ask: the keys of clients, as bearer tokens (RFC 6750), compared in constant time."""

import hmac
from collections.abc import Sequence
from typing import Final

from .errors import RefusedError, unauthorized

_SCHEME: Final = "bearer"


def authorize(shown: Sequence[str], keys: Sequence[str]) -> None:
    """Let a request pass that shows one of the keys; everyone may pass where there are none.

    `shown` are the values of its `Authorization` headers, decoded as Latin-1. Raises RefusedError,
    the same for whatever is wrong.
    """
    key = _shown(shown)
    # All of them are compared, so that the time does not tell which one it was.
    if keys and not sum(hmac.compare_digest(key, each.encode()) for each in keys):
        raise RefusedError(unauthorized())


def _shown(values: Sequence[str]) -> bytes:
    if len(values) != 1:
        return b""
    scheme, _, credentials = values[0].strip().partition(" ")
    return credentials.strip().encode("latin-1") if scheme.lower() == _SCHEME else b""
