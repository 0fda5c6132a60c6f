"""Who may ask: whoever shows a key, as a bearer token (RFC 6750); without keys, no web page."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sluicegate.runtime.pages import is_foreign, is_misled

from .errors import RefusedError, bad_input, unauthorized

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


def refuse_pages(origin: str | None, host: str, scope: Mapping[str, Any]) -> None:
    """Let a request pass that no web page makes, or one of this gateway's own host.

    For gateways without keys: a page could ask without being able to read the answer. `origin` and
    `host` are the request's headers, `scope` is ASGI's. Raises RefusedError.
    """
    if is_foreign(origin, host):
        raise RefusedError(bad_input(403, "web pages of this origin may not ask"))
    if is_misled(host, scope):
        message = "without keys, this gateway is for this machine: ask it as localhost, or set keys"
        raise RefusedError(bad_input(421, message))


def _shown(values: Sequence[str]) -> bytes:
    if len(values) != 1:
        return b""
    scheme, _, credentials = values[0].strip().partition(" ")
    return credentials.strip().encode("latin-1") if scheme.lower() == _SCHEME else b""
