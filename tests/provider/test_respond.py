import pytest

from sluicegate.provider import openai
from sluicegate.provider.answer import Answer
from sluicegate.provider.frames import Identity
from sluicegate.provider.repetition import Repetition
from sluicegate.provider.request import read
from sluicegate.provider.respond import Responder

HELLO = b'{"model":"gpt-4","messages":[{"role":"user","content":"Hello"}]}'
STREAMED = b'{"model":"gpt-4","messages":[{"role":"user","content":"Hello"}],"stream":true}'
CHUNK = (
    b'data: {"id":"mock-1","object":"chat.completion.chunk","created":1699000000,"model":"gpt-4",'
    b'"choices":[{"index":0,"delta":%s,"finish_reason":%s}]}\n\n'
)
STREAM = [
    CHUNK % (b'{"role":"assistant","content":"Hello"}', b"null"),
    CHUNK % (b'{"content":" from"}', b"null"),
    CHUNK % (b'{"content":" streaming"}', b"null"),
    CHUNK % (b'{"content":" mock"}', b"null"),
    CHUNK % (b'{"content":" provider"}', b"null"),
    CHUNK % (b'{"content":"!"}', b"null"),
    CHUNK % (b"{}", b'"stop"'),
    b"data: [DONE]\n\n",
]
BROKEN = b'data: {"broken": \n\n'


def issue(model: str) -> Identity:
    return Identity("mock-1", 1_699_000_000, model)


def answer(query: str = "", body: bytes = HELLO) -> Answer:
    responder = Responder(issue, lambda: 1_699_000_000.0, Repetition())
    return responder.respond(openai, read(query.encode(), None, body), {}, None)


def data(answered: Answer) -> list[bytes]:
    return [part.data for part in answered.parts]


def test_a_stream_to_the_byte_one_event_per_write() -> None:
    assert data(answer("stream=true")) == STREAM


def test_each_content_chunk_is_followed_by_100_ms() -> None:
    pauses = [part.after for part in answer("stream=true").parts]
    assert pauses == [0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.0]


def test_a_stream_has_the_documented_headers() -> None:
    assert answer("stream=true").headers == (
        ("Content-Type", "text/event-stream"),
        ("Cache-Control", "no-cache"),
        ("Connection", "keep-alive"),
    )


def test_the_body_asks_for_a_stream_too() -> None:
    assert answer(body=STREAMED) == answer("stream=true")


def test_the_query_wins_over_the_body() -> None:
    assert answer("stream=false", STREAMED) == answer()


@pytest.mark.parametrize("number", range(1, 7))
def test_a_broken_event_comes_in_place_of_chunk_n(number: int) -> None:
    answered = answer(f"stream=true&fail_chunk={number}")
    assert data(answered) == [*STREAM[: number - 1], BROKEN]
    assert [part.after for part in answered.parts] == [0.0, *[0.1] * (number - 1)]
    assert answered.status == 200


@pytest.mark.parametrize("number", [0, 7, 8, 1_000_000])
def test_a_chunk_that_is_not_there_cannot_fail(number: int) -> None:
    assert answer(f"stream=true&fail_chunk={number}") == answer("stream=true")


def test_fail_chunk_without_a_stream_changes_nothing() -> None:
    assert answer("fail_chunk=1") == answer()


@pytest.mark.parametrize("query", ["", "stream=true", "fail=500", "stream=true&fail_chunk=1"])
def test_a_delay_comes_before_everything_and_changes_nothing_else(query: str) -> None:
    delayed = answer(f"{query}&delay=2500")
    assert delayed.delay == 2.5
    assert (delayed.status, delayed.parts) == (answer(query).status, answer(query).parts)


def test_a_timeout_is_30_seconds_of_silence_after_the_delay() -> None:
    answered = answer("fail=timeout&delay=1000")
    assert answered.delay == 31.0
    assert answered.status == 504
    assert data(answered) == [
        b'{"error":{"message":"Gateway timeout","type":"timeout_error","param":null,"code":null}}'
    ]


def test_a_failure_comes_before_the_stream() -> None:
    assert answer("fail=429&stream=true&fail_chunk=1") == answer("fail=429")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model":1}', b"\xff"])
def test_a_failure_does_not_look_at_the_body(body: bytes) -> None:
    assert answer("fail=429", body) == answer("fail=429")


def test_a_delay_comes_before_the_refusal_of_a_body() -> None:
    assert (answer("delay=1000", b"{").status, answer("delay=1000", b"{").delay) == (400, 1.0)


def test_a_bad_parameter_is_refused_at_once_whatever_the_others_and_the_body_are() -> None:
    answered = answer("delay=1000&fail=500&stream=perhaps", b"{")
    assert (answered.status, answered.delay) == (400, 0.0)
    assert b'"param":"stream"' in answered.parts[0].data


def test_usage_comes_before_done_when_asked_for() -> None:
    body = STREAMED[:-1] + b',"stream_options":{"include_usage":true}}'
    *chunks, finish, usage, done = data(answer(body=body))
    assert all(chunk.endswith(b'"finish_reason":null}],"usage":null}\n\n') for chunk in chunks)
    assert finish.endswith(b'"finish_reason":"stop"}],"usage":null}\n\n')
    assert usage.endswith(
        b'"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":15,"total_tokens":25}}\n\n'
    )
    assert done == b"data: [DONE]\n\n"
    assert sum(part.after for part in answer(body=body).parts) == pytest.approx(0.6)


def test_a_plain_answer_has_its_usage_anyway() -> None:
    body = HELLO[:-1] + b',"stream_options":{"include_usage":true}}'
    assert answer(body=body) == answer()


def test_the_model_is_echoed() -> None:
    body = HELLO.replace(b"gpt-4", b"any/model:free")
    assert b'"model":"any/model:free"' in data(answer(body=body))[0]
    assert all(
        b'"model":"any/model:free"' in chunk for chunk in data(answer("stream=true", body))[:-1]
    )


def test_only_an_answer_that_says_something_takes_an_id() -> None:
    issued: list[str] = []

    def count(model: str) -> Identity:
        issued.append(model)
        return issue(model)

    responder = Responder(count, lambda: 0.0, Repetition())
    for query, body in [("fail=500", HELLO), ("", b"{"), ("delay=x", HELLO), ("", HELLO)]:
        responder.respond(openai, read(query.encode(), None, body), {}, None)
    assert issued == ["gpt-4"]
