"""One exchange with a proxy: a request, and the events of its answer, without any limit."""

import asyncio
import re
from contextlib import AsyncExitStack, aclosing, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx
from httpx_sse import EventSource, ServerSentEvent

from sluicegate.errors import SluicegateError
from sluicegate.upstream.content import decoded
from sluicegate.upstream.events import LARGEST, TooLargeError
from sluicegate.upstream.handshake import Handshake
from sluicegate.upstream.limits import LINGER
from sluicegate.wire.assistant.event import Event

from .errors import BrokenStreamError, ProtocolError, ProxyError
from .failures import refusal, unanswered
from .place import Place
from .reading import event_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_EVENTS: Final = "text/event-stream"
_HEADERS: Final = {"Accept": _EVENTS, "Accept-Encoding": "identity", "Cache-Control": "no-store"}

_BLANK_LINE: Final = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")

_LARGEST_REFUSAL: Final = 64 * 1024
_REFUSAL_LIMIT: Final = 1.0
"""Seconds that the body of a refusal may take; its status says enough."""

_BETWEEN: Final = "make sure that the proxy runs, and that nothing between cuts long answers off"


class Exchange:
    """A request, sent when the first event is asked for; to be closed by `aclose`."""

    def __init__(self, client: httpx.AsyncClient, place: Place, body: bytes) -> None:
        self._client = client
        self._place = place
        self._body = body
        self._stack = AsyncExitStack()
        self._events: AsyncGenerator[ServerSentEvent, None] | None = None

    async def event(self) -> Event:
        """Return the next event; raises ProxyError, and SluicegateError if the client is closed."""
        if self._events is None:
            self._events = (await self._opened()).aiter_sse()
            self._stack.push_async_callback(self._events.aclose)
        try:
            async for sse in self._events:
                # Comments can come as events without data.
                if sse.data and (event := event_of(sse.data, self._place)):
                    return event
        except (TooLargeError, httpx.HTTPError) as error:
            raise self._failure(error) from None
        raise self._broken("the answer ended")

    async def linger(self) -> None:
        """Let the answer end by itself for a moment, so that its connection can be used again."""
        if self._events is not None:
            with suppress(TimeoutError, TooLargeError, httpx.HTTPError):
                async with asyncio.timeout(LINGER):
                    async for _ in self._events:
                        pass

    async def aclose(self) -> None:
        """Close the connection, unless the answer was read to its end."""
        await self._stack.aclose()

    async def _opened(self) -> EventSource:
        if self._client.is_closed:
            raise SluicegateError("the client is closed: ask before `aclose`, or make another one")
        asked = self._client.stream(
            "POST",
            self._place.url,
            content=self._body,
            headers={**_HEADERS, **self._place.headers},
            extensions={"trace": Handshake()},
        )
        try:
            response = await self._stack.enter_async_context(asked)
        except httpx.HTTPError as error:
            raise unanswered(error, self._place) from None
        if response.status_code != HTTPStatus.OK:
            raise await self._refused(response)
        content_type: str = response.headers.get("Content-Type", "")
        if _EVENTS not in content_type.partition(";")[0]:
            raise ProtocolError(
                f"expected Content-Type {_EVENTS!r}, got {self._place.masked(content_type)!r} "
                f"from {self._place}: make sure that base_url is the proxy's"
            )
        pieces = _bounded(response)
        self._stack.push_async_callback(pieces.aclose)
        bounded = httpx.Response(HTTPStatus.OK, headers={"Content-Type": _EVENTS}, content=pieces)
        # Event streams are UTF-8 whatever their charset, and may begin with a BOM.
        bounded.encoding = "utf-8-sig"
        return EventSource(bounded)

    async def _refused(self, response: httpx.Response) -> ProxyError:
        content = bytearray()
        # The status says enough where the body cannot be read.
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(_REFUSAL_LIMIT), aclosing(decoded(response)) as pieces:
                async for piece in pieces:
                    content += piece
                    if len(content) > _LARGEST_REFUSAL:
                        break
        return refusal(response, bytes(content), self._place)

    def _failure(self, error: TooLargeError | httpx.HTTPError) -> ProxyError:
        if isinstance(error, TooLargeError):
            return ProtocolError(f"{self._place}: more than {LARGEST} bytes came at once")
        if isinstance(error, httpx.DecodingError):
            return ProtocolError(f"{self._place}: the answer could not be decompressed")
        return self._broken("the connection was lost")

    def _broken(self, how: str) -> ProxyError:
        return BrokenStreamError(f"{self._place}: {how} before its done or error: {_BETWEEN}")


async def _bounded(response: httpx.Response) -> "AsyncGenerator[bytes, None]":
    """Yield the answer's bytes; raise TooLargeError where no event ends among many of them."""
    size, before = 0, b""
    async with aclosing(decoded(response)) as pieces:
        async for piece in pieces:
            size = 0 if _BLANK_LINE.search(before + piece) else size + len(piece)
            if size > LARGEST:
                raise TooLargeError
            before = piece[-3:]
            yield piece
