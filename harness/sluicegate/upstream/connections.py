"""HTTP clients of upstreams, each for one address, and what they are made of."""

import math
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Final

import httpx

from sluicegate.errors import SluicegateError

from .limits import Limits

# Requests never wait for one another.
_CONNECTIONS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=100)

# What is compressed comes late, and may be more than it seems.
_HEADERS: Final = {"Accept-Encoding": "identity", "User-Agent": "sluicegate"}


def http_client(
    url: httpx.URL, headers: Mapping[str, str], limits: Limits, trust: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """Make a client that sends these headers, and follows no redirect; of the limits, `connect`.

    `trust` verifies certificates, by default with the public authorities.
    """
    connect = None if math.isinf(limits.connect) else limits.connect
    return httpx.AsyncClient(
        headers={**_HEADERS, **headers},
        limits=_CONNECTIONS,
        timeout=httpx.Timeout(None, connect=connect),
        trust_env=False,
        verify=trust or _trust(url.scheme),
    )


def checked_url(text: str) -> httpx.URL:
    """Return the base URL of an upstream; raises SluicegateError for a text that is none."""
    # The text may hold a password: it is not shown.
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise SluicegateError("expected a URL as the base URL, got one with mistakes") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.fragment:
        raise SluicegateError(
            "expected a base URL such as https://api.openai.com/v1, without user, password or #, "
            f"got one with scheme {url.scheme!r} and host {url.host!r}"
        )
    return url


def checked_key(key: str) -> str:
    """Return a key that a header can carry; raises SluicegateError for any other."""
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise SluicegateError(
            f"expected visible ASCII characters as the key, got {len(key)} others"
        )
    return key


@cache
def _trust(scheme: str) -> ssl.SSLContext:
    if scheme == "https":
        return ssl.create_default_context()
    # Reading the authorities takes longer than most requests, and plain HTTP needs none.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
