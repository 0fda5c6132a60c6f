"""Agents as they are asked: streamed, or plain, within the limits, and with their own keys."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from math import inf
from typing import Final

from sluicegate.upstream.connections import checked_key, checked_url, http_client
from sluicegate.upstream.errors import Headers, UpstreamError
from sluicegate.upstream.events import LARGEST
from sluicegate.upstream.exchange import Answer, answered
from sluicegate.upstream.handshake import Handshake
from sluicegate.upstream.limits import Limits, Watch

from .conversion import Identity
from .documents import Document, completion
from .fallback import Mode
from .reading import Reading
from .request import Asked
from .settings import Agent, Settings

_PATH: Final = "/chat/completions"
_ACCEPT: Final[dict[Mode, str]] = {"streamed": "text/event-stream", "plain": "application/json"}

Opened = AbstractAsyncContextManager[Answer]


@dataclass(frozen=True, slots=True)
class Whole:
    """A complete answer: the text of its JSON as it came, what that says, and the headers."""

    text: str
    document: Document
    headers: Headers


class Stream:
    """A streamed answer; `events` are the data of the client's events, from the first content on.

    `events` raises UpstreamError, and takes the request back when it is closed. `headers` are there
    with the first event. After the last one, `[DONE]`, it goes on for a moment, so that the
    connection can be used again.
    """

    def __init__(self, opened: Opened, watch: Watch, reading: Reading) -> None:
        self.headers: Headers = ()
        self._opened = opened
        self._watch = watch
        self._reading = reading
        self.events = self._events()

    async def _events(self) -> AsyncGenerator[str, None]:
        reading = self._reading
        async with self._opened as answer:
            self.headers = answer.headers
            while not reading.repair.done and (data := await answer.piece()):
                heard, said = reading.heard, reading.repair.said
                for event in reading.feed(data):
                    yield event
                self._note(heard=reading.heard > heard, said=reading.repair.said and not said)
            if not reading.repair.done:
                for event in reading.end():
                    yield event
            await answer.linger()

    def _note(self, *, heard: bool, said: bool) -> None:
        if heard:
            self._watch.heard()
        if said:
            self._watch.said()


class AgentClient:
    """Asks one agent; to be closed by `aclose`.

    Raises SluicegateError for a URL or a key that cannot be one.
    """

    def __init__(self, agent: Agent, settings: Settings) -> None:
        url = checked_url(agent.base_url)
        key = checked_key(agent.key)
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._url = url.copy_with(path=url.path.rstrip("/") + _PATH)
        self._mask = settings.mask
        self._limits: dict[Mode, Limits] = {
            "streamed": settings.limits,
            "plain": Limits(settings.limits.connect, inf, inf, settings.plain_limit),
        }
        self._client = http_client(url, headers, settings.limits)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def stream(self, asked: Asked, otherwise: Identity) -> Stream:
        """Ask for a stream as soon as its events are asked for."""
        watch = Watch(self._limits["streamed"])
        reading = Reading(self._mask, otherwise, with_usage=asked.with_usage)
        return Stream(self._opened(asked, "streamed", watch), watch, reading)

    async def whole(self, asked: Asked) -> Whole:
        """Ask for a complete answer; raises UpstreamError."""
        body = bytearray()
        async with self._opened(asked, "plain", Watch(self._limits["plain"])) as answer:
            while piece := await answer.piece():
                body += piece
                if len(body) > LARGEST:
                    raise UpstreamError("malformed", f"the upstream sent more than {LARGEST} bytes")
        text, document = completion(bytes(body), self._mask)
        return Whole(text, document, answer.headers)

    def _opened(self, asked: Asked, mode: Mode, watch: Watch) -> Opened:
        request = self._client.build_request(
            "POST",
            self._url,
            content=asked.body(mode),
            headers={"Accept": _ACCEPT[mode]},
            extensions={"trace": Handshake()},
        )
        return answered(self._client, request, watch, self._mask)
