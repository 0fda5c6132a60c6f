import asyncio
import json
import math
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

import pytest
import trustme
from tests.provider.wire_client import Security, serving

from sluicegate.errors import SluicegateError
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Certificate
from sluicegate.upstream.client import Upstream
from sluicegate.upstream.deltas import (
    TextDelta,
    ThinkingDelta,
    ThinkingSignature,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.formats import FormatName
from sluicegate.wire.assistant.message import Usage
from sluicegate.wire.assistant.request import Options, StreamRequest

from . import golden
from .asking import BASES, asked, connections, exhaust, gone, heard, use_stream

FORMATS = pytest.mark.parametrize("format_", ["openai", "anthropic"])


@FORMATS
def test_deltas_come_at_the_instant_they_are_sent(
    clock: SimulatedClock, format_: FormatName
) -> None:
    query = 'text=Hi+you&reasoning=Hm&tool_calls=now{"a":1}'
    found = heard(clock, format_, asked(query))
    # What tells that something is complete comes with it in one format, and after it in the other.
    ends = ThinkingSignature, ToolCallEnd
    assert [(at, delta) for at, delta in found.deltas[:-1] if not isinstance(delta, ends)] == [
        (0.0, ThinkingDelta("Hm")),
        (0.1, TextDelta("Hi")),
        (0.2, TextDelta(" you")),
        (0.3, ToolCallStart("call_mock_1" if format_ == "openai" else "toolu_mock1", "now")),
        (0.4, ToolCallDelta('{"a":1}')),
    ]
    assert (found.last.stop_reason, found.last.usage) == ("tool_use", Usage(10, 15, 0, 0, 25))
    assert found.entry.outcome == "finished"


@FORMATS
def test_the_upstream_is_asked_in_its_own_format(
    clock: SimulatedClock, format_: FormatName
) -> None:
    options = Options(max_tokens=1024, temperature=0.7)
    request = StreamRequest("gpt-4", golden.CONVERSATION, options)
    entry = heard(clock, format_, request).entry
    body, headers = json.loads(entry.body), dict(entry.headers)
    assert (entry.method, entry.query, entry.status) == ("POST", "", 200)
    if format_ == "openai":
        assert (entry.path, headers["authorization"]) == ("/v1/chat/completions", "Bearer ***")
        assert body["messages"] == golden.OPENAI
    else:
        assert (entry.path, headers["x-api-key"]) == ("/v1/messages", "***")
        assert body["messages"] == golden.ANTHROPIC


@FORMATS
def test_cached_tokens_count_the_same_in_both_formats(
    clock: SimulatedClock, format_: FormatName
) -> None:
    found = heard(clock, format_, asked("text=Hi&cached_tokens=4&cache_write_tokens=2"))
    assert found.last.usage == Usage(4, 15, 4, 2, 25)


def test_a_failure_tells_what_had_been_used(clock: SimulatedClock) -> None:
    found = heard(clock, "anthropic", asked("text=Hi+you&fail_chunk=2&cached_tokens=4"))
    assert found.error
    assert found.error.usage == Usage(6, 1, 4, 0, 11)


EVERYWHERE = "quirks=usage_everywhere"
PROMPT = Usage(6, 1, 4, 0, 11)


@pytest.mark.parametrize(
    ("format_", "query", "usage"),
    [
        ("anthropic", "", Usage(6, 15, 4, 0, 25)),
        ("anthropic", "fail_chunk=2", PROMPT),
        ("anthropic", "fail_chunk=2&fail_chunk_mode=error", PROMPT),
        ("anthropic", "fail_chunk=2&fail_chunk_mode=reset", PROMPT),
        ("anthropic", "fail=429", Usage()),
        ("anthropic", "pace=400", PROMPT),
        ("openai", "", Usage(6, 15, 4, 0, 25)),
        ("openai", "fail_chunk=2", Usage()),
        ("openai", f"fail_chunk=2&{EVERYWHERE}", Usage(6, 15, 4, 0, 25)),
        ("openai", f"fail_chunk=2&fail_chunk_mode=error&{EVERYWHERE}", Usage(6, 15, 4, 0, 25)),
        ("openai", f"pace=400&{EVERYWHERE}", Usage(6, 15, 4, 0, 25)),
    ],
)
def test_whoever_asks_is_told_what_was_used_also_when_they_leave(
    clock: SimulatedClock, format_: FormatName, query: str, usage: Usage
) -> None:
    told: list[Usage] = []
    failed: list[UpstreamError] = []

    async def ask(upstream: Upstream) -> None:
        async with (
            asyncio.timeout(1),
            aclosing(upstream.stream(asked(f"cached_tokens=4&{query}"), told.append)) as deltas,
        ):
            await exhaust(deltas)

    async def scenario() -> None:
        async with serving(clock) as server, Upstream(server.url + BASES[format_], format_) as it:
            try:
                await ask(it)
            except UpstreamError as error:
                failed.append(error)

    with suppress(TimeoutError):
        clock.run(scenario())
    assert told == [usage]
    assert [error.usage for error in failed] == [usage] * ("fail" in query)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("retry_after=20", "20"),
        ("retry_after_date=20", "Wed, 01 Jan 2025 00:00:20 GMT"),
        ("", None),
    ],
)
def test_a_refusal_says_when_to_come_back(
    clock: SimulatedClock, query: str, told: str | None
) -> None:
    error = heard(clock, "openai", asked(f"fail=429&{query}")).error
    assert error
    assert (error.status, error.retry_after, error.said) == (429, told, "Rate limit exceeded")
    assert str(error) == "the upstream answered 429: Rate limit exceeded"


def test_a_page_in_place_of_an_error_is_not_shown(clock: SimulatedClock) -> None:
    error = heard(clock, "openai", asked("fail=502&body=html")).error
    assert str(error) == "the upstream answered 502"


@FORMATS
@pytest.mark.parametrize(
    "query",
    ["delay=5000", "first_token=5000", "pace=400", "fail=silence", "pace=400&encoding=gzip"],
)
def test_a_caller_that_is_cancelled_takes_the_request_back_at_once(
    clock: SimulatedClock, format_: FormatName, query: str
) -> None:
    async def cancel(stream: AsyncIterator[object]) -> None:
        task = asyncio.create_task(exhaust(stream))
        await asyncio.sleep(1.5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    entry = use_stream(clock, query, cancel, format_)
    assert (entry.outcome, gone(entry)) == ("client went away", 1.5)


@FORMATS
def test_a_caller_that_closes_the_stream_takes_the_request_back_at_once(
    clock: SimulatedClock, format_: FormatName
) -> None:
    async def leave(stream: Any) -> None:  # noqa: ANN401 - an asynchronous generator
        async with aclosing(stream):
            async for delta in stream:
                if delta == TextDelta(" streaming"):
                    break

    entry = use_stream(clock, "", leave, format_)
    assert (entry.outcome, gone(entry)) == ("client went away", 0.2)


# How many connections are left after each request, one after the other.
LEFT = [
    ("", 1),
    ("", 1),
    ("end=open", 0),
    ("stream=false", 1),
    ("fail=500", 1),
    ("fail_chunk=2", 0),
]


def test_a_connection_is_used_again_after_a_whole_answer_only(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with (
            serving(clock) as server,
            Upstream(f"{server.url}/v1", "openai") as upstream,
        ):
            for query, left in LEFT:
                with suppress(UpstreamError):
                    await exhaust(upstream.stream(asked(query)))
                assert connections(upstream) == left, query

    clock.run(scenario())


def test_streams_run_side_by_side(clock: SimulatedClock) -> None:
    async def scenario() -> float:
        async with (
            serving(clock) as server,
            Upstream(f"{server.url}/v1", "openai") as upstream,
        ):
            began = clock.time()
            await asyncio.gather(*(exhaust(upstream.stream(asked())) for _ in range(20)))
            return round(clock.time() - began, 6)

    assert clock.run(scenario()) == 0.6


def test_public_authorities_vouch_for_an_upstream_by_default(clock: SimulatedClock) -> None:
    async def scenario() -> ssl.SSLContext:
        async with Upstream("https://example.com", "openai") as upstream:
            transport: Any = upstream._client._transport
            context: ssl.SSLContext = transport._pool._ssl_context
            return context

    context = clock.run(scenario())
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.get_ca_certs()


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Security:
    folder = tmp_path_factory.mktemp("certificate")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(folder / "chain.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    return Security(Certificate(folder / "chain.pem", folder / "key.pem"), trust)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("", "stop"),
        ("end=open", "stop"),
        ("fail=reset", "connection"),
        ("fail=close", "connection"),
        ("fail_chunk=3&fail_chunk_mode=reset", "broken"),
        ("fail_chunk=3&fail_chunk_mode=cut", "broken"),
        ("fail_chunk=3&fail_chunk_mode=silence", "timeout"),
    ],
)
def test_an_upstream_fails_the_same_under_tls(
    clock: SimulatedClock, secured: Security, query: str, kind: str
) -> None:
    found = heard(clock, "openai", asked(query), security=secured, trust=secured.trust)
    assert (found.error.kind if found.error else found.last.stop_reason) == kind


def test_an_upstream_with_a_certificate_of_nobody_is_none(
    clock: SimulatedClock, secured: Security
) -> None:
    stranger = ssl.create_default_context()
    found = heard(clock, "openai", asked(), security=secured, trust=stranger)
    assert found.error
    assert (found.error.kind, found.entries) == ("connection", ())


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("ftp://example.com", "k"),
        ("https://example.com/#v1", "k"),
        ("example.com/v1", "k"),
        ("https://user:opensesame@example.com", "k"),
        ("http://[::1", "k"),
        ("https://user:open/sesame@example.com", "k"),
        ("https://user:sesame:x", "k"),
        ("https://example.com", "opensesame\n"),
        ("https://example.com", "open sesame"),
        ("https://example.com", "opensesam\N{LATIN SMALL LETTER E WITH ACUTE}"),
    ],
)
def test_a_url_or_key_that_cannot_be_one_is_refused_unseen(url: str, key: str) -> None:
    with pytest.raises(SluicegateError) as caught:
        Upstream(url, "openai", key=key)
    assert "sesam" not in str(caught.value)


def test_a_number_that_json_cannot_write_is_refused(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with Upstream("http://127.0.0.1:9", "openai") as upstream:
            with pytest.raises(SluicegateError, match="a number that is not finite"):
                await anext(upstream.stream(asked(temperature=math.inf)))

    clock.run(scenario())
