"""Keeps web pages out that were not chosen: a browser asks for whoever wrote the page it shows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sluicegate.runtime.pages import is_foreign, is_misled

from .refusals import RefusedError

_JSON: Final = "application/json"


def check_origin(shown: str | None, host: str, chosen: Sequence[str]) -> None:
    """Let a request pass that no page makes, or one of a chosen origin, or of this host.

    `shown` is its `Origin` header. Raises RefusedError: without a token, a page could ask without
    being able to read the answer.
    """
    if is_foreign(shown, host, chosen):
        raise RefusedError("Web pages of this origin may not ask.", status=403)


def check_host(host: str, scope: Mapping[str, Any]) -> None:
    """Let a request pass that was sent to this machine itself by a name of its own.

    For servers that ask for no token. Raises RefusedError where the server is reached at a loopback
    address by another name: the name of a page's own host can be made to lead here (DNS rebinding).
    """
    if is_misled(host, scope):
        raise RefusedError(
            "Without a token, this proxy is for this machine: ask it as localhost, or set a token.",
            status=421,
        )


def check_json(content_type: str) -> None:
    """Let a request pass whose body is JSON, which pages may not send without permission.

    `content_type` is without its parameters. Raises RefusedError.
    """
    if content_type != _JSON:
        raise RefusedError(f"Expected Content-Type: {_JSON}.", status=415)
