"""A Quart application as our servers need it: without limits of Quart's own, and to be closed."""

from types import TracebackType
from typing import Self

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from quart import Quart

from .linger import Application


class QuartApp(Quart):
    """A Quart application, to be closed by `aclose` or as a context manager.

    Where its server speaks the lifespan protocol, it closes itself when the server stops. A body of
    more than `largest_body` bytes is refused.
    """

    def __init__(self, name: str, largest_body: int) -> None:
        super().__init__(name, static_folder=None)
        # Quart's own limits are timers of 60 s: how long an answer takes is not its matter.
        self.config.update(
            RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None, MAX_CONTENT_LENGTH=largest_body
        )
        # `//v1/models` is unknown: Quart would redirect, in a format of its own.
        self.url_map.merge_slashes = False
        self.after_serving(self.aclose)

    def around(self, application: Application) -> Application:
        """Return what serves HTTP connections in place of Quart's own application, and calls it."""
        return application

    async def asgi_app(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            await self.around(super().asgi_app)(scope, receive, send)
        else:
            await super().asgi_app(scope, receive, send)

    async def aclose(self) -> None:
        """Let go of what the application holds; harmless when it is done twice."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
