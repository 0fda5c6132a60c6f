"""The mock provider as a Quart application: a thin shell around scripts."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from itertools import count

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from quart import Quart, Response, current_app, has_request_context, request
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)

from . import openai, script
from .journal import Journal
from .linger import lingering
from .openai import Identity
from .plan import Plan
from .recorder import recording
from .refusal import RefusedError
from .script import Answer, Part

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a request body that `create_app` takes unless told otherwise."""

ENDPOINTS = "POST /v1/chat/completions, GET /v1/models and GET /health"


class ProviderApp(Quart):
    """A Quart application whose every exchange is recorded in `journal`."""

    journal: Journal

    async def asgi_app(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one ASGI connection; an HTTP one is recorded."""
        if scope["type"] == "http":
            application = lingering(recording(super().asgi_app, self.journal))
            await application(scope, receive, send)
        else:
            await super().asgi_app(scope, receive, send)


def create_app(
    plan: Plan | None = None,
    *,
    journal: Journal | None = None,
    unix: Callable[[], float] = time.time,
    largest_body: int = LARGEST_BODY,
) -> ProviderApp:
    """Create a mock provider.

    It answers as `plan` says and records in `journal`. `unix` tells the time in Unix seconds
    for what the answers carry; waits are on the event loop's clock. A request body of more than
    `largest_body` bytes is refused with 413.
    """
    app = ProviderApp(__name__, static_folder=None)
    app.journal = Journal() if journal is None else journal
    # Quart's own limits are timers of 60 s: a planned silence may be longer.
    app.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None, MAX_CONTENT_LENGTH=largest_body)
    # `/v1//models` is unknown: Quart would redirect, in a format of its own.
    app.url_map.merge_slashes = False
    _add_routes(app, plan or Plan(), unix)
    app.register_error_handler(HTTPException, _refuse)
    return app


def _add_routes(app: Quart, plan: Plan, unix: Callable[[], float]) -> None:
    numbers = count(1)

    def issue(model: str) -> Identity:
        return Identity(f"mock-{next(numbers)}", int(unix()), model)

    @app.post("/v1/chat/completions", provide_automatic_options=False)
    async def chat_completions() -> Response:
        body = await request.get_data(cache=True, as_text=False, parse_form_data=False)
        return await _play(script.respond(request.query_string, body, issue))

    @app.get("/v1/models", provide_automatic_options=False)
    async def models() -> Response:
        return await _play(script.document(200, openai.models(plan.models, int(unix()))))

    @app.get("/health", provide_automatic_options=False)
    async def health() -> Response:
        return await _play(script.health(healthy=plan.healthy))


async def _play(answer: Answer) -> Response:
    if answer.delay:
        await asyncio.sleep(answer.delay)
    response = Response(_writes(answer.parts), answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    return response


async def _writes(parts: tuple[Part, ...]) -> AsyncIterator[bytes]:
    for part in parts:
        if part.after:
            await asyncio.sleep(part.after)
        yield part.data


async def _refuse(error: HTTPException) -> Response:
    status = error.code or 500
    refused = RefusedError(_message(error), status=status, code=_CODES.get(status))
    if not isinstance(error, MethodNotAllowed):
        return await _play(script.refusal(refused))
    allow = (("Allow", _allowed(error)),)
    is_question = has_request_context() and request.method == "OPTIONS"
    return await _play(Answer(204, allow, ()) if is_question else script.refusal(refused, allow))


_CODES = {404: "unknown_url", 405: "method_not_allowed", 413: "request_too_large"}


def _message(error: HTTPException) -> str:
    if not has_request_context():
        return f"This provider speaks no WebSocket; it answers {ENDPOINTS}."
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return f"The body is too large: at most {limit} bytes are accepted."
    asked = f"{request.method} {request.path}"
    if isinstance(error, MethodNotAllowed):
        return f"Not allowed: {asked}; allowed here: {_allowed(error)}."
    if isinstance(error, NotFound):
        return f"Unknown URL: {asked}; this provider answers {ENDPOINTS}."
    return error.description or error.name


def _allowed(error: MethodNotAllowed) -> str:
    return ", ".join(sorted({"OPTIONS", *(error.valid_methods or ())}))
