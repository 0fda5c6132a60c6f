# A gateway in front of two agents, all on sockets, and what a client without any library sees.
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tests.provider import wire_client
from tests.provider.wire_client import CHAT, Headers, Seen, ask, serving

from sluicegate.gateway.app import GatewayApp, create_app
from sluicegate.gateway.log import Attempted, Changed, GatewayLog, Served, Told
from sluicegate.gateway.settings import Agent, Settings
from sluicegate.provider.journal import Entry, Journal
from sluicegate.provider.plan import read_plan
from sluicegate.provider.plans import Plans
from sluicegate.provider.transport import FaultyServer
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.wire.schema import violations
from sluicegate.wire.sse import Decoder

NAMES: Final = ("ccrouter", "droid")
KEYS: Final = {"ccrouter": "opensesame-1", "droid": "opensesame-2"}
HELLO: Final = "Hello from streaming mock provider!"
PLAIN: Final = "Hello! I'm a mock LLM response. How can I help you today?"

Document = dict[str, Any]
T = TypeVar("T")


class Log(GatewayLog):
    def __init__(self) -> None:
        self.all: list[Told] = []

    def tell(self, told: Told) -> None:
        self.all.append(told)

    @property
    def attempts(self) -> list[Attempted]:
        return [each for each in self.all if isinstance(each, Attempted)]

    @property
    def served(self) -> list[Served]:
        return [each for each in self.all if isinstance(each, Served)]

    @property
    def circuits(self) -> list[tuple[str, str]]:
        return [(each.agent, each.state) for each in self.all if isinstance(each, Changed)]


# An agent: its server, its plans under its own name, and what it has seen.
@dataclass(frozen=True, slots=True)
class Mock:
    server: FaultyServer
    plans: Plans
    journal: Journal

    def answers(self, *answers: Document, healthy: bool = True) -> None:
        plan = read_plan({"answers": list(answers), "healthy": healthy})
        self.plans.file("provider", plan)

    @property
    def entries(self) -> list[Entry]:
        return [entry for entry in self.journal.entries if entry.path == f"/v1{CHAT[3:]}"]

    # How it was asked, in the order of the requests.
    @property
    def asked(self) -> list[str]:
        return ["streamed" if sent(each).get("stream") else "plain" for each in self.entries]


def sent(entry: Entry) -> Document:
    document: Document = json.loads(entry.body)
    return document


@dataclass(frozen=True, slots=True)
class Gateway:
    clock: SimulatedClock
    app: GatewayApp
    server: FaultyServer
    agents: Mapping[str, Mock]
    log: Log

    @property
    def ccrouter(self) -> Mock:
        return self.agents["ccrouter"]

    @property
    def droid(self) -> Mock:
        return self.agents["droid"]

    async def ask(self, request: bytes, *, longest: float = 200.0) -> Seen:
        return await ask(self.clock, self.server, request, longest=longest)

    async def stream(self, prompt: str = "Hello", **members: Any) -> Seen:  # noqa: ANN401 - any JSON
        return await self.ask(chat(prompt, stream=True, **members))

    async def plain(self, prompt: str = "Hello", **members: Any) -> Seen:  # noqa: ANN401 - any JSON
        return await self.ask(chat(prompt, **members))


def chat(prompt: str = "Hello", headers: dict[str, str] | None = None, **members: object) -> bytes:
    return post(CHAT, content=body(prompt, **members), headers=headers)


def post(
    path: str, query: str = "", content: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    request = wire_client.post(path, query, content, headers)
    return request.replace(b"Host: provider", b"Host: localhost", 1)


def body(prompt: str = "Hello", **members: object) -> bytes:
    messages = [{"role": "user", "content": prompt}]
    return json.dumps({"model": "gpt-4", "messages": messages, **members}).encode()


def get(path: str, headers: dict[str, str] | None = None, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Length: 0"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def gatewaying(
    clock: SimulatedClock,
    *,
    control: bool = False,
    health: bool = False,
    **settings: Any,  # noqa: ANN401 - whatever a gateway is told
) -> AsyncIterator[Gateway]:
    log = Log()
    async with AsyncExitStack() as stack:
        mocks = {}
        for name in NAMES:
            plans, journal = Plans(), Journal()
            server = await stack.enter_async_context(serving(clock, plans, journal=journal))
            mocks[name] = Mock(server, plans, journal)
        agents = tuple(_agent(name, mock.server.url, health=health) for name, mock in mocks.items())
        settled = Settings(**{"agents": agents, "primary": "ccrouter", **settings})
        app = create_app(settled, unix=clock.unix, log=log, control=control)
        await stack.enter_async_context(app)
        server = await stack.enter_async_context(FaultyServer(app))
        yield Gateway(clock, app, server, mocks, log)


def _agent(name: str, url: str, *, health: bool) -> Agent:
    return Agent(
        name,
        f"{url}/v1",
        KEYS[name],
        health_url=f"{url}/health" if health else None,
        fallback="droid" if name == "ccrouter" else None,
    )


# Run one scenario with a gateway of its own.
def run(
    clock: SimulatedClock,
    scenario: Callable[[Gateway], Awaitable[T]],
    **settings: Any,  # noqa: ANN401 - see above
) -> T:
    async def with_gateway() -> T:
        async with gatewaying(clock, **settings) as gateway:
            return await scenario(gateway)

    return clock.run(with_gateway())


def data_of(seen: Seen) -> list[str]:
    return [event.data for event in Decoder().feed(seen.data)]


def chunks_of(seen: Seen) -> list[Document]:
    return [json.loads(data) for data in data_of(seen) if data != "[DONE]"]


# The chunks of a stream, of which everything is promised that is of any, but not its end.
def checked(seen: Seen, *, is_valid: bool = True) -> list[Document]:
    assert (seen.status, seen.ending) == (200, "complete")
    assert dict(seen.headers)["content-type"] == "text/event-stream"
    assert seen.data.count(b"\n\n") == seen.data.count(b"data: ") == len(seen.data.splitlines()) / 2
    chunks = [chunk for chunk in chunks_of(seen) if "error" not in chunk]
    for chunk in chunks:
        assert not is_valid or not violations(chunk, "openai/chat.completion.chunk")
    assert len({(each["id"], each["created"], each["model"]) for each in chunks}) <= 1
    return chunks


def text_of(chunks: list[Document]) -> str:
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


# The text of any answer, streamed or not.
def said(seen: Seen, *, is_valid: bool = True) -> str:
    if header(seen.headers, "content-type") == "text/event-stream":
        return text_of(checked(seen, is_valid=is_valid))
    document = json.loads(seen.data)
    assert not is_valid or not violations(document, "openai/chat.completion")
    return "".join(choice["message"]["content"] or "" for choice in document["choices"])


def claims(seen: Seen) -> bool:
    """Tell whether an answer says that it is complete."""
    if dict(seen.headers).get("content-type") != "text/event-stream":
        return seen.status == 200
    reasons = [
        choice["finish_reason"]
        for chunk in chunks_of(seen)
        for choice in chunk.get("choices", [])
        if choice["finish_reason"]
    ]
    return bool(reasons) and data_of(seen)[-1] == "[DONE]"


def error_of(seen: Seen) -> Document:
    assert dict(seen.headers)["content-type"] == "application/json"
    document = json.loads(seen.data)
    assert not violations(document, "openai/error")
    error: Document = document["error"]
    return error


def header(headers: Headers, name: str) -> str | None:
    return dict(headers).get(name)
