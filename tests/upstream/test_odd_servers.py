import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream import events, reading
from sluicegate.upstream.client import Upstream
from sluicegate.upstream.deltas import TextDelta
from sluicegate.upstream.errors import UpstreamError

from .asking import KEY, asked


# Answers every request with these pieces, one after the other; `%s` is the key that came with it.
@asynccontextmanager
async def saying(clock: SimulatedClock, *pieces: bytes) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = head.partition(b"Bearer ")[2].partition(b"\r\n")[0]
        for piece in pieces:
            writer.write(piece.replace(b"%s", key))
            await clock.quiesce()
        writer.close()
        with suppress(ConnectionError):  # the client may have gone first
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchanges.append(asyncio.create_task(handle(reader, writer)))

    exchanges: list[asyncio.Task[None]] = []
    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            await asyncio.gather(*exchanges)


def text(clock: SimulatedClock, *pieces: bytes) -> str:
    async def scenario() -> str:
        async with saying(clock, *pieces) as url, Upstream(url, "openai", key=KEY) as upstream:
            deltas = [delta async for delta in upstream.stream(asked())]
            return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))

    return clock.run(scenario())


def failure(clock: SimulatedClock, *pieces: bytes) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        text(clock, *pieces)
    return caught.value


OK = b"HTTP/1.1 200 OK\r\n"
ODD: list[tuple[str, bytes, str]] = [
    (
        "a key in an error",
        b'HTTP/1.1 401 No\r\n\r\n{"error": {"message": "no such key %s at 127.0.0.1:80"}}',
        "the upstream answered 401: no such key *** at ***",
    ),
    (
        "a key in an event",
        OK + b'\r\ndata: {"error": "key %s"}\n\n',
        "the upstream reported an error: key ***",
    ),
    (
        "a key in what is no JSON",
        OK + b"\r\ndata: key %s\n\n",
        "expected a JSON object as an event of the upstream, got 'key ***'",
    ),
    (
        "a key in a media type",
        OK + b"Content-Type: key/%s\r\n\r\nkey",
        "expected a stream of events, got 'key/***'",
    ),
    ("nothing", OK + b"\r\n", "expected a stream of events, got an empty answer"),
    (
        "a redirection",
        b"HTTP/1.1 302 %s\r\nLocation: /%s\r\n\r\n",
        "the upstream answered 302",
    ),
    ("no content", b"HTTP/1.1 204 No\r\n\r\n", "the upstream answered 204"),
    ("no HTTP", b"hello %s\r\n\r\n", "the connection to the upstream was lost before it answered"),
    (
        "no gzip",
        OK + b"Content-Encoding: gzip\r\n\r\nkey %s",
        "the upstream's answer could not be decompressed",
    ),
    (
        "an error in a text",
        b'HTTP/1.1 422 No\r\n\r\n{"detail": "no %s"}',
        "the upstream answered 422: no ***",
    ),
]


@pytest.mark.parametrize(("_", "answer", "words"), ODD, ids=[name for name, *_ in ODD])
def test_no_words_of_a_failure_hold_a_secret(
    clock: SimulatedClock, _: str, answer: bytes, words: str
) -> None:
    error = failure(clock, answer)
    assert str(error) == words
    assert KEY not in "".join(traceback.format_exception(error))


ANSWER = b'{"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}'


@pytest.mark.parametrize(
    "pieces", [(ANSWER,), (b" \n", b"\n", ANSWER[:20], ANSWER[20:]), (b"\xef\xbb\xbf" + ANSWER,)]
)
def test_a_document_may_come_in_pieces(clock: SimulatedClock, pieces: tuple[bytes, ...]) -> None:
    assert text(clock, OK + b"\r\n", *pieces) == "Hi"


@pytest.mark.parametrize("pieces", [(b"data: ", b"x" * 100), (b"{", b" " * 100)])
def test_what_never_ends_is_given_up(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch, pieces: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr(events, "LARGEST", 100)
    monkeypatch.setattr(reading, "LARGEST", 100)
    error = failure(clock, OK + b"\r\n", *pieces)
    assert (error.kind, str(error)) == (
        "malformed",
        "the upstream sent more than 100 bytes at once",
    )


def test_a_time_to_come_back_that_is_none_is_not_passed_on(clock: SimulatedClock) -> None:
    assert failure(clock, b"HTTP/1.1 429 No\r\nRetry-After: <%s>\r\n\r\n").retry_after is None


def test_an_upstream_that_is_not_there_fails_without_its_address(clock: SimulatedClock) -> None:
    async def scenario() -> str:
        async with saying(clock) as url:
            pass
        async with Upstream(url, "openai", key=KEY) as upstream:
            with pytest.raises(UpstreamError) as caught:
                await anext(upstream.stream(asked()))
            return f"{caught.value.kind}: {caught.value}"

    assert clock.run(scenario()) == "connection: no connection to the upstream could be made"
