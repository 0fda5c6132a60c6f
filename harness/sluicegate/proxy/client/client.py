"""The client library: agents ask a proxy, and read its AssistantMessage events."""

import math
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self, Unpack

import httpx

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.message import AssistantMessage

from .asking import Asking, Said, body
from .configuration import configuration
from .limits import Limits
from .place import proxy_at
from .stream import Stream

# Requests never wait for one another.
_CONNECTIONS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=100)
_HEADERS: Final = {"User-Agent": "sluicegate"}
_DEFAULT: Final = Limits()


class Client:
    """A client of one proxy, to be closed by `aclose` or as a context manager.

    `base_url` is the proxy's address, or its address and `/stream` or `/stream/NAME`. `token` is
    what the proxy asks for, none where it is empty. What `asking` says holds for every request
    that does not say otherwise. Its certificate is always verified: by the public authorities,
    those in the PEM file `authorities`, or an SSL context. Redirections are not followed, and
    proxies of the environment not used. Raises SluicegateError for what cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        token: str = "",
        *,
        limits: Limits = _DEFAULT,
        trust: ssl.SSLContext | None = None,
        authorities: Path | str | None = None,
        **asking: Unpack[Asking],
    ) -> None:
        self._place = proxy_at(base_url, token)
        self._limits = limits
        self._asking = asking
        connect = None if math.isinf(limits.connect) else limits.connect
        self._client = httpx.AsyncClient(
            headers=_HEADERS,
            limits=_CONNECTIONS,
            timeout=httpx.Timeout(None, connect=connect),
            trust_env=False,
            verify=_trust(self._place.url.scheme, trust, authorities),
        )

    @classmethod
    def from_file(
        cls,
        path: Path | str,
        *,
        environ: Mapping[str, str] = os.environ,
        limits: Limits = _DEFAULT,
        trust: ssl.SSLContext | None = None,
        authorities: Path | str | None = None,
    ) -> Self:
        """Return the client that an agent's configuration describes, in YAML or TOML.

        Variables of `environ` are expanded. Warns with NoTokenWarning where the one of the token
        is not set; raises SluicegateError for every mistake.
        """
        found = configuration(Path(path), environ)
        return cls(
            found.base_url,
            found.token,
            limits=limits,
            trust=trust,
            authorities=authorities,
            **found.asking,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def stream(self, said: Said, **asking: Unpack[Asking]) -> Stream:
        """Return the answer to a conversation, to be iterated within `async with`.

        Raises SluicegateError for what cannot be asked.
        """
        asked: Asking = {**self._asking, **asking}
        framing = asked.get("framing", False)
        place = self._place.below(asked.get("upstream"), framing=framing)
        return Stream(self._client, place, body(said, asked), asked["model"], self._limits)

    async def ask(self, said: Said, **asking: Unpack[Asking]) -> AssistantMessage:
        """Return the whole answer to a conversation; raises ProxyError.

        A message with the stop reason `error` is returned as well.
        """
        async with self.stream(said, **asking) as stream:
            async for _ in stream:
                pass
            return stream.message


def _trust(
    scheme: str, trust: ssl.SSLContext | None, authorities: Path | str | None
) -> ssl.SSLContext:
    if trust is not None:
        if authorities is not None:
            raise SluicegateError("expected authorities or trust, got both")
        if trust.verify_mode != ssl.CERT_REQUIRED or not trust.check_hostname:
            raise SluicegateError("expected trust to verify certificates, and whose they are")
        return trust
    if scheme != "https":
        # Reading the authorities takes longer than most requests, and plain HTTP needs none.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise SluicegateError(
            f"authorities: expected a PEM file, got {os.fspath(authorities or '')!r}: {error}"
        ) from None
