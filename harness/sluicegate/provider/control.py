"""The control API of providers: plans and journals over HTTP, below `/_provider/`.

    POST /_provider/plans    {"token": "t1", "plans": {"droid": {"answers": [{"fail": 429}, {}]}}}
    GET  /_provider/plans
    GET  /_provider/journal  ?agent=droid&token=t1&since=7
    POST /_provider/reset    ?token=t1

Without a token the plan is the agent's own. Times of the journal are in seconds on the clock of the
provider's loop, which is CLOCK_MONOTONIC on the wall clock; `now` is what it shows at the answer.
"""

import asyncio
import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from quart import Quart, Response, has_request_context, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from sluicegate.runtime.linger import lingering
from sluicegate.wire.schema import violations

from . import openai
from .agents import Agents, Noted
from .encoding import encode
from .entries import write_entry
from .guard import MARK, Guard
from .plans import Filed
from .refusal import RefusedError
from .request import read

PREFIX: Final = "/_provider/"
"""Where the URLs begin that are about the provider itself."""

LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of plans that are taken at once."""

ENDPOINTS: Final = (
    f"POST {PREFIX}plans, GET {PREFIX}plans, GET {PREFIX}journal and POST {PREFIX}reset"
)

_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)


class ControlApp(Quart):
    """A Quart application that can be served by itself, or share the port of another one."""

    def register(self, app: Quart) -> None:
        """Answer what another application is asked below `/_provider/`, in its place."""
        inner = app.asgi_app

        async def asgi_app(
            scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None:
            is_ours = scope["type"] == "http" and scope["path"].startswith(PREFIX)
            await (self.asgi_app if is_ours else inner)(scope, receive, send)

        app.asgi_app = asgi_app  # type: ignore[method-assign] # as Quart says of middleware

    async def asgi_app(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            await lingering(self._answer)(scope, receive, send)
        else:
            await super().asgi_app(scope, receive, send)

    async def _answer(
        self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        await super().asgi_app(scope, receive, send)


def create_control(agents: Agents, guard: Guard | None = None) -> ControlApp:
    """Create the control API of the agents, for those whom the guard lets pass.

    Mistakes are answered in the error format of OpenAI, with the wrong place in `error.param`.
    """
    app = ControlApp(__name__, static_folder=None)
    app.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None, MAX_CONTENT_LENGTH=LARGEST_BODY)
    app.url_map.merge_slashes = False
    _add_guard(app, guard or Guard())
    _add_plans(app, agents)
    _add_journal(app, agents)
    app.register_error_handler(RefusedError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    return app


def _add_guard(app: Quart, guard: Guard) -> None:
    @app.before_request
    async def check() -> None:
        headers = request.headers
        guard.check(headers.get("Authorization"), headers.get("Origin"), headers.get("Host"))

    @app.after_request
    async def tell_apart(response: Response) -> Response:
        response.headers[MARK] = "1"
        return response


def _add_plans(app: Quart, agents: Agents) -> None:
    @app.post(f"{PREFIX}plans", provide_automatic_options=False)
    async def file() -> Response:
        _arguments(())
        document = await _document()
        for each in violations(document, "sluicegate/plans"):
            raise RefusedError(f"{each.param or 'The body'}: {each.message}", param=each.param)
        return _listed(agents.file(document["plans"], document.get("token")))

    @app.get(f"{PREFIX}plans", provide_automatic_options=False)
    async def filed() -> Response:
        _arguments(())
        return _listed(agents.filed())

    @app.post(f"{PREFIX}reset", provide_automatic_options=False)
    async def reset() -> Response:
        return _listed(agents.reset(**_arguments(("token",))))


def _add_journal(app: Quart, agents: Agents) -> None:
    @app.get(f"{PREFIX}journal", provide_automatic_options=False)
    async def journal() -> Response:
        given = _arguments(("agent", "token", "since"))
        since = _number("since", given.pop("since", "0"))
        entries = [_noted(each) for each in agents.entries(**given, since=since)]
        return _json({"now": asyncio.get_running_loop().time(), "entries": entries})


async def _document() -> dict[str, Any]:
    body = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    asked = read(b"", None, body)
    if asked.document is None:
        raise asked.refused or RefusedError("Expected a JSON object as the body.")
    return asked.document


def _arguments(known: Collection[str]) -> dict[str, str]:
    """Return the query's parameters, and refuse those that would do nothing."""
    for name, values in request.args.lists():
        if name not in known:
            accepted = ", ".join(known) or "none"
            raise RefusedError(f"{name}: is unknown; known are {accepted}.", param=name)
        if len(values) > 1:
            raise RefusedError(f"{name}: is given more than once.", param=name)
    return request.args.to_dict()


def _number(name: str, value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise RefusedError(f"{name}: expected a whole number, got {value[:80]!r}.", param=name)
    return int(value)


def _noted(noted: Noted) -> dict[str, Any]:
    return {"agent": noted.agent, **write_entry(noted.entry)}


def _listed(filed: Iterable[Filed]) -> Response:
    return _json({"plans": [_filed(each) for each in filed]})


def _filed(filed: Filed) -> dict[str, Any]:
    plan = filed.plan
    written = plan.document
    if written is None:
        written = {"models": list(plan.models), "healthy": plan.healthy}
    return {
        "agent": filed.agent,
        "token": filed.token,
        "attempts": filed.attempts,
        "plan": written,
    }


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(encode(document), status, content_type="application/json")


async def _refuse(refused: RefusedError) -> Response:
    response = _json(openai.refusal(refused), refused.status)
    if refused.status == _UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="sluicegate"'
    return response


_UNAUTHORIZED: Final = 401


async def _refuse_http(error: HTTPException) -> Response:
    status = error.code or 500
    refused = RefusedError(_message(error), status=status, code=_CODES.get(status))
    response = await _refuse(refused)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


_CODES: Final = {404: "unknown_url", 405: "method_not_allowed", 413: "request_too_large"}


def _message(error: HTTPException) -> str:
    if isinstance(error, RequestEntityTooLarge):
        return f"The body is too large: at most {LARGEST_BODY} bytes are accepted."
    asked = f"{request.method} {request.path}" if has_request_context() else "a WebSocket"
    return f"{error.name}: {asked}; the control API of this provider answers {ENDPOINTS}."
