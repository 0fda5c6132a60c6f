import json
import re
import subprocess
import sys
from collections.abc import Iterator

import openai
import pytest
from openai import DefaultHttpxClient, OpenAI
from openai.types.chat import ChatCompletionUserMessageParam

AT_ONCE = {"pace": "0"}
MESSAGES: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    command = [sys.executable, "-m", "sluicegate", "provider", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found
            with connected(f"{found.group()}/v1") as client:
                yield client
        finally:
            process.terminate()


def connected(url: str) -> OpenAI:
    transport = DefaultHttpxClient(trust_env=False)
    # Without retries: they would hide what the first answer was.
    return OpenAI(base_url=url, api_key="any", max_retries=0, http_client=transport)


def words(client: OpenAI, query: dict[str, object]) -> Iterator[str]:
    stream = client.chat.completions.create(
        model="gpt-4", messages=MESSAGES, stream=True, extra_query=query
    )
    for chunk in stream:
        yield chunk.choices[0].delta.content or ""


def test_a_plain_answer(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4", messages=MESSAGES)
    assert answer.id.startswith("mock-")
    assert (answer.object, answer.model) == ("chat.completion", "gpt-4")
    (choice,) = answer.choices
    assert choice.message.role == "assistant"
    assert choice.message.content == "Hello! I'm a mock LLM response. How can I help you today?"
    assert choice.finish_reason == "stop"
    assert answer.usage is not None
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (10, 15, 25)


def test_a_streamed_answer(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="any", messages=MESSAGES, stream=True, extra_query=AT_ONCE
    )
    chunks = list(stream)
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert [delta.role for delta in deltas] == ["assistant", *[None] * 6]
    assert "".join(delta.content or "" for delta in deltas) == "Hello from streaming mock provider!"
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert reasons == [*[None] * 6, "stop"]


def test_a_streamed_answer_with_usage(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="gpt-4",
        messages=MESSAGES,
        stream=True,
        stream_options={"include_usage": True},
        extra_query=AT_ONCE,
    )
    *others, last = list(stream)
    assert all(chunk.usage is None for chunk in others)
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == 25


def test_the_stream_helper_puts_the_answer_together(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="gpt-4", messages=MESSAGES, extra_query=AT_ONCE
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == "Hello from streaming mock provider!"


def test_a_rate_limit(client: OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="m", messages=MESSAGES, extra_query={"fail": "429"})
    error = caught.value
    assert (error.status_code, error.type, error.code, error.param) == (
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
        None,
    )
    assert "Rate limit exceeded" in error.message


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_a_status_is_the_error_it_stands_for(
    client: OpenAI, status: int, expected: type[openai.APIStatusError]
) -> None:
    with pytest.raises(expected):
        client.chat.completions.create(model="m", messages=MESSAGES, extra_query={"fail": status})


def test_a_broken_event_is_an_error_after_the_words_before_it(client: OpenAI) -> None:
    received: list[str] = []
    with pytest.raises(json.JSONDecodeError):
        received.extend(words(client, {"fail_chunk": "3", **AT_ONCE}))
    assert received == ["Hello", " from"]


def test_a_bad_parameter(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="m", messages=MESSAGES, extra_query={"delay": "abc"})
    assert caught.value.param == "delay"


def test_a_delay_longer_than_the_client_waits(client: OpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(
            model="m", messages=MESSAGES, extra_query={"delay": 20_000}, timeout=0.2
        )


def test_the_models(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["gpt-4"]
