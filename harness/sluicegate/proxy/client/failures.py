"""What went wrong, said so that whoever reads it knows what to do."""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from .errors import (
    LimitError,
    ProtocolError,
    ProxyError,
    RateLimitedError,
    RequestError,
    ServerError,
    StatusError,
    UnauthorizedError,
    UnreachableError,
)
from .place import Place

_UNTRUSTED: Final = (
    "its certificate is not signed by a trusted authority ({reason}): "
    "pass authorities= with the PEM file of the one that signed it"
)
_OTHER_HOST: Final = (
    "its certificate is another host's: ask it by the name in the certificate, "
    "or have a certificate issued for {host}"
)
# By OpenSSL's numbers: X509_V_ERR_...
_UNVERIFIED: Final[Mapping[int, str]] = {
    9: "its certificate is not valid yet: compare the clocks of both machines",
    10: "its certificate has expired: the proxy needs a new one",
    62: _OTHER_HOST,
    64: _OTHER_HOST,
}

_CAUSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (
        ssl.SSLError,
        "it speaks no TLS that fits: if it serves plain HTTP, its URL begins with http://",
    ),
    (socket.gaierror, "the name {host} cannot be resolved: check its spelling, and the network"),
    (ConnectionRefusedError, "nothing listens there: start the proxy, or correct the port"),
)
_NO_CONNECTION: Final = "no connection could be made: check the address, and the network"
_LOST: Final = (
    "the connection was lost before an answer came: if the proxy serves TLS, its URL begins with "
    "https://"
)

_AUTHORIZE: Final = "pass the proxy's own as token, or as api_key"
_STATUSES: Final[Mapping[int, tuple[type[StatusError], str]]] = {
    401: (UnauthorizedError, _AUTHORIZE),
    403: (UnauthorizedError, _AUTHORIZE),
    404: (RequestError, "make sure that base_url is the proxy's, and that it has this upstream"),
    405: (RequestError, "make sure that base_url is the proxy's"),
    413: (RequestError, "send less: the proxy limits the size of a request"),
    429: (RateLimitedError, "ask again later"),
}
_CLASSES: Final[Mapping[int, tuple[type[StatusError], str]]] = {
    4: (RequestError, "correct the request"),
    5: (ServerError, "ask again later, or look at the proxy's log"),
}

_DAY: Final = 86_400.0
"""Seconds that a proxy can be believed to want one to wait."""


def unanswered(error: httpx.HTTPError, place: Place) -> ProxyError:
    """Return why there was no answer."""
    if isinstance(error, httpx.ConnectTimeout):
        return LimitError(
            f"{place}: no connection was made in time: check the address, and the network",
            "connect",
        )
    words = _no_connection(error) if isinstance(error, httpx.ConnectError) else _LOST
    return UnreachableError(f"{place}: {words.replace('{host}', place.url.host)}")


def _no_connection(error: BaseException) -> str:
    # Whoever asks again in an `except` has the failure before among the causes: the nearest counts.
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            words = _UNVERIFIED.get(cause.verify_code, _UNTRUSTED)
            return words.replace("{reason}", cause.verify_message)
        for kind, words in _CAUSES:
            if isinstance(cause, kind):
                return words
    return _NO_CONNECTION


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__


def refusal(response: httpx.Response, content: bytes, place: Place) -> ProxyError:
    """Return what a status other than 200 means."""
    status = response.status_code
    kind, advice = _STATUSES.get(status) or _CLASSES.get(status // 100) or (None, "")
    name = f"{status} {httpx.codes.get_reason_phrase(status)}".rstrip()
    if kind is None:
        return ProtocolError(
            f"{place} answered {name} in place of 200, and redirections are not followed: "
            "make sure that base_url is the proxy's own"
        )
    error = _error_in(content)
    said, field = (_text(error.get(member)) for member in ("message", "param"))
    wait = _seconds(response.headers)
    words = ": ".join(filter(None, (f"{place} answered {name}", place.masked(_more(said, status)))))
    when = advice if wait is None else f"ask again in {wait:g} s"
    if kind is UnauthorizedError:
        when = f"{'expected another token' if place.token else 'no token was sent'}: {when}"
    return kind(f"{words}: {when}", status, place.masked(field) or None, wait)


def _more(said: str, status: int) -> str:
    """Return what is said, to be gone on with, unless it is no more than the status's name."""
    said = said.strip().removesuffix(".")
    return "" if said.casefold() == httpx.codes.get_reason_phrase(status).casefold() else said


def _error_in(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}  # such as the page of a load balancer
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else {"message": error}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seconds(headers: httpx.Headers) -> float | None:
    """Return what Retry-After says: seconds, or a date, which the answer's own is compared with."""
    told = headers.get("Retry-After", "")
    if told.isascii() and told.isdigit():
        return min(float(told[:9]), _DAY)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, wait.total_seconds()), _DAY)
