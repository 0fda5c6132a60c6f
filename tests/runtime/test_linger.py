import asyncio
from typing import Any

import pytest

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.linger import LONGEST_WAIT, lingering


# What an application gets of a body, a piece each second: one before it answers, the rest after it.
def got(clock: SimulatedClock, pieces: int, *, keeps: bool) -> tuple[list[bytes], float]:
    taken: list[bytes] = []

    async def application(_: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        taken.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 404, "headers": []})
        reading = asyncio.create_task(read_on(receive))
        await send({"type": "http.response.body", "body": b"no"})
        reading.cancel()

    async def read_on(receive: Any) -> None:  # noqa: ANN401 - ASGI's
        while (event := await receive())["more_body"]:
            taken.append(event["body"])
        await asyncio.sleep(1000)

    async def receive() -> Any:  # noqa: ANN401 - ASGI's
        await asyncio.sleep(1)
        return {"type": "http.request", "body": b"piece", "more_body": len(taken) < pieces}

    async def send(_: object) -> None:
        pass

    async def serve() -> None:
        scope: Any = {"type": "http"}
        await lingering(application, keeps=keeps)(scope, receive, send)

    clock.run(serve())
    return taken, clock.time()


@pytest.mark.parametrize(("keeps", "rest"), [(False, b""), (True, b"piece")])
def test_what_comes_after_the_answer_is_kept_for_whoever_asks_for_it(
    clock: SimulatedClock, rest: bytes, *, keeps: bool
) -> None:
    assert got(clock, 3, keeps=keeps) == ([b"piece", rest, rest], 4.0)


def test_a_body_that_comes_too_slowly_is_not_waited_for(clock: SimulatedClock) -> None:
    assert got(clock, 1000, keeps=False)[1] == 1.0 + LONGEST_WAIT
