import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import httpx
import pytest
from quart import Quart, Response

from sluicegate.errors import SluicegateError
from sluicegate.provider.agents import Agents, AgentSide
from sluicegate.provider.control import create_control
from sluicegate.provider.guard import MARK, Guard
from sluicegate.provider.journal import Journal
from sluicegate.provider.plans import Plans
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Server
from sluicegate.scenario.client import connected
from sluicegate.scenario.control import (
    PATIENCE,
    Control,
    EmbeddedControl,
    HttpControl,
    UncontrolledError,
)

SECRET = "s3cret"  # noqa: S105 - of these tests alone
MARKED = {MARK: "1"}
FAILING = {"answers": [{"fail": 429}, {}]}

Reach = Callable[[Any], httpx.AsyncClient]


class Providers:
    """Two agents, and what they noted: one exchange each."""

    def __init__(self) -> None:
        self.plans = Plans()
        self.journals = {"router": Journal(), "droid": Journal()}
        sides = {name: AgentSide(journal) for name, journal in self.journals.items()}
        self.agents = Agents(sides, self.plans)
        for started, journal in enumerate(self.journals.values()):
            recording = journal.open(started, "POST", "/v1/chat/completions", "", (("host", "x"),))
            recording.received(b"\xff\x00 no text")
            recording.answered(started + 0.1, 200, (("content-type", "text/plain"),))
            recording.wrote(started + 0.2, b"Hello")
            recording.filed(f"t{started}")
            journal.close(recording, started + 0.3, "finished")


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock


@pytest.fixture
def providers() -> Providers:
    return Providers()


@pytest.fixture
def reach(clock: SimulatedClock) -> Iterator[Reach]:
    async def open_(app: Any) -> httpx.AsyncClient:  # noqa: ANN401 - any ASGI application
        server = await stack.enter_async_context(Server(app))
        return await stack.enter_async_context(connected(server.url))

    stack = AsyncExitStack()
    with ExitStack() as closing:
        closing.callback(lambda: clock.run(stack.aclose()))
        yield lambda app: clock.run(open_(app))


@pytest.fixture(params=["embedded", "over HTTP"])
def control(request: pytest.FixtureRequest, providers: Providers, reach: Reach) -> Control:
    if request.param == "embedded":
        return EmbeddedControl(providers.agents)
    app = create_control(providers.agents, Guard(token=SECRET))
    return HttpControl(reach(app), SECRET)


@pytest.mark.parametrize("token", [None, "t"])
def test_a_plan_is_filed(
    clock: SimulatedClock, providers: Providers, control: Control, token: str | None
) -> None:
    clock.run(control.file("droid", FAILING, token))
    assert [providers.plans.answer("droid", token) for _ in range(2)] == [{"fail": 429}, {}]
    assert providers.plans.answer("router", token) == {}


def test_entries_come_as_they_stand_in_the_journals(
    clock: SimulatedClock, providers: Providers, control: Control
) -> None:
    (router,), (droid,) = (journal.entries for journal in providers.journals.values())
    assert clock.run(control.entries()) == (router, droid)
    assert clock.run(control.entries("droid")) == (droid,)
    assert clock.run(control.entries(token="t0")) == (router,)  # noqa: S106 - of a plan
    assert clock.run(control.entries(since=1)) == ()


def test_a_reset_forgets_a_token_or_everything(
    clock: SimulatedClock, providers: Providers, control: Control
) -> None:
    for token in ("one", "two"):
        clock.run(control.file("droid", FAILING, token))
    clock.run(control.reset("one"))
    assert [filed.token for filed in providers.plans.filed()] == ["two"]
    clock.run(control.reset())
    assert list(providers.plans.filed()) == []
    assert clock.run(control.entries()) == ()


@pytest.mark.parametrize(
    ("agent", "plan", "message"),
    [
        ("droid", {"answers": [{"fail": 42}]}, "plans.droid.answers[0].fail"),
        ("drod", {}, "did you mean 'droid'"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    clock: SimulatedClock, control: Control, agent: str, plan: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(SluicegateError) as caught:
        clock.run(control.file(agent, plan))
    assert message in str(caught.value)


def told(clock: SimulatedClock, control: HttpControl) -> str:
    with pytest.raises(SluicegateError) as caught:
        clock.run(control.entries())
    return str(caught.value)


@pytest.mark.parametrize("secret", [None, "wrong"])
def test_a_wrong_control_token_says_what_to_set(
    clock: SimulatedClock, providers: Providers, reach: Reach, secret: str | None
) -> None:
    control = HttpControl(reach(create_control(providers.agents, Guard(token=SECRET))), secret)
    message = told(clock, control)
    assert "answered 401: set SLUICEGATE_CONTROL_TOKEN to the control token" in message
    assert "it says: The control token is missing or wrong" in message


def test_a_provider_that_others_can_reach_says_what_to_set(
    clock: SimulatedClock, providers: Providers, reach: Reach
) -> None:
    guard = Guard("192.0.2.1")
    message = told(clock, HttpControl(reach(create_control(providers.agents, guard))))
    assert "answered 403: set SLUICEGATE_CONTROL_TOKEN to a control token" in message


def test_a_system_without_a_control_api_says_where_to_look(
    clock: SimulatedClock, reach: Reach
) -> None:
    with pytest.raises(UncontrolledError) as caught:
        clock.run(HttpControl(reach(Quart(__name__))).entries())
    message = str(caught.value)
    assert "/_provider/journal?since=0 answered 404, and is no control API" in message
    assert "--control-port" in message


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 405, 500])
def test_another_system_is_told_apart_whatever_it_answers(
    clock: SimulatedClock, reach: Reach, status: int
) -> None:
    with pytest.raises(UncontrolledError):
        clock.run(HttpControl(reach(answering(b'{"entries": []}', status, {}))).entries())


def answering(body: bytes, status: int = 200, headers: Mapping[str, str] = MARKED) -> Quart:
    app = Quart(__name__)

    @app.get("/_provider/journal")
    async def journal() -> Response:
        return Response(body, status, dict(headers))

    return app


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"3", b"{}", b'{"entries": 3}', b'{"entries": [{}]}', b"\xff"]
)
def test_an_answer_that_is_no_journal_is_no_error_of_ours(
    clock: SimulatedClock, reach: Reach, body: bytes
) -> None:
    message = told(clock, HttpControl(reach(answering(body))))
    assert message.startswith(("GET http://", "http://"))


def test_an_error_without_words_is_told_by_its_status(clock: SimulatedClock, reach: Reach) -> None:
    control = HttpControl(reach(answering(b'{"error": "no"}', 500)))
    assert told(clock, control).endswith("answered 500")


def test_a_provider_that_is_not_there_cannot_be_reached(clock: SimulatedClock) -> None:
    async def ask() -> None:
        async with Server(Quart(__name__)) as server:
            url = server.url
        async with connected(url) as client:
            await HttpControl(client).entries()

    with pytest.raises(SluicegateError, match=r"cannot reach the control API.*correct its URL"):
        clock.run(ask())


def test_a_system_that_is_silent_is_not_waited_for_without_end(
    clock: SimulatedClock, reach: Reach
) -> None:
    app = Quart(__name__)

    @app.get("/_provider/journal")
    async def journal() -> Response:
        await asyncio.sleep(2 * PATIENCE)
        return Response()

    assert f"was not answered within {PATIENCE:g} s" in told(clock, HttpControl(reach(app)))
