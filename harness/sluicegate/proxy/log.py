"""One line of JSON for each request that a proxy has served."""

import logging
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TextIO

from sluicegate.runtime import json_log
from sluicegate.upstream.errors import Kind, Limit
from sluicegate.wire.assistant.message import Usage

Outcome = Literal["done", "error", "aborted", "refused"]
"""How a request ended: with `done` or `error`; the client went away; or it was not even begun."""

Reason = Kind | Literal["refused", "arguments", "mistake"]
"""Why a stream ended with `error`: how its upstream failed, or one of these.

`refused`: the upstream would not answer, or not to the end. `arguments`: those of a call are no
JSON. `mistake`: the proxy failed by itself.
"""

NAME: Final = "sluicegate.proxy.requests"
"""The logger that is told of requests, each at the level INFO."""

LONGEST: Final = 200
"""Characters of a name that a client has chosen which are logged."""

_logger = logging.getLogger(NAME)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a stream ended with `error`; it holds no words of the upstream's.

    `limit` is the one that passed; `upstream_status` is what the upstream answered in place of 200.
    """

    reason: Reason
    limit: Limit | None = None
    upstream_status: int | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A request and what became of it; `duration` is in seconds.

    `upstream` and `model` are empty where they are not known, and `usage` is None where nothing was
    asked of an upstream. `failure` is None unless the outcome is `error`.
    """

    request_id: str
    client: str
    upstream: str
    model: str
    outcome: Outcome
    status: int
    duration: float
    usage: Usage | None = None
    failure: Failure | None = None


class RequestLog:
    """Tells Python's `logging` of requests: no prompt, no token, and no key is in what it tells."""

    def tell(self, served: Served) -> None:
        """Log a request, with its fields as attributes of the record."""
        if _logger.isEnabledFor(logging.INFO):
            _logger.info("request", extra=_fields(served))


def log_json(stream: TextIO) -> logging.Handler:
    """Write what is logged of requests to a stream, one object of JSON a line.

    Returns the handler, for whoever wants to remove it again.
    """
    return json_log.log_json(NAME, stream)


def _fields(served: Served) -> dict[str, Any]:
    return {
        "request_id": served.request_id,
        "client": served.client,
        "upstream": served.upstream[:LONGEST],
        "model": served.model[:LONGEST],
        "outcome": served.outcome,
        "status": served.status,
        **_why(served.failure),
        "duration": round(served.duration, 3),
        **({} if served.usage is None else _usage(served.usage)),
    }


def _why(failure: Failure | None) -> dict[str, Any]:
    members = asdict(failure) if failure else {}
    return {name: value for name, value in members.items() if value is not None}


def _usage(usage: Usage) -> dict[str, Any]:
    tokens = {
        "input": usage.input,
        "output": usage.output,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "total": usage.total_tokens,
    }
    return {"tokens": tokens, "cost": usage.cost.total}
