import pytest

from sluicegate.gateway.routing import (
    ROUTES,
    Health,
    Route,
    Selection,
    agent_of,
    means_healthy,
    select,
)

FALLBACKS = {"ccrouter": "droid"}


@pytest.mark.parametrize(
    ("model", "agent"),
    [
        ("gpt-4", "ccrouter"),
        ("gpt-4o-mini", "ccrouter"),
        ("gemini-2.5-pro", "ccrouter"),
        ("claude-sonnet-4-5", "droid"),
        ("gpt-3.5-turbo", "primary"),
        ("my-gpt-4", "primary"),
        ("GPT-4", "primary"),
        ("", "primary"),
    ],
)
def test_a_model_goes_to_its_agent(model: str, agent: str) -> None:
    assert agent_of(model, ROUTES, "primary") == agent


def test_the_first_route_that_fits_counts() -> None:
    routes = (Route("gpt-4o*", "droid"), *ROUTES)
    assert agent_of("gpt-4o", routes, "primary") == "droid"
    assert agent_of("gpt-4", routes, "primary") == "ccrouter"


@pytest.mark.parametrize(
    ("agent", "unhealthy", "expected"),
    [
        ("ccrouter", (), Selection("ccrouter", "droid")),
        ("droid", (), Selection("droid")),
        ("ccrouter", ("ccrouter",), Selection("droid")),
        ("ccrouter", ("droid",), Selection("ccrouter", "droid")),
        ("ccrouter", ("ccrouter", "droid"), None),
        ("droid", ("droid",), None),
    ],
)
def test_the_fallback_of_an_unhealthy_agent_takes_its_place(
    agent: str, unhealthy: tuple[str, ...], expected: Selection | None
) -> None:
    assert select(agent, FALLBACKS, lambda name: name not in unhealthy) == expected


def test_the_fallback_that_takes_its_place_has_none() -> None:
    fallbacks = {"ccrouter": "droid", "droid": "ccrouter"}
    assert select("ccrouter", fallbacks, lambda name: name == "droid") == Selection("droid")


@pytest.mark.parametrize(
    ("status", "healthy"),
    [
        (200, True),
        (204, True),
        (404, True),
        (None, False),
        (503, False),
        (302, False),
        (529, False),
    ],
)
def test_a_check_means_what_its_status_says(
    status: int | None,
    healthy: bool,  # noqa: FBT001 - parametrised
) -> None:
    assert means_healthy(status) == healthy


def test_an_agent_that_was_never_asked_is_healthy() -> None:
    health = Health(["ccrouter"])
    assert health.is_healthy("ccrouter", 0.0)
    assert health.is_healthy("droid", 0.0)


def test_only_agents_with_a_check_are_ever_checked_and_then_every_ten_seconds() -> None:
    health = Health(["ccrouter"])
    assert health.due(5.0) == ("ccrouter",)
    assert health.due(5.0) == ()
    health.found("ccrouter", 5.5, healthy=True)
    assert health.due(14.9) == ()
    assert health.due(15.0) == ("ccrouter",)


def test_what_was_found_counts_until_it_has_been_checked_again() -> None:
    health = Health(["ccrouter"])
    health.due(0.0)
    health.found("ccrouter", 0.5, healthy=False)
    assert not health.is_healthy("ccrouter", 0.5)
    assert health.due(10.0) == ("ccrouter",)
    assert not health.is_healthy("ccrouter", 11.0)
    health.found("ccrouter", 11.0, healthy=True)
    assert health.is_healthy("ccrouter", 11.0)


def test_an_agent_of_whom_nothing_has_been_heard_for_long_is_healthy() -> None:
    health = Health(["ccrouter"])
    health.due(0.0)
    health.found("ccrouter", 0.0, healthy=False)
    assert health.is_healthy("ccrouter", 11.1)


def test_a_check_that_never_ends_is_made_again() -> None:
    health = Health(["ccrouter"])
    assert health.due(0.0)
    assert health.due(10.0)
