import pytest

from sluicegate.proxy.log import Failure
from sluicegate.runtime.clock import SimulatedClock

from .proxying import asked, body, stream


@pytest.mark.parametrize(
    ("query", "failure"),
    [
        ("", None),
        ("fail=429", Failure("status", upstream_status=429)),
        ("fail=hang", Failure("timeout", limit="first content")),
        ("fail_chunk=3&fail_chunk_mode=silence", Failure("timeout", limit="gap")),
        ("fail=reset", Failure("connection")),
        ("fail_chunk=3&fail_chunk_mode=reset", Failure("broken")),
        ("fail_chunk=3", Failure("malformed")),
        ("fail_chunk=3&fail_chunk_mode=error", Failure("error")),
        ("finish_reason=content_filter", Failure("refused")),
        ("quirks=tool_arguments_broken&tool_calls=ls{}", Failure("arguments")),
    ],
)
def test_the_account_of_a_stream_tells_why_it_failed(
    clock: SimulatedClock, query: str, failure: Failure | None
) -> None:
    _, proxy = asked(clock, stream(content=body(query)))
    assert proxy.served.failure == failure
    assert proxy.served.outcome == ("error" if failure else "done")
