"""What the log is told of the attempts of one request."""

import asyncio
from dataclasses import dataclass
from typing import Final

from sluicegate.upstream.errors import Headers, UpstreamError

from .concealment import Conceal
from .fallback import Attempt, Mode
from .headers import passed_on
from .log import Attempted, GatewayLog, LimitName, Outcome
from .settings import Settings

_NAME: Final = "x-request-id"


@dataclass(slots=True)
class Telling:
    """Tells a log of attempts, each with its duration since `begin`."""

    log: GatewayLog
    settings: Settings
    conceal: Conceal
    request_id: str
    began: float = 0.0

    def begin(self) -> None:
        """Begin an attempt."""
        self.began = _now()

    def ended(self, attempt: Attempt, outcome: Outcome, chunks: int, headers: Headers) -> None:
        """Tell of an attempt that did not fail."""
        self._tell(attempt, outcome, chunks, headers)

    def failed(self, attempt: Attempt, error: UpstreamError, chunks: int) -> None:
        """Tell of an attempt that failed: why, but not in the agent's words."""
        self._tell(attempt, "failed", chunks, error.headers, error)

    def _tell(
        self,
        attempt: Attempt,
        outcome: Outcome,
        chunks: int,
        headers: Headers,
        error: UpstreamError | None = None,
    ) -> None:
        limit = _limit(error, attempt.mode)
        self.log.tell(
            Attempted(
                request_id=self.request_id,
                agent=attempt.agent,
                mode=attempt.mode,
                outcome=outcome,
                duration=_now() - self.began,
                chunks=chunks,
                reason=None if error is None else error.kind,
                status=None if error is None else error.status,
                limit=limit,
                limit_seconds=None if limit is None else self._seconds(limit),
                agent_request_id=self._number(headers),
            )
        )

    def _number(self, headers: Headers) -> str | None:
        passed = passed_on(headers, self.conceal)
        return next((value for name, value in passed if name.lower() == _NAME), None)

    def _seconds(self, limit: LimitName) -> float:
        limits = self.settings.limits
        seconds: dict[LimitName, float] = {
            "connect": limits.connect,
            "first content": limits.first_content,
            "gap": limits.gap,
            "whole stream": limits.whole,
            "plain": self.settings.plain_limit,
        }
        return seconds[limit]


def _limit(error: UpstreamError | None, mode: Mode) -> LimitName | None:
    if error is None or error.limit is None:
        return None
    return "plain" if mode == "plain" and error.limit != "connect" else error.limit


def _now() -> float:
    return asyncio.get_running_loop().time()
