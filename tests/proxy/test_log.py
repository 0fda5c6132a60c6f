import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sluicegate.proxy.log import NAME, Failure, RequestLog, Served, log_json
from sluicegate.wire.assistant.message import Cost, Usage

USAGE = Usage(
    input=10, output=15, cache_read=1, cache_write=2, total_tokens=28, cost=Cost(total=0.0002628)
)
SERVED = Served("6f1c", "127.0.0.1", "anthropic", "claude", "done", 200, 0.61249, USAGE)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    logger, stream = logging.getLogger(NAME), io.StringIO()
    before = logger.level, logger.propagate
    handler = log_json(stream)
    yield stream
    logger.removeHandler(handler)
    logger.level, logger.propagate = before


def line(stream: io.StringIO) -> dict[str, object]:
    """Read the only line."""
    text = stream.getvalue()
    assert text.endswith("\n")
    assert text.isascii()
    assert len(text.splitlines()) == 1
    document: dict[str, object] = json.loads(text)
    return document


def test_a_request_is_one_line_of_json(written: io.StringIO) -> None:
    RequestLog().tell(SERVED)
    told = line(written)
    time = datetime.fromisoformat(str(told.pop("time")))
    assert time.utcoffset() == timedelta(0)
    assert told == {
        "event": "request",
        "request_id": "6f1c",
        "client": "127.0.0.1",
        "upstream": "anthropic",
        "model": "claude",
        "outcome": "done",
        "status": 200,
        "duration": 0.612,
        "tokens": {"input": 10, "output": 15, "cache_read": 1, "cache_write": 2, "total": 28},
        "cost": 0.0002628,
    }


@pytest.mark.parametrize(
    ("failure", "fields"),
    [
        (Failure("broken"), {"reason": "broken"}),
        (Failure("timeout", limit="gap"), {"reason": "timeout", "limit": "gap"}),
        (Failure("status", upstream_status=503), {"reason": "status", "upstream_status": 503}),
    ],
)
def test_a_failure_has_its_reason(
    written: io.StringIO, failure: Failure, fields: dict[str, object]
) -> None:
    RequestLog().tell(replace(SERVED, outcome="error", failure=failure))
    told = line(written)
    names = told.keys() & {"reason", "limit", "upstream_status"}
    assert {name: told[name] for name in names} == fields


def test_what_did_not_fail_has_no_reason(written: io.StringIO) -> None:
    RequestLog().tell(SERVED)
    assert not line(written).keys() & {"reason", "limit", "upstream_status"}


def test_the_time_comes_first(written: io.StringIO) -> None:
    RequestLog().tell(SERVED)
    assert next(iter(line(written))) == "time"


def test_a_refused_request_has_no_tokens(written: io.StringIO) -> None:
    RequestLog().tell(Served("6f1c", "::1", "", "", "refused", 401, 0.0))
    told = line(written)
    assert (told["outcome"], told["status"]) == ("refused", 401)
    assert "tokens" not in told
    assert "cost" not in told


@pytest.mark.parametrize(
    "model",
    [
        'x"}\n{"event": "request"}',
        "x\r\n",
        "x\x00\x1b[2J",
        "x\u2028y\x85z",
        "%s %(name)s",
        "\ud800",
    ],
)
def test_a_name_cannot_forge_a_line(written: io.StringIO, model: str) -> None:
    RequestLog().tell(Served("6f1c", "::1", "openai", model, "error", 200, 1.0, Usage()))
    assert line(written)["model"] == model


def test_a_long_name_is_cut(written: io.StringIO) -> None:
    RequestLog().tell(Served("6f1c", "::1", "openai", "x" * 100_000, "done", 200, 1.0, USAGE))
    assert line(written)["model"] == "x" * 200


def test_without_a_handler_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    RequestLog().tell(SERVED)
    assert capfd.readouterr() == ("", "")


def test_an_application_may_collect_the_records_itself(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger=NAME):
        RequestLog().tell(SERVED)
    (record,) = caplog.records
    assert vars(record)["model"] == "claude"
