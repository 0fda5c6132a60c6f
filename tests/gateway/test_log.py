import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from tests.provider.wire_client import Seen

from sluicegate.gateway.log import NAME, Attempted, Changed, GatewayLog, Served, log_json
from sluicegate.runtime.clock import SimulatedClock

from .gatewaying import KEYS, Document, Gateway, header, run


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    logger, stream = logging.getLogger(NAME), io.StringIO()
    before = logger.level, logger.propagate
    handler = log_json(stream)
    yield stream
    logger.removeHandler(handler)
    logger.level, logger.propagate = before


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    assert stream.getvalue().isascii()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_attempt_is_one_line_with_what_is_known_of_it(written: io.StringIO) -> None:
    GatewayLog().tell(
        Attempted("6f", "droid", "plain", "failed", 15.00049, 0, "timeout", None, "plain", 15.0)
    )
    (told,) = lines(written)
    assert next(iter(told)) == "time"
    del told["time"]
    assert told == {
        "event": "attempt",
        "request_id": "6f",
        "agent": "droid",
        "mode": "plain",
        "outcome": "failed",
        "duration": 15.0,
        "chunks": 0,
        "reason": "timeout",
        "limit": "plain",
        "limit_seconds": 15.0,
    }


def test_a_request_and_a_circuit_are_lines_as_well(written: io.StringIO) -> None:
    log = GatewayLog()
    log.tell(Served("6f", "m\n" * 1000, "droid", None, "refused", 503, "circuit_open", 0, 0, 0.1))
    log.tell(Changed("droid", "half-open"))
    request, circuit = lines(written)
    assert (request["event"], request["model"], request["code"]) == (
        "request",
        "m\n" * 100,
        "circuit_open",
    )
    assert "mode" not in request
    assert (circuit["event"], circuit["agent"], circuit["state"]) == (
        "circuit",
        "droid",
        "half-open",
    )


def test_without_anyone_who_listens_nothing_is_written() -> None:
    GatewayLog().tell(Changed("droid", "open"))


def logged(clock: SimulatedClock, *answers: Document, **members: Any) -> tuple[Seen, Gateway]:  # noqa: ANN401 - any JSON
    async def scenario(gateway: Gateway) -> tuple[Seen, Gateway]:
        gateway.ccrouter.answers(*answers)
        gateway.droid.answers(answers[-1])
        return await gateway.stream(**members), gateway

    return run(clock, scenario)


def test_every_line_about_a_request_has_the_number_that_the_client_got(
    clock: SimulatedClock,
) -> None:
    seen, gateway = logged(clock, {"fail": 503})
    number = header(seen.headers, "x-request-id")
    assert {each.request_id for each in gateway.log.attempts} == {number}
    assert [(each.agent, each.mode, each.status) for each in gateway.log.attempts] == [
        ("ccrouter", "streamed", 503),
        ("ccrouter", "plain", 503),
        ("droid", "plain", 503),
    ]
    (served,) = gateway.log.served
    assert (served.request_id, served.attempts, served.status) == (number, 3, 500)
    assert (served.outcome, served.agent, served.mode) == ("failed", "ccrouter", "streamed")


def test_a_failure_in_mid_stream_is_told_with_its_limit_and_what_was_delivered(
    clock: SimulatedClock,
) -> None:
    _, gateway = logged(clock, {"fail_chunk": 4, "fail_chunk_mode": "silence"})
    (attempt,) = gateway.log.attempts
    assert (attempt.reason, attempt.limit, attempt.limit_seconds) == ("timeout", "gap", 20.0)
    assert (attempt.chunks, round(attempt.duration, 3), attempt.agent) == (3, 20.2, "ccrouter")


def test_a_log_has_no_prompt_no_answer_and_no_key(
    clock: SimulatedClock, written: io.StringIO
) -> None:
    log = GatewayLog()
    answer = {"fail": 400, "error_message": f"no such prompt-{KEYS['ccrouter']}"}
    for given in (answer, {"text": "answer-of-a-model"}):
        _, gateway = logged(clock, given, prompt="prompt-of-a-client")
        for told in gateway.log.all:
            log.tell(told)
    shown = written.getvalue()
    assert shown.count("\n") == 4
    assert not [word for word in ("prompt", "answer-of", *KEYS.values()) if word in shown]
