"""One request from its first attempt to its end: who is asked, what is sent, and what it was."""

import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sluicegate.upstream.errors import Headers, UpstreamError
from sluicegate.upstream.limits import LINGER
from sluicegate.upstream.masking import Mask
from sluicegate.wire.assistant.encoding import encoded

from .agents import AgentClient, Stream, Whole
from .breaker import Outcome as CircuitOutcome
from .concealment import Conceal
from .conversion import DONE, Identity, streamed
from .errors import ErrorAnswer, RefusedError, failed, mistake
from .fallback import OUTCOMES, Course, Mode, Stage
from .headers import passed_on
from .log import GatewayLog, Outcome
from .patience import Patience
from .request import Asked
from .settings import Settings
from .telling import Telling

logger = logging.getLogger(__name__)

_OUTCOMES: Final[Mapping[Stage, Outcome]] = {
    "answered": "answered",
    "failed": "failed",
    "broken": "broken",
    "refused": "refused",
    "left": "left",
}


_NOT_TAKEN: Final = UpstreamError("timeout", "the answer was not taken in time")

Answer = str | AsyncIterator[bytes]
"""The JSON of a whole answer, or the pieces of a stream."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What all requests of a gateway have in common."""

    settings: Settings
    agents: Mapping[str, AgentClient]
    mask: Mask
    conceal: Conceal
    log: GatewayLog
    unix: Callable[[], float]


class Answering:
    """Has one request answered.

    Once the client has it all, or has gone, it is to be told by `leave`, and closed by `aclose`.
    `settle` is told what the request was to the circuit before the client can know of its end.
    """

    def __init__(
        self,
        frame: Frame,
        asked: Asked,
        course: Course,
        telling: Telling,
        settle: Callable[[CircuitOutcome], None],
    ) -> None:
        self.course = course
        self.chunks = 0
        self.code: str | None = None
        self._frame = frame
        self._asked = asked
        self._telling = telling
        self._settle = settle
        self._stream: Stream | None = None
        self._headers: Headers = ()
        self._mistaken = False
        self._patience = Patience()

    @property
    def outcome(self) -> Outcome:
        """What became of the request, once it is over."""
        return "mistake" if self._mistaken else _OUTCOMES.get(self.course.stage, "left")

    @property
    def headers(self) -> Headers:
        """Headers of the agent's answer that the client gets, too."""
        return passed_on(self._headers, self._frame.conceal)

    async def begin(self) -> Answer:
        """Ask until there is an answer: a whole one in JSON, or the pieces of a stream.

        Raises RefusedError where there is none.
        """
        try:
            while (answer := await self._attempt()) is None:
                pass
        except RefusedError:
            raise
        except Exception as error:  # noqa: BLE001 - the client gets none of its words
            self._mistake(error)
            raise RefusedError(mistake()) from None
        return answer

    def leave(self) -> None:
        """Take the departure of the client; after the end it means nothing."""
        if self.course.stage not in OUTCOMES:
            self.course.leave()
            self._ended()

    async def aclose(self) -> None:
        """Let the answer end by itself, or take the request back."""
        await self._patience.aclose()
        if self._stream is None:
            return
        try:
            if self.course.stage == "answered":
                await _exhaust(self._stream)
        finally:
            await self._stream.events.aclose()

    async def _attempt(self) -> Answer | None:
        self._telling.begin()
        attempt, self._headers = self.course.attempt, ()
        try:
            return await self._HOW[attempt.mode](self, self._frame.agents[attempt.agent])
        except UpstreamError as error:
            answer = self._failed(error)
            if answer is not None:
                raise RefusedError(answer) from None
            return None

    async def _streamed(self, agent: AgentClient) -> AsyncIterator[bytes]:
        self._stream = agent.stream(self._asked, self._identity())
        first = await anext(self._stream.events)
        self._headers = self._stream.headers
        self.course.commit()
        until = self._telling.began + self._frame.settings.limits.whole + LINGER
        self._patience.begin(until, self._give_up)
        return self._relayed(first, self._stream)

    async def _plain(self, agent: AgentClient) -> Answer:
        whole = await agent.whole(self._asked)
        is_stream = (self._asked.mode, self._frame.settings.fallback_format) == ("streamed", "sse")
        events = self._converted(whole) if is_stream else []
        self._headers = whole.headers
        self.course.commit()
        self.course.end()
        self._ended()
        return self._sent(events) if is_stream else self._frame.conceal(whole.text)

    def _converted(self, whole: Whole) -> list[str]:
        return streamed(whole.document, self._identity(), with_usage=self._asked.with_usage)

    def _identity(self) -> Identity:
        created = int(self._frame.unix())
        return Identity(f"chatcmpl-{self._telling.request_id}", created, self._asked.model)

    async def _relayed(self, first: str, stream: Stream) -> AsyncIterator[bytes]:
        try:
            data = first
            while data != DONE:
                with self._patience.waiting():
                    yield self._framed(data)
                # What a client takes that was given up has been told of already.
                self.chunks += self.course.stage not in OUTCOMES
                data = await anext(stream.events)
            self.course.end()
            self._ended()
            last = self._framed(DONE)
        except UpstreamError as error:
            last = _error(self._failed(error) or mistake())
        except StopAsyncIteration:
            last = _error(failed(_NOT_TAKEN, self._frame.mask))
        except Exception as error:  # noqa: BLE001 - no stream ends without its last event
            self._mistake(error)
            last = _error(mistake())
        with self._patience.waiting():
            yield last

    async def _sent(self, events: list[str]) -> AsyncIterator[bytes]:
        for data in events:
            yield self._framed(data)
            self.chunks += data != DONE

    def _framed(self, data: str) -> bytes:
        return b"data: %b\n\n" % self._frame.conceal(data).encode("utf-8", "backslashreplace")

    def _failed(self, error: UpstreamError) -> ErrorAnswer | None:
        """Take a failure; return what the client gets of it, None if there is another attempt."""
        attempt = self.course.attempt
        goes_on = self.course.fail(error)
        self._telling.failed(attempt, error, self.chunks)
        if goes_on:
            return None
        self._settle(self.course.outcome)
        answer = failed(error, self._frame.mask)
        self.code = answer.code
        return answer

    def _ended(self) -> None:
        self._settle(self.course.outcome)
        self._telling.ended(self.course.attempt, self.outcome, self.chunks, self._headers)

    def _give_up(self) -> Coroutine[Any, Any, None] | None:
        """Take the request back of a client that takes nothing more of its answer."""
        self.leave()
        return None if self._stream is None else self._stream.events.aclose()

    def _mistake(self, error: Exception) -> None:
        self._mistaken = True
        report(error)

    _HOW: Final[
        Mapping[
            Mode,
            Callable[["Answering", AgentClient], Awaitable[Answer]],
        ]
    ] = {"streamed": _streamed, "plain": _plain}


def report(error: BaseException) -> None:
    """Log where a mistake was made, without its words: they could quote a prompt."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("a mistake of the gateway: %s\n%s", type(error).__name__, frames)


def _error(answer: ErrorAnswer) -> bytes:
    return b"data: %b\n\n" % encoded(answer.document)


async def _exhaust(stream: Stream) -> None:
    with suppress(UpstreamError):
        async for _ in stream.events:
            pass
