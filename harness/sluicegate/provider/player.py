"""Plays an answer: sends its writes, each at its time, and ends it as it is to end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, NoReturn

from quart import Response, request

from .answer import Answer, Part
from .recorder import OpenExchange, exchange_of
from .transport import Settle

MOMENT: Final = 0.001
"""Seconds between the pieces of a cut stream on a clock that cannot tell when one has arrived.

Without them the pieces would be joined again on their way. They may slow a stream down.
"""


async def play(answer: Answer, settle: Settle | None = None) -> Response:
    """Wait for the answer's delay, and return it as a response that sends itself.

    `settle` is the simulated clock's `quiesce`, by which every write becomes a read of its own at
    the client. Never returns for an answer that has no head.
    """
    exchange = exchange_of(request.scope)
    if answer.delay:
        await asyncio.sleep(answer.delay)
    if answer.status is None:
        await _break_off(answer, exchange)
    response = Response(_writes(answer, exchange, settle), answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    return response


def whole(answer: Answer) -> Response:
    """Return an answer to what is no exchange, such as a WebSocket handshake, at once."""
    data = b"".join(part.data for part in answer.parts)
    return Response(data, answer.status, dict(answer.headers))


async def _writes(
    answer: Answer, exchange: OpenExchange, settle: Settle | None
) -> AsyncIterator[bytes]:
    due = asyncio.get_running_loop().time()
    for number, part in enumerate(answer.parts):
        due += part.after
        await _wait(part, due, answer, settle, is_first=not number)
        yield part.data
    if answer.surplus:
        await exchange.write(answer.surplus)
    if answer.ending == "complete":
        return
    if answer.heartbeat is not None:
        async for data in _heartbeats(answer.heartbeat):
            yield data
    await _break_off(answer, exchange)


async def _wait(
    part: Part, due: float, answer: Answer, settle: Settle | None, *, is_first: bool
) -> None:
    if part.after:
        # Until the instant, and not for the time: lateness does not add up.
        await asyncio.sleep(due - asyncio.get_running_loop().time())
    elif is_first:
        return
    elif settle is not None:
        await settle()
    else:
        # A turn at least, so that a stream without pauses does not hold up all others.
        await asyncio.sleep(MOMENT if answer.is_cut else 0)


async def _heartbeats(heartbeat: Part) -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(heartbeat.after)
        yield heartbeat.data


async def _break_off(answer: Answer, exchange: OpenExchange) -> NoReturn:
    if answer.ending == "reset":
        await exchange.reset()
    if answer.ending == "cut":
        await exchange.cut()
    while True:  # silence, until the client's departure cancels it
        await asyncio.get_running_loop().create_future()
