# A proxy in front of a provider, both on sockets, and what a client without any library sees.
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from tests.provider.wire_client import Seen, ask, post, serving

from sluicegate.provider.journal import Entry, Journal
from sluicegate.provider.plans import Plans
from sluicegate.provider.transport import FaultyServer
from sluicegate.proxy.app import ProxyApp, create_app
from sluicegate.proxy.log import RequestLog, Served
from sluicegate.proxy.settings import Settings, UpstreamSettings
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.formats import FormatName
from sluicegate.wire.assistant.invariants import Invariants
from sluicegate.wire.schema import violations
from sluicegate.wire.sse import Decoder

KEY: Final = "opensesame"
BASES: Final[dict[FormatName, str]] = {"openai": "/v1", "anthropic": ""}

Document = dict[str, Any]


class Told(RequestLog):
    def __init__(self) -> None:
        self.all: list[Served] = []

    def tell(self, served: Served) -> None:
        self.all.append(served)


@dataclass(frozen=True, slots=True)
class Proxy:
    clock: SimulatedClock
    app: ProxyApp
    server: FaultyServer
    provider: FaultyServer
    journal: Journal
    told: Told

    async def ask(self, request: bytes, *, longest: float = 100.0) -> Seen:
        return await ask(self.clock, self.server, request, longest=longest)

    @property
    def entry(self) -> Entry:
        (entry,) = self.journal.entries
        return entry

    @property
    def served(self) -> Served:
        (served,) = self.told.all
        return served


def upstreams_at(url: str, **members: Any) -> tuple[UpstreamSettings, ...]:  # noqa: ANN401
    return tuple(
        UpstreamSettings(name, name, url + base, **{"key": KEY, **members})
        for name, base in BASES.items()
    )


# `settings` are the proxy's own; `members` those of both its upstreams.
@asynccontextmanager
async def proxying(
    clock: SimulatedClock,
    plans: Plans | None = None,
    members: Document | None = None,
    **settings: Any,  # noqa: ANN401 - whatever a proxy is told
) -> AsyncIterator[Proxy]:
    journal, told = Journal(), Told()
    async with serving(clock, plans, journal=journal) as provider:
        upstreams = upstreams_at(provider.url, **(members or {}))
        settled = Settings(**{"upstreams": upstreams, "default": "openai", **settings})
        app = create_app(settled, unix=clock.unix, log=told)
        async with app, FaultyServer(app) as server:
            yield Proxy(clock, app, server, provider, journal, told)


def body(query: str = "", prompt: str = "Hello", **members: object) -> bytes:
    blocks = [{"type": "text", "text": prompt}]
    context = {"messages": [{"role": "user", "content": blocks}]}
    model = f"gpt-4?{query}" if query else "gpt-4"
    return json.dumps({"model": model, "context": context, **members}).encode()


def stream(
    name: str = "",
    query: str = "",
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    path = f"/stream/{name}" if name else "/stream"
    typed = {"Content-Type": "application/json", **(headers or {})}
    request = post(path, query, body() if content is None else content, typed)
    return request.replace(b"Host: provider", b"Host: localhost", 1)


def bearing(token: str, name: str = "") -> bytes:
    return stream(name, headers={"Authorization": f"Bearer {token}"})


# Ask a proxy of its own, and listen to the end.
def asked(
    clock: SimulatedClock,
    request: bytes,
    members: Document | None = None,
    **settings: Any,  # noqa: ANN401 - see above
) -> tuple[Seen, Proxy]:
    async def scenario() -> tuple[Seen, Proxy]:
        async with proxying(clock, members=members, **settings) as proxy:
            return await proxy.ask(request), proxy

    return clock.run(scenario())


def documents(data: bytes) -> list[Document]:
    return [json.loads(event.data) for event in Decoder().feed(data)]


# Everything that is promised of any stream, whatever its upstream did.
def checked(seen: Seen) -> list[Document]:
    assert (seen.status, seen.ending) == (200, "complete")
    assert seen.data.count(b"\n\n") == seen.data.count(b"data: ") == len(seen.data.splitlines()) / 2
    events, invariants = documents(seen.data), Invariants()
    assert [each for event in events for each in invariants.feed(event)] == []
    assert invariants.finish() == []
    assert not violations(events[-1], "assistant/event", profile="strict")
    assert [event["type"] for event in events if event["type"] in {"done", "error"}] == [
        events[-1]["type"]
    ]
    assert seen.ended == seen.reads[-1][0]
    return events


def text_of(event: Document, kind: str = "text") -> str:
    blocks: Sequence[Document] = event["partial"]["content"]
    return "".join(block[kind] for block in blocks if block["type"] == kind)


def error_of(seen: Seen) -> Document:
    document = json.loads(seen.data)
    assert not violations(document, "proxy/error")
    error: Document = document["error"]
    return error
