"""Keeps web pages out that were not chosen: a browser asks for whoever wrote the page it shows."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .refusals import RefusedError

_JSON: Final = "application/json"


def check_origin(shown: str | None, host: str, chosen: Sequence[str]) -> None:
    """Let a request pass that no page makes, or one of a chosen origin, or of this host.

    `shown` is its `Origin` header. Raises RefusedError: without a token, a page could ask without
    being able to read the answer.
    """
    if shown is None or shown in chosen or "*" in chosen or shown.partition("://")[2] == host:
        return
    raise RefusedError("Web pages of this origin may not ask.", status=403)


def check_host(host: str, scope: Mapping[str, Any]) -> None:
    """Let a request pass that was sent to this machine itself by a name of its own.

    For servers that ask for no token. Raises RefusedError where the server is reached at a loopback
    address by another name: the name of a page's own host can be made to lead here (DNS rebinding).
    """
    server = scope.get("server")
    if server and _is_loopback(server[0]) and not _is_local(host):
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


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] if _has_port(host) else host
    name = name.strip("[]").rstrip(".").lower()
    return f".{name}".endswith(".localhost") or _is_loopback(name)


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and (host.count(":") == 1 or "]:" in host)


def _is_loopback(name: str) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
