"""How asking a proxy fails."""

from typing import Literal

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.message import AssistantMessage

Limit = Literal["connect", "first event", "gap", "whole stream"]
"""The limits that an answer can pass."""


class ProxyError(SluicegateError):
    """A proxy gave no answer, or none that is whole; its text never holds the token.

    `message` is what had come of the answer, None before its first event.
    """

    message: AssistantMessage | None = None


class StatusError(ProxyError):
    """A proxy answered with another `status` than 200.

    `field` names what is wrong in the request, where the proxy says so. `retry_after` is in
    seconds, None where the proxy does not say when to come back.
    """

    def __init__(
        self, words: str, status: int, field: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(words)
        self.status = status
        self.field = field
        self.retry_after = retry_after


class UnauthorizedError(StatusError):
    """The token is not the proxy's, or is missing."""


class RateLimitedError(StatusError):
    """The proxy takes no more requests of this client for `retry_after` seconds."""


class RequestError(StatusError):
    """The proxy does not take the request: `field` names what is wrong, where that is known."""


class ServerError(StatusError):
    """The proxy, or what stands before it, cannot answer at the moment."""


class UnreachableError(ProxyError):
    """There was no connection, no trust, or no answer; the text says which."""


class BrokenStreamError(ProxyError):
    """The answer broke off, or ended, before its `done` or `error`."""


class ProtocolError(ProxyError):
    """What came is no stream of AssistantMessage events."""


class LimitError(ProxyError):
    """The `limit` of that name passed."""

    def __init__(self, words: str, limit: Limit) -> None:
        super().__init__(words)
        self.limit = limit


class NoTokenWarning(UserWarning):
    """A configuration names a variable for its token that is not set, or empty: none is shown."""
