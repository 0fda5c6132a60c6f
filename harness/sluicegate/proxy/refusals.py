"""Why a request gets no stream: the answer's status, headers and JSON."""

from collections.abc import Mapping
from typing import Any, Final

from sluicegate.errors import SluicegateError

_SERVER_ERRORS: Final = 500
_TYPES: Final = {401: "authentication_error", 429: "rate_limit_error"}
_CODES: Final = {
    401: "unauthorized",
    403: "forbidden_origin",
    404: "unknown_url",
    405: "method_not_allowed",
    413: "request_too_large",
    415: "unsupported_media_type",
    421: "misdirected_request",
    429: "rate_limit_exceeded",
    500: "internal_error",
}


class RefusedError(SluicegateError):
    """A request that is refused with `status` and `headers`.

    `param` names the query parameter or the field of the body (`context.messages[0].role`) that is
    wrong, and is None where no single one is.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.headers = headers or {}

    @property
    def document(self) -> dict[str, Any]:
        """What the answer says, as JSON."""
        kind = "server_error" if self.status >= _SERVER_ERRORS else "invalid_request_error"
        return {
            "error": {
                "message": self.message,
                "type": _TYPES.get(self.status, kind),
                "param": self.param,
                "code": _CODES.get(self.status),
            }
        }
