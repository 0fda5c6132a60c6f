"""The client library as the client of a scenario: what it is given, and what it hears."""

from __future__ import annotations

import asyncio
import json
import tempfile
import warnings
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.document import write
from sluicegate.wire.assistant.request import read_request
from sluicegate.wire.sse import Event

from .chat import OPTIONS
from .checks.values import meant, quoted
from .client import Record, trust

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    import httpx

    from sluicegate.proxy.client import Asking, Client, Message, Stream

    from .chat import AgentRequest
    from .exchange import Exchange, Request
    from .session import Ask

LIBRARY: Final = "client library"
"""What a scenario calls it."""


@dataclass(slots=True)
class Library:
    """What the client library is made from: the scenario's request, or a configuration in YAML.

    In the configuration, PROXY_URL is where the proxy is, beside what `environment` holds.
    `cancel` is after how many seconds the answer is cancelled. `warned` is what it warned of, and
    `returned` the message that it holds after the last event.
    """

    configuration: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    cancel: float | None = None
    warned: list[str] = field(default_factory=list)
    returned: dict[str, Any] | None = None

    def asks(self, agent: AgentRequest, request: Request, leave: float | None) -> Ask:
        """Return what asks a proxy; the exchange holds the events as the library read them.

        Raises SluicegateError for what the library cannot be asked, or what it would not heed.
        """
        self._refuse_unheeded(agent)
        messages, options = self._asked(agent, request)

        async def ask(connection: httpx.AsyncClient) -> Exchange:
            record = Record(request, heard=[])
            try:
                async with asyncio.timeout(leave):
                    url = str(connection.base_url)
                    async with (
                        self._client(url, agent) as client,
                        client.stream(messages, **options) as stream,
                        _cancelled(stream, self.cancel),
                    ):
                        await _read(stream, record)
                        self.returned = write(stream.message)
            except TimeoutError:
                return _heard(record.close("left"))
            except SluicegateError as error:
                status = getattr(error, "status", 0)
                return _heard(record.close("refused", f"{type(error).__name__}: {error}"), status)
            return _heard(record.close("complete"))

        return ask

    def refuse_unread(self) -> None:
        """Raise SluicegateError for a configuration, or its environment, that no client reads."""
        if self.configuration or self.environment:
            raise SluicegateError(
                "a sentence says the client's configuration or environment, and only the client "
                f"library reads them: write `Given the client is {quoted(LIBRARY)}`"
            )

    def _refuse_unheeded(self, agent: AgentRequest) -> None:
        for name in agent.options.keys() - OPTIONS:
            raise SluicegateError(
                f"the {LIBRARY} has no option {quoted(name)}; {meant(name, OPTIONS)}"
            )
        if self.environment and not self.configuration:
            raise SluicegateError(
                "a sentence says what the client's environment has, and nothing reads it: write "
                "the client's configuration, too"
            )
        said = {
            "token": agent.token,
            "upstream": agent.upstream,
            "system prompt": agent.system_prompt,
            "tools": agent.tools,
        }
        for name in (name for name, value in said.items() if value and self.configuration):
            raise SluicegateError(
                f"a sentence says the client's {name}, and another one its configuration: put all "
                "of it into the configuration"
            )

    def _asked(self, agent: AgentRequest, request: Request) -> tuple[Sequence[Message], Asking]:
        document = agent.document()
        # The options are the library's to write, right or wrong.
        asked = read_request({**document, "options": {}})
        framing = {"framing": True} if request.target.endswith("framing=true") else {}
        options: dict[str, Any] = {**agent.options, **framing}
        if not self.configuration:
            options |= {
                "model": agent.model,
                "upstream": agent.upstream or None,
                "system_prompt": agent.system_prompt,
                "tools": asked.context.tools,
            }
        return asked.context.messages, cast("Asking", options)

    def _client(self, url: str, agent: AgentRequest) -> Client:
        from sluicegate.proxy.client import Client  # noqa: PLC0415 - only where it is asked for

        if not self.configuration:
            return Client(url, agent.token, trust=trust())
        with tempfile.TemporaryDirectory() as folder, self._warnings():
            path = Path(folder) / "agent.yaml"
            path.write_text(self.configuration, encoding="utf-8")
            environ = {"PROXY_URL": url, **self.environment}
            return Client.from_file(path, environ=environ, trust=trust())

    @contextmanager
    def _warnings(self) -> Iterator[None]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        self.warned += [str(each.message) for each in caught]


def _heard(exchange: Exchange, status: int = 0) -> Exchange:
    """Say what the library does not: whoever heard an event got a stream."""
    if not exchange.heard:
        return replace(exchange, status=status)
    headers = (("content-type", "text/event-stream"),)
    return replace(exchange, status=200, headers=headers, headers_at=exchange.heard[0].at)


async def _read(stream: Stream, record: Record) -> None:
    async for event in stream:
        record.hears(Event(data=json.dumps(write(event), ensure_ascii=False)))


@asynccontextmanager
async def _cancelled(stream: Stream, after: float | None) -> AsyncIterator[None]:
    """Cancel the stream after so many seconds, unless it is over before."""

    async def cancel(seconds: float) -> None:
        await asyncio.sleep(seconds)
        await stream.cancel()

    task = None if after is None else asyncio.create_task(cancel(after))
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
