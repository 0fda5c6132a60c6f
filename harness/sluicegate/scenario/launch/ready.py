"""Readiness: waiting for an instance, and resetting one."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
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
    """Ask until an instance is ready, or has ended; return what is wrong, "" when nothing is."""
    trouble = "did not answer"
    try:
        async with connected(url) as client, asyncio.timeout(max(ready.within, PROBE_EVERY)):
            # Another process sets no event: it is asked again and again.
            while trouble := await _probe(client, ready, headers):
                if has_ended():
                    break
                await asyncio.sleep(PROBE_EVERY)
    except TimeoutError:
        pass
    return trouble and f"GET {url}{ready.path} {trouble}"


async def _probe(client: httpx.AsyncClient, ready: Readiness, headers: Mapping[str, str]) -> str:
    try:
        response = await client.get(ready.path, headers=headers, timeout=PROBE_LIMIT)
    except httpx.HTTPError as error:
        return f"failed ({type(error).__name__}: {error})"
    if response.status_code in ready.statuses:
        return ""
    wanted = " or ".join(map(str, ready.statuses))
    return f"answered {response.status_code}, expected {wanted}"


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
