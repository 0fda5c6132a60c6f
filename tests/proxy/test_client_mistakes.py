import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.proxy.client import CODING, Client, Limits, ProxyError
from sluicegate.runtime.clock import SimulatedClock

from .proxying import proxying

HOST = "http://127.0.0.1:1"

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"temprature": 5}, "the option temprature is unknown; did you mean temperature?"),
    ({"max_token": 5}, "the option max_token is unknown; did you mean max_tokens?"),
    ({"xyzzy": 5}, "the option xyzzy is unknown; known are model, system_prompt, tools, max_"),
    ({"tools": CODING[0]}, "tools: expected a sequence of Tool, got Tool("),
    ({"tools": "coding"}, "tools: expected a sequence of Tool, got 'coding'"),
    ({"tools": 5}, "tools: expected a sequence of Tool, got 5"),
    ({"upstream": 5}, "upstream: expected a text, got 5"),
    ({"model": 5}, "model: expected a text, got 5"),
    ({"framing": "no"}, "framing: expected True or False, got 'no'"),
]


@pytest.mark.parametrize(("asking", "words"), MISTAKES)
def test_what_is_no_option_is_refused_wherever_it_is_said(
    asking: dict[str, Any], words: str
) -> None:
    client: Any = Client(HOST, model="m")
    for say in (lambda: Client(HOST, **asking), lambda: client.stream("Hi", **asking)):
        with pytest.raises(SluicegateError) as refused:
            say()
        assert str(refused.value).startswith(words)
    with pytest.raises(SluicegateError):
        asyncio.run(client.ask("Hi", **asking))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"whole": None}, "the limit whole: expected seconds above 0, or math.inf for none, got N"),
        ({"connect": "5"}, "the limit connect: expected seconds above 0, or math.inf for none"),
        ({"gap": 0}, "got 0"),
        ({"first_event": -1}, "the limit first_event"),
        ({"gap": math.nan}, "got nan"),
        ({"gap": True}, "got True"),
    ],
)
def test_a_limit_that_is_no_time_is_refused(limits: dict[str, Any], words: str) -> None:
    with pytest.raises(SluicegateError) as refused:
        Limits(**limits)
    assert words in str(refused.value)


ANY: Any = None
NUMBER: Any = 5


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Client(ANY), "expected a text as the base URL, got one of type NoneType"),
        (lambda: Client(HOST, NUMBER), "expected a text as the token, got one of type int"),
        (lambda: Client(HOST, limits=ANY), "expected limits as Limits, got None"),
    ],
)
def test_arguments_of_another_kind_are_refused(make: Callable[[], Client], words: str) -> None:
    with pytest.raises(SluicegateError, match=words):
        make()


def test_none_is_no_token() -> None:
    assert "Authorization" not in Client(HOST, None)._place.headers


@pytest.mark.parametrize("base", ["/stream/openai", "/stream/openai/", "/at/stream/open%61i"])
def test_two_upstreams_are_refused(base: str) -> None:
    words = "expected one upstream, got two: 'openai' in the base URL, and 'anthropic'"
    with pytest.raises(SluicegateError, match=words):
        Client(HOST + base, upstream="anthropic")
    client = Client(HOST + base, upstream="openai", model="m")
    with pytest.raises(SluicegateError, match=words):
        client.stream("Hi", upstream="anthropic")


@pytest.mark.parametrize(
    ("base", "upstream", "path"),
    [
        ("", None, "/stream"),
        ("", "openai", "/stream/openai"),
        ("/stream", "openai", "/stream/openai"),
        ("/stream/openai", "openai", "/stream/openai"),
        ("/stream/stream", "stream", "/stream/stream"),
        ("/agents/stream/", "a b", "/agents/stream/a%20b"),
        ("/upstream", "x", "/upstream/stream/x"),
    ],
)
def test_an_upstream_is_asked_at_its_path(base: str, upstream: str | None, path: str) -> None:
    place = Client(HOST + base)._place.below(upstream, framing=False)
    assert str(place.url) == HOST + path


def test_the_query_says_framing_alone() -> None:
    place = Client(HOST, "t0ken")._place
    assert place.below(None, framing=True).url.query == b"framing=true"
    assert place.below("openai", framing=False).url.query == b""


def test_a_client_that_is_closed_says_so(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with proxying(clock) as proxy:
            client = Client(proxy.server.url, model="m")
            before = client.stream("Hi")
            await client.aclose()
            with pytest.raises(SluicegateError, match="the client is closed"):
                await client.ask("Hi")
            async with before:
                with pytest.raises(SluicegateError, match="the client is closed"):
                    await anext(before)

    clock.run(scenario())


def test_a_client_that_is_closed_in_mid_stream_breaks_the_stream_off(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with proxying(clock) as proxy:
            client = Client(proxy.server.url, model="m?pace=1000")
            async with client.stream("Hi") as stream:
                await anext(stream)
                await client.aclose()
                with pytest.raises(ProxyError):
                    async for _ in stream:
                        pass

    clock.run(scenario())
