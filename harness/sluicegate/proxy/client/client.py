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

from .asking import Asking, Said, body, checked
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
    what the proxy asks for, none where it is empty or None. What `asking` says holds for every
    request that does not say otherwise. Its certificate is always verified: by the public
    authorities, those in the PEM file `authorities`, or an SSL context. Redirections are not
    followed, and proxies of the environment not used. Raises SluicegateError for what cannot be
    one, and for options that there are not.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = "",
        *,
        limits: Limits = _DEFAULT,
        trust: ssl.SSLContext | None = None,
        authorities: Path | str | None = None,
        **asking: Unpack[Asking],
    ) -> None:
        self._place = proxy_at(base_url, token)
        self._place.below(checked(asking).get("upstream"), framing=False)
        if not isinstance(limits, Limits):
            raise SluicegateError(f"expected limits as Limits, got {limits!r}")
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

            provider: proxy
            base_url: https://proxy.example:8080
            api_key: ${PROXY_TOKEN}       # the proxy's token; without it, none is shown
            authorities: ca.pem           # who vouches for its certificate; else the public ones
            upstream: anthropic           # by its name there; else the proxy's own choice
            model: claude-sonnet-4-5
            system_prompt: You are a helpful assistant.
            max_tokens: 4096
            temperature: 0.7
            thinking_level: low           # off, minimal, low, medium, high, xhigh
            cache_retention: short        # none, short, long
            tools:
              preset: coding              # read, bash, edit, write; or none

        The first two and the model must be there. Files are relative to this one. Variables of
        `environ` are expanded. Warns with NoTokenWarning where the one of the token is not set, or
        empty; raises SluicegateError for every mistake. `trust`, or `authorities`, come before the
        file's.
        """
        found = configuration(Path(path), environ)
        if trust is None and authorities is None:
            authorities = found.authorities
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
        asked: Asking = {**self._asking, **checked(asking)}
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
