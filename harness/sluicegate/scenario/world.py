"""The world of one scenario: what its sentences prepare, what its client does, what came of it."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, get_args

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.journal import Entry
from sluicegate.provider.token import mark
from sluicegate.runtime.clock import Clock

from .checks.values import number, quoted
from .client import Kind, ask, connected
from .command import Command
from .exchange import Exchange, Provided, Request
from .planning import Dialect, Planning
from .profile import DEFAULT_VARIANT
from .target import PROVIDER, Targets

if TYPE_CHECKING:
    import httpx

    from .control import Control

LONGEST_PROMPT = 1024**3

NOTICE = 1.0
"""Seconds on the clock in which a provider's journal must have noted that the client has gone."""

_JSON = (("content-type", "application/json"),)

_PATHS: Mapping[Dialect, str] = {"OpenAI": "/v1/chat/completions", "Anthropic": "/v1/messages"}
_REQUIRED: Mapping[Dialect, Mapping[str, object]] = {
    "OpenAI": {},
    "Anthropic": {"max_tokens": 1024},
}


@dataclass(slots=True)
class Chat:
    """The request that the client sends unless a scenario says otherwise.

    `mark` is what the prompt ends with, so that the provider knows whose request it is.
    """

    model: str = "gpt-4"
    prompt: str = "Hello"
    mark: str = ""
    dialect: Dialect = "OpenAI"
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """The path that the request goes to."""
        return _PATHS[self.dialect]

    def body(self, **options: object) -> bytes:
        """Return the request as JSON, with further members."""
        prompt = f"{self.prompt} {self.mark}" if self.mark else self.prompt
        message = {"role": "user", "content": prompt}
        members = {"model": self.model, **_REQUIRED[self.dialect], "messages": [message]}
        return json.dumps(members | options, ensure_ascii=False).encode()


class World:
    """Everything that one scenario works with; steps call it, and nothing else.

    A context manager: at the end of the scenario its connections are closed, then its servers.
    """

    def __init__(self, targets: Targets) -> None:
        self.command = Command(is_judged=not targets.is_external("provider"))
        self.chat = Chat()
        self.plan = Planning()
        self._variant = DEFAULT_VARIANT
        self._targets = targets
        self._kind: Kind = "raw"
        self._exchanges: list[Exchange] = []
        self._open = AsyncExitStack()
        self._control: Control | None = None
        self._agent, self._seen, self._trouble = PROVIDER, 0, ""
        self._client: httpx.AsyncClient | None = None
        self._filed: dict[str, Any] | None = None
        self._token = targets.token()

    @property
    def clock(self) -> Clock:
        """The clock that the scenario runs on."""
        return self._targets.clock

    @property
    def exchange(self) -> Exchange:
        """The client's last exchange."""
        return self._nth(-1)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges of the client, at least one."""
        self._nth(-1)
        return tuple(self._exchanges)

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

    def speak(self, dialect: str) -> None:
        """Choose the wire format that the client speaks, one of `Dialect`."""
        self.chat.dialect = dialect  # type: ignore[assignment] # the sentence accepts no other

    def bear(self, name: str, value: str) -> None:
        """Let the client's requests bear a header."""
        self.chat.headers += ((name, value),)

    def ask(self, parameters: str = "", *, leave: float | None = None, **options: object) -> None:
        """Let the client send the chat request, with query parameters and further members.

        It goes away after `leave` seconds, if that is given. Raises SluicegateError for a client
        that goes away before anything can come.
        """
        if leave == 0:
            raise SluicegateError("a client that goes away after 0 ms sees nothing: give it time")
        if self.plan or self._targets.is_external(PROVIDER):
            self.chat.mark = mark(self._token)
        target = f"{self.chat.path}?{parameters}" if parameters else self.chat.path
        headers = _JSON + self.chat.headers
        self._send(Request("POST", target, headers, self.chat.body(**options)), leave)

    def ask_often(self, times: int) -> None:
        """Let the client send the chat request so many times, one after the other."""
        for _ in range(times):
            self.ask()

    def send(self, line: str, body: str | None = None) -> None:
        """Let the client send a request such as "GET /v1/models", with a body that is JSON.

        Raises SluicegateError for a line that is no method and path, and where the provider has a
        plan, which such a request would not meet.
        """
        if self.plan:
            raise SluicegateError(
                "the provider's answer was planned for the client's own request, as in "
                '"When the client asks for a stream": a request that is written out does not bear '
                "the token that the plan is filed under"
            )
        method, _, target = line.partition(" ")
        if body is None:
            self._send(Request(method, target, self.chat.headers))
        else:
            self._send(Request(method, target, _JSON + self.chat.headers, body.encode()))

    def _send(self, request: Request, leave: float | None = None) -> None:
        exchanges = [*self._exchanges, self.clock.run(self._exchange(request, leave))]
        self._exchanges = [
            replace(exchange, number=place, total=len(exchanges))
            for place, exchange in enumerate(exchanges, 1)
        ]

    async def _exchange(self, request: Request, leave: float | None) -> Exchange:
        client = self._client or await self._connect()
        await self._file()
        if self._control is None:
            return await ask(client, request, self._kind, leave)
        exchange = await ask(client, request, self._kind, leave)
        entries = await self._noted(self._control)
        self._seen = max((entry.number for entry in entries), default=self._seen)
        provided = tuple(Provided("the provider", entry) for entry in entries)
        return replace(exchange, provided=provided)

    async def _noted(self, control: "Control") -> tuple[Entry, ...]:
        """Return the new entries; the provider is to learn first that the client has gone."""
        limit = self.clock.time() + NOTICE
        while True:
            await self.clock.quiesce()
            entries = await control.entries(self._agent, self._sought, self._seen)
            if all(entry.outcome != "open" for entry in entries) or self.clock.time() > limit:
                return entries
            await asyncio.sleep(NOTICE / 100)

    @property
    def _sought(self) -> str | None:
        """The token of the entries to look for; all that are new, where requests bear none."""
        return self._token if self.chat.mark else None

    async def _file(self) -> None:
        plan = self.plan.document(self.chat.dialect) if self.plan else None
        if plan is None or plan == self._filed:
            return
        if self._filed is not None:
            raise SluicegateError(
                "a sentence about the provider's answers comes too late: the client has asked for "
                "them already; put it above the request that meets them first"
            )
        if self._control is None:
            pytest.skip(f"not claimed: the provider takes no plans: {self._trouble}")
        await self._control.file(self._agent, plan, self._token)
        self._filed = plan

    async def _connect(self) -> "httpx.AsyncClient":
        found = self._targets.instance(PROVIDER, self._variant)
        instance = await self._open.enter_async_context(found)
        self._control, self._agent = instance.control, instance.agent
        self._seen, self._trouble = instance.seen, instance.trouble
        self._client = await self._open.enter_async_context(connected(instance.url))
        return self._client

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
