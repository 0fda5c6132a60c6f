import asyncio
import gzip
import json
import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import pytest

from sluicegate.proxy.client import (
    BrokenStreamError,
    Client,
    LimitError,
    Limits,
    ProtocolError,
    ProxyError,
    RateLimitedError,
    RequestError,
    ServerError,
    StatusError,
    Stream,
    UnauthorizedError,
    UnreachableError,
)
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.events import LARGEST
from sluicegate.wire.assistant.builder import Builder
from sluicegate.wire.assistant.message import AssistantMessage, Usage

TOKEN: Final = "opensesame"  # noqa: S105 - of servers that live for a test

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
HOLD: Final = b""
"""In place of a piece: the server says nothing more, and waits until the client has gone."""


# Answers every request with these pieces, one after the other; `%s` is the token that came with it.
@asynccontextmanager
async def saying(clock: SimulatedClock, *pieces: bytes) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            token = head.partition(b"Bearer ")[2].partition(b"\r\n")[0]
            for piece in pieces:
                writer.write(piece.replace(b"%s", token))
                await (clock.quiesce() if piece else reader.read())
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchanges.append(asyncio.create_task(handle(reader, writer)))

    exchanges: list[asyncio.Task[None]] = []
    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            await asyncio.gather(*exchanges)


def answer(clock: SimulatedClock, *pieces: bytes, **settings: Any) -> AssistantMessage:  # noqa: ANN401
    async def scenario() -> AssistantMessage:
        async with (
            saying(clock, *pieces) as url,
            Client(url, TOKEN, model="m", **settings) as client,
        ):
            return await client.ask("Hi")

    return clock.run(scenario())


def failure(clock: SimulatedClock, *pieces: bytes, **settings: Any) -> ProxyError:  # noqa: ANN401
    with pytest.raises(ProxyError) as caught:
        answer(clock, *pieces, **settings)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(vars(error))
    assert TOKEN not in shown
    return error


def event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def said(*texts: str, ends: bool = True) -> bytes:
    builder = Builder("m", "p", 0)
    events = [*builder.start(), *(each for text in texts for each in builder.text(text))]
    return b"".join(map(event, [*events, *(builder.done("stop", Usage()) if ends else ())]))


SO_FAR: Final = {"role": "assistant", "model": "m", "provider": "p", "timestamp": 0}
BROKEN: Final = "make sure that the proxy runs, and that nothing between cuts long answers off"
NO_PROXY: Final = "make sure that base_url is the proxy's"
NO_OTHER: Final = (
    "in place of 200, and redirections are not followed: make sure that base_url is the proxy's own"
)
LOST: Final = (
    "POST URL: the connection was lost before an answer came: if the proxy serves TLS, its URL "
    "begins with https://"
)
MUCH: Final = gzip.compress(bytes(LARGEST + 1), mtime=0)
HTTP_OK: Final = b"HTTP/1.1 200 OK\r\n"


def no_event(got: str, why: str = "no JSON that can be read") -> str:
    return (
        f"expected AssistantMessage events from POST URL, got {got} ({why}): "
        "make sure that base_url is that of a proxy of this format"
    )


ODD: list[tuple[str, list[bytes], type[ProxyError], str]] = [
    (
        "a page",
        [HTTP_OK + b"Content-Type: text/html\r\n\r\n<html>%s"],
        ProtocolError,
        f"expected Content-Type 'text/event-stream', got 'text/html' from POST URL: {NO_PROXY}",
    ),
    (
        "a token in a content type",
        [HTTP_OK + b"Content-Type: %s\r\n\r\n"],
        ProtocolError,
        f"expected Content-Type 'text/event-stream', got '***' from POST URL: {NO_PROXY}",
    ),
    (
        "no content type",
        [HTTP_OK + b"\r\n" + said("Hi")],
        ProtocolError,
        f"expected Content-Type 'text/event-stream', got '' from POST URL: {NO_PROXY}",
    ),
    (
        "nothing",
        [OK],
        BrokenStreamError,
        f"POST URL: the answer ended before its done or error: {BROKEN}",
    ),
    (
        "no terminal",
        [OK + said("Hi", ends=False)],
        BrokenStreamError,
        f"POST URL: the answer ended before its done or error: {BROKEN}",
    ),
    (
        "an unfinished event",
        [OK + said("Hi")[:-1]],
        BrokenStreamError,
        f"POST URL: the answer ended before its done or error: {BROKEN}",
    ),
    (
        "a body that is too short",
        [OK.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n")],
        BrokenStreamError,
        f"POST URL: the connection was lost before its done or error: {BROKEN}",
    ),
    (
        "no gzip",
        [OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\nno %s")],
        ProtocolError,
        "POST URL: the answer could not be decompressed",
    ),
    (
        "gzip in gzip",
        [OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip, gzip\r\n\r\n%s")],
        ProtocolError,
        "POST URL: the answer could not be decompressed",
    ),
    (
        "much in little",
        [OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + MUCH],
        ProtocolError,
        f"POST URL: more than {LARGEST} bytes came at once",
    ),
    (
        "what a terminal would obey",
        [HTTP_OK + b"Content-Type: \xc2\x9b2J\xe2\x80\xae%s\r\n\r\n"],
        ProtocolError,
        f"expected Content-Type 'text/event-stream', got '2J***' from POST URL: {NO_PROXY}",
    ),
    ("no JSON", [OK + event(b"no %s")], ProtocolError, no_event("'no ***'")),
    ("too deep", [OK + event(b"[" * 100_000)], ProtocolError, no_event(repr("[" * 60))),
    ("an end that is none", [OK + event(b"[DONE]")], ProtocolError, no_event("'[DONE]'")),
    (
        "another dialect",
        [OK + event(b'{"type":"start","of":"%s"}')],
        ProtocolError,
        no_event(repr('{"type":"start","of":"***"}'), "partial: is missing"),
    ),
    (
        "a redirection",
        [b"HTTP/1.1 307 No\r\nLocation: /%s\r\n\r\n"],
        ProtocolError,
        f"POST URL answered 307 Temporary Redirect {NO_OTHER}",
    ),
    (
        "no content",
        [b"HTTP/1.1 204 No\r\n\r\n"],
        ProtocolError,
        f"POST URL answered 204 No Content {NO_OTHER}",
    ),
    ("no HTTP", [b"hello %s\r\n\r\n"], UnreachableError, LOST),
    ("no answer", [], UnreachableError, LOST),
]


@pytest.mark.parametrize(
    ("pieces", "kind", "words"), [each for _, *each in ODD], ids=[name for name, *_ in ODD]
)
def test_what_is_no_answer_says_what_it_is(
    clock: SimulatedClock, pieces: list[bytes], kind: type[ProxyError], words: str
) -> None:
    error = failure(clock, *pieces)
    got = str(error)
    url = got[got.index("POST ") + 5 :].split(" ", maxsplit=1)[0].rstrip(":,")
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/stream")
    assert (type(error), got.replace(url, "URL")) == (kind, words)


TAKE_ANOTHER: Final = "expected another token: pass the proxy's own as token, or as api_key"

REFUSALS: list[tuple[int, bytes, type[StatusError], str]] = [
    (
        401,
        b'{"error": {"message": "no %s"}}',
        UnauthorizedError,
        f"401 Unauthorized: no ***: {TAKE_ANOTHER}",
    ),
    (401, b'{"error": "Unauthorized"}', UnauthorizedError, f"401 Unauthorized: {TAKE_ANOTHER}"),
    (
        403,
        b"<html>",
        UnauthorizedError,
        f"403 Forbidden: {TAKE_ANOTHER}",
    ),
    (
        404,
        b"Not\nfound",
        RequestError,
        "404 Not Found: make sure that base_url is the proxy's, and that it has this upstream",
    ),
    (405, b"[]", RequestError, "405 Method Not Allowed: make sure that base_url is the proxy's"),
    (
        413,
        b'{"error": "too much"}',
        RequestError,
        "413 Request Entity Too Large: too much: send less: the proxy limits the size of a request",
    ),
    (
        429,
        b'{"error": "too many requests."}',
        RateLimitedError,
        "429 Too Many Requests: ask again later",
    ),
    (429, b'{"error": null}', RateLimitedError, "429 Too Many Requests: ask again later"),
    (
        503,
        b'{"error": {"message": 5}}',
        ServerError,
        "503 Service Unavailable: ask again later, or look at the proxy's log",
    ),
    (599, b"[" * 100_000, ServerError, "599: ask again later, or look at the proxy's log"),
]


@pytest.mark.parametrize(("status", "content", "kind", "words"), REFUSALS)
def test_a_status_says_what_to_do(
    clock: SimulatedClock, status: int, content: bytes, kind: type[StatusError], words: str
) -> None:
    error = failure(clock, f"HTTP/1.1 {status} No\r\n\r\n".encode() + content)
    assert isinstance(error, kind)
    assert (error.status, error.field, error.retry_after) == (status, None, None)
    assert str(error).partition(" answered ")[2] == words


@pytest.mark.parametrize("body", [b"", b"x" * 100_000])
def test_a_refusal_need_not_end(clock: SimulatedClock, body: bytes) -> None:
    head = b"HTTP/1.1 401 No\r\nContent-Length: 999999\r\n\r\n"
    assert isinstance(failure(clock, head + body, HOLD), UnauthorizedError)
    assert clock.time() <= 1.0


DATE: Final = b"Date: Wed, 01 Jan 2025 00:00:00 GMT\r\n"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (b"Retry-After: 20\r\n", 20.0),
        (b"Retry-After: 99999999999\r\n", 86_400.0),
        (DATE + b"Retry-After: Wed, 01 Jan 2031 00:00:30 GMT\r\n", 86_400.0),
        (DATE + b"Retry-After: Fri, 31 Dec 99999999999 23:59:59 GMT\r\n", None),
        (DATE + b"Retry-After: Wed, 01 Jan 2025 00:00:30 GMT\r\n", 30.0),
        (DATE + b"Retry-After: Tue, 31 Dec 2024 00:00:00 GMT\r\n", 0.0),
        (b"Retry-After: Wed, 01 Jan 2025 00:00:30 GMT\r\n", None),
        (DATE + b"Retry-After: Wed, 01 Jan 2025 00:00:30\r\n", None),
        (b"Retry-After: soon\r\n", None),
        (b"Retry-After: -1\r\n", None),
    ],
)
def test_when_to_come_back_is_told_in_seconds(
    clock: SimulatedClock, headers: bytes, seconds: float | None
) -> None:
    error = failure(clock, b"HTTP/1.1 429 No\r\n" + headers + b"\r\n")
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == seconds


def test_a_broken_answer_keeps_what_had_come(clock: SimulatedClock) -> None:
    message = failure(clock, OK + said("Hi", " you", ends=False)).message
    assert message
    assert (message.text, message.stop_reason) == ("Hi you", "")


@pytest.mark.parametrize("pieces", [[OK], [OK + said("Hi")[:9]]])
def test_no_event_ever_is_not_any_message(clock: SimulatedClock, pieces: list[bytes]) -> None:
    assert failure(clock, *pieces).message is None


@pytest.mark.parametrize(
    ("pieces", "limit", "ended"),
    [
        ([HOLD], "first event", 5.0),
        ([OK, HOLD], "first event", 5.0),
        ([OK + b": ping\n\n", HOLD], "first event", 5.0),
        ([OK + said("Hi", ends=False), HOLD], "gap", 3.0),
        ([OK + said("Hi", ends=False), event(b'{"type":"ping"}'), HOLD], "gap", 3.0),
    ],
)
def test_a_server_that_says_nothing_more_is_given_up(
    clock: SimulatedClock, pieces: list[bytes], limit: str, ended: float
) -> None:
    error = failure(clock, *pieces, limits=Limits(first_event=5, gap=3))
    assert isinstance(error, LimitError)
    assert (error.limit, round(clock.time(), 6)) == (limit, ended)


def test_after_the_last_event_nothing_is_waited_for(clock: SimulatedClock) -> None:
    assert answer(clock, OK + said("Hi"), HOLD).text == "Hi"
    assert round(clock.time(), 6) == 0.1


GREETING: Final = "a\u2028b\u2029c\x85d\x0be\x1cf \N{GRINNING FACE}"


@pytest.mark.parametrize(
    "stream",
    [
        said(GREETING),
        said(GREETING).replace(b"\n", b"\r\n"),
        said(GREETING).replace(b"\n", b"\r"),
        said(GREETING).replace(b"data: ", b"data:"),
        b"\xef\xbb\xbf" + said(GREETING),
        b": hi\n\nid: 1\n\n: hi\n\nevent: x\n\nretry: 5\n\n" + said(GREETING),
        said(GREETING).replace(b"\n\n", b"\n\n: ping\n\ndata\n\n"),
        said(GREETING).replace(b"\n\n", b'\n\ndata: {"type": "new", "of": 5}\n\n'),
        said(GREETING) + event(b"no JSON"),
        said(GREETING).replace(b'"usage":', b'"new":5,"usage":'),
    ],
    ids=["LF", "CRLF", "CR", "space", "BOM", "fields", "pings", "type", "surplus", "member"],
)
def test_the_oddities_of_honest_servers_are_taken(clock: SimulatedClock, stream: bytes) -> None:
    assert answer(clock, OK, stream).text == GREETING


def test_bytes_may_be_cut_anywhere(clock: SimulatedClock) -> None:
    stream = said(GREETING)
    assert answer(clock, OK, *(bytes([byte]) for byte in stream)).text == GREETING


def test_an_event_stream_is_utf_8_whatever_it_says(clock: SimulatedClock) -> None:
    head = OK.replace(b"event-stream", b"event-stream; charset=latin-1")
    assert answer(clock, head, said(GREETING)).text == GREETING


def test_what_a_server_does_not_know_yet_may_be_null(clock: SimulatedClock) -> None:
    partial = {**SO_FAR, "content": None, "usage": None, "stop_reason": ""}
    start = event(json.dumps({"type": "start", "partial": partial}).encode())
    assert answer(clock, OK + start + said("Hi").partition(b"\n\n")[2]).text == "Hi"


@pytest.mark.parametrize(
    "members",
    [{"stop_reason": "end_turn"}, {"stop_reason": ""}, {"content": None}, {"usage": {}}],
)
def test_the_last_event_is_complete(clock: SimulatedClock, members: dict[str, Any]) -> None:
    *_, last, _ = said("Hi").split(b"\n\n")
    document = json.loads(last.removeprefix(b"data: "))
    document["partial"] |= members
    error = failure(clock, OK + event(json.dumps(document).encode()))
    assert isinstance(error, ProtocolError)
    assert f"(partial.{next(iter(members))}" in str(error)


def test_nothing_that_listens_is_said(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with saying(clock) as url:
            pass
        async with Client(url, TOKEN, model="m") as client:
            await client.ask("Hi")

    with pytest.raises(UnreachableError, match="nothing listens there: start the proxy"):
        clock.run(scenario())


def test_a_name_that_is_none_is_said(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def scenario() -> None:
        async with Client("http://proxy.example", TOKEN, model="m") as client:
            await client.ask("Hi")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UnreachableError, match=r"the name proxy\.example cannot be resolved"):
        clock.run(scenario())


def test_a_connection_takes_no_longer_than_its_limit(clock: SimulatedClock) -> None:
    async def scenario() -> LimitError:
        # A handshake is part of the connection.
        async with saying(clock) as url:
            async with Client(url.replace("http:", "https:"), TOKEN, model="m") as client:
                with pytest.raises(LimitError) as caught:
                    await client.ask("Hi")
            return caught.value

    error = clock.run(scenario())
    assert (error.limit, round(clock.time(), 6)) == ("connect", 10.0)
    assert "no connection was made in time" in str(error)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_can_be_cancelled_before_it_begins(clock: SimulatedClock, scheme: str) -> None:
    async def scenario() -> tuple[AssistantMessage, float]:
        async with (
            saying(clock, HOLD) as url,
            Client(url.replace("http", scheme), TOKEN, model="m") as client,
            client.stream("Hi") as stream,
        ):
            asyncio.get_running_loop().call_later(1.5, cancel, stream)
            events = [event async for event in stream]
            ended = clock.time()
        await asyncio.gather(*cancelling)
        assert [event.type for event in events] == ["error"]
        return stream.message, round(ended, 6)

    def cancel(stream: Stream) -> None:
        cancelling.append(asyncio.create_task(stream.cancel()))

    cancelling: list[asyncio.Task[None]] = []
    message, ended = clock.run(scenario())
    assert (message.model, message.content, message.stop_reason) == ("m", (), "aborted")
    assert ended == 1.5
