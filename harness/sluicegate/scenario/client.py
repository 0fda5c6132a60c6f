"""The two clients of a scenario: the raw one that the judge reads, and one built on httpx-sse."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import httpx
import httpx_sse

from sluicegate import shipped
from sluicegate.wire.sse import Event

from .exchange import Break, Ending, Exchange, Heard, Read, Request

Kind = Literal["raw", "httpx-sse", "client library"]

AUTHORITY = shipped.FEATURES / "proxy" / "variants" / "certificates" / "authority.pem"
"""Who signed the certificates of the proxy's variants."""

PATIENCE = 120.0
"""Seconds on the clock that a client waits for an answer to be complete."""


@cache
def trust() -> ssl.SSLContext:
    """Return what verifies servers: the public authorities, and that of the variants."""
    # Loading the authorities' certificates takes 30 ms and more: once is enough.
    context = ssl.create_default_context()
    context.load_verify_locations(AUTHORITY)
    # Whom SSL_CERT_FILE names is trusted without an authority; Python 3.13 does so by itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open connections to the server at `url`: no proxy, no redirects, no time limits of httpx."""
    # PATIENCE limits each exchange as a whole, on the scenario's clock.
    limits = httpx.Timeout(None)
    async with httpx.AsyncClient(
        base_url=url, timeout=limits, trust_env=False, verify=trust()
    ) as client:
        yield client


async def ask(
    client: httpx.AsyncClient, request: Request, kind: Kind = "raw", leave: float | None = None
) -> Exchange:
    """Send the request and record what comes back until the answer ends, breaks or takes too long.

    Never raises for what the server does: the exchange says how it ended. PATIENCE is the limit,
    unless the client is to `leave` after so many seconds.
    """
    record = Record(request)
    try:
        async with asyncio.timeout(PATIENCE if leave is None else leave):
            await _READERS[kind](client, request, record)
    except TimeoutError:
        if leave is not None:
            return record.close("left")
        return record.close("given up", f"after {PATIENCE:g} s")
    except httpx_sse.SSEError as error:
        return record.close("refused", str(error))
    except httpx.HTTPError as error:
        return record.close("broken", _told(error), _cause(error))
    return record.close("complete")


def _cause(error: BaseException | None) -> Break | None:
    while error is not None:
        if isinstance(error, ConnectionResetError):
            return "reset"
        if isinstance(error, httpx.RemoteProtocolError) and str(error).startswith(_EARLY_ENDS):
            return "early end"
        error = error.__cause__ or error.__context__
    return None


_EARLY_ENDS = ("Server disconnected", "peer closed connection")


def _told(error: httpx.HTTPError) -> str:
    if _cause(error) == "reset":
        return "the connection was reset"
    # Below httpx, some errors say nothing, and others an empty tuple.
    said = str(error)
    return said if said.strip("() ") else _SILENT.get(type(error), type(error).__name__)


_SILENT: dict[type[httpx.HTTPError], str] = {
    httpx.ConnectError: "there was no connection",
    httpx.ReadError: "the connection failed while the client was reading",
    httpx.WriteError: "the connection failed while the client was sending",
}


@dataclass(slots=True)
class Record:
    """What a client takes down of one exchange, with the loop's time, until it closes."""

    request: Request
    clock: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)
    started: float = field(init=False)
    response: httpx.Response | None = None
    headers_at: float | None = None
    reads: list[Read] = field(default_factory=list)
    heard: list[Heard] | None = None

    def __post_init__(self) -> None:
        self.started = self.clock()

    def answered(self, response: httpx.Response) -> None:
        """Take down the head of the answer."""
        self.response, self.headers_at = response, self.clock()

    def hears(self, event: Event) -> None:
        """Take down an event that an ordinary client made out."""
        if self.heard is None:
            self.heard = []
        self.heard.append(Heard(self.clock(), event))

    def close(self, ending: Ending, trouble: str = "", cause: Break | None = None) -> Exchange:
        """Return the exchange, which ends here."""
        response = self.response
        return Exchange(
            request=self.request,
            started=self.started,
            ended=self.clock(),
            ending=ending,
            status=response.status_code if response is not None else 0,
            headers=tuple(response.headers.multi_items()) if response is not None else (),
            headers_at=self.headers_at,
            reads=tuple(self.reads),
            heard=None if self.heard is None else tuple(self.heard),
            trouble=trouble,
            cause=cause,
        )


async def _read_raw(client: httpx.AsyncClient, request: Request, record: Record) -> None:
    # Not httpx's own choice: a client that takes gzip could not blame a gateway for gzip.
    headers = httpx.Headers({"Accept-Encoding": "identity"})
    headers.update(httpx.Headers(request.headers))
    async with client.stream(
        request.method, request.target, headers=headers, content=request.body
    ) as response:
        record.answered(response)
        async for data in response.aiter_raw():
            record.reads.append(Read(record.clock(), data))


async def _read_events(client: httpx.AsyncClient, request: Request, record: Record) -> None:
    async with httpx_sse.aconnect_sse(
        client,
        request.method,
        request.target,
        headers=httpx.Headers(request.headers),
        content=request.body,
    ) as source:
        record.answered(source.response)
        record.heard = []
        async for sse in source.aiter_sse():
            event = Event(event=sse.event, data=sse.data, id=sse.id)
            record.hears(event)


_READERS = {"raw": _read_raw, "httpx-sse": _read_events}
