from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from openai.types.chat import ChatCompletionUserMessageParam

from sluicegate.runtime.clock import SimulatedClock

from .gatewaying import HELLO, PLAIN, Document, Gateway, run

MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Hello"}]
FAILING: Document = {"fail": 503}


@asynccontextmanager
async def connected(gateway: Gateway, key: str = "any") -> AsyncIterator[AsyncOpenAI]:
    # Without retries: they would hide what the first answer was.
    async with AsyncOpenAI(
        base_url=f"{gateway.server.url}/v1",
        api_key=key,
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(trust_env=False),
    ) as client:
        yield client


def with_client(
    clock: SimulatedClock,
    use: Callable[[Gateway, AsyncOpenAI], Awaitable[None]],
    key: str = "any",
    **settings: Any,  # noqa: ANN401 - whatever a gateway is told
) -> None:
    async def scenario(gateway: Gateway) -> None:
        async with connected(gateway, key) as client:
            await use(gateway, client)

    run(clock, scenario, **settings)


async def words(client: AsyncOpenAI) -> AsyncIterator[str]:
    stream = await client.chat.completions.create(model="gpt-4", messages=MESSAGES, stream=True)
    async for chunk in stream:
        yield chunk.choices[0].delta.content or ""


async def hear(client: AsyncOpenAI, heard: list[str]) -> None:
    async for word in words(client):
        heard.append(word)  # noqa: PERF401 - what comes before an error counts


async def plain(client: AsyncOpenAI) -> str:
    answer = await client.chat.completions.create(model="gpt-4", messages=MESSAGES)
    return answer.choices[0].message.content or ""


def all_answer(gateway: Gateway, answer: Document) -> None:
    for agent in gateway.agents.values():
        agent.answers(answer)


def test_a_plain_and_a_streamed_answer(clock: SimulatedClock) -> None:
    async def use(_: Gateway, client: AsyncOpenAI) -> None:
        assert await plain(client) == PLAIN
        assert "".join([word async for word in words(client)]) == HELLO

    with_client(clock, use)


def test_the_stream_helper_puts_the_answer_together(clock: SimulatedClock) -> None:
    async def use(_: Gateway, client: AsyncOpenAI) -> None:
        async with client.chat.completions.stream(model="gpt-4", messages=MESSAGES) as stream:
            final = await stream.get_final_completion()
        assert final.choices[0].message.content == HELLO

    with_client(clock, use)


# As documented: such a client cannot know that the answer is one document.
@pytest.mark.parametrize(("format_", "expected"), [("json", ""), ("sse", PLAIN)])
def test_a_plain_answer_to_a_stream_reaches_the_client_as_a_stream_alone(
    clock: SimulatedClock, format_: str, expected: str
) -> None:
    async def use(gateway: Gateway, client: AsyncOpenAI) -> None:
        gateway.ccrouter.answers(FAILING, {})
        assert "".join([word async for word in words(client)]) == expected

    with_client(clock, use, fallback_format=format_)


def test_a_failure_in_mid_stream_raises_after_the_words_before(clock: SimulatedClock) -> None:
    async def use(gateway: Gateway, client: AsyncOpenAI) -> None:
        gateway.ccrouter.answers({"fail_chunk": 3, "fail_chunk_mode": "reset"})
        heard: list[str] = []
        with pytest.raises(openai.APIError, match="lost during its answer"):
            await hear(client, heard)
        assert heard == ["Hello", " from"]

    with_client(clock, use)


def test_a_rate_limit_tells_when_to_come_back(clock: SimulatedClock) -> None:
    async def use(gateway: Gateway, client: AsyncOpenAI) -> None:
        all_answer(gateway, {"fail": 429, "retry_after": 7})
        with pytest.raises(openai.RateLimitError) as caught:
            await plain(client)
        assert caught.value.response.headers["Retry-After"] == "7"
        assert caught.value.code == "rate_limit_exceeded"

    with_client(clock, use)


def test_an_open_circuit_is_an_error_with_its_code(clock: SimulatedClock) -> None:
    async def use(gateway: Gateway, client: AsyncOpenAI) -> None:
        all_answer(gateway, FAILING)
        for _ in range(5):
            with pytest.raises(openai.InternalServerError):
                await plain(client)
        with pytest.raises(openai.InternalServerError) as caught:
            await plain(client)
        assert (caught.value.status_code, caught.value.code) == (503, "circuit_open")
        assert caught.value.response.headers["Retry-After"] == "30"

    with_client(clock, use)


def test_models_and_keys(clock: SimulatedClock) -> None:
    async def use(gateway: Gateway, client: AsyncOpenAI) -> None:
        assert [model.id async for model in client.models.list()] == []
        assert await plain(client) == PLAIN
        async with connected(gateway, "wrong") as stranger:
            with pytest.raises(openai.AuthenticationError):
                await plain(stranger)

    with_client(clock, use, "gateway-key", keys=("gateway-key",))
