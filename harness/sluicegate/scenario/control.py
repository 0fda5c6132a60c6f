"""Control of a provider: its plans and its journals, in this process or over HTTP."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Protocol

import httpx

from sluicegate.errors import SluicegateError
from sluicegate.provider.agents import Agents
from sluicegate.provider.entries import read_entry
from sluicegate.provider.guard import MARK, VARIABLE
from sluicegate.provider.journal import Entry

PATIENCE: Final = 10.0
"""Seconds on the clock that the control API gets for an answer."""

PlanDocument = Mapping[str, Any]
"""A plan in JSON, such as `{"answers": [{"fail": 429}, {"text": "Hello"}]}`."""


class UncontrolledError(SluicegateError):
    """A provider that has no control API, or none at this URL."""


class Control(Protocol):
    """What a scenario tells a provider, and asks it; every method may raise SluicegateError.

    To be awaited on the clock's own loop.
    """

    async def file(self, agent: str, plan: PlanDocument, token: str | None = None) -> None:
        """Let the agent answer requests that bear the token, or all others, as the plan says."""

    async def entries(
        self, agent: str | None = None, token: str | None = None, since: int = 0
    ) -> tuple[Entry, ...]:
        """Return what the journals hold, of one agent or all, of one token or all.

        Each agent numbers its own entries; only those with a larger number than `since` count.
        """

    async def reset(self, token: str | None = None) -> None:
        """Forget what a token filed and asked; or let everything be as at the start."""


class EmbeddedControl:
    """Control of providers in this process."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    async def file(self, agent: str, plan: PlanDocument, token: str | None = None) -> None:
        """File the plan of an agent."""
        self._agents.file({agent: plan}, token)

    async def entries(
        self, agent: str | None = None, token: str | None = None, since: int = 0
    ) -> tuple[Entry, ...]:
        """Return what the journals hold."""
        return tuple(noted.entry for noted in self._agents.entries(agent, token, since))

    async def reset(self, token: str | None = None) -> None:
        """Forget."""
        self._agents.reset(token)


class HttpControl:
    """Control of a provider that somebody else runs, by a client whose base URL is its.

    `secret` is the provider's control token, if it has one. The times of its entries are in seconds
    on the clock of the provider's loop.
    """

    def __init__(self, client: httpx.AsyncClient, secret: str | None = None) -> None:
        self._client = client
        self._headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}

    async def file(self, agent: str, plan: PlanDocument, token: str | None = None) -> None:
        """File the plan of an agent."""
        await self._ask("POST", "plans", body={"token": token, "plans": {agent: plan}})

    async def entries(
        self, agent: str | None = None, token: str | None = None, since: int = 0
    ) -> tuple[Entry, ...]:
        """Return what the journals hold."""
        answer = await self._ask("GET", "journal", {"agent": agent, "token": token, "since": since})
        try:
            return tuple(map(read_entry, answer["entries"]))
        except (KeyError, TypeError, SluicegateError) as error:
            raise SluicegateError(
                f"{self._client.base_url} answered no journal of this version: {error}"
            ) from None

    async def reset(self, token: str | None = None) -> None:
        """Forget."""
        await self._ask("POST", "reset", {"token": token})

    async def _ask(
        self,
        method: str,
        name: str,
        parameters: Mapping[str, str | int | None] | None = None,
        body: object = None,
    ) -> dict[str, Any]:
        given = {key: value for key, value in (parameters or {}).items() if value is not None}
        request = self._client.build_request(
            method, f"/_provider/{name}", params=given, json=body, headers=self._headers
        )
        return self._read(await self._send(request))

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._client.send(request)
        except TimeoutError:
            raise SluicegateError(
                f"{request.method} {request.url} was not answered within {PATIENCE:g} s; is it the"
                " URL of a `sluicegate provider`?"
            ) from None
        except httpx.HTTPError as error:
            raise SluicegateError(
                f"cannot reach the control API, {request.method} {request.url} failed"
                f" ({type(error).__name__}: {error}); start the provider, or correct its URL"
            ) from None

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        answered = f"{response.request.method} {response.request.url} answered"
        if MARK not in response.headers:
            raise UncontrolledError(
                f"{answered} {response.status_code}, and is no control API of a `sluicegate"
                " provider`; one that has a --control-port is controlled there"
            )
        document = _json(response)
        if response.is_success and isinstance(document, dict):
            return document
        hint = _HINTS.get(response.status_code, "")
        raise SluicegateError(f"{answered} {response.status_code}{hint}{_message(document)}")


_HINTS: Final = {
    401: f": set {VARIABLE} to the control token of the provider",
    403: f": set {VARIABLE} to a control token, for the provider and here",
}
"""What to do about a status."""


def _json(response: httpx.Response) -> object:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _message(document: object) -> str:
    error = document.get("error") if isinstance(document, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return f"; it says: {message}" if message else ""
