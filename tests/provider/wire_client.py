import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from urllib.parse import quote

from sluicegate.provider.app import create_app
from sluicegate.provider.journal import Journal
from sluicegate.provider.plans import Plans
from sluicegate.provider.transport import FaultyServer
from sluicegate.runtime.clock import Clock
from sluicegate.runtime.server import Certificate

CHAT: Final = "/v1/chat/completions"
MESSAGES: Final = "/v1/messages"

Read = tuple[float, bytes]
Headers = tuple[tuple[str, str], ...]

Ending = Literal["complete", "complete, FIN", "complete, close_notify", "FIN", "RST", "open"]
# "complete": the body's own end came, and the connection is open. "open": it has not come, and
# nothing else either for as long as the client watched.


def body(prompt: str = "Hello", **members: object) -> bytes:
    messages = [{"role": "user", "content": prompt}]
    document = {"model": "gpt-4", "max_tokens": 99, "messages": messages} | members
    return json.dumps(document).encode()


def post(
    path: str, query: str = "", content: bytes | None = None, headers: dict[str, str] | None = None
) -> bytes:
    content = body() if content is None else content
    target = f"{path}?{quote(query, safe='=&+%')}" if query else path
    lines = [f"POST {target} HTTP/1.1", "Host: provider", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


# Reads one answer. `feed` takes what a read brought, and returns what it means for the body; what
# is not a whole piece of it, or lies past its end, stays in `rest`.
@dataclass(slots=True)
class Reading:
    status: int | None = None
    headers: Headers = ()
    rest: bytes = b""
    is_whole: bool = False
    counted: int = 0

    def feed(self, data: bytes) -> bytes:
        self.rest += data
        if self.status is None:
            self._read_head()
        if self.status is None or self.is_whole:
            return b""
        is_chunked = ("transfer-encoding", "chunked") in self.headers
        return self._chunks() if is_chunked else self._counted()

    def _read_head(self) -> None:
        head, end, rest = self.rest.partition(b"\r\n\r\n")
        if end:
            first, *lines = head.decode("latin-1").split("\r\n")
            pairs = (line.split(": ", 1) for line in lines)
            self.headers = tuple((name.lower(), value) for name, value in pairs)
            self.status, self.rest = int(first.split(" ")[1]), rest

    def _chunks(self) -> bytes:
        found = b""
        while not self.is_whole and (start := self.rest.find(b"\r\n") + 2) > 1:
            size = int(self.rest[: start - 2], 16)
            if len(self.rest) < start + size + 2:
                break
            found += self.rest[start : start + size]
            self.rest = self.rest[start + size + 2 :]
            self.is_whole = size == 0
        return found

    def _counted(self) -> bytes:
        length = int(dict(self.headers)["content-length"])
        missing = length - self.counted
        found, self.rest = self.rest[:missing], self.rest[missing:]
        self.counted += len(found)
        self.is_whole = self.counted == length
        return found


# What reached one client, with times since its request.
@dataclass(frozen=True, slots=True)
class Seen:
    status: int | None
    headers: Headers
    head_at: float | None
    reads: tuple[Read, ...]
    surplus: bytes
    ending: Ending
    ended: float

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.reads)


# A client that uses no library. Under TLS it tells an end with close_notify from one without,
# which asyncio's own transports do not.
class RawClient(asyncio.Protocol):
    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self.ready: asyncio.Future[None] = loop.create_future()
        self._now = loop.time
        self._began = 0.0
        self._answer = Reading()
        self._head_at: float | None = None
        self._reads: list[Read] = []
        self._arrived = asyncio.Event()
        self._whole: asyncio.Future[float] = loop.create_future()
        self._gone: asyncio.Future[tuple[float, str]] = loop.create_future()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        if trust is not None:
            self._tls = trust.wrap_bio(self._incoming, self._outgoing, server_hostname="127.0.0.1")

    def send(self, data: bytes) -> None:
        self._began = self._now()
        if self._tls is not None:
            self._tls.write(data)
            data = self._outgoing.read()
        self.transport.write(data)

    async def watch(self, longest: float) -> None:
        ends: set[asyncio.Future[Any]] = {self._whole, self._gone}
        await asyncio.wait(ends, timeout=longest, return_when=asyncio.FIRST_COMPLETED)

    # For a clock that does not stand still meanwhile.
    async def arrival(self, size: int) -> None:
        while self._answer.status is None or sum(len(data) for _, data in self._reads) < size:
            self._arrived.clear()
            await self._arrived.wait()

    def seen(self) -> Seen:
        answer, (ended, ending) = self._answer, self._end()
        headers = tuple(each for each in answer.headers if each[0] != "server")
        return Seen(
            answer.status,
            headers,
            self._head_at,
            tuple(self._reads),
            answer.rest,
            ending,
            round(ended - self._began, 6),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if self._tls is None:
            self.ready.set_result(None)
        else:
            self._shake_hands(self._tls)

    def data_received(self, data: bytes) -> None:
        if self._tls is not None:
            self._incoming.write(data)
            if not self.ready.done():
                self._shake_hands(self._tls)
            data = self._decrypted(self._tls)
        if data:
            self._received(data)

    def eof_received(self) -> None:
        self._went("FIN")

    def connection_lost(self, exc: Exception | None) -> None:
        self._went("RST" if isinstance(exc, ConnectionResetError) else f"lost: {exc!r}")

    def _received(self, data: bytes) -> None:
        at = round(self._now() - self._began, 6)
        found = self._answer.feed(data)
        if self._head_at is None and self._answer.status is not None:
            self._head_at = at
        if found:
            self._reads.append((at, found))
        self._arrived.set()
        if self._answer.is_whole and not self._whole.done():
            self._whole.set_result(self._now())

    def _end(self) -> tuple[float, Ending]:
        ends = [str(self._gone.result()[1])] if self._gone.done() else []
        if self._whole.done():
            return self._whole.result(), cast("Ending", ", ".join(["complete", *ends]))
        if self._gone.done():
            return self._gone.result()[0], cast("Ending", ends[0])
        return self._now(), "open"

    def _went(self, how: str) -> None:
        if not self._gone.done():
            self._gone.set_result((self._now(), how))

    def _shake_hands(self, tls: ssl.SSLObject) -> None:
        try:
            tls.do_handshake()
            self.ready.set_result(None)
        except ssl.SSLWantReadError:
            pass
        self.transport.write(self._outgoing.read())

    def _decrypted(self, tls: ssl.SSLObject) -> bytes:
        data = b""
        try:
            while piece := tls.read(65536):
                data += piece
        except ssl.SSLWantReadError:
            return data
        self._went("close_notify")
        return data


@dataclass(frozen=True, slots=True)
class Security:
    certificate: Certificate | None = None
    trust: ssl.SSLContext | None = None


NO_TLS: Final = Security()


@asynccontextmanager
async def serving(
    clock: Clock,
    plans: Plans | None = None,
    *,
    security: Security = NO_TLS,
    journal: Journal | None = None,
) -> AsyncIterator[FaultyServer]:
    settle = clock.quiesce if clock.name == "simulated" else None
    app = create_app(plans=plans, journal=journal, unix=clock.unix, settle=settle)
    async with FaultyServer(app, certificate=security.certificate) as server:
        yield server


async def connect(server: FaultyServer, trust: ssl.SSLContext | None = None) -> RawClient:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: RawClient(trust), server.host, server.port)
    await client.ready
    return client


# Ask on a connection of its own, watch for so many seconds at most, and leave.
async def ask(
    clock: Clock,
    server: FaultyServer,
    request: bytes,
    *,
    longest: float = 100.0,
    trust: ssl.SSLContext | None = None,
) -> Seen:
    client = await connect(server, trust)
    try:
        client.send(request)
        await client.watch(longest)
        await clock.quiesce()
        return client.seen()
    finally:
        client.transport.close()
        await clock.quiesce()
