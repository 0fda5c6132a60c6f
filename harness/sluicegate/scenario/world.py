"""The world of one scenario: what its sentences prepare, what its client does, what came of it."""

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, get_args

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import Clock

from .checks.values import number, quoted
from .client import Kind, ask, connected
from .command import Command
from .exchange import Exchange, Provided, Request
from .profile import DEFAULT_VARIANT
from .target import Targets

if TYPE_CHECKING:
    import httpx

    from sluicegate.provider.journal import Journal

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
        self.command = Command(is_judged=not targets.is_external("provider"))
        self.chat = Chat()
        self._variant = DEFAULT_VARIANT
        self._targets = targets
        self._kind: Kind = "raw"
        self._exchanges: list[Exchange] = []
        self._open = AsyncExitStack()
        self._journal: Journal | None = None
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
        """Choose the variant of the provider, before the client has asked it anything.

        Raises SluicegateError for a variant that nobody knows, and when it is too late.
        """
        self._targets.known("provider", variant)
        if self._client is not None:
            raise SluicegateError(
                f"the variant {quoted(variant)} comes too late: the client has asked the variant "
                f"{quoted(self._variant)} already; put this sentence before the first request"
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
            wanted = " or ".join(map(quoted, known))
            raise SluicegateError(f"expected a client of {wanted}, got {quoted(kind)}")
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
        exchanges = [*self._exchanges, self.clock.run(self._exchange(request))]
        self._exchanges = [
            replace(exchange, number=place, total=len(exchanges))
            for place, exchange in enumerate(exchanges, 1)
        ]

    async def _exchange(self, request: Request) -> Exchange:
        client = self._client or await self._connect()
        earlier = self._noted()
        exchange = await ask(client, request, self._kind)
        if self._journal is None:
            return exchange
        if any(provided.entry.outcome == "open" for provided in self._noted()):
            # The provider is to learn that the client has gone.
            await self.clock.quiesce()
        last = max((provided.entry.number for provided in earlier), default=0)
        return replace(exchange, provided=self._noted(last))

    async def _connect(self) -> "httpx.AsyncClient":
        found = self._targets.instance("provider", self._variant)
        instance = await self._open.enter_async_context(found)
        self._journal = instance.journal
        self._client = await self._open.enter_async_context(connected(instance.url))
        return self._client

    def _noted(self, last: int = 0) -> tuple[Provided, ...]:
        entries = self._journal.entries if self._journal is not None else ()
        return tuple(Provided("the provider", entry) for entry in entries if entry.number > last)

    def _nth(self, place: int) -> Exchange:
        if len(self._exchanges) < abs(place):
            raise SluicegateError(
                f"this sentence needs {number(abs(place), 'answer')}, and the client has asked "
                f"{number(len(self._exchanges), 'time')} so far; a sentence such as "
                '"When the client asks for a stream" comes first'
            )
        return self._exchanges[place]

    def __enter__(self) -> Self:
        self.clock.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.command.close()
        self.clock.run(self._open.aclose())
