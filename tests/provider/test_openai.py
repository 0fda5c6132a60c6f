import json

import pytest

from sluicegate.provider import failures, openai
from sluicegate.provider.openai import Identity
from sluicegate.wire.schema import violations

NAMED = Identity("mock-7", 1_699_000_000, "gpt-4")


def test_the_documented_body_to_the_byte() -> None:
    assert openai.encode(openai.completion(NAMED)) == (
        b'{"id":"mock-7","object":"chat.completion","created":1699000000,"model":"gpt-4",'
        b'"choices":[{"index":0,"message":{"role":"assistant",'
        b'"content":"Hello! I\'m a mock LLM response. How can I help you today?"},'
        b'"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":10,"completion_tokens":15,"total_tokens":25}}'
    )


def test_the_first_chunk_carries_the_role_and_the_first_word() -> None:
    first = next(openai.content_chunks(NAMED))
    assert openai.encode(first) == (
        b'{"id":"mock-7","object":"chat.completion.chunk","created":1699000000,"model":"gpt-4",'
        b'"choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},'
        b'"finish_reason":null}]}'
    )


def test_each_further_chunk_carries_one_word_and_no_role() -> None:
    _, *others = openai.content_chunks(NAMED)
    assert [chunk["choices"][0]["delta"] for chunk in others] == [
        {"content": " from"},
        {"content": " streaming"},
        {"content": " mock"},
        {"content": " provider"},
        {"content": "!"},
    ]


def test_the_finish_chunk_has_an_empty_delta() -> None:
    assert openai.encode(openai.finish_chunk(NAMED)) == (
        b'{"id":"mock-7","object":"chat.completion.chunk","created":1699000000,"model":"gpt-4",'
        b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
    )


def test_the_usage_chunk_has_no_choices_and_the_others_a_null_usage() -> None:
    assert openai.encode(openai.usage_chunk(NAMED)) == (
        b'{"id":"mock-7","object":"chat.completion.chunk","created":1699000000,"model":"gpt-4",'
        b'"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":15,"total_tokens":25}}'
    )
    others = [*openai.content_chunks(NAMED, usage=True), openai.finish_chunk(NAMED, usage=True)]
    assert all(chunk["usage"] is None for chunk in others)


def test_no_chunk_has_a_usage_that_nobody_asked_for() -> None:
    chunks = [*openai.content_chunks(NAMED), openai.finish_chunk(NAMED)]
    assert not any("usage" in chunk for chunk in chunks)


@pytest.mark.parametrize("model", ["gpt-4", "modèle", "\ud800", "\x00", '"', "x" * 10_000])
def test_any_name_of_a_model_can_be_echoed(model: str) -> None:
    encoded = openai.encode(openai.completion(Identity("mock-1", 0, model)))
    assert json.loads(encoded)["model"] == model


def test_bodies_and_chunks_keep_to_the_schemas() -> None:
    assert not violations(openai.completion(NAMED), "openai/chat.completion")
    assert not violations(openai.models(["gpt-4", "gpt-5"], 0), "openai/models")
    for usage in (False, True):
        for chunk in openai.content_chunks(NAMED, usage=usage):
            assert not violations(chunk, "openai/chat.completion.chunk")
        end = [openai.finish_chunk(NAMED, usage=usage), openai.usage_chunk(NAMED)]
        for chunk in end:
            assert not violations(chunk, "openai/chat.completion.chunk")


def test_the_list_of_models_to_the_byte() -> None:
    assert openai.encode(openai.models(["gpt-4"], 1_699_000_000)) == (
        b'{"object":"list","data":[{"id":"gpt-4","object":"model","created":1699000000,'
        b'"owned_by":"sluicegate"}]}'
    )


@pytest.mark.parametrize(
    ("status", "message", "kind", "code"),
    [
        (400, "Bad request", "invalid_request_error", None),
        (401, "Incorrect API key provided", "invalid_request_error", "invalid_api_key"),
        (404, "The model does not exist", "invalid_request_error", "model_not_found"),
        (413, "Request too large", "invalid_request_error", "request_too_large"),
        (418, "I'm a teapot", "invalid_request_error", None),
        (429, "Rate limit exceeded", "rate_limit_error", "rate_limit_exceeded"),
        (499, "Client error", "invalid_request_error", None),
        (500, "Internal server error", "server_error", "internal_error"),
        (502, "Bad gateway", "server_error", None),
        (503, "The server is overloaded, try again later", "server_error", "overloaded"),
        (504, "Gateway timeout", "timeout_error", None),
        (599, "Server error", "server_error", None),
    ],
)
def test_an_error_fits_its_status(status: int, message: str, kind: str, code: str | None) -> None:
    assert failures.failure(status) == {
        "error": {"message": message, "type": kind, "param": None, "code": code}
    }


@pytest.mark.parametrize("status", range(400, 600))
def test_each_status_has_an_error_that_keeps_to_the_schema(status: int) -> None:
    assert not violations(failures.failure(status), "openai/error", profile="strict")
