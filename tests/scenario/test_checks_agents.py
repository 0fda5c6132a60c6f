import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from sluicegate.errors import SluicegateError, ViolationError
from sluicegate.provider.journal import Entry, Outcome, Write
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.scenario.checks import agents, ending, status, timing
from sluicegate.scenario.exchange import Exchange, Provided
from sluicegate.scenario.profile import Profile
from sluicegate.scenario.target import Targets
from sluicegate.scenario.world import World

from .exchanges import DONE, FINISH, FIRST, SECOND, answered, chunk, event, streamed

CCROUTER, DROID = 'the agent "ccrouter"', 'the agent "droid"'
ERROR = event('{"error":{"message":"the agent broke off","type":"x","param":null,"code":null}}')
HEAD = ["agent", "mode"]


def asked(
    who: str, *, stream: bool = False, outcome: Outcome = "finished", writes: tuple[bytes, ...] = ()
) -> Provided:
    body = json.dumps({"model": "gpt-4", "stream": stream}).encode()
    headers = (("content-type", "text/event-stream"),)
    sent = tuple(Write(1.0, data) for data in writes)
    entry = Entry(1, 1.0, "POST", "/v1/chat/completions", "", (), body)
    return Provided(
        who, replace(entry, status=200, response_headers=headers, writes=sent, outcome=outcome)
    )


HEALTH = Provided(CCROUTER, Entry(1, 1.0, "GET", "/health", "", (), outcome="finished"))
BOTH = replace(streamed(FIRST, DONE), provided=(HEALTH, asked(CCROUTER, stream=True), asked(DROID)))


def test_the_order_of_the_agents_is_that_of_their_answers() -> None:
    agents.were_asked(BOTH, [HEAD, ["ccrouter", "streamed"], ["droid", "plain"]])


@pytest.mark.parametrize(
    "rows",
    [
        [["ccrouter", "streamed"]],
        [["droid", "plain"], ["ccrouter", "streamed"]],
        [["ccrouter", "plain"], ["droid", "plain"]],
        [["ccrouter", "streamed"], ["droid", "plain"], ["droid", "plain"]],
    ],
)
def test_other_requests_to_agents_are_told_as_they_were(rows: list[list[str]]) -> None:
    with pytest.raises(ViolationError, match=r"asked 2 times: ccrouter streamed, droid plain; it"):
        agents.were_asked(BOTH, [HEAD, *rows])


def test_an_agent_that_was_asked_again_and_again_is_told_with_a_number() -> None:
    again = replace(BOTH, provided=(asked(DROID),) * 5)
    wanted = [["droid", "plain"], ["droid", "plain"]]
    for exchange, words in [
        (again, "5 times: droid plain 5 times; it should be 2 times: droid plain 2 times"),
        (replace(BOTH, provided=()), "0 times; it should be 2 times: droid plain 2 times"),
        (replace(BOTH, provided=(asked(DROID),)), "once: droid plain; it should be 2 times: droid"),
    ]:
        with pytest.raises(ViolationError, match=f"the agents were asked {words}"):
            agents.were_asked(exchange, [HEAD, *wanted])


def test_an_agent_that_was_asked_is_named() -> None:
    agents.were_not_asked(replace(BOTH, provided=(HEALTH,)))
    with pytest.raises(
        ViolationError, match="an agent was asked 2 times: ccrouter streamed, droid plain"
    ):
        agents.were_not_asked(BOTH)


def test_events_are_those_of_the_agent() -> None:
    sent = asked(CCROUTER, stream=True, writes=(FIRST + SECOND, FINISH + DONE))
    good = replace(streamed(FIRST, SECOND, FINISH, DONE), provided=(sent,))
    agents.streamed_on(good, CCROUTER)
    for events in [(FIRST, FINISH, DONE), (FIRST, FIRST, SECOND, FINISH, DONE), (SECOND, FIRST)]:
        with pytest.raises(ViolationError, match="are not those that the agent"):
            agents.streamed_on(replace(streamed(*events), provided=(sent,)), CCROUTER)


def test_events_may_be_written_anew_and_without_what_is_null() -> None:
    writes = (FIRST + SECOND + FINISH, DONE)
    sent = asked(CCROUTER, stream=True, writes=writes)
    for remake in (turned, bare):
        anew = streamed(*map(remake, (FIRST, SECOND, FINISH)), DONE)
        assert not set(writes) & {read.data for read in anew.reads} - {DONE}
        agents.streamed_on(replace(anew, provided=(sent,)), CCROUTER)


def turned(written: bytes) -> bytes:
    return event(json.dumps(dict(reversed(document(written).items()))))


def bare(written: bytes) -> bytes:
    said = document(written)
    choices = [
        {name: value for name, value in choice.items() if value is not None}
        for choice in said["choices"]
    ]
    return event(json.dumps({**said, "choices": choices}))


def document(written: bytes) -> dict[str, Any]:
    return dict(json.loads(written.removeprefix(b"data: ")))


def test_a_stream_without_events_is_not_taken_for_that_of_the_agent() -> None:
    with pytest.raises(ViolationError, match=r"are not those that .* sent: there are none"):
        agents.streamed_on(replace(streamed(), provided=(asked(CCROUTER),)), CCROUTER)


def test_an_event_that_says_something_else_is_told_by_its_place() -> None:
    sent = asked(CCROUTER, stream=True, writes=(FIRST, SECOND, DONE))
    other = chunk('{"content":"!"}')
    for events, words in [
        ((FIRST, other, DONE), r'event 2: \$\.choices\[0\]\.delta\.content is "!", and " world"'),
        ((FIRST, b"event: more\n" + SECOND, DONE), 'event 2: its name is "more", and "message"'),
        ((FIRST, SECOND, event("[DONE!]")), r'event 3: it is "\[DONE!\]", and "\[DONE\]" was'),
        ((FIRST, SECOND, DONE, DONE), r"sent: event 4, \[DONE\], was not sent"),
        ((FIRST, SECOND), r"sent: event 3, \[DONE\], did not come"),
        ((FIRST,), r'sent: event 2, "\{.*\.\.\.", did not come'),
    ]:
        with pytest.raises(ViolationError, match=words):
            agents.streamed_on(replace(streamed(*events), provided=(sent,)), CCROUTER)


def test_a_body_is_that_of_the_agent() -> None:
    good = answered('{"a": 1}')
    sent = asked(DROID, writes=(b'{"a":', b" 1}"))
    sent = replace(sent, entry=replace(sent.entry, response_headers=good.headers))
    agents.answered_on(replace(good, provided=(sent,)), DROID)
    agents.answered_on(replace(answered('{"a":1, "b": 2}'), provided=(sent,)), DROID)
    for body in ('{"a":2}', "{}", ""):
        with pytest.raises(ViolationError, match='not the one that the agent "droid" sent'):
            agents.answered_on(replace(answered(body), provided=(sent,)), DROID)


def test_a_request_that_has_not_ended_is_told() -> None:
    agents.have_ended((BOTH,))
    held = replace(BOTH, provided=(asked(DROID, outcome="open"),))
    with pytest.raises(ViolationError, match='a request to the agent "droid" has not ended'):
        agents.have_ended((BOTH, held))


def test_an_answer_for_another_is_told() -> None:
    one, two = streamed(FIRST, DONE), streamed(FIRST, SECOND, DONE)
    agents.are_their_own((one, two), ["Hello world", "Hello"])
    with pytest.raises(ViolationError, match=r'a client got "Hello world", which was for nobody'):
        agents.are_their_own((two, two), ["Hello world", "Hello"])


def test_statuses_are_counted() -> None:
    one = streamed(FIRST)
    agents.all_have_statuses((one, one, replace(one, status=503)), [(200, 2), (503, 1)])
    with pytest.raises(ViolationError, match="the statuses are 200 2 times, not 200 once"):
        agents.all_have_statuses((one, one), [(200, 1)])


def test_any_status_that_a_name_allows_is_counted_as_it() -> None:
    refused = status.Status.named("circuit-open status", (429, 503))
    one = streamed(FIRST)
    others = [replace(one, status=number) for number in (429, 503)]
    agents.all_have_statuses((one, *others), [(200, 1), (refused, 2)])
    words = r"not 200 once, the circuit-open status \(429 or 503\) once"
    with pytest.raises(ViolationError, match=words):
        agents.all_have_statuses((one, *others), [(200, 1), (refused, 1)])
    with pytest.raises(ViolationError, match="the statuses are"):
        agents.all_have_statuses((one, replace(one, status=500)), [(200, 1)])


def test_a_request_that_went_on_may_have_been_tried_again_in_between() -> None:
    again = replace(BOTH, provided=(*BOTH.provided[:2], *BOTH.provided[1:]))  # type: ignore[index] # there are three
    agents.went_on(again, CCROUTER, DROID)
    with pytest.raises(ViolationError, match='went to the agent "ccrouter", then to the agent'):
        agents.went_on(again, DROID, CCROUTER)
    with pytest.raises(ViolationError, match="the request went to no agent"):
        agents.went_on(replace(BOTH, provided=(HEALTH,)), CCROUTER, DROID)


def test_attempts_are_counted_without_questions_about_health() -> None:
    agents.were_asked_often(BOTH, 2)
    agents.was_reached(BOTH)
    with pytest.raises(ViolationError, match="the agents were asked 2 times, not 3 times"):
        agents.were_asked_often(BOTH, 3)
    with pytest.raises(ViolationError, match="no agent was asked, and the client got status 200"):
        agents.was_reached(replace(BOTH, provided=(HEALTH,)))
    with pytest.raises(ViolationError, match="no agent was asked, and the client got no answer"):
        agents.was_reached(replace(BOTH, provided=(), status=0))


def test_questions_about_health_are_counted_by_themselves() -> None:
    agents.was_probed((BOTH, BOTH), 2, who=CCROUTER)
    agents.was_probed((BOTH,), 0, who=DROID)
    with pytest.raises(ViolationError, match="was asked how it is once, not 2 times"):
        agents.was_probed((BOTH,), 2, who=CCROUTER)


def test_the_first_exchange_that_fails_a_check_is_told() -> None:
    one, other = streamed(FIRST), replace(streamed(FIRST), status=503)
    agents.each((one, one), lambda exchange: status.has_status(exchange, 200))
    with pytest.raises(ViolationError, match="the status is 503, not 200"):
        agents.each((one, other), lambda exchange: status.has_status(exchange, 200))


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((FIRST, SECOND), "the last event of the stream is no error"),
        ((FIRST, ERROR, SECOND), "the last event of the stream is no error"),
        ((FIRST, ERROR, ERROR), "more than one error"),
        ((FIRST, event('{"error":{"message":""}}')), "is no error"),
        ((FIRST, event('{"error": ')), "is no error"),
    ],
)
def test_a_stream_without_one_error_at_its_end_is_told(
    events: tuple[bytes, ...], words: str
) -> None:
    ending.last_is_error(streamed(FIRST, ERROR))
    with pytest.raises(ViolationError, match=words):
        ending.last_is_error(streamed(*events))


def test_an_answer_that_took_too_long_is_told() -> None:
    with SimulatedClock() as clock:
        timing.ended_before(streamed(FIRST, SECOND), 0.3, clock)
        with pytest.raises(ViolationError, match=r"the answer took 0\.2 s"):
            timing.ended_before(streamed(FIRST, SECOND), 0.1, clock)


@pytest.fixture
def world() -> Iterator[World]:
    with SimulatedClock() as clock, World(Targets(clock, Profile())) as world:
        yield world


def after_one_request(world: World) -> None:
    world.ask(stream=True)
    world.talk_to("gateway")


def after_a_plan(world: World) -> None:
    world.plan.say(fail=500)
    world.talk_to("proxy")


def of_another_system(world: World) -> None:
    world.talk_to("proxy")
    world.choose("gateway", "keys")


def of_the_provider_behind_a_gateway(world: World) -> None:
    world.talk_to("gateway")
    world.planning("the provider")


def of_an_agent_that_there_is_not(world: World) -> None:
    world.talk_to("gateway")
    world.planning('the agent "ccruoter"')


def of_no_client(world: World) -> None:
    world.ask_at_once(0)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (after_one_request, "the gateway comes too late"),
        (after_a_plan, "comes before all that is said"),
        (of_another_system, "the client talks to the proxy, not to the gateway"),
        (of_the_provider_behind_a_gateway, 'write the agent "ccrouter" or the agent "droid"'),
        (of_an_agent_that_there_is_not, "the gateway knows no provider that is called"),
        (of_no_client, "expected from 1 to 1000 clients, got 0"),
    ],
)
def test_a_mistake_of_an_author_is_told(
    world: World, mistake: Callable[[World], None], words: str
) -> None:
    with pytest.raises(SluicegateError, match=words):
        mistake(world)


def test_clients_that_ask_at_once_are_told_apart(world: World) -> None:
    world.talk_to("gateway")
    world.planning(CCROUTER).answer([["answer"], ["text=one"], ["text=two"]])
    world.ask_at_once(2)
    together: tuple[Exchange, ...] = world.at_once
    assert [exchange.number for exchange in together] == [1, 2]
    agents.are_their_own(together, ["one", "two"])
    world.ask(stream=True)
    assert len(world.at_once) == 1
