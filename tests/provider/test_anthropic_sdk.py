import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager

import anthropic
import pytest
from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient
from anthropic.types import Message, MessageParam

from sluicegate.provider.app import create_app
from sluicegate.provider.transport import FaultyServer
from sluicegate.runtime.clock import Clock, SimulatedClock

MESSAGES: list[MessageParam] = [{"role": "user", "content": "Hello"}]
EVERYTHING = {
    "reasoning": "I should look.",
    "text": "It rains.",
    "tool_calls": 'get_weather{"city":"Paris","days":[1,2]},now{}',
    "prompt_tokens": "100",
    "cached_tokens": "60",
    "cache_write_tokens": "7",
    "completion_tokens": "15",
    "reasoning_tokens": "3",
}


# The asynchronous client: on the simulated clock a stream takes no time.
class Anthropic:
    def __init__(self, clock: Clock, client: AsyncAnthropic) -> None:
        self.client = client
        self._clock = clock

    def plain(self, **query: object) -> Message:
        return self._clock.run(self._plain(query))

    def streamed(self, **query: object) -> Message:
        return self._clock.run(self._streamed(query))

    def pieces(self, received: list[str], **query: object) -> None:
        self._clock.run(self._pieces(received, query))

    async def _plain(self, query: dict[str, object]) -> Message:
        return await self.client.messages.create(
            model="claude", max_tokens=100, messages=MESSAGES, extra_query=query
        )

    async def _streamed(self, query: dict[str, object]) -> Message:
        async with self.client.messages.stream(
            model="claude", max_tokens=100, messages=MESSAGES, extra_query=query
        ) as stream:
            return await stream.get_final_message()

    async def _pieces(self, received: list[str], query: dict[str, object]) -> None:
        async with self.client.messages.stream(
            model="claude", max_tokens=100, messages=MESSAGES, extra_query=query
        ) as stream:
            async for piece in stream.text_stream:
                received.append(piece)  # noqa: PERF401 - an error may follow it


@asynccontextmanager
async def connected(clock: Clock, trust: ssl.SSLContext) -> AsyncIterator[Anthropic]:
    app = create_app(unix=clock.unix, settle=clock.quiesce)
    async with (
        FaultyServer(app) as server,
        AsyncAnthropic(
            base_url=server.url,
            api_key="any",
            # Without retries: they would hide what the first answer was.
            max_retries=0,
            http_client=DefaultAsyncHttpxClient(trust_env=False, verify=trust),
        ) as client,
    ):
        yield Anthropic(clock, client)


@pytest.fixture
def sdk(clock: SimulatedClock, trust: ssl.SSLContext) -> Iterator[Anthropic]:
    connection = connected(clock, trust)
    with ExitStack() as closing:
        sdk = clock.run(connection.__aenter__())
        closing.callback(lambda: clock.run(connection.__aexit__(None, None, None)))
        yield sdk


both = pytest.mark.parametrize("ask", [Anthropic.plain, Anthropic.streamed])
Ask = Callable[..., Message]


def test_a_plain_answer(sdk: Anthropic) -> None:
    answer = sdk.plain()
    assert answer.id.startswith("msg_mock")
    assert (answer.type, answer.role, answer.model) == ("message", "assistant", "claude")
    (block,) = answer.content
    assert block.type == "text"
    assert block.text == "Hello! I'm a mock LLM response. How can I help you today?"
    assert (answer.stop_reason, answer.stop_sequence) == ("end_turn", None)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (10, 15)


def test_a_streamed_answer(sdk: Anthropic) -> None:
    received: list[str] = []
    sdk.pieces(received)
    assert received == ["Hello", " from", " streaming", " mock", " provider", "!"]


def test_the_stream_helper_puts_the_answer_together(sdk: Anthropic) -> None:
    answer = sdk.streamed()
    (block,) = answer.content
    assert block.type == "text"
    assert block.text == "Hello from streaming mock provider!"
    assert answer.stop_reason == "end_turn"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (10, 15)


@both
def test_thinking_text_and_calls_of_tools_are_blocks(sdk: Anthropic, ask: Ask) -> None:
    answer = ask(sdk, **EVERYTHING)
    thinking, text, weather, now = answer.content
    assert thinking.type == "thinking"
    assert thinking.thinking == "I should look."
    assert thinking.signature
    assert text.type == "text"
    assert text.text == "It rains."
    assert weather.type == "tool_use"
    assert (weather.name, weather.input) == ("get_weather", {"city": "Paris", "days": [1, 2]})
    assert now.type == "tool_use"
    assert (now.name, now.input) == ("now", {})
    assert weather.id != now.id
    assert answer.stop_reason == "tool_use"


@both
def test_the_usage_tells_what_came_from_a_cache(sdk: Anthropic, ask: Ask) -> None:
    usage = ask(sdk, **EVERYTHING).usage
    assert (usage.input_tokens, usage.output_tokens) == (33, 15)
    assert usage.cache_read_input_tokens == 60
    assert usage.cache_creation_input_tokens == 7


@both
@pytest.mark.parametrize(
    ("status", "expected", "kind"),
    [
        (400, anthropic.BadRequestError, "invalid_request_error"),
        (401, anthropic.AuthenticationError, "authentication_error"),
        (403, anthropic.PermissionDeniedError, "permission_error"),
        (404, anthropic.NotFoundError, "not_found_error"),
        (409, anthropic.ConflictError, "conflict_error"),
        (413, anthropic.APIStatusError, "request_too_large"),
        (422, anthropic.UnprocessableEntityError, "invalid_request_error"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (500, anthropic.InternalServerError, "api_error"),
        (503, anthropic.InternalServerError, "api_error"),
        (504, anthropic.InternalServerError, "timeout_error"),
        (529, anthropic.InternalServerError, "overloaded_error"),
    ],
)
def test_a_status_is_the_error_it_stands_for(
    sdk: Anthropic, ask: Ask, status: int, expected: type[anthropic.APIStatusError], kind: str
) -> None:
    with pytest.raises(expected) as caught:
        ask(sdk, fail=status)
    assert caught.value.status_code == status
    assert error_of(caught.value)["type"] == kind


def error_of(error: anthropic.APIStatusError) -> dict[str, str]:
    body = error.body
    assert isinstance(body, dict)
    assert body["type"] == "error"
    found: dict[str, str] = body["error"]
    return found


def test_an_error_event_follows_the_words_before_it(sdk: Anthropic) -> None:
    received: list[str] = []
    with pytest.raises(anthropic.APIStatusError) as caught:
        sdk.pieces(received, fail_chunk="3", fail_chunk_mode="error")
    assert received == ["Hello", " from"]
    assert error_of(caught.value) == {"type": "overloaded_error", "message": "Overloaded"}


def test_a_bad_parameter(sdk: Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        sdk.plain(delay="abc")
    assert "'delay'" in error_of(caught.value)["message"]


def test_an_answer_that_never_comes_is_a_timeout(sdk: Anthropic) -> None:
    with pytest.raises(anthropic.APITimeoutError):
        sdk.plain(fail="hang")


def test_the_request_has_a_name(sdk: Anthropic) -> None:
    assert sdk.plain(request_id="req_7")._request_id == "req_7"
