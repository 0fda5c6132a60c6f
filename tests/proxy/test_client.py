import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.journal import Entry
from sluicegate.proxy.client import (
    CODING,
    Asking,
    Client,
    LimitError,
    Limits,
    RateLimitedError,
    RequestError,
    StatusError,
    Stream,
    UnauthorizedError,
    tool_result,
)
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.wire.assistant.event import Event
from sluicegate.wire.assistant.message import (
    AssistantMessage,
    Message,
    Text,
    Thinking,
    ToolCall,
    Usage,
    UserMessage,
)

from .proxying import Proxy, proxying

# No text of a test ends like the beginning of it, which would be held back.
KEY = "~key~of~a~provider~"
TOKEN = "open.sesame"  # noqa: S105 - of a proxy that lives for a test
HELLO = "Hello from streaming mock provider!"

Act = Callable[[Client, Proxy], Coroutine[Any, Any, Any]]


def with_client(clock: SimulatedClock, act: Act, token: str = TOKEN, **settings: Any) -> Any:  # noqa: ANN401
    async def scenario() -> Any:  # noqa: ANN401 - whatever the act returns
        async with (
            proxying(clock, members={"key": KEY}, token=TOKEN, **settings) as proxy,
            Client(proxy.server.url, token, model="gpt-4") as client,
        ):
            found = await act(client, proxy)
            await clock.quiesce()
            assert connections(client) <= 1
            return found

    return clock.run(scenario())


def connections(client: Client) -> int:
    transport: Any = client._client._transport
    return len(transport._pool.connections)


def gone(entry: Entry) -> tuple[str, float]:
    assert entry.ended is not None
    return entry.outcome, round(entry.ended - entry.started, 6)


def model(query: str) -> str:
    return f"gpt-4?{query}"


def test_events_come_at_the_instant_they_are_sent(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> list[tuple[float, str, str | None]]:
        began = clock.time()
        query = model('text=Hi+you&reasoning=Hm&tool_calls=now{"a":1}')
        async with client.stream("Hello!", model=query) as stream:
            return [
                (round(clock.time() - began, 6), event.type, event.delta) async for event in stream
            ]

    assert with_client(clock, act) == [
        (0.0, "start", None),
        (0.0, "thinking_delta", "Hm"),
        (0.1, "text_delta", "Hi"),
        (0.2, "text_delta", " you"),
        (0.3, "tool_call_start", "now"),
        (0.4, "tool_call_delta", '{"a":1}'),
        (0.5, "tool_call_end", None),
        (0.5, "done", None),
    ]


def test_the_message_grows_until_it_is_whole(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> list[str]:
        texts = []
        async with client.stream("Hello!", model=model("text=Hi+you")) as stream:
            assert stream.message == AssistantMessage(model=model("text=Hi+you"))
            async for event in stream:
                assert stream.message is event.partial
                texts.append(stream.message.text)
        assert stream.message.stop_reason == "stop"
        return texts

    assert with_client(clock, act) == ["", "Hi", "Hi you", "Hi you"]


def test_the_whole_message_is_returned(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> AssistantMessage:
        query = 'text=Hi&reasoning=Hm&tool_calls=now{"a":1}'
        return await client.ask("Hello!", model=model(query))

    message = with_client(clock, act)
    (call,) = message.tool_calls
    assert message.content == (Thinking("Hm"), Text("Hi"), call)
    assert (message.thinking, message.text) == ("Hm", "Hi")
    assert call == ToolCall("call_mock_1", "now", {"a": 1})
    assert (message.provider, message.stop_reason) == ("openai", "tool_use")
    assert message.usage == Usage(10, 15, 0, 0, 25)


def test_an_agent_shows_what_comes_and_answers_the_calls_of_its_tools(
    clock: SimulatedClock,
) -> None:
    queries = iter(['reasoning=Hm&text=Let+me+see.&tool_calls=bash{"command":"ls"}', "text=One."])
    shown: list[str] = []

    async def turn(client: Client, messages: list[str | Message]) -> AssistantMessage:
        async with client.stream(messages, model=model(next(queries)), tools=CODING) as stream:
            async for event in stream:
                if event.type in {"thinking_delta", "text_delta"}:
                    shown.append(event.delta or "")  # noqa: PERF401 - an agent would print it
        return stream.message

    async def act(client: Client, proxy: Proxy) -> list[Any]:
        messages: list[str | Message] = ["What is here?"]
        while (message := await turn(client, messages)).stop_reason == "tool_use":
            results = [tool_result(call, "README.md") for call in message.tool_calls]
            messages += [message, *results]
        assert shown == ["Hm", "Let", " me", " see.", "One."]
        body = json.loads(proxy.journal.entries[1].body)
        tools = [tool["function"]["name"] for tool in body["tools"]]
        assert tools == ["read", "bash", "edit", "write"]
        return list(body["messages"])

    call = {"name": "bash", "arguments": '{"command":"ls"}'}
    assert with_client(clock, act) == [
        {"role": "user", "content": "What is here?"},
        {
            "role": "assistant",
            "content": "Hm\n\nLet me see.",
            "tool_calls": [{"id": "call_mock_1", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "call_mock_1", "content": "README.md"},
    ]


@pytest.mark.parametrize("query", ["fail_chunk=3&fail_chunk_mode=reset", "fail=503"])
def test_a_conversation_goes_on_after_an_error(clock: SimulatedClock, query: str) -> None:
    async def act(client: Client, _: Proxy) -> str:
        failed = await client.ask("Hi", model=model(query))
        assert failed.stop_reason == "error"
        return (await client.ask(["Hi", failed, "Go on."])).text

    assert with_client(clock, act) == HELLO


def test_no_proxy_of_the_environment_is_used(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    async def act(client: Client, _: Proxy) -> str:
        return (await client.ask("Hi")).text

    assert with_client(clock, act) == HELLO


def test_a_request_says_what_the_client_does_not(clock: SimulatedClock) -> None:
    async def act(_: Client, proxy: Proxy) -> tuple[Any, Any]:
        defaults: Asking = {"model": "m", "system_prompt": "Be.", "max_tokens": 10}
        async with Client(proxy.server.url, TOKEN, **defaults) as client:
            said = UserMessage((Text("Hi"),))
            await client.ask(said, max_tokens=20, temperature=0.5)
            await client.ask(said, upstream="anthropic", thinking_level="low")
        first, second = (json.loads(entry.body) for entry in proxy.journal.entries)
        return first, second

    first, second = with_client(clock, act)
    assert (first["max_tokens"], first["temperature"]) == (20, 0.5)
    assert first["messages"] == [
        {"role": "system", "content": "Be."},
        {"role": "user", "content": "Hi"},
    ]
    assert second["system"] == [{"type": "text", "text": "Be."}]
    assert (second["max_tokens"], second["thinking"]["budget_tokens"]) == (2058, 2048)


def test_framing_comes_where_it_is_asked_for(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> list[str]:
        async with client.stream("Hi", model=model("text=Hi"), framing=True) as stream:
            return [event.type async for event in stream]

    assert with_client(clock, act) == ["start", "text_start", "text_delta", "text_end", "done"]


@pytest.mark.parametrize("base", ["/stream/anthropic", "/stream/anthropic/"])
def test_an_upstream_can_be_in_the_base_url(clock: SimulatedClock, base: str) -> None:
    async def act(_: Client, proxy: Proxy) -> str:
        async with Client(proxy.server.url + base, TOKEN, model="m") as client:
            return (await client.ask("Hi")).provider

    assert with_client(clock, act) == "anthropic"


def test_a_failure_of_the_upstream_is_a_message(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> AssistantMessage:
        return await client.ask("Hi", model=model("fail_chunk=3&fail_chunk_mode=reset"))

    message = with_client(clock, act)
    assert (message.text, message.stop_reason) == ("Hello from", "error")
    assert message.error_message == "the connection to the upstream was lost during its answer"


def test_answers_that_ended_leave_their_connection_to_the_next(clock: SimulatedClock) -> None:
    async def act(client: Client, proxy: Proxy) -> int:
        for _ in range(3):
            await client.ask("Hi", model=model("text=Hi"))
        assert connections(client) == 1
        return len(proxy.server._connections)

    assert with_client(clock, act) == 1


# Each ends the answer in its way while it waits for the third event, 1.5 s after the request.
async def cancelled(stream: Stream) -> None:
    async def cancel() -> None:
        await asyncio.sleep(1.5)
        await stream.cancel()

    async with stream:
        task = asyncio.create_task(cancel())
        async for _ in stream:
            pass
        await task


async def left(stream: Stream) -> None:
    async with stream, asyncio.timeout(1.5):
        async for _ in stream:
            pass


async def task_cancelled(stream: Stream) -> None:
    async def read() -> None:
        async with stream:
            async for _ in stream:
                pass

    task = asyncio.create_task(read())
    await asyncio.sleep(1.5)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    raise TimeoutError


@pytest.mark.parametrize("end", [cancelled, left, task_cancelled])
@pytest.mark.parametrize("query", ["pace=1000", "first_token=9000", "delay=9000", "fail=hang"])
def test_who_ends_an_answer_takes_the_request_back_at_once(
    clock: SimulatedClock, query: str, end: Callable[[Stream], Coroutine[Any, Any, None]]
) -> None:
    async def act(client: Client, proxy: Proxy) -> tuple[str, float]:
        try:
            await end(client.stream("Hi", model=model(query)))
        except TimeoutError:
            assert end is not cancelled
        assert connections(client) == 0
        await clock.quiesce()
        return gone(proxy.entry)

    assert with_client(clock, act) == ("client went away", 1.5)


def test_who_leaves_early_takes_the_request_back_at_once(clock: SimulatedClock) -> None:
    async def act(client: Client, proxy: Proxy) -> tuple[str, float]:
        async with client.stream("Hi", model=model("pace=1000")) as stream:
            async for event in stream:
                if event.partial.text == "Hello from":
                    break
        assert connections(client) == 0
        assert stream.message.text == "Hello from"
        await clock.quiesce()
        return gone(proxy.entry)

    assert with_client(clock, act) == ("client went away", 1.0)


async def _collect(stream: Stream) -> list[Event]:
    return [event async for event in stream]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "Hello"), (0.5, "Hello"), (1.0, "Hello from"), (1.5, "Hello from")]
)
def test_a_cancelled_answer_ends_with_what_had_come(
    clock: SimulatedClock, seconds: float, text: str
) -> None:
    async def act(client: Client, _: Proxy) -> tuple[list[Event], AssistantMessage]:
        async with client.stream("Hi", model=model("pace=1000")) as stream:
            reading = asyncio.create_task(_collect(stream))
            await asyncio.sleep(seconds)
            await clock.quiesce()
            await stream.cancel()
            assert connections(client) == 0
            await stream.cancel()
            events = await reading
            assert await _collect(stream) == []
        return events, stream.message

    events, message = with_client(clock, act)
    assert [event.type for event in events].count("error") == 1
    assert events[-1] == Event("error", message)
    assert (message.text, message.stop_reason) == (text, "aborted")
    assert message.error_message == "the client cancelled the answer"


def test_an_answer_can_be_cancelled_between_two_events(clock: SimulatedClock) -> None:
    async def act(client: Client, proxy: Proxy) -> tuple[list[str], Any]:
        kinds: list[str] = []
        async with client.stream("Hi", model=model("pace=1000")) as stream:
            async for event in stream:
                kinds.append(event.type)
                if event.type == "text_delta":
                    await stream.cancel()
                    assert stream.message.stop_reason == "aborted"
        await clock.quiesce()
        return kinds, gone(proxy.entry)

    assert with_client(clock, act) == (
        ["start", "text_delta", "error"],
        ("client went away", 0.0),
    )


def test_an_answer_that_is_cancelled_first_is_never_asked_for(clock: SimulatedClock) -> None:
    async def act(client: Client, proxy: Proxy) -> tuple[list[Event], int]:
        stream = client.stream("Hi")
        await stream.cancel()
        async with stream:
            return await _collect(stream), len(proxy.journal.entries)

    events, asked = with_client(clock, act)
    assert ([event.partial.stop_reason for event in events], asked) == (["aborted"], 0)


def test_an_answer_that_has_ended_cannot_be_cancelled(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> str:
        async with client.stream("Hi") as stream:
            await _collect(stream)
            await stream.cancel()
        await stream.cancel()
        return stream.message.stop_reason

    assert with_client(clock, act) == "stop"


def test_what_came_together_with_the_cancellation_is_not_told(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> list[str]:
        async with client.stream("Hi", model=model("pace=1000")) as stream:
            events = [await anext(stream), await anext(stream)]
            # The next event and the cancellation fall on one instant.
            reading = asyncio.create_task(_collect(stream))
            await asyncio.sleep(1.0)
            await stream.cancel()
            return [event.type for event in [*events, *await reading]]

    assert with_client(clock, act)[-1] == "error"


@pytest.mark.parametrize(
    ("token", "why"), [("", "no token was sent"), ("wrong", "expected another token")]
)
def test_a_wrong_token_is_an_error_that_does_not_show_it(
    clock: SimulatedClock, token: str, why: str
) -> None:
    async def act(client: Client, proxy: Proxy) -> tuple[StatusError, str]:
        with pytest.raises(UnauthorizedError) as caught:
            await client.ask("Hi")
        return caught.value, proxy.server.url

    error, url = with_client(clock, act, token)
    assert error.status == 401
    assert str(error) == (
        f"POST {url}/stream answered 401 Unauthorized: {why}: "
        "pass the proxy's own as token, or as api_key"
    )
    assert "wrong" not in f"{error!r}"


def test_a_refusal_names_the_field(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> StatusError:
        with pytest.raises(RequestError) as caught:
            await client.ask("Hi", max_tokens=-1)
        return caught.value

    error = with_client(clock, act)
    assert (error.status, error.field, error.message) == (400, "options.max_tokens", None)
    assert "options.max_tokens" in str(error)


def test_an_upstream_that_is_not_there_is_an_error(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> str:
        with pytest.raises(RequestError) as caught:
            await client.ask("Hi", upstream="open/ai")
        return str(caught.value)

    words = with_client(clock, act)
    assert "/stream/open%2Fai answered 404 Not Found: Unknown URL" in words
    assert words.endswith(
        " and GET /health: make sure that base_url is the proxy's, and that it has this upstream"
    )


def test_a_rate_limit_says_when_to_come_back(clock: SimulatedClock) -> None:
    async def act(client: Client, _: Proxy) -> float | None:
        await client.ask("Hi")
        with pytest.raises(RateLimitedError) as caught:
            await client.ask("Hi")
        assert caught.value.retry_after is not None
        assert f"ask again in {caught.value.retry_after:g} s" in str(caught.value)
        await asyncio.sleep(caught.value.retry_after)
        await client.ask("Hi")
        return caught.value.retry_after

    assert with_client(clock, act, requests_per_minute=1) > 1


@pytest.mark.parametrize(
    ("query", "limits", "passed"),
    [
        ("delay=9000", Limits(first_event=5, gap=3), ("gap", "", 3.0)),
        ("pace=4000", Limits(gap=3), ("gap", "Hello", 3.0)),
        ("pace=400", Limits(whole=1.0), ("whole stream", "Hello from streaming", 1.0)),
    ],
)
def test_a_limit_passes_on_the_loops_clock(
    clock: SimulatedClock, query: str, limits: Limits, passed: tuple[str, str, float]
) -> None:
    async def act(_: Client, proxy: Proxy) -> tuple[LimitError, float]:
        began = clock.time()
        async with Client(proxy.server.url, TOKEN, model=model(query), limits=limits) as client:
            with pytest.raises(LimitError) as caught:
                await client.ask("Hi")
            assert connections(client) == 0
        return caught.value, round(clock.time() - began, 6)

    error, ended = with_client(clock, act)
    assert error.message
    assert (error.limit, error.message.text, ended) == passed
    assert f"the limit {error.limit!r} of {ended:g} s passed" in str(error)


def test_a_stream_wants_to_be_entered_first() -> None:
    async def scenario() -> None:
        async with Client("http://127.0.0.1:1", model="m") as client:
            with pytest.raises(SluicegateError, match="async with"):
                await anext(client.stream("Hi"))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("base_url", "token", "words"),
    [
        ("localhost:8080", "", "got one with scheme 'localhost'"),
        ("ftp://host", "", "got one with scheme 'ftp' and host 'host'"),
        ("http://", "", "got one with scheme 'http' and host ''"),
        ("http://a:secret@host", "", "without user, password and query"),
        ("http://host/?key=secret", "", "without user, password and query"),
        ("http://host:port", "", "got one with mistakes"),
        ("http://host", "secret\n", "expected visible ASCII characters as the token, got 7 others"),
    ],
)
def test_what_cannot_be_a_proxy_is_refused(base_url: str, token: str, words: str) -> None:
    with pytest.raises(SluicegateError) as caught:
        Client(base_url, token)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("asking", "words"),
    [
        ({}, "expected a model: give it to the client, or to the request"),
        ({"model": "m", "temperature": float("nan")}, "cannot be written as JSON"),
    ],
)
def test_what_cannot_be_asked_is_refused(asking: Asking, words: str) -> None:
    with pytest.raises(SluicegateError, match=words):
        Client("http://host").stream("Hi", **asking)


def test_no_token_is_in_what_a_client_shows(
    clock: SimulatedClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(client: Client, _: Proxy) -> str:
        async with client.stream("Hi") as stream:
            await _collect(stream)
            return repr((client, client._client, client._place, stream, stream._exchange))

    with caplog.at_level(0):
        shown = with_client(clock, act)
    assert caplog.text
    assert TOKEN not in shown + caplog.text
    assert KEY not in shown
