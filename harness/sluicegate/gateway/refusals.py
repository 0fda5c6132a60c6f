"""Errors as a client gets them, over HTTP: the gateway's own, and those of its framework."""

from collections.abc import Mapping
from typing import Any, Final

from quart import Response, current_app, has_request_context, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from sluicegate.wire.assistant.encoding import encoded

from .account import exchange_of
from .errors import ErrorAnswer, RefusedError, bad_input, mistake

ENDPOINTS: Final = "POST /v1/chat/completions, GET /v1/models and GET /health"


def json_answer(document: Mapping[str, Any], status: int = 200) -> Response:
    """Make an answer in JSON."""
    return Response(encoded(document), status, content_type="application/json")


async def refused(error: RefusedError) -> Response:
    """Answer what the gateway refuses."""
    return _error(error.answer)


def _error(answer: ErrorAnswer) -> Response:
    exchange_of(request.scope).code = answer.code
    response = json_answer(answer.document, answer.status)
    response.headers.extend(answer.headers)
    return response


async def refused_by_framework(error: HTTPException) -> Response:
    """Answer what never reached the gateway's own code, or broke it."""
    if not has_request_context():
        message = f"this gateway speaks no WebSocket; it answers {ENDPOINTS}"
        return json_answer(bad_input(error.code or 400, message).document, error.code or 400)
    response = _error(_answer(error))
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = _allowed(error)
    return response


def _answer(error: HTTPException) -> ErrorAnswer:
    asked = f"{request.method} {request.path}"
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return bad_input(413, f"the body is too large: at most {limit} bytes are accepted")
    if isinstance(error, MethodNotAllowed):
        return bad_input(405, f"not allowed: {asked}; allowed here: {_allowed(error)}")
    if isinstance(error, NotFound):
        return bad_input(404, f"unknown URL: {asked}; this gateway answers {ENDPOINTS}")
    if error.code == mistake().status:
        return mistake()
    return bad_input(error.code or 400, error.description or error.name)


def _allowed(error: MethodNotAllowed) -> str:
    return ", ".join(sorted(error.valid_methods or ()))
