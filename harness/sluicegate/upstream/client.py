"""An upstream: a provider that is asked for streams in its own wire format, within limits."""

import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, Self

import httpx

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.encoding import encoded
from sluicegate.wire.assistant.message import Usage
from sluicegate.wire.assistant.request import StreamRequest

from .connections import checked_key, checked_url, http_client
from .deltas import Delta
from .errors import UpstreamError
from .exchange import answered
from .formats import FORMATS, FormatName
from .handshake import Handshake
from .limits import Limits, Watch
from .masking import Mask
from .reading import read

_HEADERS: Final = {
    "Accept": "text/event-stream",
    "Content-Type": "application/json",
}
_DEFAULT: Final = Limits()


class Upstream:
    """A provider, to be closed by `aclose` or as a context manager.

    `base_url` is what the paths of its format are appended to, such as `https://api.openai.com/v1`
    or `https://api.anthropic.com`; that of a proxy may have its `/stream/NAME` already. `trust`
    verifies its certificate, by default with the public authorities. With `takes_unmarked_end` an
    answer that has said why it ends need not send `[DONE]`, or `message_stop`. Nothing is tried
    twice. Raises SluicegateError for a URL or a key that cannot be one.
    """

    def __init__(  # noqa: PLR0913 - what an upstream is made of, each with its default
        self,
        base_url: str,
        format_: FormatName,
        *,
        key: str = "",
        limits: Limits = _DEFAULT,
        trust: ssl.SSLContext | None = None,
        takes_unmarked_end: bool = False,
    ) -> None:
        self._url = checked_url(base_url)
        self._format = FORMATS[format_]
        self._limits = limits
        self._takes_unmarked_end = takes_unmarked_end
        self._mask = Mask((key, self._url.netloc.decode("ascii"), self._url.host))
        headers = {**_HEADERS, **self._format.headers(checked_key(key))}
        self._client = http_client(self._url, headers, limits, trust)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def stream(
        self, request: StreamRequest, told: Callable[[Usage], None] = lambda _: None
    ) -> AsyncGenerator[Delta, None]:
        """Ask, and yield what the upstream says as it comes; the last is Finished.

        Raises UpstreamError for every failure. However it ends, also when it is closed, `told` gets
        what the upstream has told of its usage. The request is taken back as soon as the generator
        is closed, or cancelled while it waits: iterate within `contextlib.aclosing`, so that
        whoever leaves or is cancelled elsewhere closes it at once.
        """
        asked, watch = self._asked(request), Watch(self._limits)
        reader = self._format.reader(self._mask, takes_unmarked_end=self._takes_unmarked_end)
        try:
            async with answered(self._client, asked, watch, self._mask) as answer:
                async with aclosing(read(answer, reader, self._mask)) as deltas:
                    async for delta in deltas:
                        yield delta
                await answer.linger()
        except UpstreamError as error:
            error.usage = reader.usage
            raise
        finally:
            told(reader.usage)

    def _asked(self, request: StreamRequest) -> httpx.Request:
        path, body = self._format.request(request)
        url = self._url.copy_with(path=self._format.place(self._url.path, path))
        try:
            content = encoded(body)
        except ValueError:
            raise SluicegateError("the request holds a number that is not finite") from None
        watched = {"trace": Handshake()}
        return self._client.build_request("POST", url, content=content, extensions=watched)
