"""Who may use the control paths of a provider."""

import hmac
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sluicegate.errors import SluicegateError

from .refusal import RefusedError

VARIABLE: Final = "SLUICEGATE_CONTROL_TOKEN"
"""The environment variable that holds the control token of a provider."""

MARK: Final = "X-Sluicegate-Control"
"""The header that every answer of a control API has, and no answer of another server."""

_VISIBLE: Final = re.compile(r"[!-~]+")
_HOW: Final = f"set {VARIABLE} for the provider, and send it as `Authorization: Bearer ...`"


def is_loopback(host: str) -> bool:
    """Tell whether an address or a host name is this machine's own, which others cannot reach."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets requests pass that bear the control token; where there is none, those of this machine.

    `host` is the address that the provider is bound to. Raises SluicegateError for a token that no
    header can carry.
    """

    host: str = "127.0.0.1"
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.token is not None and not _VISIBLE.fullmatch(self.token):
            raise SluicegateError("expected a control token of visible ASCII characters")

    def check(self, authorization: str | None, origin: str | None, host: str | None) -> None:
        """Check the headers of these names; raises RefusedError with the status 401 or 403."""
        if self.token is not None:
            self._check_token(self.token, authorization)
        elif trouble := next(self._troubles(origin, host), None):
            raise RefusedError(f"{trouble}; {_HOW}.", status=403, code="control_forbidden")

    def _check_token(self, token: str, authorization: str | None) -> None:
        scheme, _, given = (authorization or "").partition(" ")
        # Compared as bytes: a str must be ASCII.
        is_right = hmac.compare_digest(given.strip().encode(), token.encode())
        if scheme.lower() != "bearer" or not is_right:
            raise RefusedError(
                f"The control token is missing or wrong; send that of {VARIABLE} as "
                "`Authorization: Bearer ...`.",
                status=401,
                code="invalid_control_token",
            )

    def _troubles(self, origin: str | None, host: str | None) -> Iterator[str]:
        if not is_loopback(self.host):
            yield f"Other machines may reach {self.host}, so the control paths need a token"
        # A web page in this machine's browser reaches whatever the machine does; it cannot hide
        # its origin, nor, where it lets its own name mean 127.0.0.1, that name.
        if origin is not None:
            yield f"A web page ({origin[:80]}) may not use the control paths without a token"
        if not self._is_ours(_name(host or "")):
            yield f"The host {(host or '')[:80]!r} is not this machine's, so it needs a token"

    def _is_ours(self, name: str) -> bool:
        return is_loopback(name) or name.lower() == self.host.lower()


def _name(host: str) -> str:
    # The port follows the last colon, but for an IPv6 address without one.
    name, _, port = host.rpartition(":")
    is_port = not port or (port.isascii() and port.isdigit())
    return name if name and is_port and not name.endswith(":") else host
