"""Who may ask: bearer tokens (RFC 6750), compared in constant time."""

import hmac
from collections.abc import Sequence
from typing import Final

from .refusals import RefusedError

_SCHEME: Final = "bearer"


def authorize(shown: Sequence[str], token: str) -> None:
    """Let a request pass that shows the token; everyone may pass where the token is empty.

    `shown` are the values of its `Authorization` headers, decoded as Latin-1. Raises RefusedError,
    the same for whatever is wrong.

    Wrong tokens are not counted: a limit by address would let anyone who shares the address lock
    the others out. What protects a token is its length.
    """
    if token and not hmac.compare_digest(_shown(shown), token.encode()):
        headers = {"WWW-Authenticate": 'Bearer realm="sluicegate"'}
        raise RefusedError("Unauthorized", status=401, headers=headers)


def _shown(values: Sequence[str]) -> bytes:
    if len(values) != 1:
        return b""
    scheme, _, credentials = values[0].strip().partition(" ")
    return credentials.strip().encode("latin-1") if scheme.lower() == _SCHEME else b""
