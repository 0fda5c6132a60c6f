import pytest

from sluicegate.gateway import errors
from sluicegate.gateway.errors import ErrorAnswer
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.masking import Mask
from sluicegate.wire.schema import violations

MASK = Mask(("s3cret", "agent.example"))


def failed(kind: str, **told: object) -> ErrorAnswer:
    error = UpstreamError(kind, "the upstream failed", **told)  # type: ignore[arg-type]  # any kind
    answer = errors.failed(error, MASK)
    assert not violations(answer.document, "openai/error")
    return answer


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_client_error_keeps_its_status_and_its_message(status: int) -> None:
    answer = failed("status", status=status, said="no such thing at agent.example")
    assert answer.status == status
    assert answer.message == "no such thing at ***"


def test_a_timeout_is_504() -> None:
    answer = failed("timeout", limit="gap")
    assert (answer.status, answer.type) == (504, "timeout_error")
    assert answer.message == "the upstream failed"


@pytest.mark.parametrize("wait", ["20", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_rate_limit_stays_one_with_its_time(wait: str) -> None:
    answer = failed("status", status=429, headers=(("Retry-After", wait), ("retry-after", "9")))
    assert (answer.status, answer.code) == (429, "rate_limit_exceeded")
    assert answer.headers == {"Retry-After": wait}


def test_a_rate_limit_without_a_time_has_none() -> None:
    assert failed("status", status=429).headers == {}


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529, 302, 402, 413])
def test_every_other_status_is_500(status: int) -> None:
    answer = failed("status", status=status, said="key s3cret", headers=(("Retry-After", "9"),))
    assert (answer.status, answer.type) == (500, "orchestration_error")
    assert answer.message == "the upstream failed: key ***"
    assert answer.headers == {}


@pytest.mark.parametrize("kind", ["connection", "broken", "error", "malformed"])
def test_every_other_failure_is_500(kind: str) -> None:
    answer = failed(kind)
    assert (answer.status, answer.type) == (500, "orchestration_error")


@pytest.mark.parametrize(
    ("answer", "status", "code", "headers"),
    [
        (errors.refused_by_circuit(7), 503, "circuit_open", {"Retry-After": "7"}),
        (errors.no_healthy_agent(), 503, "no_healthy_agent", {}),
        (errors.unauthorized(), 401, "invalid_api_key", {"WWW-Authenticate": "Bearer"}),
        (errors.bad_input(400, "expected a string", "model"), 400, None, {}),
        (errors.bad_input(413, "too large"), 413, "request_too_large", {}),
        (errors.bad_input(405, "use POST"), 405, "method_not_allowed", {}),
    ],
)
def test_every_refusal_is_in_the_same_shape(
    answer: ErrorAnswer, status: int, code: str | None, headers: dict[str, str]
) -> None:
    assert not violations(answer.document, "openai/error")
    assert (answer.status, answer.code, answer.headers) == (status, code, headers)


def test_a_refusal_names_the_place() -> None:
    document = errors.bad_input(400, "expected a string", "messages[0].role").document
    assert document["error"]["param"] == "messages[0].role"
