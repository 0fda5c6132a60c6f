"""The errors that a client sees, in the OpenAI shape: what each failure becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from sluicegate.errors import SluicegateError
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.masking import Mask

from .fallback import STOPPING
from .headers import passed_on

Document = dict[str, Any]

_BAD: Final = "invalid_request_error"

_KEPT: Final = STOPPING | {HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as it is answered, in `application/json`."""

    status: int
    message: str
    type: str
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        """The body; in mid-stream, the data of the event that says why the answer ends."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a status means to a client: an error's `type` and `code`."""

    type: str
    code: str | None = None


_KINDS: Final[Mapping[int, _Kind]] = {
    400: _Kind(_BAD),
    401: _Kind(_BAD, "invalid_api_key"),
    403: _Kind("request_forbidden"),
    404: _Kind(_BAD),
    405: _Kind(_BAD, "method_not_allowed"),
    413: _Kind(_BAD, "request_too_large"),
    422: _Kind(_BAD),
    429: _Kind("rate_limit_error", "rate_limit_exceeded"),
    500: _Kind("orchestration_error"),
    504: _Kind("timeout_error"),
}


class RefusedError(SluicegateError):
    """A request that gets an error at once."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.message)
        self.answer = answer


def failed(error: UpstreamError, mask: Mask) -> ErrorAnswer:
    """Return what the client gets of a failure that decides its answer.

    A timeout is one to the client as well; an error of the client's own and a rate limit keep
    their status; everything else is the gateway's failure. `mask` is that of all agents.
    """
    status = _status(error)
    told = error.said if error.status in _KEPT and error.said else str(error)
    headers = passed_on(error.headers, mask.exact) if error.status in _KEPT else ()
    return _answer(status, mask(told), headers=dict(headers))


def refused_by_circuit(retry_after: int) -> ErrorAnswer:
    """Return the refusal of a request whose agent's circuit is open, for some seconds yet."""
    return _unavailable(
        "the circuit is open after repeated failures; try again later",
        "circuit_open",
        {"Retry-After": str(retry_after)},
    )


def no_healthy_agent() -> ErrorAnswer:
    """Return the refusal of a request for which no agent is healthy."""
    return _unavailable("no healthy agent is available for this model", "no_healthy_agent", {})


def unauthorized() -> ErrorAnswer:
    """Return the refusal of a client that showed no key, or a wrong one."""
    return _answer(401, "expected a valid API key", headers={"WWW-Authenticate": "Bearer"})


def mistake() -> ErrorAnswer:
    """Return what a client is told of a failure that is the gateway's own."""
    return _answer(500, "the gateway made a mistake")


def bad_input(status: int, message: str, param: str | None = None) -> ErrorAnswer:
    """Return the refusal of a request that is wrong by itself, at `param` in its body."""
    return _answer(status, message, param=param)


def _status(error: UpstreamError) -> int:
    if error.kind == "timeout":
        return HTTPStatus.GATEWAY_TIMEOUT
    if error.status is not None and error.status in _KEPT:
        return error.status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _answer(
    status: int, message: str, *, param: str | None = None, headers: Mapping[str, str] | None = None
) -> ErrorAnswer:
    kind = _KINDS.get(status, _Kind(_BAD))
    return ErrorAnswer(int(status), message, kind.type, kind.code, param, headers or {})


def _unavailable(message: str, code: str, headers: Mapping[str, str]) -> ErrorAnswer:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return ErrorAnswer(status, message, "server_error", code, None, headers)
