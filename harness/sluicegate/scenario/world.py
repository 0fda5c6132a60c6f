"""The world of one scenario: what its sentences prepare, what its client does, what came of it."""

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, get_args

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import Clock

from .client import Kind, ask, connected
from .command import Command
from .exchange import Exchange, Request
from .profile import DEFAULT_VARIANT
from .target import Targets

if TYPE_CHECKING:
    import httpx

CHAT = "/v1/chat/completions"
LONGEST_PROMPT = 1024**3
_JSON = (("content-type", "application/json"),)


@dataclass(slots=True)
class Chat:
    """The chat request that the client sends unless a scenario says otherwise."""

    model: str = "gpt-4"
    prompt: str = "Hello"

    def body(self, **options: object) -> bytes:
        """Return the request as JSON, with further members."""
        message = {"role": "user", "content": self.prompt}
        request = {"model": self.model, "messages": [message], **options}
        return json.dumps(request, ensure_ascii=False).encode()


class World:
    """Everything that one scenario works with; steps call it, and nothing else.

    A context manager: at the end of the scenario its connections are closed, then its servers.
    """

    def __init__(self, targets: Targets) -> None:
        self.command = Command()
        self.chat = Chat()
        self._variant = DEFAULT_VARIANT
        self._targets = targets
        self._kind: Kind = "raw"
        self._exchanges: list[Exchange] = []
        self._open = AsyncExitStack()
        self._client: httpx.AsyncClient | None = None

    @property
    def clock(self) -> Clock:
        """The clock that the scenario runs on."""
        return self._targets.clock

    @property
    def exchange(self) -> Exchange:
        """The client's last exchange."""
        return self._nth(-1)

    @property
    def exchange_before(self) -> Exchange:
        """The exchange before the last one."""
        return self._nth(-2)

    def choose(self, variant: str) -> None:
        """Choose the variant of the provider, before the client has asked it anything."""
        if self._client is not None:
            raise SluicegateError(
                f"the variant {variant!r} comes too late: the client has asked the variant "
                f"{self._variant!r} already; put this sentence before the first request"
            )
        self._variant = variant

    def say(self, size: int) -> None:
        """Let the prompt be a text of that many bytes, at most 1 GiB."""
        if size > LONGEST_PROMPT:
            raise SluicegateError(f"expected a prompt of at most 1 GiB, got {size} bytes")
        self.chat.prompt = "x" * size

    def be(self, kind: str) -> None:
        """Choose the client: "raw", whose bytes the judge reads, or the ordinary "httpx-sse"."""
        known = get_args(Kind)
        if kind not in known:
            raise SluicegateError(f"expected a client of {' or '.join(known)}, got {kind!r}")
        self._kind = kind  # type: ignore[assignment] # it is one of the Kinds

    def ask(self, parameters: str = "", **options: object) -> None:
        """Let the client send the chat request, with query parameters and further members."""
        target = f"{CHAT}?{parameters}" if parameters else CHAT
        self._send(Request("POST", target, _JSON, self.chat.body(**options)))

    def send(self, line: str, body: str | None = None) -> None:
        """Let the client send a request such as "GET /v1/models", with a body that is JSON.

        Raises SluicegateError for a line that is no method and path.
        """
        method, _, target = line.partition(" ")
        if body is None:
            self._send(Request(method, target))
        else:
            self._send(Request(method, target, _JSON, body.encode()))

    def _send(self, request: Request) -> None:
        self._exchanges.append(self.clock.run(self._exchange(request)))

    async def _exchange(self, request: Request) -> Exchange:
        if self._client is None:
            url = await self._open.enter_async_context(
                self._targets.instance("provider", self._variant)
            )
            self._client = await self._open.enter_async_context(connected(url))
        return await ask(self._client, request, self._kind)

    def _nth(self, place: int) -> Exchange:
        if len(self._exchanges) < abs(place):
            raise SluicegateError(
                f"this sentence needs {abs(place)} answer(s), and the client has asked "
                f"{len(self._exchanges)} times so far; a sentence such as "
                '"When the client asks for a stream" comes first'
            )
        return self._exchanges[place]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.command.close()
        self.clock.run(self._open.aclose())
