import asyncio
from typing import Any

import pytest
from tests.provider.wire_client import connect

from sluicegate.runtime.clock import SimulatedClock

from .gatewaying import (
    HELLO,
    NAMES,
    PLAIN,
    Document,
    Gateway,
    chat,
    checked,
    claims,
    data_of,
    error_of,
    header,
    run,
    said,
    text_of,
)

FAILING: Document = {"fail": 503}


def test_a_stream_that_fails_is_answered_plainly(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers(FAILING, {})
        seen = await gateway.stream()
        assert (seen.status, said(seen)) == (200, PLAIN)
        assert header(seen.headers, "content-type") == "application/json"
        assert gateway.ccrouter.asked == ["streamed", "plain"]
        assert gateway.droid.asked == []
        whole = str(seen)
        assert not [word for word in (*NAMES, "fallback", "retry", "503") if word in whole]

    run(clock, scenario)


@pytest.mark.parametrize("with_usage", [False, True])
def test_it_can_be_answered_as_one_well_formed_stream(
    clock: SimulatedClock, *, with_usage: bool
) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers(FAILING, {})
        seen = await gateway.stream(stream_options={"include_usage": with_usage})
        assert text_of(checked(seen)) == PLAIN
        assert claims(seen)
        assert data_of(seen).count("[DONE]") == 1
        assert (checked(seen)[-1]["choices"] == []) == with_usage
        assert header(seen.headers, "cache-control") == "no-cache"

    run(clock, scenario, fallback_format="sse")


def test_a_document_in_place_of_a_stream_is_one_well_formed_stream(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"stream": False})
        seen = await gateway.stream()
        assert text_of(checked(seen)) == PLAIN
        assert claims(seen)
        assert gateway.ccrouter.asked == ["streamed"]

    run(clock, scenario)


@pytest.mark.parametrize("is_stream", [True, False])
def test_without_fallback_there_is_one_attempt(clock: SimulatedClock, *, is_stream: bool) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers(FAILING)
        seen = await gateway.ask(chat(stream=is_stream))
        assert (seen.status, seen.ended) == (500, 0.0)
        assert error_of(seen)["type"] == "orchestration_error"
        assert error_of(seen)["message"].startswith("the upstream answered 503: ")
        assert len(gateway.ccrouter.asked + gateway.droid.asked) == 1

    run(clock, scenario, fallback_enabled=False)


def test_a_plain_failure_is_answered_by_the_fallback(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers(FAILING)
        gateway.droid.answers({"text": "droid's own"})
        assert said(await gateway.plain()) == "droid's own"
        assert (gateway.ccrouter.asked, gateway.droid.asked) == (["plain"], ["plain"])
        assert [each.agent for each in gateway.log.attempts] == ["ccrouter", "droid"]

    run(clock, scenario)


def test_models_choose_their_agent(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.droid.answers(FAILING)
        assert (await gateway.plain(model="gpt-4o-mini")).status == 200
        assert (await gateway.plain(model="other")).status == 200
        seen = await gateway.plain(model="claude-sonnet-4-5")
        assert (seen.status, len(gateway.ccrouter.asked)) == (500, 2)
        assert gateway.droid.asked == ["plain"]

    run(clock, scenario)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_client_error_stops_at_once_and_keeps_its_status(
    clock: SimulatedClock, status: int
) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"fail": status, "rate_limit": True, "request_id": "req_1"})
        seen = await gateway.stream()
        assert seen.status == status
        assert error_of(seen)["message"]
        assert header(seen.headers, "x-request-id") == "req_1"
        assert header(seen.headers, "x-ratelimit-limit-requests")
        assert gateway.ccrouter.asked == ["streamed"]
        (attempt,) = gateway.log.attempts
        assert (attempt.reason, attempt.status, attempt.agent_request_id) == (
            "status",
            status,
            "req_1",
        )

    run(clock, scenario)


# What the last of the agents answers, and what the client gets of it.
@pytest.mark.parametrize(
    ("answer", "status", "kind", "at"),
    [
        ({"fail": 429, "retry_after": 7}, 429, "rate_limit_error", 0.0),
        ({"fail": "hang"}, 504, "timeout_error", 15.0),
        ({"fail": 504}, 500, "orchestration_error", 0.0),
        ({"fail": "reset"}, 500, "orchestration_error", 0.0),
        ({"body": "malformed"}, 500, "orchestration_error", 0.0),
    ],
)
def test_the_last_attempt_decides(
    clock: SimulatedClock, answer: Document, status: int, kind: str, at: float
) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"fail": 429, "retry_after": 1})
        gateway.droid.answers(answer)
        seen = await gateway.plain()
        assert (seen.status, error_of(seen)["type"], seen.ended) == (status, kind, at)
        assert header(seen.headers, "retry-after") == ("7" if status == 429 else None)
        assert (gateway.ccrouter.asked, gateway.droid.asked) == (["plain"], ["plain"])
        assert [each.outcome for each in gateway.log.attempts] == ["failed", "failed"]

    run(clock, scenario)


def test_headers_about_limits_are_kept(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"rate_limit": True, "request_id": "req_1", "retry_after": 3})
        for seen in (await gateway.stream(), await gateway.plain()):
            assert header(seen.headers, "x-ratelimit-remaining-requests")
            assert header(seen.headers, "retry-after") == "3"
            assert [v for n, v in seen.headers if n == "x-request-id"] == ["req_1"]
        assert {each.agent_request_id for each in gateway.log.attempts} == {"req_1"}

    run(clock, scenario)


async def fail(gateway: Gateway, times: int, **members: Any) -> None:  # noqa: ANN401 - any JSON
    for _ in range(times):
        assert (await gateway.plain(**members)).status != 503


def all_fail(gateway: Gateway) -> None:
    for agent in gateway.agents.values():
        agent.answers(FAILING)


def all_answer(gateway: Gateway) -> None:
    for agent in gateway.agents.values():
        agent.answers({})


def asked(gateway: Gateway) -> int:
    return sum(len(agent.asked) for agent in gateway.agents.values())


def test_five_failures_open_the_circuit_and_nobody_is_asked(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        all_fail(gateway)
        await fail(gateway, 5)
        await asyncio.sleep(1.5)
        before = asked(gateway)
        seen = await gateway.stream()
        assert (seen.status, error_of(seen)["code"], seen.ended) == (503, "circuit_open", 0.0)
        assert header(seen.headers, "retry-after") == "29"
        assert asked(gateway) == before == 10
        assert gateway.log.circuits == [("ccrouter", "open")]
        assert (await gateway.plain(model="claude-1")).status == 500
        assert gateway.log.served[5].code == "circuit_open"

    run(clock, scenario)


def test_two_probes_close_it_again(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        all_fail(gateway)
        await fail(gateway, 5)
        await asyncio.sleep(30)
        all_answer(gateway)
        probe = asyncio.create_task(gateway.stream())
        await asyncio.sleep(0.1)
        assert (await gateway.plain()).status == 503
        assert (await probe).status == 200
        assert (await gateway.plain()).status == 200
        states = [("ccrouter", state) for state in ("open", "half-open", "closed")]
        assert gateway.log.circuits == states

    run(clock, scenario)


def test_a_failed_probe_opens_it_again(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        all_fail(gateway)
        await fail(gateway, 5)
        await asyncio.sleep(30)
        await fail(gateway, 1)
        await asyncio.sleep(29.5)
        assert header((await gateway.plain()).headers, "retry-after") == "1"
        await asyncio.sleep(0.5)
        all_answer(gateway)
        assert (await gateway.plain()).status == 200

    run(clock, scenario)


# A probe whose client goes away, or is itself at fault, gives its place back.
@pytest.mark.parametrize("answer", [{"fail": "hang"}, {"fail": "silence"}, {}, {"fail": 400}])
def test_a_probe_that_says_nothing_about_the_agent_gives_its_place_back(
    clock: SimulatedClock, answer: Document
) -> None:
    async def scenario(gateway: Gateway) -> None:
        all_fail(gateway)
        await fail(gateway, 5)
        await asyncio.sleep(30)
        gateway.ccrouter.answers(answer)
        client = await connect(gateway.server)
        client.send(chat(stream=True))
        await asyncio.sleep(0.25)
        client.transport.close()
        await clock.quiesce()
        all_answer(gateway)
        assert (await gateway.plain()).status == 200
        assert gateway.log.circuits[-1] == ("ccrouter", "half-open")

    run(clock, scenario)


def test_a_success_resets_the_count(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        all_fail(gateway)
        await fail(gateway, 4)
        all_answer(gateway)
        assert (await gateway.plain()).status == 200
        all_fail(gateway)
        await fail(gateway, 4)
        assert gateway.log.circuits == []

    run(clock, scenario)


def test_what_the_fallback_answers_is_a_success(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers(FAILING)
        for _ in range(6):
            assert (await gateway.plain()).status == 200
        assert gateway.log.circuits == []

    run(clock, scenario)


@pytest.mark.parametrize(
    "answer",
    [
        {"fail": 429},
        {"fail": "hang"},
        {"fail": "reset"},
        {"fail_chunk": 2, "fail_chunk_mode": "reset"},
        {"end": "no_finish"},
    ],
)
def test_every_failure_counts_for_streams_too(clock: SimulatedClock, answer: Document) -> None:
    async def scenario(gateway: Gateway) -> None:
        for agent in gateway.agents.values():
            agent.answers(answer)
        for _ in range(5):
            await gateway.stream()
        assert (await gateway.stream()).status == 503

    run(clock, scenario, fallback_enabled=False)


def test_client_errors_count_for_nothing(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({"fail": 400})
        for _ in range(6):
            assert (await gateway.plain()).status == 400
        assert gateway.log.circuits == []

    run(clock, scenario)


def test_an_unhealthy_agent_is_replaced_before_it_is_asked(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({}, healthy=False)
        assert text_of(checked(await gateway.stream())) == HELLO
        assert (gateway.ccrouter.asked, gateway.droid.asked) == ([], ["streamed"])
        assert gateway.log.served[0].agent == "droid"

    run(clock, scenario, health=True)


def test_an_agent_in_the_place_of_another_has_no_fallback(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({}, healthy=False)
        gateway.droid.answers(FAILING)
        assert (await gateway.stream()).status == 500
        assert (gateway.ccrouter.asked, gateway.droid.asked) == ([], ["streamed", "plain"])

    run(clock, scenario, health=True)


def test_without_any_healthy_agent_the_request_is_refused(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        for agent in gateway.agents.values():
            agent.answers({}, healthy=False)
        seen = await gateway.plain()
        assert (seen.status, error_of(seen)["code"]) == (503, "no_healthy_agent")
        assert asked(gateway) == 0

    run(clock, scenario, health=True)


def checks(gateway: Gateway) -> int:
    return [entry.path for entry in gateway.ccrouter.journal.entries].count("/health")


def test_what_is_found_counts_for_ten_seconds_and_is_refreshed_in_the_background(
    clock: SimulatedClock,
) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({}, healthy=False)
        await gateway.plain()
        gateway.ccrouter.answers({})
        await asyncio.sleep(9.9)
        await gateway.plain()
        assert (checks(gateway), gateway.ccrouter.asked) == (1, [])
        await asyncio.sleep(0.1)
        await gateway.plain()
        assert (checks(gateway), gateway.ccrouter.asked) == (2, [])
        await gateway.plain()
        assert (checks(gateway), gateway.ccrouter.asked) == (2, ["plain"])

    run(clock, scenario, health=True)


def test_what_is_old_is_found_out_anew_before_anyone_is_asked(clock: SimulatedClock) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.ccrouter.answers({}, healthy=False)
        await gateway.plain()
        await asyncio.sleep(100)
        await gateway.plain()
        assert (checks(gateway), gateway.ccrouter.asked) == (2, [])

    run(clock, scenario, health=True)
