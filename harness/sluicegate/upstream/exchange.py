"""One exchange with an upstream: its bytes within the limits, its failures as UpstreamError."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from typing import Final

import httpx

from .content import decoded
from .documents import words_of
from .errors import Headers, Kind, Limit, UpstreamError
from .limits import LINGER, Watch
from .masking import Mask

LARGEST_ERROR: Final = 64 * 1024
"""Bytes of an error's body that are read."""

# Seconds, or a date.
_TIME: Final = re.compile(r"[0-9A-Za-z,.:+ -]{1,40}")

_Words = tuple[Kind, str]

_LOST: Final[_Words] = ("connection", "the connection to the upstream was lost before it answered")
_BROKEN: Final[_Words] = ("broken", "the connection to the upstream was lost during its answer")

# The first that fits counts.
_KINDS: Final[tuple[tuple[type[httpx.HTTPError], _Words], ...]] = (
    (httpx.ConnectTimeout, ("timeout", "the upstream did not accept a connection in time")),
    (httpx.ConnectError, ("connection", "no connection to the upstream could be made")),
    (httpx.DecodingError, ("malformed", "the upstream's answer could not be decompressed")),
)


class Answer:
    """The answer of an upstream, whose status is 200."""

    def __init__(self, response: httpx.Response, watch: Watch) -> None:
        self.content_type: str = response.headers.get("Content-Type", "")
        self.headers: Headers = tuple(response.headers.multi_items())
        self.watch = watch
        self._pieces = decoded(response)

    async def piece(self) -> bytes:
        """Return the next bytes, none at the clean end; raises UpstreamError."""
        with _mapped(_BROKEN):
            async with self.watch.limit():
                return await anext(self._pieces, b"")

    async def linger(self) -> None:
        """Let the answer end by itself for a moment, so that its connection can be used again."""
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(LINGER):
                while await anext(self._pieces, b""):
                    pass

    async def aclose(self) -> None:
        """Read no more."""
        await self._pieces.aclose()


@asynccontextmanager
async def answered(
    client: httpx.AsyncClient, request: httpx.Request, watch: Watch, mask: Mask
) -> AsyncIterator[Answer]:
    """Send a request and open the answer; raises UpstreamError for a status other than 200.

    The connection is closed on leaving, unless the answer has been read to its end.
    """
    with _mapped(_LOST):
        async with watch.limit():
            response = await client.send(request, stream=True)
    try:
        if response.status_code != HTTPStatus.OK:
            raise await _refused(response, watch, mask)
        async with watch.enforced(response.aclose), aclosing(Answer(response, watch)) as answer:
            yield answer
    finally:
        await response.aclose()


@contextmanager
def _mapped(otherwise: _Words) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        found = (words for kind, words in _KINDS if isinstance(error, kind))
        kind, message = next(found, otherwise)
        limit: Limit | None = "connect" if kind == "timeout" else None
        # What httpx says itself may quote the upstream, and name hosts.
        raise UpstreamError(kind, message, limit=limit) from None


async def _refused(response: httpx.Response, watch: Watch, mask: Mask) -> UpstreamError:
    status = response.status_code
    body = bytearray()
    # The status says enough where the body cannot be read.
    with suppress(UpstreamError):
        async with aclosing(Answer(response, watch)) as answer:
            while len(body) < LARGEST_ERROR and (piece := await answer.piece()):
                body += piece
    return UpstreamError(
        "status",
        f"the upstream answered {status}",
        said=mask(_words(bytes(body))),
        status=status,
        retry_after=_retry_after(response),
        headers=tuple(response.headers.multi_items()),
    )


def _retry_after(response: httpx.Response) -> str | None:
    told = response.headers.get("Retry-After", "")
    return told if _TIME.fullmatch(told) else None


def _words(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""  # such as the page of a load balancer
    return words_of(document) if isinstance(document, dict) else ""
