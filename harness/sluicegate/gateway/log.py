"""What a gateway tells of its work: each attempt, each request, each circuit that changes."""

import logging
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TextIO

from sluicegate.runtime import json_log
from sluicegate.upstream.errors import Kind

from .breaker import State
from .fallback import Mode

NAME: Final = "sluicegate.gateway"
"""The logger that is told of requests, each line at the level INFO."""

LONGEST: Final = 200
"""Characters of a name that a client has chosen which are logged."""

LimitName = Literal["connect", "first content", "gap", "whole stream", "plain"]
"""The limits of an attempt; `plain` is that of a whole plain one."""

Outcome = Literal["answered", "failed", "broken", "refused", "left", "mistake"]
"""What became of a request.

`broken`: it failed after its beginning had been sent. `refused`: it was the client's own fault, or
none may be asked for it. `left`: the client went away. `mistake`: the gateway failed by itself.
"""

_logger = logging.getLogger(NAME)


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt: `chunks` of it were delivered, and times are in seconds.

    `reason`, `status`, `limit` and its `limit_seconds` tell why it failed. `agent_request_id` is
    what the agent calls it. `duration` is its own, and that of its answer to the client.
    """

    request_id: str
    agent: str
    mode: Mode
    outcome: Outcome
    duration: float
    chunks: int = 0
    reason: Kind | None = None
    status: int | None = None
    limit: LimitName | None = None
    limit_seconds: float | None = None
    agent_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A request and what became of it, with the status of its answer, 0 without any.

    `mode` and `model` are what the client wants, `agent` is the selected one; None or empty is that
    it did not come so far. `code` is that of the error which the client got.
    """

    request_id: str
    model: str
    agent: str
    mode: Mode | None
    outcome: Outcome
    status: int
    code: str | None
    attempts: int
    chunks: int
    duration: float


@dataclass(frozen=True, slots=True)
class Changed:
    """The circuit of an agent has another state now."""

    agent: str
    state: State


Told = Attempted | Served | Changed

_EVENTS: Final[dict[type, str]] = {Attempted: "attempt", Served: "request", Changed: "circuit"}


class GatewayLog:
    """Tells Python's `logging`: no prompt, no answer and no key is in what it tells."""

    def tell(self, told: Told) -> None:
        """Log something, with its fields that have a value as attributes of the record."""
        if _logger.isEnabledFor(logging.INFO):
            _logger.info(_EVENTS[type(told)], extra=_fields(told))


def log_json(stream: TextIO) -> logging.Handler:
    """Write what is logged to a stream, one object of JSON a line.

    Returns the handler, for whoever wants to remove it again.
    """
    return json_log.log_json(NAME, stream)


def _fields(told: Told) -> dict[str, Any]:
    return {name: _short(value) for name, value in asdict(told).items() if value is not None}


def _short(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    return value[:LONGEST] if isinstance(value, str) else value
