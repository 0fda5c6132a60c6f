import asyncio
import json
import re
from typing import Any

import pytest
from tests.provider.wire_client import Seen, connect

from sluicegate.runtime.clock import SimulatedClock

from .gatewaying import (
    HELLO,
    KEYS,
    PLAIN,
    Document,
    Gateway,
    chat,
    checked,
    chunks_of,
    claims,
    data_of,
    run,
    sent,
    text_of,
)


def streamed(
    clock: SimulatedClock,
    *answers: Document,
    **members: Any,  # noqa: ANN401 - any JSON
) -> tuple[Seen, Gateway]:
    async def scenario(gateway: Gateway) -> tuple[Seen, Gateway]:
        gateway.ccrouter.answers(*answers)
        return await gateway.stream(**members), gateway

    return run(clock, scenario)


def test_a_streamed_answer_has_the_headers_of_one(clock: SimulatedClock) -> None:
    seen, _ = streamed(clock)
    headers = dict(seen.headers)
    number = headers.pop("x-request-id")
    assert re.fullmatch("[0-9a-f]{16}", number)
    assert headers == {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "connection": "keep-alive",
        "x-accel-buffering": "no",
        "transfer-encoding": "chunked",
    }


def test_each_chunk_arrives_at_the_instant_it_was_sent_and_as_it_was(clock: SimulatedClock) -> None:
    seen, gateway = streamed(clock, {"text": ["a", "b", "c"], "pace": 250})
    (entry,) = gateway.ccrouter.entries
    assert seen.reads == tuple((round(w.at - entry.started, 6), w.data) for w in entry.writes)
    assert [at for at, _ in seen.reads] == [0.0, 0.25, 0.5, 0.75, 0.75]
    assert text_of(checked(seen)) == "abc"
    assert data_of(seen).count("[DONE]") == 1
    assert data_of(seen)[-1] == "[DONE]"


def test_chunks_that_come_in_one_write_go_on_at_once(clock: SimulatedClock) -> None:
    seen, _ = streamed(clock, {"cut": "nowhere", "pace": 0})
    assert (text_of(checked(seen)), seen.ended) == (HELLO, 0.0)


def test_status_and_role_wait_for_the_first_content(clock: SimulatedClock) -> None:
    seen, _ = streamed(clock, {"quirks": "role_alone", "text": ["", "a"], "pace": 100})
    assert seen.head_at == seen.reads[0][0] > 0
    assert chunks_of(seen)[0]["choices"][0]["delta"]["role"] == "assistant"


def test_the_agent_is_asked_with_the_same_parameters_and_its_own_key(
    clock: SimulatedClock,
) -> None:
    members = {"temperature": 0.25, "x_own": {"deep": [1, None]}, "stream_options": {}}

    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"fail": 503})
        headers = {"Authorization": "Bearer of-the-client", "X-Own": "1", "Cookie": "c"}
        await gateway.ask(chat("Hi", headers, stream=True, **members))
        first, second = gateway.ccrouter.entries
        (third,) = gateway.droid.entries
        asked = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hi"}], **members}
        assert sent(first) == {**asked, "stream": True}
        del asked["stream_options"]
        assert sent(second) == sent(third) == {**asked, "stream": False}
        for entry in (first, second, third):
            names = {name.lower() for name, _ in entry.headers}
            assert not names & {"x-own", "cookie"}
            assert entry.query == ""
        assert first.fingerprints == second.fingerprints != third.fingerprints
        assert ["accept", "text/event-stream"] in [[n.lower(), v] for n, v in first.headers]
        assert ["accept", "application/json"] in [[n.lower(), v] for n, v in second.headers]

    run(clock, scenario)


def test_a_stream_option_reaches_the_agent_and_its_usage_the_client(clock: SimulatedClock) -> None:
    seen, gateway = streamed(clock, stream_options={"include_usage": True})
    assert checked(seen)[-1]["usage"]["total_tokens"] == 25
    assert sent(gateway.ccrouter.entries[0])["stream_options"] == {"include_usage": True}


MODES = ["reset", "cut", "malformed", "unfinished", "end", "error", "silence"]


@pytest.mark.parametrize("mode", MODES)
def test_a_failure_in_mid_stream_keeps_the_chunks_and_says_why_it_ends(
    clock: SimulatedClock, mode: str
) -> None:
    seen, gateway = streamed(clock, {"fail_chunk": 3, "fail_chunk_mode": mode})
    assert text_of(checked(seen)) == "Hello from"
    assert not claims(seen)
    *_, last = chunks_of(seen)
    timeout = mode == "silence"
    assert last["error"]["type"] == ("timeout_error" if timeout else "orchestration_error")
    assert seen.ended == (20.1 if timeout else 0.2)
    assert gateway.ccrouter.asked == ["streamed"]
    assert gateway.droid.asked == []
    (attempt,) = gateway.log.attempts
    assert (attempt.outcome, attempt.chunks) == ("failed", 2)
    assert gateway.log.served[0].outcome == "broken"
    assert attempt.request_id == dict(seen.headers)["x-request-id"]


@pytest.mark.parametrize(
    "answer",
    [
        {"fail": "silence"},
        {"fail": "hang"},
        {"comments": True, "fail_chunk": 1, "fail_chunk_mode": "silence"},
    ],
)
def test_before_any_content_a_timeout_leads_to_the_plain_attempt(
    clock: SimulatedClock, answer: Document
) -> None:
    seen, gateway = streamed(clock, answer, {})
    assert (seen.status, seen.ended) == (200, 20.0)
    assert json.loads(seen.data)["choices"][0]["message"]["content"] == PLAIN
    first, second = gateway.log.attempts
    assert (first.reason, first.limit, first.limit_seconds) == ("timeout", "first content", 20.0)
    assert (first.duration, first.chunks, first.agent) == (20.0, 0, "ccrouter")
    assert second.outcome == "answered"
    assert gateway.ccrouter.entries[0].outcome == "client went away"
    assert round(gateway.ccrouter.entries[0].ended or 0, 6) == round(
        gateway.ccrouter.entries[1].started, 6
    )


def test_a_whole_stream_past_its_limit_is_closed_and_taken_back(clock: SimulatedClock) -> None:
    seen, gateway = streamed(clock, {"text": ["x"] * 100, "pace": 1000})
    assert (seen.ended, seen.ending) == (60.0, "complete")
    assert not claims(seen)
    assert len(checked(seen)) == 60
    (entry,) = gateway.ccrouter.entries
    assert entry.outcome == "client went away"
    assert round((entry.ended or 0) - entry.started, 6) == 60.0
    (attempt,) = gateway.log.attempts
    assert (attempt.limit, attempt.limit_seconds, attempt.chunks) == ("whole stream", 60.0, 60)


def test_when_all_attempts_time_out_the_client_gets_504(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        for agent in gateway.agents.values():
            agent.answers({"fail": "hang"})
        seen = await gateway.stream()
        assert (seen.status, seen.ended) == (504, 50.0)
        limits = [(each.limit, each.limit_seconds) for each in gateway.log.attempts]
        assert limits == [("first content", 20.0), ("plain", 15.0), ("plain", 15.0)]

    run(clock, scenario)


# When the client goes away, in seconds, and what the agent answers: the moments of CANCEL.
@pytest.mark.parametrize(
    ("answer", "after", "mode"),
    [
        ({"fail": "hang"}, 0.35, "streamed"),
        ({"fail": "silence"}, 0.35, "streamed"),
        ({"delay": 1000}, 0.35, "plain"),
        ({}, 0.35, "streamed"),
    ],
)
def test_a_client_that_goes_away_takes_the_request_back_at_once(
    clock: SimulatedClock, answer: Document, after: float, mode: str
) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers(answer)
        client = await connect(gateway.server)
        client.send(chat(stream=mode == "streamed"))
        await asyncio.sleep(after)
        client.transport.close()
        await clock.quiesce()
        (entry,) = gateway.ccrouter.entries
        assert entry.outcome == "client went away"
        assert round((entry.ended or 0) - entry.started, 6) == after
        assert [each.outcome for each in gateway.log.attempts] == ["left"]
        assert [each.outcome for each in gateway.log.served] == ["left"]
        assert gateway.droid.asked == []

    run(clock, scenario)


def test_ten_streams_at_once_do_not_wait_for_each_other(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({}, {}, {"fail_chunk": 2, "fail_chunk_mode": "reset"}, {})
        several = await asyncio.gather(*(gateway.stream(f"number {n}") for n in range(10)))
        assert sorted(seen.ended for seen in several) == [0.1, *[0.6] * 9]
        assert sorted(text_of(checked(seen)) for seen in several) == ["Hello", *[HELLO] * 9]

    run(clock, scenario)


def test_an_answer_without_its_end_is_reusable_soon_and_does_not_delay_the_client(
    clock: SimulatedClock,
) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"end": "open"}, {})
        seen = await gateway.stream()
        assert (seen.ended, seen.ending) == (0.6, "complete")
        assert claims(seen)
        await asyncio.sleep(1)
        (entry,) = gateway.ccrouter.entries
        assert round((entry.ended or 0) - entry.started, 6) == 0.7

    run(clock, scenario)


def test_a_connection_is_used_again(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        for _ in range(3):
            await gateway.stream()
        client = gateway.app.gateway._frame.agents["ccrouter"]._client
        assert len(client._transport._pool.connections) == 1  # type: ignore[attr-defined] # httpx's

    run(clock, scenario)


def test_no_key_of_an_agent_reaches_a_client(clock: SimulatedClock) -> None:
    key = KEYS["ccrouter"]
    seen, _ = streamed(clock, {"text": ["My key is ", key, "."], "request_id": key})
    assert text_of(checked(seen)) == "My key is ***."
    assert key not in str(seen)


def test_an_event_over_64_kib_arrives_whole(clock: SimulatedClock) -> None:
    seen, gateway = streamed(clock, {"padding": 100_000})
    (entry,) = gateway.ccrouter.entries
    assert seen.data == b"".join(write.data for write in entry.writes)
