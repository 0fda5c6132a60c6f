"""How an upstream fails."""

from typing import Literal

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.message import Usage

Kind = Literal["status", "timeout", "connection", "broken", "error", "malformed"]
"""How an upstream failed.

`status`: it answered with another status than 200. `timeout`: a limit passed. `connection`: there
was no answer to read. `broken`: the answer broke off, or ended without its terminal marker.
`error`: the answer was, or went on as, an error of the upstream's own. `malformed`: it was none
of its format.
"""

Limit = Literal["connect", "first content", "gap", "whole stream"]
"""The limits that an upstream can pass."""

Headers = tuple[tuple[str, str], ...]
"""The headers of an answer, as they came."""


class UpstreamError(SluicegateError):
    """An upstream gave no answer, or none that is whole.

    The message may be shown to a client: secrets and addresses are masked. `said` are the words of
    the upstream itself, masked as well; `status` is its HTTP status where that is no 200, and
    `retry_after` its header, seconds or a date, and `headers` are all of them. `limit` is the one
    that passed. `usage` is what the upstream had told of it until then.
    """

    def __init__(  # noqa: PLR0913 - what a failure may tell, each with its default
        self,
        kind: Kind,
        message: str,
        *,
        said: str = "",
        status: int | None = None,
        retry_after: str | None = None,
        headers: Headers = (),
        limit: Limit | None = None,
    ) -> None:
        super().__init__(f"{message}: {said}" if said else message)
        self.kind = kind
        self.said = said
        self.status = status
        self.retry_after = retry_after
        self.headers = headers
        self.limit = limit
        self.usage = Usage()
