import asyncio
import gc
import re
import resource
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from sluicegate.provider.journal import Entry, Journal, Outcome
from sluicegate.provider.plan import read_plan
from sluicegate.provider.plans import Plans
from sluicegate.provider.token import mark
from sluicegate.provider.transport import FaultyServer
from sluicegate.runtime.clock import SimulatedClock

from .wire_client import CHAT, MESSAGES, Ending, Seen, body, connect, post, serving

STREAMS = 1000
AGENT = "provider"
# Seconds after which a client goes away whose answer has not ended.
LEAVES = 0.75


@dataclass(frozen=True, slots=True)
class Kind:
    answer: Mapping[str, Any]
    status: int | None
    ending: Ending
    outcome: Outcome


def broken(mode: str, ending: Ending, outcome: Outcome) -> Kind:
    return Kind({"fail_chunk": 2, "fail_chunk_mode": mode}, 200, ending, outcome)


HEALTHY = Kind({}, 200, "complete", "finished")
FAULTY = (
    broken("reset", "RST", "reset"),
    broken("cut", "FIN", "cut"),
    broken("error", "complete", "finished"),
    broken("malformed", "complete", "finished"),
    broken("unfinished", "complete", "finished"),
    broken("end", "complete", "finished"),
    broken("silence", "open", "client went away"),
    Kind({"fail": 429}, 429, "complete", "finished"),
    Kind({"fail": 503, "body": "html"}, 503, "complete", "finished"),
    Kind({"fail": "reset"}, None, "RST", "reset"),
    Kind({"fail": "close"}, None, "FIN", "cut"),
    Kind({"fail": "hang"}, None, "open", "client went away"),
    Kind({"fail": "silence"}, 200, "open", "client went away"),
    Kind({"end": "open"}, 200, "open", "client went away"),
    Kind({"encoding": "gzip"}, 200, "complete", "finished"),
)


# One client with its own token, and what both sides have seen of it.
@dataclass(frozen=True, slots=True)
class Stream:
    number: int
    kind: Kind

    @property
    def token(self) -> str:
        return f"stream-{self.number:04}"

    @property
    def request(self) -> bytes:
        path = MESSAGES if self.number % 3 == 0 else CHAT
        return post(path, content=body(mark(self.token), stream=True))

    @property
    def began(self) -> float:
        return self.number % 4 * 0.013

    def file(self, plans: Plans) -> None:
        answer = {**self.kind.answer, "text": [self.token, " of", " many"]}
        plans.file(AGENT, read_plan({"answers": [answer]}), self.token)

    async def run(self, server: FaultyServer) -> Seen:
        client = await connect(server)
        await asyncio.sleep(self.began)
        client.send(self.request)
        await client.watch(LEAVES)
        client.transport.close()
        return client.seen()


def streams(count: int) -> list[Stream]:
    faulty = cycle(FAULTY)
    kinds = (HEALTHY if number % 10 else next(faulty) for number in range(count))
    return [Stream(number, kind) for number, kind in enumerate(kinds)]


def check(stream: Stream, seen: Seen, entry: Entry, began: float) -> None:
    kind = stream.kind
    assert (seen.status, seen.ending) == (kind.status, kind.ending)
    assert (entry.status, entry.outcome) == (kind.status, kind.outcome)
    writes = [(round(write.at - began, 6), write.data) for write in entry.writes]
    assert [(round(at + stream.began, 6), data) for at, data in seen.reads] == writes
    assert entry.ended is not None
    assert round(entry.ended - began, 6) == round(seen.ended + stream.began, 6)
    tokens = set(re.findall(rb"stream-\d+", seen.data))
    assert tokens <= {stream.token.encode()}
    assert tokens or kind is not HEALTHY


@contextmanager
def open_files(needed: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, needed), hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# A provider under load: `round` lets so many streams run at once, and checks each of them.
@dataclass(frozen=True, slots=True)
class Load:
    clock: SimulatedClock
    server: FaultyServer
    plans: Plans
    journal: Journal

    async def round(self, count: int) -> None:
        began, several = self.clock.time(), streams(count)
        for stream in several:
            stream.file(self.plans)
        seen = await asyncio.gather(*(stream.run(self.server) for stream in several))
        await self.clock.quiesce()
        entries = sorted(self.journal.entries, key=lambda entry: entry.token or "")
        for each in zip(several, seen, entries, strict=True):
            check(*each, began)
        assert [entry.token for entry in entries] == [stream.token for stream in several]
        self.journal.clear()
        self.plans.reset()

    def left(self) -> tuple[object, ...]:
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        transports, connections = self.server._transports(), dict(self.server._connections)
        return asyncio.all_tasks(), descriptors, transports, connections


@asynccontextmanager
async def loaded(clock: SimulatedClock) -> AsyncIterator[Load]:
    plans, journal = Plans(), Journal()
    async with serving(clock, plans, journal=journal) as server:
        yield Load(clock, server, plans, journal)


def test_a_thousand_streams_are_what_each_of_their_clients_sees_and_leave_nothing(
    clock: SimulatedClock,
) -> None:
    async def scenario() -> None:
        async with loaded(clock) as load:
            before = load.left()
            await load.round(STREAMS)
            assert load.left() == before

    with open_files(3 * STREAMS):
        clock.run(scenario())


# Each stream that left anything would add one object at least, or one block of memory.
def test_streams_leave_no_memory_behind(clock: SimulatedClock) -> None:
    count = len(FAULTY) * 10

    async def memory(load: Load) -> tuple[int, int]:
        await load.round(count)
        gc.collect()
        return len(gc.get_objects()), sys.getallocatedblocks()

    async def scenario() -> list[tuple[int, int]]:
        async with loaded(clock) as load:
            return [await memory(load) for _ in range(4)]

    with open_files(3 * count):
        *_, (objects, blocks), (objects_then, blocks_then) = clock.run(scenario())
    assert objects_then - objects < count / 2
    assert blocks_then - blocks < count
