"""The client library as the client of a scenario: what it is given, and what it hears."""

from __future__ import annotations

import asyncio
import json
import tempfile
import warnings
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.document import write
from sluicegate.wire.assistant.request import read_request
from sluicegate.wire.sse import Event

from .client import Record, trust

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from sluicegate.proxy.client import Client, Stream

    from .chat import AgentRequest
    from .exchange import Exchange, Request
    from .session import Ask

LIBRARY: Final = "client library"
"""What a scenario calls it."""


@dataclass(slots=True)
class Library:
    """What the client library is made from: the scenario's request, or a configuration in YAML.

    In the configuration, PROXY_URL is where the proxy is, beside what `environment` holds.
    `cancel` is after how many seconds the answer is cancelled. `warned` is what it warned of.
    """

    configuration: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    cancel: float | None = None
    warned: list[str] = field(default_factory=list)

    def asks(self, agent: AgentRequest, request: Request, leave: float | None) -> Ask:
        """Return what asks a proxy; the exchange holds the events as the library read them."""

        async def ask(connection: httpx.AsyncClient) -> Exchange:
            record = Record(request, heard=[])
            try:
                async with asyncio.timeout(leave):
                    await self._read(str(connection.base_url), agent, request, record)
            except TimeoutError:
                return record.close("left")
            except SluicegateError as error:
                return record.close("refused", f"{type(error).__name__}: {error}")
            return record.close("complete")

        return ask

    async def _read(self, url: str, agent: AgentRequest, request: Request, record: Record) -> None:
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
        async with (
            self._client(url, agent) as client,
            client.stream(asked.context.messages, **options) as stream,
            _cancelled(stream, self.cancel),
        ):
            async for event in stream:
                record.hears(Event(data=json.dumps(write(event), ensure_ascii=False)))

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
