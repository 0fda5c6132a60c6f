from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.provider.wire_client import NO_TLS, Security, serving

from sluicegate.provider.journal import Entry, Journal
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.client import Upstream
from sluicegate.upstream.deltas import Delta, Finished, TextDelta
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.formats import FormatName
from sluicegate.wire.assistant.message import Text, UserMessage
from sluicegate.wire.assistant.request import Context, Options, StreamRequest

KEY: Final = "opensesame"
BASES: Final[dict[FormatName, str]] = {"openai": "/v1", "anthropic": ""}


# What came of one request: each delta with its time since the request, and the failure.
@dataclass(frozen=True, slots=True)
class Heard:
    deltas: tuple[tuple[float, Delta], ...]
    error: UpstreamError | None
    ended: float
    entries: tuple[Entry, ...]

    @property
    def entry(self) -> Entry:
        (entry,) = self.entries
        return entry

    @property
    def text(self) -> str:
        return "".join(delta.text for _, delta in self.deltas if isinstance(delta, TextDelta))

    @property
    def last(self) -> Finished:
        last = self.deltas[-1][1]
        assert isinstance(last, Finished), self.error
        return last


def asked(query: str = "", prompt: str = "Hello", **options: Any) -> StreamRequest:  # noqa: ANN401
    messages = (UserMessage((Text(prompt),)),)
    return StreamRequest(f"gpt-4?{query}", Context(messages), Options(**options))


# Ask a provider of its own, and listen to the end.
def heard(
    clock: SimulatedClock,
    format_: FormatName,
    request: StreamRequest,
    security: Security = NO_TLS,
    **settings: Any,  # noqa: ANN401 - whatever an upstream takes
) -> Heard:
    journal = Journal()

    async def scenario() -> Heard:
        async with (
            serving(clock, journal=journal, security=security) as server,
            Upstream(server.url + BASES[format_], format_, key=KEY, **settings) as upstream,
        ):
            began = clock.time()
            deltas: list[tuple[float, Delta]] = []
            error = None
            try:
                async for delta in upstream.stream(request):
                    at = round(clock.time() - began, 6)
                    deltas.append((at, delta))
            except UpstreamError as failure:
                error = failure
            ended = round(clock.time() - began, 6)
            await clock.quiesce()
            return Heard(tuple(deltas), error, ended, journal.entries)

    return clock.run(scenario())


def gone(entry: Entry) -> float:
    assert entry.ended is not None
    return round(entry.ended - entry.started, 6)


# Ask for a stream, and do with it as `use` says.
def use_stream(
    clock: SimulatedClock,
    query: str,
    use: Callable[[Any], Awaitable[None]],
    format_: FormatName = "openai",
    **settings: Any,  # noqa: ANN401 - whatever an upstream takes
) -> Entry:
    journal = Journal()

    async def scenario() -> Entry:
        async with (
            serving(clock, journal=journal) as server,
            Upstream(server.url + BASES[format_], format_, **settings) as upstream,
        ):
            await use(upstream.stream(asked(query)))
            await clock.quiesce()
            assert connections(upstream) == 0
            return journal.entries[0]

    return clock.run(scenario())


def connections(upstream: Upstream) -> int:
    transport: Any = upstream._client._transport
    return len(transport._pool.connections)


async def exhaust(stream: AsyncIterator[object]) -> None:
    async for _ in stream:
        pass
