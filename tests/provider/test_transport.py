import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import cast

import httpx
import pytest
import trustme
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from quart import Quart, request

from sluicegate.errors import SluicegateError
from sluicegate.provider.journal import Entry, Journal
from sluicegate.provider.recorder import OpenExchange, exchange_of, recording
from sluicegate.provider.transport import FaultyServer, Settle
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.runtime.server import Certificate, Server

Script = Callable[[OpenExchange], AsyncIterator[bytes]]

REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
RESET = "ConnectionResetError"
PIECE = 65_000
LARGE = 8 * 1024 * 1024


# What reaches a client that uses no library: each read with its time, and the end. Under TLS it
# tells an end with close_notify from one without, which asyncio's own transports do not.
class Peer(asyncio.Protocol):
    def __init__(self, trust: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        self.reads: list[tuple[float, bytes]] = []
        self.ready: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[tuple[float, str]] = loop.create_future()
        self.transport: asyncio.Transport
        self._now = loop.time
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        if trust is not None:
            self._tls = trust.wrap_bio(self._incoming, self._outgoing, server_hostname="127.0.0.1")

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.reads)

    def send(self, data: bytes) -> None:
        if self._tls is not None:
            self._tls.write(data)
            data = self._outgoing.read()
        self.transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by its type
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
            self.reads.append((self._now(), data))

    def eof_received(self) -> None:
        self._end("end of file" if self._tls is None else self._end_of(self._tls))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(type(exc).__name__)

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
            pass
        return data

    def _end_of(self, tls: ssl.SSLObject) -> str:
        self._incoming.write_eof()
        try:
            tls.read()
        except ssl.SSLEOFError:
            return "end of file"
        return "close_notify"

    def _end(self, how: str) -> None:
        if not self.gone.done():
            self.gone.set_result((self._now(), how))


# An application that plays one script, and notes when its work was cancelled.
class Player(Quart):
    def __init__(
        self, script: Script | None, before: Script | None = None, settle: Settle | None = None
    ) -> None:
        super().__init__("player")
        self.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None)
        self.add_url_rule("/", view_func=self.play)
        self.cancelled_at: list[float] = []
        self.ended = asyncio.Event()
        self.journal = Journal(on_end=lambda _: self.ended.set())
        settled = {} if settle is None else {"settle": settle}
        self._recorded = recording(super().asgi_app, self.journal, **settled)
        self._before = before
        self._script = script

    async def asgi_app(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        assert scope["type"] == "http"
        await self._recorded(scope, receive, send)

    async def play(self) -> AsyncIterator[bytes]:
        exchange = exchange_of(request.scope)
        await request.get_data()
        if self._before is not None:
            async for _ in self._noted(self._before(exchange)):
                pass
        return self._noted(self._script(exchange)) if self._script else self._nothing()

    async def _noted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                yield piece
        except asyncio.CancelledError:
            self.cancelled_at.append(asyncio.get_running_loop().time())
            raise

    async def _nothing(self) -> AsyncIterator[bytes]:
        yield b""


@dataclass(frozen=True, slots=True)
class Security:
    certificate: Certificate | None = None
    trust: ssl.SSLContext | None = None


# One server and its application, on a clock.
@dataclass(frozen=True, slots=True)
class Stage:
    clock: Clock
    server: Server
    player: Player
    trust: ssl.SSLContext | None

    @property
    def entry(self) -> Entry:
        return self.player.journal.entries[-1]

    async def connect(self) -> Peer:
        loop = asyncio.get_running_loop()
        host, port = self.server.host, self.server.port
        _, peer = await loop.create_connection(lambda: Peer(self.trust), host, port)
        await peer.ready
        return peer

    async def visit(self) -> Peer:
        peer = await self.connect()
        peer.send(REQUEST)
        await peer.gone
        peer.transport.close()
        await self.clock.quiesce()
        return peer


@asynccontextmanager
async def staged(
    clock: Clock, security: Security, script: Script | None = None, *, before: Script | None = None
) -> AsyncIterator[Stage]:
    player = Player(script, before, clock.quiesce)
    async with FaultyServer(player, certificate=security.certificate) as server:
        yield Stage(clock, server, player, security.trust)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    return trust


@pytest.fixture(scope="module")
def secured(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Security:
    folder = tmp_path_factory.mktemp("certificate")
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(folder / "chain.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    return Security(Certificate(folder / "chain.pem", folder / "key.pem"), trusting(authority))


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def security(request: pytest.FixtureRequest, secured: Security) -> Security:
    return secured if request.param else Security()


async def reset(exchange: OpenExchange) -> AsyncIterator[bytes]:
    yield b""
    await exchange.reset()


async def cut(exchange: OpenExchange) -> AsyncIterator[bytes]:
    yield b""
    await exchange.cut()


BREAKS = {"reset": reset, "cut": cut}
SEEN = {"reset": RESET, "cut": "end of file"}
faults = pytest.mark.parametrize("fault", ["reset", "cut"])


@faults
def test_a_break_before_the_headers_comes_before_any_byte(
    clock: SimulatedClock, security: Security, fault: str
) -> None:
    async def later(exchange: OpenExchange) -> AsyncIterator[bytes]:
        await asyncio.sleep(2.5)
        async for piece in BREAKS[fault](exchange):
            yield piece

    async def scenario() -> None:
        async with staged(clock, security, before=later) as stage:
            peer = await stage.visit()
            assert (peer.reads, peer.gone.result()) == ([], (2.5, SEEN[fault]))
            entry = stage.entry
            assert (entry.outcome, entry.status, entry.ended) == (fault, None, 2.5)
            assert stage.player.cancelled_at == [2.5]

    clock.run(scenario())


@faults
def test_a_break_in_the_middle_follows_what_was_written(
    clock: SimulatedClock, security: Security, fault: str
) -> None:
    async def two_pieces(exchange: OpenExchange) -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(1)
        yield b"second"  # at the very instant of the break
        async for piece in BREAKS[fault](exchange):
            yield piece

    async def scenario() -> None:
        async with staged(clock, security, two_pieces) as stage:
            peer = await stage.visit()
            assert peer.reads[-1] == (1.0, b"6\r\nsecond\r\n")
            assert peer.data.endswith(b"\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n")
            assert peer.gone.result() == (1.0, SEEN[fault])
            assert [write.data for write in stage.entry.writes] == [b"first", b"second"]
            assert (stage.entry.outcome, stage.entry.ended) == (fault, 1.0)
            assert stage.player.cancelled_at == [1.0]

    clock.run(scenario())


@faults
def test_a_break_is_the_same_on_the_wall_clock(security: Security, fault: str) -> None:
    async def one_piece(exchange: OpenExchange) -> AsyncIterator[bytes]:
        yield b"first"
        async for piece in BREAKS[fault](exchange):
            yield piece

    async def scenario() -> None:
        async with staged(clock, security, one_piece) as stage:
            peer = await stage.visit()
            assert peer.data.endswith(b"5\r\nfirst\r\n")
            assert peer.gone.result()[1] == SEEN[fault]
            assert stage.entry.outcome == fault

    with WallClock() as clock:
        clock.run(scenario())


def test_an_answer_that_is_not_broken_ends_with_a_goodbye(
    clock: SimulatedClock, secured: Security
) -> None:
    async def scenario() -> None:
        async with staged(clock, secured) as stage:
            peer = await stage.connect()
            peer.send(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert (await peer.gone)[1] == "close_notify"
            assert peer.data.endswith(LAST_CHUNK)
            peer.transport.close()

    clock.run(scenario())


@faults
def test_a_break_follows_all_that_was_written_at_its_instant_however_much(
    clock: SimulatedClock, security: Security, fault: str
) -> None:
    async def large(exchange: OpenExchange) -> AsyncIterator[bytes]:
        yield b""
        await exchange.write(b"x" * LARGE)
        async for piece in BREAKS[fault](exchange):
            yield piece

    async def scenario() -> None:
        async with staged(clock, security, large) as stage:
            peer = await stage.visit()
            assert peer.data.endswith(b"\r\n\r\n" + b"x" * LARGE)
            assert peer.gone.result() == (0.0, SEEN[fault])

    clock.run(scenario())


@faults
def test_a_break_is_noticed_while_a_second_request_waits(
    clock: SimulatedClock, security: Security, fault: str
) -> None:
    # Hypercorn reads nothing meanwhile, and so does not see its connection go.
    async def scenario() -> None:
        async with staged(clock, security, before=BREAKS[fault]) as stage:
            peer = await stage.connect()
            peer.send(REQUEST + REQUEST)
            assert (await peer.gone)[1] == SEEN[fault]
            peer.transport.close()
            await clock.quiesce()
            assert stage.player.cancelled_at == [0.0]
            assert [entry.outcome for entry in stage.player.journal.entries] == [fault]

    clock.run(scenario())


def test_bytes_past_the_framework_keep_their_place(
    clock: SimulatedClock, security: Security
) -> None:
    async def mixed(exchange: OpenExchange) -> AsyncIterator[bytes]:
        yield b"one"
        await exchange.write(b"raw, ")
        await exchange.write(b"rawer")
        yield b"two"
        await exchange.cut()

    async def scenario() -> None:
        async with staged(clock, security, mixed) as stage:
            peer = await stage.visit()
            assert peer.data.endswith(b"\r\n\r\n3\r\none\r\nraw, rawer3\r\ntwo\r\n")
            expected = [b"one", b"raw, ", b"rawer", b"two"]
            assert [write.data for write in stage.entry.writes] == expected

    clock.run(scenario())


def test_a_head_may_be_written_past_the_framework(
    clock: SimulatedClock, security: Security
) -> None:
    async def garbage(exchange: OpenExchange) -> AsyncIterator[bytes]:
        yield b""
        await exchange.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
        await exchange.cut()

    async def scenario() -> None:
        async with staged(clock, security, before=garbage) as stage:
            peer = await stage.visit()
            assert peer.data == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"
            assert stage.entry.outcome == "cut"

    clock.run(scenario())


def test_settled_writes_are_a_read_each_in_200_runs(
    clock: SimulatedClock, security: Security
) -> None:
    writes = [b"1", b"22", b"333", b"4444"]

    async def settled(exchange: OpenExchange) -> AsyncIterator[bytes]:
        for data in writes:
            await exchange.write(data)
            await exchange.settle()
        yield b""

    async def scenario() -> None:
        async with staged(clock, security, before=settled) as stage:
            peer = await stage.connect()
            for _ in range(200):
                peer.reads.clear()
                peer.send(REQUEST)
                await asyncio.sleep(1)
                assert [data for _, data in peer.reads[:4]] == writes
                assert peer.data.endswith(LAST_CHUNK)
            peer.transport.close()

    clock.run(scenario())


def test_a_head_comes_before_a_silence_and_a_departure_during_it_is_noticed(
    clock: SimulatedClock, security: Security
) -> None:
    async def silent(exchange: OpenExchange) -> AsyncIterator[bytes]:
        del exchange
        yield b""
        await asyncio.sleep(1000)

    async def scenario() -> None:
        async with staged(clock, security, silent) as stage:
            peer = await stage.connect()
            peer.send(REQUEST)
            await asyncio.sleep(12.5)
            ((at, head),) = peer.reads
            assert (at, head[:15], head[-4:]) == (0.0, b"HTTP/1.1 200 \r\n", b"\r\n\r\n")
            peer.transport.close()
            await clock.quiesce()
            entry = stage.entry
            assert (entry.outcome, entry.ended) == ("client went away", 12.5)
            assert (entry.status, entry.headers_at, entry.writes) == (200, 0.0, ())
            assert stage.player.cancelled_at == [12.5]

    clock.run(scenario())


async def more_than_fits(exchange: OpenExchange) -> AsyncIterator[bytes]:
    yield b""
    assert exchange._connection is not None
    transport = exchange._connection.writer.transport
    while transport.get_write_buffer_size() == 0:  # under TLS, its own beside the socket's
        await exchange.write(b"x" * PIECE)
    with suppress(asyncio.CancelledError):
        await exchange.cut()
    await exchange.write(b"too late")
    yield b"too late"


def test_a_cut_holds_nothing_back_from_a_client_that_reads_later(security: Security) -> None:
    async def scenario() -> None:
        async with staged(clock, security, more_than_fits) as stage:
            peer = await stage.connect()
            peer.transport.pause_reading()
            peer.send(REQUEST)
            await stage.player.ended.wait()
            peer.transport.resume_reading()
            assert (await peer.gone)[1] == "end of file"
            assert peer.data.endswith(b"\r\n\r\n" + b"x" * PIECE * len(stage.entry.writes))
            peer.transport.close()

    with WallClock() as clock:
        clock.run(scenario(), limit=10)


def test_a_stopping_server_does_not_wait_for_a_client_that_does_not_read(
    security: Security,
) -> None:
    async def scenario() -> None:
        async with staged(clock, security, more_than_fits) as stage:
            peer = await stage.connect()
            peer.transport.pause_reading()
            peer.send(REQUEST)
            await stage.player.ended.wait()
        assert stage.entry.outcome == "cut"
        peer.transport.abort()

    with WallClock() as clock:
        clock.run(scenario(), limit=10)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_is_left_after_200_faulty_exchanges(
    clock: SimulatedClock, security: Security, caplog: pytest.LogCaptureFixture
) -> None:
    exchanges = 150 if security.trust is None else 50  # a handshake takes its time
    fault = cycle(BREAKS)

    async def broken(exchange: OpenExchange) -> AsyncIterator[bytes]:
        async for piece in BREAKS[next(fault)](exchange):
            yield piece

    async def scenario() -> None:
        async with staged(clock, security, broken) as stage:
            await stage.visit()
            before = descriptors(), asyncio.all_tasks()
            for _ in range(exchanges):
                await stage.visit()
            assert (descriptors(), asyncio.all_tasks()) == before
            assert (stage.server._transports(), stage.server._connections) == ([], {})
            assert {entry.outcome for entry in stage.player.journal.entries} == {"reset", "cut"}

    clock.run(scenario())
    gc.collect()
    assert caplog.records == []


@pytest.mark.parametrize("act", ["write", "reset", "cut"])
def test_a_server_that_is_not_ours_is_named_as_the_reason(
    clock: SimulatedClock, trust: ssl.SSLContext, act: str
) -> None:
    def acting(exchange: OpenExchange) -> Awaitable[None]:
        return exchange.write(b"raw") if act == "write" else getattr(exchange, act)()

    async def told(exchange: OpenExchange) -> AsyncIterator[bytes]:
        with pytest.raises(SluicegateError, match=r"another server: .*FaultyServer") as caught:
            await acting(exchange)
        yield str(caught.value).encode()

    async def scenario() -> tuple[str, Entry]:
        player = Player(told)
        async with Server(player) as server, httpx.AsyncClient(verify=trust) as client:
            return (await client.get(server.url)).text, player.journal.entries[0]

    answer, entry = clock.run(scenario())
    assert answer.startswith("expected a connection that can be broken")
    assert (entry.outcome, len(entry.writes)) == ("finished", 1)


@faults
def test_on_http2_a_break_ends_every_stream_of_the_connection(
    clock: SimulatedClock, secured: Security, authority: trustme.CA, fault: str
) -> None:
    trust = trusting(authority)  # of its own: httpx offers HTTP/2 in it

    async def later(exchange: OpenExchange) -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(next(waits))
        async for piece in BREAKS[fault](exchange):
            yield piece

    async def scenario() -> None:
        async with (
            staged(clock, secured, later) as stage,
            httpx.AsyncClient(verify=trust, http1=False, http2=True) as client,
        ):
            answers = (client.get(stage.server.url) for _ in range(2))
            errors = await asyncio.gather(*answers, return_exceptions=True)
            assert all(isinstance(error, httpx.TransportError) for error in errors)
            ends = [(entry.outcome, entry.ended) for entry in stage.player.journal.entries]
            assert ends == [(fault, 2.5)] * 2

    waits = iter((4.5, 2.5))
    clock.run(scenario())


def test_asyncio_shows_the_transport_under_tls_in_two_attributes_only(
    clock: SimulatedClock, secured: Security
) -> None:
    async def scenario() -> asyncio.Transport:
        async with staged(clock, secured) as stage:
            peer = await stage.connect()
            await clock.quiesce()
            (connection,) = stage.server._connections.values()
            found: asyncio.Transport = connection.writer.transport._ssl_protocol._transport  # type: ignore[attr-defined]
            assert found in stage.server._transports(), (
                "asyncio's TLS transport does not hold the socket's in _ssl_protocol._transport "
                "any more: FaultyConnection closes it without close_notify"
            )
            peer.transport.close()
            return found

    assert clock.run(scenario()).is_closing()


@faults
def test_a_break_is_the_same_under_uvloop(security: Security, fault: str) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def broken(exchange: OpenExchange) -> AsyncIterator[bytes]:
        yield b"first"
        async for piece in BREAKS[fault](exchange):
            yield piece

    # The server itself asks asyncio's own loop for its transports: only its connections are here.
    async def scenario() -> Peer:
        loop = asyncio.get_running_loop()
        server._loop, server._context = loop, WorkerContext(None)
        listener = await asyncio.start_server(server._accept, server.host, 0, ssl=server._tls)
        port = listener.sockets[0].getsockname()[1]
        _, peer = await loop.create_connection(lambda: Peer(security.trust), server.host, port)
        await peer.ready
        peer.send(REQUEST)
        await peer.gone
        peer.transport.close()
        await server._wait(set(server._connections), 1.0)
        listener.close()
        return peer

    server = FaultyServer(Player(broken), certificate=security.certificate)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        peer = runner.run(scenario())
    assert peer.data.endswith(b"5\r\nfirst\r\n")
    assert peer.gone.result()[1] == SEEN[fault]
