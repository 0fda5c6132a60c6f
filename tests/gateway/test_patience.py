# A client that is slower than its answer: a server that takes nothing more of it to send.
import asyncio
import json
from typing import cast

from hypercorn.typing import ASGIReceiveEvent, ASGISendEvent, HTTPScope
from tests.provider.wire_client import CHAT

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.limits import Limits

from .gatewaying import Gateway, body, run

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "path": CHAT,
    "raw_path": CHAT.encode(),
    "query_string": b"",
    "root_path": "",
    "headers": [],
    "extensions": {},
}


# The server's side of one exchange; `takes` tells whether it takes anything to send.
class Side:
    def __init__(self) -> None:
        self.takes = asyncio.Event()
        self.takes.set()
        self.sent = b""
        self.leaves = asyncio.Event()
        self._has_asked = False

    async def receive(self) -> ASGIReceiveEvent:
        if not self._has_asked:
            self._has_asked = True
            return {"type": "http.request", "body": body(stream=True), "more_body": False}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: ASGISendEvent) -> None:
        await self.takes.wait()
        if event["type"] == "http.response.body":
            self.sent += event["body"]

    async def serve(self, gateway: Gateway) -> None:
        await gateway.app(cast("HTTPScope", SCOPE), self.receive, self.send)


def test_a_client_that_takes_nothing_more_holds_no_agent_and_no_circuit(
    clock: SimulatedClock,
) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"text": ["a"] * 30, "pace": 1000})
        side = Side()
        serving = asyncio.create_task(side.serve(gateway))
        await asyncio.sleep(1.5)
        side.takes.clear()
        await asyncio.sleep(20)
        (entry,) = gateway.ccrouter.entries
        assert entry.outcome == "client went away"
        assert round((entry.ended or 0) - entry.started, 6) <= 5.1
        (attempt,) = gateway.log.attempts
        assert (attempt.outcome, attempt.chunks) == ("left", 2)
        side.takes.set()
        await serving
        *_, last, _ = side.sent.split(b"\n\n")
        error = json.loads(last.removeprefix(b"data: "))["error"]
        assert (error["message"], error["type"]) == (
            "the answer was not taken in time",
            "timeout_error",
        )
        assert [(each.outcome, each.chunks) for each in gateway.log.served] == [("left", 2)]

    run(clock, scenario, limits=Limits(whole=5.0))


def test_a_client_that_takes_not_even_the_header_holds_no_agent(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"text": ["a"] * 30, "pace": 1000})
        side = Side()
        side.takes.clear()
        serving = asyncio.create_task(side.serve(gateway))
        await asyncio.sleep(20)
        (entry,) = gateway.ccrouter.entries
        assert entry.outcome == "client went away"
        assert [(each.outcome, each.chunks) for each in gateway.log.attempts] == [("left", 0)]
        side.leaves.set()
        await serving

    run(clock, scenario, limits=Limits(whole=5.0))


def test_a_client_that_goes_away_then_is_no_more_than_that(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        side = Side()
        serving = asyncio.create_task(side.serve(gateway))
        await asyncio.sleep(0.25)
        side.takes.clear()
        await asyncio.sleep(20)
        side.leaves.set()
        await serving
        assert [each.outcome for each in gateway.log.served] == ["left"]

    run(clock, scenario, limits=Limits(whole=5.0))


def test_a_client_that_is_slow_with_the_end_has_its_answer(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        side = Side()
        serving = asyncio.create_task(side.serve(gateway))
        await asyncio.sleep(0.55)
        side.takes.clear()
        await asyncio.sleep(4)
        side.takes.set()
        await serving
        assert side.sent.endswith(b"data: [DONE]\n\n")
        assert [each.outcome for each in gateway.log.served] == ["answered"]

    run(clock, scenario, limits=Limits(whole=5.0))
