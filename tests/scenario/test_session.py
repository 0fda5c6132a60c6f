from collections.abc import Iterator
from functools import partial

import pytest

from sluicegate.provider.app import create_app
from sluicegate.runtime.clock import Clock, SimulatedClock
from sluicegate.runtime.server import Server
from sluicegate.scenario.chat import Chat
from sluicegate.scenario.client import ask
from sluicegate.scenario.exchange import Exchange, Request
from sluicegate.scenario.profile import Profile, at_url
from sluicegate.scenario.session import Session
from sluicegate.scenario.target import Targets

TOKEN = "scenario"  # noqa: S105 - it is no secret
PLAN = {"answers": [{"fail": 503}]}


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock


async def answer(session: Session, mark: str = "", leave: float | None = None) -> Exchange:
    """Let a client of the session ask for a stream."""
    chat = Chat(mark=mark)
    request = Request("POST", chat.path, body=chat.body(stream=True))
    asking = partial(ask, request=request, leave=leave)
    return await session.exchange(asking, is_marked=bool(mark))


def test_a_session_opens_with_its_first_request_and_notes_each_request_once(clock: Clock) -> None:
    async def asked() -> None:
        session = Session(Targets(clock, Profile()), "provider", "default", TOKEN)
        assert not session.is_open
        try:
            found = [await answer(session) for _ in range(2)]
            assert session.is_open
        finally:
            await session.aclose()
        numbers = [[each.entry.number for each in one.provided or ()] for one in found]
        assert numbers == [[1], [2]]
        assert {each.by for one in found for each in one.provided or ()} == {"the provider"}

    clock.run(asked())


def test_a_plan_is_for_marked_requests_and_they_alone_are_noted(clock: Clock) -> None:
    async def asked() -> list[Exchange]:
        session = Session(Targets(clock, Profile()), "provider", "default", TOKEN)
        try:
            await session.file({"provider": PLAN})
            others = await answer(session)
            return [others, await answer(session, f"[sluicegate:{TOKEN}]")]
        finally:
            await session.aclose()

    unmarked, marked = clock.run(asked())
    assert (unmarked.status, marked.status) == (200, 503)
    assert [each.entry.token for each in marked.provided or ()] == [TOKEN]


def test_the_provider_has_noted_that_a_client_went_away_before_it_is_judged(clock: Clock) -> None:
    async def asked() -> Exchange:
        session = Session(Targets(clock, Profile()), "provider", "default", TOKEN)
        try:
            return await answer(session, leave=0.25)
        finally:
            await session.aclose()

    (provided,) = clock.run(asked()).provided or ()
    assert provided.entry.outcome == "client went away"


def test_a_provider_that_nobody_controls_takes_no_plans_and_witnesses_nothing(clock: Clock) -> None:
    async def asked() -> None:
        async with Server(create_app()) as server:
            external = at_url(server.url)
            targets = Targets(clock, Profile({"provider": external}))
            session = Session(targets, "provider", "default", TOKEN)
            try:
                assert (await answer(session)).provided is None
                with pytest.raises(pytest.skip.Exception, match=r"no plans: .*no control API"):
                    await session.file({"provider": PLAN})
            finally:
                await session.aclose()

    clock.run(asked())
