import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sluicegate.provider.app import create_app
from sluicegate.provider.journal import Entry, Journal
from sluicegate.provider.plan import Plan
from sluicegate.provider.transport import FaultyServer
from sluicegate.runtime.clock import SimulatedClock

CHAT = "/v1/chat/completions"
HELLO = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}
NO_LIMIT = httpx.Timeout(None)

Body = bytes | AsyncIterator[bytes]
Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: httpx.Headers
    body: bytes
    headers_after: float
    took: float

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def error(self) -> dict[str, str | None]:
        error: dict[str, str | None] = self.document["error"]
        return error


class Provider:
    def __init__(self, clock: SimulatedClock, client: httpx.AsyncClient, journal: Journal) -> None:
        self.clock = clock
        self.client = client
        self.journal = journal

    @property
    def last(self) -> Entry:
        return self.journal.entries[-1]

    def chat(self, query: str = "", **fields: object) -> Reply:
        return self.request("POST", CHAT + query, json.dumps(HELLO | fields).encode())

    def request(
        self, method: str, target: str, body: Body = b"", headers: Headers | None = None
    ) -> Reply:
        return self.clock.run(self._request(method, target, body, headers or {}))

    def chat_and_leave(self, query: str, after: float) -> None:
        self.clock.run(self._leave(query, after))

    def pace(self) -> list[tuple[float, bytes]]:
        return [(round(w.at - self.last.started, 9), w.data) for w in self.last.writes]

    async def _request(self, method: str, target: str, body: Body, headers: Headers) -> Reply:
        began = self.clock.time()
        async with self.client.stream(method, target, content=body, headers=headers) as response:
            headers_after = self.clock.time() - began
            content = await response.aread()
        took = self.clock.time() - began
        return Reply(response.status_code, response.headers, content, headers_after, took)

    async def _leave(self, query: str, after: float) -> None:
        task = asyncio.create_task(
            self._request("POST", CHAT + query, json.dumps(HELLO).encode(), {})
        )
        await asyncio.sleep(after)
        task.cancel()
        await asyncio.wait([task])
        await self.clock.quiesce()


@pytest.fixture(scope="session")
def trust() -> ssl.SSLContext:
    # Made once: reading the CA files takes longer than most of these tests.
    return ssl.create_default_context()


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock


@pytest.fixture
def provide(clock: SimulatedClock, trust: ssl.SSLContext) -> Iterator[Callable[..., Provider]]:
    async def start(plan: Plan | None, options: dict[str, Any]) -> Provider:
        journal = Journal()
        app = create_app(plan, journal=journal, unix=clock.unix, settle=clock.quiesce, **options)
        server = await stack.enter_async_context(FaultyServer(app))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=server.url, timeout=NO_LIMIT, trust_env=False, verify=trust)
        )
        return Provider(clock, client, journal)

    def provide(plan: Plan | None = None, **options: object) -> Provider:
        return clock.run(start(plan, options))

    stack = AsyncExitStack()
    with ExitStack() as closing:
        closing.callback(lambda: clock.run(stack.aclose()))
        yield provide


@pytest.fixture
def provider(provide: Callable[..., Provider]) -> Provider:
    return provide()
