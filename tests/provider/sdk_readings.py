# What an official SDK makes of an answer: asked plainly, streamed, and with its own stream helper.
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import anthropic
import openai
from anthropic.types import (
    Message,
    MessageParam,
    RawContentBlockDeltaEvent,
    RawMessageStreamEvent,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionUserMessageParam
from openai.types.chat.chat_completion_chunk import ChoiceDelta

OPENAI_MESSAGES: Final[list[ChatCompletionUserMessageParam]] = [{"role": "user", "content": "Hi"}]
ANTHROPIC_MESSAGES: Final[list[MessageParam]] = [{"role": "user", "content": "Hi"}]
MODEL: Final = "sluicegate"
MAX_TOKENS: Final = 100

Query = Mapping[str, object]


# `pieces` are the texts as they came, `calls` what came of each call of a tool, by its place;
# `instead` is the type of what came in place of an answer.
@dataclass(slots=True)
class Reading:
    pieces: list[str] = field(default_factory=list)
    reason: str | None = None
    usage: tuple[int | None, ...] = ()
    calls: dict[int, list[object]] = field(default_factory=dict)
    instead: str = ""
    error: Exception | None = None

    def said(self, text: str | None) -> None:
        if text:
            self.pieces.append(text)

    def called(self, place: int, *pieces: object) -> None:
        self.calls.setdefault(place, []).extend(piece for piece in pieces if piece)

    @property
    def tools(self) -> list[str]:
        return ["".join(map(str, pieces)) for _, pieces in sorted(self.calls.items())]


def _took_ending(answer: ChatCompletion, reading: Reading) -> None:
    # The SDKs validate nothing: what their types promise may be absent.
    for choice in answer.choices or ():
        reading.reason = choice.finish_reason
        for place, call in enumerate(choice.message.tool_calls or ()):
            if call.type == "function":
                reading.called(place, call.function.name, call.function.arguments)
    if answer.usage is not None:
        reading.usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens)


def _took_chunk(chunk: ChatCompletionChunk, reading: Reading) -> None:
    for choice in chunk.choices or ():
        _took_delta(choice.delta, reading)
        reading.reason = choice.finish_reason or reading.reason
    if chunk.usage is not None:
        reading.usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)


def _took_delta(delta: ChoiceDelta, reading: Reading) -> None:
    reading.said(delta.content)
    for piece in delta.tool_calls or ():
        if piece.function is not None:
            is_new = piece.index not in reading.calls
            reading.called(
                piece.index, piece.function.name if is_new else None, piece.function.arguments
            )


async def openai_plain(client: openai.AsyncOpenAI, query: Query, reading: Reading) -> None:
    answer = await client.chat.completions.create(
        model=MODEL, messages=OPENAI_MESSAGES, extra_query=query
    )
    if not isinstance(answer, ChatCompletion):
        reading.instead = type(answer).__name__
        return
    for choice in answer.choices or ():
        reading.said(choice.message.content)
    _took_ending(answer, reading)


async def openai_streamed(client: openai.AsyncOpenAI, query: Query, reading: Reading) -> None:
    stream = await client.chat.completions.create(
        model=MODEL,
        messages=OPENAI_MESSAGES,
        stream=True,
        stream_options={"include_usage": True},
        extra_query=query,
    )
    async for chunk in stream:
        _took_chunk(chunk, reading)


async def openai_helped(client: openai.AsyncOpenAI, query: Query, reading: Reading) -> None:
    async with client.chat.completions.stream(
        model=MODEL,
        messages=OPENAI_MESSAGES,
        stream_options={"include_usage": True},
        extra_query=query,
    ) as stream:
        async for event in stream:
            if event.type == "content.delta":
                reading.said(event.delta)
        _took_ending(await stream.get_final_completion(), reading)


async def anthropic_plain(client: anthropic.AsyncAnthropic, query: Query, reading: Reading) -> None:
    answer = await client.messages.create(
        model=MODEL, max_tokens=MAX_TOKENS, messages=ANTHROPIC_MESSAGES, extra_query=query
    )
    if not isinstance(answer, Message):
        reading.instead = type(answer).__name__
        return
    for block in answer.content or ():
        reading.said(block.text if block.type == "text" else None)
    _took_message(answer, reading)


async def anthropic_streamed(
    client: anthropic.AsyncAnthropic, query: Query, reading: Reading
) -> None:
    stream = await client.messages.create(
        model=MODEL,
        max_tokens=MAX_TOKENS,
        messages=ANTHROPIC_MESSAGES,
        stream=True,
        extra_query=query,
    )
    async for event in stream:
        _took_event(event, reading)


async def anthropic_helped(
    client: anthropic.AsyncAnthropic, query: Query, reading: Reading
) -> None:
    async with client.messages.stream(
        model=MODEL, max_tokens=MAX_TOKENS, messages=ANTHROPIC_MESSAGES, extra_query=query
    ) as stream:
        async for piece in stream.text_stream:
            reading.said(piece)
        _took_message(await stream.get_final_message(), reading)


def _took_message(answer: Message, reading: Reading) -> None:
    reading.reason = answer.stop_reason
    for place, block in enumerate(answer.content or ()):
        if block.type == "tool_use":
            reading.called(place, block.name, block.input)
    if answer.usage is not None:
        reading.usage = (answer.usage.input_tokens, answer.usage.output_tokens)


def _took_event(event: RawMessageStreamEvent, reading: Reading) -> None:
    match event.type:
        case "message_start":
            reading.usage = (event.message.usage.input_tokens, None)
        case "content_block_start" if event.content_block.type == "tool_use":
            reading.called(event.index, event.content_block.name)
        case "content_block_delta":
            _took_part(event, reading)
        case "message_delta":
            reading.reason = event.delta.stop_reason or reading.reason
            reading.usage = (*reading.usage[:1], event.usage.output_tokens)


def _took_part(event: RawContentBlockDeltaEvent, reading: Reading) -> None:
    if event.delta.type == "text_delta":
        reading.said(event.delta.text)
    elif event.delta.type == "input_json_delta":
        reading.called(event.index, event.delta.partial_json)
