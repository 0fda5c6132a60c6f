"""A stream: an upstream is asked, and what it says is sent on as server-sent events."""

import asyncio
import logging
import traceback
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Final

from sluicegate.upstream.client import Upstream
from sluicegate.upstream.deltas import Delta, Finished
from sluicegate.upstream.errors import UpstreamError
from sluicegate.wire.assistant.request import StreamRequest

from .log import Failure
from .relay import Events, Relay

logger = logging.getLogger(__name__)

MISTAKE: Final = "the proxy made a mistake"
"""What a client is told of a failure that is the proxy's own."""

Deltas = AsyncGenerator[Delta, None]


class Endings:
    """Lets complete answers end by themselves, so that their connections can be used again.

    No client waits for that. `aclose` breaks off what has not ended yet.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, deltas: Deltas) -> None:
        """Take over a stream whose last delta has come."""
        task = asyncio.get_running_loop().create_task(_exhaust(deltas))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Break off what has not ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def events(
    upstream: Upstream, asked: StreamRequest, relay: Relay, endings: Endings
) -> AsyncIterator[bytes]:
    """Yield what is sent, as it comes; the last one holds `done` or `error`.

    `start` comes before the upstream has answered, so that every failure is an event. To be closed
    as soon as the client has gone: the request is taken back then.
    """
    yield _framed(relay.start())
    try:
        async with AsyncExitStack() as stack:
            deltas = await stack.enter_async_context(aclosing(upstream.stream(asked, relay.note)))
            async for delta in deltas:
                if told := relay.tell(delta):
                    yield _framed(told)
                if isinstance(delta, Finished):
                    stack.pop_all()
                    endings.take(deltas)
                if relay.outcome:
                    return
    except UpstreamError as error:
        failure = Failure(error.kind, error.limit, error.status)
        last = relay.fail(str(error), failure, error.usage)
    except Exception as error:  # noqa: BLE001 - no stream ends without its last event
        report(error)
        if relay.outcome:
            return
        last = relay.fail(MISTAKE, Failure("mistake"))
    yield _framed(last)


def report(error: BaseException) -> None:
    """Log where a mistake was made, without its words: they could quote a prompt."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("a mistake of the proxy: %s\n%s", type(error).__name__, frames)


def _framed(told: Events) -> bytes:
    # JSON on one line.
    return b"".join([b"data: %b\n\n" % event for event in told])


async def _exhaust(deltas: Deltas) -> None:
    with suppress(UpstreamError):
        async with aclosing(deltas):
            async for _ in deltas:
                pass
