import asyncio
import gc
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

from tests.provider.test_many_streams import open_files
from tests.provider.wire_client import Seen, connect

from sluicegate.provider.plan import read_plan
from sluicegate.provider.plans import Plans
from sluicegate.provider.token import mark
from sluicegate.runtime.clock import SimulatedClock

from .proxying import Proxy, body, checked, proxying, stream, text_of

STREAMS = 200
# Seconds after which a client goes away.
LEAVES = 0.15

Ending = Literal["done", "error", "aborted"]


@dataclass(frozen=True, slots=True)
class Kind:
    answer: Mapping[str, Any]
    ending: Ending = "error"
    chunks: int = 4


HEALTHY = Kind({}, "done")
FAULTY = (
    Kind({"fail_chunk": 2, "fail_chunk_mode": "reset"}, chunks=1),
    Kind({"fail_chunk": 2, "fail_chunk_mode": "cut"}, chunks=1),
    Kind({"fail_chunk": 3, "fail_chunk_mode": "error"}, chunks=2),
    Kind({"fail_chunk": 3, "fail_chunk_mode": "malformed"}, chunks=2),
    Kind({"fail_chunk": 2, "fail_chunk_mode": "silence"}, chunks=1),
    Kind({"fail": 429}, chunks=0),
    Kind({"fail": "reset"}, chunks=0),
    Kind({"fail": "silence"}, chunks=0),
    Kind({"end": "open"}, "done"),
    Kind({"end": "no_done"}),
    Kind({"pace": 100, "encoding": "gzip"}, "aborted", chunks=2),
)


# One client with its own token, and what it must have seen.
@dataclass(frozen=True, slots=True)
class Stream:
    number: int
    kind: Kind

    @property
    def token(self) -> str:
        return f"stream-{self.number:04}"

    @property
    def words(self) -> list[str]:
        return [self.token, " of", " many"]

    def file(self, plans: Plans) -> None:
        answer = {"text": self.words, "reasoning": [self.token], **self.kind.answer}
        if self.number % 4 == 3 and self.kind is HEALTHY:
            answer["tool_calls"] = f'say{{"who":"{self.token}"}}'
        plans.file("provider", read_plan({"answers": [answer]}), self.token)

    async def run(self, proxy: Proxy) -> Seen:
        client = await connect(proxy.server)
        await asyncio.sleep(self.number % 4 * 0.013)
        name = "anthropic" if self.number % 3 == 0 else "openai"
        client.send(stream(name, content=body(prompt=mark(self.token))))
        await client.watch(LEAVES if self.kind.ending == "aborted" else 100.0)
        client.transport.close()
        return client.seen()

    def check(self, seen: Seen) -> None:
        assert {*re.findall(rb"stream-\d+", seen.data)} <= {self.token.encode()}
        if self.kind.ending == "aborted":
            assert seen.ending == "open"
            return
        last = checked(seen)[-1]
        assert last["type"] == self.kind.ending
        # The thoughts are the first chunk.
        said = [self.token, *self.words][: self.kind.chunks]
        assert [text_of(last, "thinking"), text_of(last)] == ["".join(said[:1]), "".join(said[1:])]
        called = [each for each in last["partial"]["content"] if each["type"] == "tool_call"]
        assert [each["arguments"] for each in called] in ([], [{"who": self.token}])


def streams(kinds: Iterable[Kind]) -> list[Stream]:
    return [Stream(number, kind) for number, kind in enumerate(kinds)]


async def round_of(proxy: Proxy, plans: Plans, several: list[Stream]) -> None:
    for each in several:
        each.file(plans)
    seen = await asyncio.gather(*(each.run(proxy) for each in several))
    # The last answers end, those of whom nobody waits for included.
    await asyncio.sleep(1)
    for each, what in zip(several, seen, strict=True):
        each.check(what)
    told = sorted(served.outcome for served in proxy.told.all)
    assert told == sorted(each.kind.ending for each in several)
    assert len({served.request_id for served in proxy.told.all}) == len(several)
    proxy.told.all.clear()
    proxy.journal.clear()
    plans.reset()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def left(proxy: Proxy) -> tuple[object, ...]:
    for route in proxy.app.proxy.routes:
        transport: Any = route.upstream._client._transport
        await transport._pool.aclose()
    await proxy.clock.quiesce()
    servers = (proxy.server, proxy.provider)
    return asyncio.all_tasks(), descriptors(), [each._transports() for each in servers]


def test_two_hundred_streams_keep_to_themselves_and_leave_nothing(clock: SimulatedClock) -> None:
    plans, faulty = Plans(), cycle(FAULTY)
    several = streams(HEALTHY if number % 10 else next(faulty) for number in range(STREAMS))

    async def scenario() -> None:
        async with proxying(clock, plans, members={"key": "stream-of-a-key"}) as proxy:
            before = await left(proxy)
            await round_of(proxy, plans, several)
            assert await left(proxy) == before

    with open_files(6 * STREAMS):
        clock.run(scenario())


# Each stream that left anything would add one object at least.
def test_streams_leave_no_memory_behind(clock: SimulatedClock) -> None:
    several, plans = streams((HEALTHY, *FAULTY)), Plans()

    async def objects(proxy: Proxy) -> int:
        await round_of(proxy, plans, several)
        await left(proxy)
        gc.collect()
        return len(gc.get_objects())

    async def scenario() -> list[int]:
        async with proxying(clock, plans) as proxy:
            return [await objects(proxy) for _ in range(3)]

    _, before, after = clock.run(scenario())
    assert after - before < len(several) / 2
