import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.gateway.breaker import Outcome
from sluicegate.gateway.fallback import OUTCOMES, STAGES, Attempt, Course, Mode, attempts
from sluicegate.upstream.errors import UpstreamError

STREAMED, PLAIN = Attempt("ccrouter", "streamed"), Attempt("ccrouter", "plain")
FALLBACK = Attempt("droid", "plain")

SERVER_ERROR = UpstreamError("status", "", status=500)
CLIENT_ERROR = UpstreamError("status", "", status=400)


def course() -> Course:
    return Course(attempts("streamed", "ccrouter", "droid"))


@pytest.mark.parametrize(
    ("mode", "fallback", "enabled", "expected"),
    [
        ("streamed", "droid", True, (STREAMED, PLAIN, FALLBACK)),
        ("streamed", None, True, (STREAMED, PLAIN)),
        ("streamed", "droid", False, (STREAMED,)),
        ("plain", "droid", True, (PLAIN, FALLBACK)),
        ("plain", None, True, (PLAIN,)),
        ("plain", "droid", False, (PLAIN,)),
        ("streamed", "ccrouter", True, (STREAMED, PLAIN)),
        ("plain", "ccrouter", True, (PLAIN,)),
    ],
)
def test_the_attempts_are_the_documented_ones_each_once(
    mode: Mode,
    fallback: str | None,
    enabled: bool,  # noqa: FBT001 - parametrised
    expected: tuple[Attempt, ...],
) -> None:
    assert attempts(mode, "ccrouter", fallback, enabled=enabled) == expected


def test_a_request_that_fails_everywhere_makes_every_attempt_and_no_more() -> None:
    asked = course()
    assert asked.attempt == STREAMED
    assert asked.fail(SERVER_ERROR)
    assert asked.attempt == PLAIN
    assert asked.fail(SERVER_ERROR)
    assert asked.attempt == FALLBACK
    assert not asked.fail(SERVER_ERROR)
    assert asked.made == (STREAMED, PLAIN, FALLBACK)
    assert (asked.stage, asked.outcome) == ("failed", "failure")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_client_error_stops_at_once(status: int) -> None:
    asked = course()
    assert not asked.fail(UpstreamError("status", "", status=status))
    assert asked.made == (STREAMED,)
    assert (asked.stage, asked.outcome) == ("refused", "neither")


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529, 204, 302, 402, 413])
def test_every_other_status_moves_on(status: int) -> None:
    assert course().fail(UpstreamError("status", "", status=status))


@pytest.mark.parametrize("kind", ["timeout", "connection", "broken", "error", "malformed"])
def test_every_other_failure_moves_on(kind: str) -> None:
    assert course().fail(UpstreamError(kind, ""))  # type: ignore[arg-type]  # parametrised


@pytest.mark.parametrize("error", [SERVER_ERROR, CLIENT_ERROR, UpstreamError("timeout", "")])
def test_after_commitment_there_is_no_other_attempt(error: UpstreamError) -> None:
    asked = course()
    asked.commit()
    asked.commit()
    assert not asked.fail(error)
    assert asked.made == (STREAMED,)
    assert (asked.stage, asked.outcome) == ("broken", "failure")


def test_an_answer_of_the_fallback_is_a_success() -> None:
    asked = course()
    asked.fail(SERVER_ERROR)
    asked.fail(SERVER_ERROR)
    asked.commit()
    asked.end()
    assert (asked.stage, asked.outcome) == ("answered", "success")


@pytest.mark.parametrize("committed", [False, True])
def test_a_client_that_goes_away_is_neither(committed: bool) -> None:  # noqa: FBT001 - parametrised
    asked = course()
    assert asked.outcome == "neither"
    if committed:
        asked.commit()
    asked.leave()
    assert (asked.stage, asked.outcome) == ("left", "neither")


@pytest.mark.parametrize(
    ("ending", "outcome"), [("end", "success"), ("fail", "failure"), ("leave", "neither")]
)
def test_a_departure_after_the_end_means_nothing(ending: str, outcome: Outcome) -> None:
    asked = course()
    asked.commit()
    ways = {"end": asked.end, "fail": lambda: asked.fail(SERVER_ERROR), "leave": asked.leave}
    ways[ending]()
    asked.leave()
    assert asked.outcome == outcome


def test_what_cannot_happen_is_misuse() -> None:
    with pytest.raises(ValueError, match="no 'end' of a request that is asking"):
        course().end()


def test_every_stage_leads_to_an_end() -> None:
    stages = {"asking", *STAGES.values()}
    assert stages - OUTCOMES.keys() == {stage for stage, _ in STAGES}


ERRORS = st.sampled_from([SERVER_ERROR, CLIENT_ERROR, UpstreamError("timeout", ""), None])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(["streamed", "plain"]), st.booleans(), st.lists(ERRORS, max_size=5))
def test_no_agent_is_asked_twice_in_one_mode(
    mode: Mode,
    enabled: bool,  # noqa: FBT001 - drawn
    errors: list[UpstreamError | None],
) -> None:
    asked = Course(attempts(mode, "ccrouter", "droid", enabled=enabled))
    for error in errors:
        if asked.stage != "asking":
            break
        if error is None:
            asked.commit()
        else:
            asked.fail(error)
    assert len(set(asked.made)) == len(asked.made) <= (3 if mode == "streamed" else 2)
    assert enabled or len(asked.made) == 1
