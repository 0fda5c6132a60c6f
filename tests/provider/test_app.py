import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sluicegate.provider.plan import Plan
from sluicegate.provider.respond import Responder
from sluicegate.runtime.clock import SIMULATED_EPOCH
from sluicegate.wire.schema import violations

if TYPE_CHECKING:
    from tests.provider.conftest import Provider

CHAT = "/v1/chat/completions"
HELLO = b'{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}'


def test_a_plain_request_is_answered_as_documented(provider: "Provider") -> None:
    reply = provider.chat()
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.body == (
        b'{"id":"mock-1","object":"chat.completion","created":%d,"model":"gpt-4",'
        b'"choices":[{"index":0,"message":{"role":"assistant",'
        b'"content":"Hello! I\'m a mock LLM response. How can I help you today?"},'
        b'"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":10,"completion_tokens":15,"total_tokens":25}}'
    ) % (SIMULATED_EPOCH + int(provider.last.started))
    assert reply.took == 0.0


def test_each_answer_has_an_id_of_its_own(provider: "Provider") -> None:
    assert [provider.chat().document["id"] for _ in range(3)] == ["mock-1", "mock-2", "mock-3"]


def test_a_stream_takes_600_ms_and_each_event_is_a_write_of_its_own(provider: "Provider") -> None:
    reply = provider.chat("?stream=true")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["connection"] == "keep-alive"
    assert reply.headers["transfer-encoding"] == "chunked"
    assert (reply.headers_after, round(reply.took, 9)) == (0.0, 0.6)
    assert [at for at, _ in provider.pace()] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6]
    assert b"".join(data for _, data in provider.pace()) == reply.body
    assert all(data.startswith(b"data: ") for _, data in provider.pace())
    assert all(data.count(b"\n\n") == 1 for _, data in provider.pace())


def test_one_id_created_and_model_run_through_a_stream(provider: "Provider") -> None:
    provider.chat()
    events = provider.chat("?stream=true", model="any").body.split(b"\n\n")[:-2]
    chunks = [json.loads(event.removeprefix(b"data: ")) for event in events]
    assert {(chunk["id"], chunk["model"]) for chunk in chunks} == {("mock-2", "any")}
    assert len({chunk["created"] for chunk in chunks}) == 1


def test_a_broken_event_comes_when_its_chunk_would_have_come(provider: "Provider") -> None:
    reply = provider.chat("?stream=true&fail_chunk=3")
    assert reply.body.endswith(b'}\n\ndata: {"broken": \n\n')
    assert provider.pace()[-1] == (0.2, b'data: {"broken": \n\n')
    assert (reply.status, round(reply.took, 9)) == (200, 0.2)
    assert b"[DONE]" not in reply.body
    assert provider.last.outcome == "finished"


@pytest.mark.parametrize(
    ("query", "headers_after", "took"),
    [
        ("?delay=0", 0.0, 0.0),
        ("?delay=2000", 2.0, 2.0),
        ("?delay=1", 0.001, 0.001),
        ("?delay=2000&stream=true", 2.0, 2.6),
        ("?delay=2000&fail=429", 2.0, 2.0),
        ("?fail=timeout", 30.0, 30.0),
        ("?delay=500&fail=timeout", 30.5, 30.5),
        ("?delay=2000&fail=42", 0.0, 0.0),
    ],
)
def test_nothing_is_answered_before_the_delay(
    provider: "Provider", query: str, headers_after: float, took: float
) -> None:
    reply = provider.chat(query)
    assert reply.headers_after == pytest.approx(headers_after, abs=1e-9)
    assert reply.took == pytest.approx(took, abs=1e-9)
    assert provider.last.headers_at == pytest.approx(
        provider.last.started + headers_after, abs=1e-9
    )


def test_a_timeout_ends_in_504(provider: "Provider") -> None:
    reply = provider.chat("?fail=timeout")
    assert (reply.status, reply.error) == (
        504,
        {"message": "Gateway timeout", "type": "timeout_error", "param": None, "code": None},
    )


@pytest.mark.parametrize("status", [400, 401, 404, 408, 413, 418, 429, 499, 500, 503, 529, 599])
def test_a_failure_has_its_status_and_an_error_body(provider: "Provider", status: int) -> None:
    reply = provider.chat(f"?fail={status}")
    assert (reply.status, reply.headers["content-type"]) == (status, "application/json")
    assert not violations(reply.document, "openai/error", profile="strict")


def test_a_bad_parameter_is_refused_by_name(provider: "Provider") -> None:
    reply = provider.chat("?delay=abc")
    assert (reply.status, reply.error) == (
        400,
        {
            "message": "Parameter 'delay': expected a whole number of milliseconds from 0 to"
            " 86400000, got 'abc'.",
            "type": "invalid_request_error",
            "param": "delay",
            "code": None,
        },
    )


def test_a_wrong_field_is_refused_by_name(provider: "Provider") -> None:
    reply = provider.chat(messages=[])
    assert (reply.status, reply.error["param"]) == (400, "messages")
    assert reply.error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain; charset=utf-16", "multipart/form-data", ""]
)
def test_a_body_that_is_json_is_taken_whatever_its_content_type(
    provider: "Provider", content_type: str
) -> None:
    reply = provider.request("POST", CHAT, HELLO, {"content-type": content_type})
    assert reply.status == 200


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("POST", "/chat/completions"),
        ("POST", "/v1/chat/completions/"),
        ("POST", "/v1//chat/completions"),
        ("GET", "/v1/models/"),
        ("GET", "/static/x"),
        ("GET", "/%00%ff"),
        ("DELETE", "/v1/threads"),
    ],
)
def test_an_unknown_path_is_404(provider: "Provider", method: str, target: str) -> None:
    reply = provider.request(method, target)
    assert (reply.status, reply.error["code"]) == (404, "unknown_url")
    assert "POST /v1/chat/completions" in str(reply.error["message"])
    assert not violations(reply.document, "openai/error", profile="strict")


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("GET", CHAT, "OPTIONS, POST"),
        ("PUT", CHAT, "OPTIONS, POST"),
        ("POST", "/v1/models", "GET, HEAD, OPTIONS"),
        ("DELETE", "/health", "GET, HEAD, OPTIONS"),
        ("BREW", "/health", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_405_and_says_what_is_allowed(
    provider: "Provider", method: str, target: str, allowed: str
) -> None:
    reply = provider.request(method, target)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)
    assert reply.error["code"] == "method_not_allowed"


def test_options_says_what_is_allowed(provider: "Provider") -> None:
    reply = provider.request("OPTIONS", CHAT)
    assert (reply.status, reply.headers["allow"], reply.body) == (204, "OPTIONS, POST", b"")


def test_head_has_the_headers_of_get_and_no_body(provider: "Provider") -> None:
    get, head = provider.request("GET", "/v1/models"), provider.request("HEAD", "/v1/models")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert provider.last.writes == ()


def test_head_of_an_endpoint_for_post_is_405(provider: "Provider") -> None:
    reply = provider.request("HEAD", CHAT)
    assert (reply.status, reply.headers["allow"], reply.body) == (405, "OPTIONS, POST", b"")


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 100):
        yield data[start : start + 100]


@pytest.mark.parametrize("declared", [True, False])
def test_an_oversized_body_is_413_with_its_length_declared_or_not(
    provide: "Callable[..., Provider]", *, declared: bool
) -> None:
    provider = provide(largest_body=1000)
    large = HELLO + b" " * 1000
    reply = provider.request("POST", CHAT, large if declared else in_pieces(large))
    assert (reply.status, reply.error) == (
        413,
        {
            "message": "The body is too large: at most 1000 bytes are accepted.",
            "type": "invalid_request_error",
            "param": None,
            "code": "request_too_large",
        },
    )
    assert provider.chat().status == 200


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_exactly_the_limit_is_taken(
    provide: "Callable[..., Provider]", *, declared: bool
) -> None:
    provider = provide(largest_body=1000)
    body = HELLO.ljust(1000)
    reply = provider.request("POST", CHAT, body if declared else in_pieces(body))
    assert reply.status == 200
    assert provider.last.body == body


@pytest.mark.parametrize("declared", [True, False])
def test_sixteen_mebibytes_are_taken_and_not_a_byte_more(
    provider: "Provider", *, declared: bool
) -> None:
    for size, status in [(16 * 1024 * 1024, 200), (16 * 1024 * 1024 + 1, 413)]:
        body = HELLO.ljust(size)
        sent = body if declared else _in_large_pieces(body)
        assert provider.request("POST", CHAT, sent).status == status


async def _in_large_pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1 << 20):
        yield data[start : start + (1 << 20)]


def test_a_request_may_take_longer_than_the_framework_would_wait(provider: "Provider") -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield HELLO[:20]
        await asyncio.sleep(100)
        yield HELLO[20:]

    reply = provider.request("POST", CHAT, slowly())
    assert (reply.status, reply.took) == (200, 100.0)


def test_an_answer_may_take_longer_than_the_framework_would_wait(provider: "Provider") -> None:
    reply = provider.chat("?stream=true&pace=50000")
    assert reply.body.endswith(b"data: [DONE]\n\n")
    assert reply.took == 300.0


def test_models_lists_the_plan(provide: "Callable[..., Provider]") -> None:
    reply = provide(Plan(models=("gpt-4", "any/model"))).request("GET", "/v1/models")
    assert reply.status == 200
    assert [model["id"] for model in reply.document["data"]] == ["gpt-4", "any/model"]
    assert not violations(reply.document, "openai/models")


def test_a_healthy_provider_says_so(provider: "Provider") -> None:
    reply = provider.request("GET", "/health")
    assert (reply.status, reply.document) == (200, {"status": "ok"})


def test_an_unhealthy_provider_says_so_and_answers_all_the_same(
    provide: "Callable[..., Provider]",
) -> None:
    provider = provide(Plan(healthy=False))
    reply = provider.request("GET", "/health")
    assert (reply.status, reply.error["code"]) == (503, "unhealthy")
    assert provider.chat().status == 200


@pytest.mark.parametrize(
    ("target", "status"), [("/v1/models", 400), ("/nowhere", 404), ("/v1/chat/completions", 405)]
)
def test_a_websocket_is_refused_in_words(provider: "Provider", target: str, status: int) -> None:
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version": "13",
    }
    reply = provider.request("GET", target, headers=headers)
    assert reply.status == status
    assert "speaks no WebSocket" in str(reply.error["message"])


def test_http_2_gets_the_same_stream_without_a_connection_header(
    provider: "Provider", trust: ssl.SSLContext
) -> None:
    async def ask() -> httpx.Response:
        url = provider.client.base_url
        async with httpx.AsyncClient(
            base_url=url, http1=False, http2=True, verify=trust, trust_env=False
        ) as client:
            return await client.post(f"{CHAT}?stream=true", content=HELLO)

    response = provider.clock.run(ask())
    assert response.http_version == "HTTP/2"
    assert "connection" not in response.headers
    assert response.text.endswith("data: [DONE]\n\n")


def test_a_mistake_of_the_provider_is_a_500_in_the_same_shape(
    provider: "Provider", monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistake(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Responder, "respond", mistake)
    reply = provider.chat()
    assert (reply.status, reply.error["type"]) == (500, "server_error")
    assert not violations(reply.document, "openai/error", profile="strict")
    assert "ZeroDivisionError" in caplog.text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), query=st.text("adefilmnorstu_=&0123456789%", max_size=20))
def test_no_request_makes_the_provider_break(provider: "Provider", body: bytes, query: str) -> None:
    # One provider for all examples: an earlier request must not break it for a later one.
    reply = provider.request("POST", f"{CHAT}?{query}", body)
    asked_for = "fail=5" in query or "fail=%35" in query or "fail=timeout" in query
    assert reply.status in {400, 413} or (asked_for and reply.status >= 500)
    assert not violations(reply.document, "openai/error", profile="strict")
