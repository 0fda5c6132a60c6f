import asyncio
import gc
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tests.provider.test_many_streams import open_files
from tests.provider.wire_client import Ending, Seen, connect

from sluicegate.gateway.breaker import Numbers
from sluicegate.provider.plan import read_plan
from sluicegate.provider.token import mark
from sluicegate.runtime.clock import SimulatedClock

from .gatewaying import Document, Gateway, chat, claims, gatewaying

STREAMS = 1000
AT_ONCE = 100
# Seconds after which a client goes away.
LEAVES = 0.25
# No circuit opens, so that each stream fails by itself.
SETTINGS: Mapping[str, Any] = {"fallback_enabled": False, "breaker": Numbers(failures=STREAMS * 9)}


# A way to fail, the status that the client gets, and how its answer ends.
@dataclass(frozen=True, slots=True)
class Failure:
    answer: Document
    status: int | None = 200
    ending: Ending = "complete"


def in_mid_stream(mode: str, **more: object) -> Failure:
    return Failure({"fail_chunk": 2, "fail_chunk_mode": mode, **more})


FAILURES = (
    in_mid_stream("reset"),
    in_mid_stream("cut"),
    in_mid_stream("error"),
    in_mid_stream("malformed"),
    in_mid_stream("end", encoding="gzip"),
    in_mid_stream("silence"),
    Failure({"end": "no_finish", "text": ["a"], "pace": 10}),
    Failure({"fail": 503, "body": "html"}, 500),
    Failure({"fail": 429}, 429),
    Failure({"fail": "reset"}, 500),
    Failure({"fail": "close"}, 500),
    Failure({"fail": "hang"}, 504),
    Failure({"body": "truncated"}, 500),
    Failure({"delay": 1000}, None, "open"),
    Failure({"text": ["a"] * 9, "pace": 100}, 200, "open"),
)


def file(gateway: Gateway) -> None:
    for number, failure in enumerate(FAILURES):
        plan = read_plan({"answers": [failure.answer]})
        gateway.ccrouter.plans.file("provider", plan, f"failure-{number:02}")


async def fail(gateway: Gateway, number: int, failure: Failure) -> None:
    client = await connect(gateway.server)
    client.send(chat(mark(f"failure-{number:02}"), stream=True))
    await client.watch(LEAVES if failure.ending == "open" else 100.0)
    client.transport.close()
    check(client.seen(), failure)


def check(seen: Seen, failure: Failure) -> None:
    assert (seen.status, seen.ending) == (failure.status, failure.ending)
    assert failure.ending == "open" or not claims(seen)


async def round_of(gateway: Gateway, count: int) -> None:
    failures = islice(cycle(enumerate(FAILURES)), count)
    await asyncio.gather(*(fail(gateway, *each) for each in failures))
    await gateway.clock.quiesce()
    entries = gateway.ccrouter.entries
    assert len(entries) == len(gateway.log.served) == count
    assert not [entry for entry in entries if entry.outcome == "open"]
    assert {each.outcome for each in gateway.log.served} == {"broken", "failed", "left"}
    gateway.ccrouter.journal.clear()
    gateway.log.all.clear()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def left(gateway: Gateway) -> tuple[object, ...]:
    client: Any = gateway.app.gateway._frame.agents["ccrouter"]._client
    # What is kept for the next request is nobody's; what still has one cannot be closed so.
    await client._transport._pool.aclose()
    await gateway.clock.quiesce()
    servers = (gateway.server, gateway.ccrouter.server)
    return asyncio.all_tasks(), descriptors(), [each._transports() for each in servers]


def test_a_thousand_failed_streams_leave_nothing(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with gatewaying(clock, **SETTINGS) as gateway:
            file(gateway)
            before = await left(gateway)
            for _ in range(STREAMS // AT_ONCE):
                await round_of(gateway, AT_ONCE)
            assert await left(gateway) == before

    with open_files(8 * AT_ONCE):
        clock.run(scenario())


# Each stream that left anything would add one object at least, or one block of memory.
def test_failed_streams_leave_no_memory_behind(clock: SimulatedClock) -> None:
    count = len(FAILURES) * 4

    async def memory(gateway: Gateway) -> tuple[int, int]:
        await round_of(gateway, count)
        gc.collect()
        return len(gc.get_objects()), sys.getallocatedblocks()

    async def scenario() -> list[tuple[int, int]]:
        async with gatewaying(clock, **SETTINGS) as gateway:
            file(gateway)
            return [await memory(gateway) for _ in range(3)]

    with open_files(8 * count):
        *_, (objects, blocks), (objects_then, blocks_then) = clock.run(scenario())
    assert objects_then - objects < count / 2
    assert blocks_then - blocks < count
