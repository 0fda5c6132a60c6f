"""The error bodies of the OpenAI format: one that fits each status from 400 to 599."""

from http import HTTPStatus

from .frames import Document

_FIRST_SERVER_ERROR = 500

_FITTING: dict[int, tuple[str, str, str | None]] = {
    400: ("Bad request", "invalid_request_error", None),
    401: ("Incorrect API key provided", "invalid_request_error", "invalid_api_key"),
    402: ("Payment required", "insufficient_quota", "insufficient_quota"),
    403: (
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
    ),
    404: ("The model does not exist", "invalid_request_error", "model_not_found"),
    408: ("Request timeout", "timeout_error", None),
    413: ("Request too large", "invalid_request_error", "request_too_large"),
    429: ("Rate limit exceeded", "rate_limit_error", "rate_limit_exceeded"),
    500: ("Internal server error", "server_error", "internal_error"),
    503: ("The server is overloaded, try again later", "server_error", "overloaded"),
    504: ("Gateway timeout", "timeout_error", None),
    529: ("Overloaded", "server_error", "overloaded"),
}


def error(
    message: str, kind: str, *, param: str | None = None, code: str | None = None
) -> Document:
    """Build an error body; all four keys are always there."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def failure(status: int, message: str | None = None) -> Document:
    """Build the error body that fits a status from 400 to 599, with another message if given."""
    fitting, kind, code = _FITTING.get(status) or (
        phrase(status).capitalize(),
        kind_of(status),
        None,
    )
    return error(message or fitting, kind, code=code)


def kind_of(status: int) -> str:
    """Return the `type` of an error of this status that has no fitting one of its own."""
    return "server_error" if status >= _FIRST_SERVER_ERROR else "invalid_request_error"


def phrase(status: int) -> str:
    """Return what a status is called: `Bad Gateway`, or `Server Error` where it has no name."""
    if status in set(HTTPStatus):
        return _RENAMED.get(status) or HTTPStatus(status).phrase
    return "Server Error" if status >= _FIRST_SERVER_ERROR else "Client Error"


# As RFC 9110 has them, and Python from 3.13 on.
_RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
