import pytest

from sluicegate.gateway.headers import passed_on
from sluicegate.gateway.models import listed
from sluicegate.gateway.settings import Agent, Model, Settings
from sluicegate.wire.schema import violations

LARGE = Model("gpt-4o", "Large", 16384, 0.0025, 0.01, "openai")
AGENTS = (
    Agent("ccrouter", "http://127.0.0.1:9101", models=(LARGE, Model("gemini"))),
    Agent("droid", "http://127.0.0.1:9102", models=(Model("claude"), Model("gpt-4o"))),
)


def test_the_models_of_all_agents_are_listed_once() -> None:
    document = listed(Settings(AGENTS, "ccrouter"), 7)
    assert not violations(document, "openai/models")
    assert [model["id"] for model in document["data"]] == ["gpt-4o", "gemini", "claude"]
    assert document["data"][0] == {
        "id": "gpt-4o",
        "object": "model",
        "created": 7,
        "owned_by": "openai",
        "description": "Large",
        "max_tokens": 16384,
        "input_cost_per_1k": 0.0025,
        "output_cost_per_1k": 0.01,
    }
    assert document["data"][2]["owned_by"] == "droid"


def test_only_limits_and_the_name_of_the_request_are_passed_on() -> None:
    kept = [
        ("Retry-After", "20"),
        ("X-Request-ID", "r1"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    ]
    dropped = [("Server", "agent"), ("Set-Cookie", "a=b"), ("Content-Length", "5")]
    assert passed_on([*dropped, *kept]) == tuple(kept)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (["7", "9"], ["7"]),
        (["soon", "Wed, 21 Oct 2026 07:28:00 GMT"], ["Wed, 21 Oct 2026 07:28:00 GMT"]),
        (["1.5"], ["1.5"]),
        (["7, 9"], []),
        (["-1", ""], []),
    ],
)
def test_of_several_times_to_wait_the_first_that_is_one_is_passed_on(
    values: list[str], kept: list[str]
) -> None:
    assert [value for _, value in passed_on(("Retry-After", value) for value in values)] == kept
