"""Tells web pages apart: a browser asks for whoever wrote the page it shows."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any


def is_foreign(origin: str | None, host: str, chosen: Sequence[str] = ()) -> bool:
    """Tell whether a request is one of a page that is neither of a chosen origin nor of this host.

    `origin` and `host` are its headers; no page asks without the first. Among `chosen`, `*` is all.
    """
    if origin is None or origin in chosen or "*" in chosen:
        return False
    return origin.partition("://")[2] != host


def is_misled(host: str, scope: Mapping[str, Any]) -> bool:
    """Tell whether a server at a loopback address was asked by a name that is none of this machine.

    The name of a page's own host can be made to lead here (DNS rebinding). `scope` is ASGI's.
    """
    server = scope.get("server")
    return server is not None and _is_loopback(server[0]) and not _is_local(host)


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
