"""The mock provider as a Quart application: a thin shell around scripts."""

import time
from collections.abc import Callable
from itertools import count
from typing import Protocol

from quart import Quart, Response, current_app, has_request_context, request
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)

from sluicegate.runtime.linger import Application, lingering
from sluicegate.runtime.quart_app import QuartApp

from . import anthropic, openai, token
from .answer import Answer
from .frames import Format, Identity
from .journal import Journal
from .plain import document
from .plan import Plan
from .plans import Plans
from .player import play, whole
from .recorder import exchange_of, recording
from .refusal import RefusedError
from .repetition import Repetition
from .request import read
from .respond import Responder, refusal
from .selection import HEADER
from .transport import Settle

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a request body that `create_app` takes unless told otherwise."""

AGENT = "provider"
"""The name of the agent that a provider is unless it has one of its own."""

ENDPOINTS = "POST /v1/chat/completions, POST /v1/messages, GET /v1/models and GET /health"


class Mounted(Protocol):
    """Something that adds URLs of its own to an application."""

    def register(self, app: Quart) -> None:
        """Add them."""


class ProviderApp(QuartApp):
    """A provider whose every exchange is recorded in `journal`.

    `repetition` counts what `fail_times` and `fail_rate` go by.
    """

    journal: Journal
    repetition: Repetition
    settle: Settle | None

    def around(self, application: Application) -> Application:
        """Record each exchange."""
        return lingering(recording(application, self.journal, self.settle), keeps=True)


def create_app(  # noqa: PLR0913 - what a provider is made of, each with its default
    plan: Plan | None = None,
    *,
    agent: str = AGENT,
    plans: Plans | None = None,
    journal: Journal | None = None,
    unix: Callable[[], float] = time.time,
    settle: Settle | None = None,
    largest_body: int = LARGEST_BODY,
    control: Mounted | None = None,
) -> ProviderApp:
    """Create a mock provider: the agent of that name.

    It answers as its `plan` says, or as `plans` say of the agent, and records in `journal`. `unix`
    tells the time in Unix seconds for what the answers carry; waits are on the event loop's clock.
    `settle` is the simulated clock's `quiesce`: with it every write is a read of its own at the
    client. A request body of more than `largest_body` bytes is refused with 413. `control` adds the
    URLs by which the provider is told its plans over HTTP.
    """
    app = ProviderApp(__name__, largest_body)
    app.journal = Journal() if journal is None else journal
    app.repetition = Repetition()
    app.settle = settle
    _add_routes(app, agent, plans or Plans({agent: plan or Plan()}), unix)
    if control is not None:
        control.register(app)
    app.register_error_handler(HTTPException, _refuse)
    return app


def _add_routes(app: ProviderApp, agent: str, plans: Plans, unix: Callable[[], float]) -> None:
    numbers = count(1)

    def issue(model: str) -> Identity:
        return Identity(f"mock-{next(numbers)}", int(unix()), model)

    responder = Responder(issue, unix, app.repetition)

    async def chat(format_: Format) -> Response:
        body = await request.get_data(cache=True, as_text=False, parse_form_data=False)
        asked = read(request.query_string, _selected(), body)
        found = token.find(asked.document or {})
        if found is not None:
            exchange_of(request.scope).file_under(found)
        planned = plans.answer(agent, found)
        answer = responder.respond(format_, asked, planned, plans.kind(agent, found))
        return await play(answer, app.settle)

    @app.post("/v1/chat/completions", provide_automatic_options=False)
    async def chat_completions() -> Response:
        return await chat(openai)

    @app.post("/v1/messages", provide_automatic_options=False)
    async def messages() -> Response:
        return await chat(anthropic)

    @app.get("/v1/models", provide_automatic_options=False)
    async def models() -> Response:
        listed = openai.models(plans.plan(agent).models, int(unix()))
        return await play(document(200, listed))

    @app.get("/health", provide_automatic_options=False)
    async def health() -> Response:
        return await play(_health(healthy=plans.plan(agent).healthy))


def _selected() -> str | None:
    # Given twice, it is one list: a parameter that stands in both is refused.
    return "&".join(request.headers.getlist(HEADER)) or None


def _health(*, healthy: bool) -> Answer:
    if healthy:
        return document(200, {"status": "ok"})
    return refusal(openai, RefusedError("The provider is unhealthy.", status=503, code="unhealthy"))


async def _refuse(error: HTTPException) -> Response:
    status = error.code or 500
    refused = RefusedError(_message(error), status=status, code=_CODES.get(status))
    allow = (("Allow", _allowed(error)),) if isinstance(error, MethodNotAllowed) else ()
    if not has_request_context():
        return whole(refusal(openai, refused, allow))
    if request.method == "OPTIONS" and allow:
        return await play(Answer(204, allow, ()))
    return await play(refusal(_format(), refused, allow))


def _format() -> Format:
    return anthropic if request.path.startswith("/v1/messages") else openai


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
