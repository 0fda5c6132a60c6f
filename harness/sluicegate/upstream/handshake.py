"""Connections whose TLS handshake is cancelled: httpcore leaves them open, and nobody's."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream


class Handshake:
    """Closes the connection of one request when its handshake fails; httpcore's `trace`."""

    def __init__(self) -> None:
        self._connection: AsyncNetworkStream | None = None

    async def __call__(self, name: str, info: Mapping[str, Any]) -> None:
        """Take note of a step of the request."""
        if name == "connection.connect_tcp.complete":
            self._connection = info["return_value"]
        elif name == "connection.start_tls.failed" and self._connection is not None:
            await self._connection.aclose()
