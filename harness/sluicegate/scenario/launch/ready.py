"""Readiness: waiting for an instance, and resetting one."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

import httpx

from sluicegate.errors import NotJudgedError
from sluicegate.scenario.client import ask, connected
from sluicegate.scenario.exchange import Request
from sluicegate.scenario.profile import Readiness

from .limits import PROBE_EVERY, PROBE_LIMIT, RESET_LIMIT

HasEnded = Callable[[], bool]
"""Tells whether there is nothing left to wait for."""


def _never() -> bool:
    return False


async def wait_until_ready(
    url: str, ready: Readiness, headers: Mapping[str, str], has_ended: HasEnded = _never
) -> str:
    """Ask until what was started is ready, or has ended; return what is wrong, "" if nothing is."""
    wanted = replace(ready, statuses=ready.statuses or _USUAL)
    return (await _asked(url, wanted, headers, has_ended)).trouble


async def wait_until_found(
    url: str, ready: Readiness, headers: Mapping[str, str], *, is_looked_at: bool
) -> str:
    """Ask until a system that somebody else runs is ready; return what is wrong, and what to do.

    Of one that is looked at afterwards, it is enough that it takes connections, unless the profile
    says what it answers. "" when nothing is wrong.
    """
    seen = await _asked(url, ready, headers, _never)
    if not seen.trouble or (seen.is_there and is_looked_at and not ready.statuses):
        return ""
    if seen.advice:
        return f"{seen.trouble}; {seen.advice}"
    what = "its url and ready in the profile" if ready.statuses else "its url"
    return f"{seen.trouble}, asked for {ready.within:g} s; start it, or correct {what}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a question has shown; with an advice, there is nothing to wait for.

    `is_there` tells whether anybody has taken the connection.
    """

    trouble: str = ""
    advice: str = ""
    is_there: bool = False


async def _asked(
    url: str, ready: Readiness, headers: Mapping[str, str], has_ended: HasEnded
) -> _Seen:
    seen = _Seen("did not answer")
    try:
        async with connected(url) as client, asyncio.timeout(max(ready.within, PROBE_EVERY)):
            # Another process sets no event: it is asked again and again.
            while (seen := await _probe(client, ready, headers)).trouble:
                if has_ended() or seen.advice:
                    break
                await asyncio.sleep(PROBE_EVERY)
    except TimeoutError:
        pass
    return replace(seen, trouble=seen.trouble and f"GET {url}{ready.path} {seen.trouble}")


async def _probe(client: httpx.AsyncClient, ready: Readiness, headers: Mapping[str, str]) -> _Seen:
    try:
        response = await client.get(ready.path, headers=headers, timeout=PROBE_LIMIT)
    except httpx.HTTPError as error:
        return _failed(error, ready)
    if not ready.statuses or response.status_code in ready.statuses:
        return _Seen()
    wanted = " or ".join(map(str, ready.statuses))
    return _Seen(f"answered {response.status_code}, expected {wanted}", is_there=True)


def _failed(error: httpx.HTTPError, ready: Readiness) -> _Seen:
    tls = _of_tls(error)
    if tls is not None:
        return _untrusted(tls)
    is_there = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    if isinstance(error, httpx.ReadTimeout) and not ready.statuses:
        return _Seen()
    return _Seen(f"failed ({type(error).__name__}: {error})", is_there=is_there)


def _of_tls(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _untrusted(error: ssl.SSLError) -> _Seen:
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = (error.reason or str(error)).replace("_", " ").lower()
        advice = "if it speaks no TLS there, let its url begin with http://"
        return _Seen(f"failed at TLS ({reason})", advice)
    advice = _CERTIFICATES.get(error.verify_code, _OF_TRUST)
    said = f"was not sent, as its certificate is not trusted ({error.verify_message})"
    return _Seen(said, advice)


_OF_TRUST: Final = (
    "name a file with a certificate that is to be trusted, its own or its authority's, by the"
    " environment variable SSL_CERT_FILE"
)
_NAMED: Final = "let its url name a host that the certificate is for"
_CERTIFICATES: Final[Mapping[int, str]] = {10: "renew it", 62: _NAMED, 64: _NAMED}
"""What to do about a certificate that is not trusted, by OpenSSL's number of the reason."""

_USUAL: Final = (200,)


async def warm(url: str, request: Request) -> None:
    """Ask an instance once, whatever it answers: its first answer is slower than all others."""
    async with connected(url) as client:
        await ask(client, request, leave=RESET_LIMIT)


async def listens(url: str) -> bool:
    """Tell whether an instance that was ready still takes connections.

    It is asked nothing: the path that tells that it is ready may be costly.
    """
    place = urlsplit(url)
    try:
        async with asyncio.timeout(PROBE_LIMIT):
            _, writer = await asyncio.open_connection(place.hostname, place.port)
    except OSError:  # TimeoutError is one
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def reset(url: str, path: str, headers: Mapping[str, str]) -> None:
    """Let an instance be as if it had just started.

    Raises NotJudgedError, which blames the profile, where it does not.
    """
    async with connected(url) as client:
        try:
            answer = await client.post(path, headers=headers, timeout=RESET_LIMIT)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            raise NotJudgedError(
                f"POST {url}{path}, by which the profile resets the system, failed: {said}; "
                "correct `reset` in the profile, or choose another isolation",
                blame="the profile",
            ) from None
