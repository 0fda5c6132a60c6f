import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from sluicegate.errors import NotJudgedError, SluicegateError, ViolationError
from sluicegate.provider.app import create_app
from sluicegate.provider.journal import Entry
from sluicegate.runtime.clock import SimulatedClock, WallClock
from sluicegate.runtime.server import Server
from sluicegate.scenario.client import ask, connected
from sluicegate.scenario.exchange import Exchange, Request
from sluicegate.scenario.profile import Profile, at_url
from sluicegate.scenario.target import Targets
from sluicegate.scenario.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with SimulatedClock() as clock, World(Targets(clock, Profile())) as world:
        yield world


@pytest.fixture
def world_elsewhere() -> Iterator[World]:
    with WallClock() as clock, ExitStack() as stack:
        server = Server(create_app())
        clock.run(server.__aenter__())
        stack.callback(lambda: clock.run(server.__aexit__(None, None, None)))
        profile = Profile({"provider": at_url(server.url)})
        with World(Targets(clock, profile)) as world:
            yield world


def test_the_raw_client_records_every_read_with_its_time(world: World) -> None:
    world.ask(stream=True)
    exchange = world.exchange
    times = sorted({round(read.at - exchange.started, 9) for read in exchange.reads})
    assert times == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert exchange.body == b"".join(read.data for read in exchange.reads)
    assert exchange.ending == "complete"


def test_the_ordinary_client_shows_events_and_no_bytes(world: World) -> None:
    world.be("httpx-sse")
    world.ask(stream=True)
    assert world.exchange.events[-1].event.data == "[DONE]"
    with pytest.raises(NotJudgedError, match="about bytes"):
        _ = world.exchange.body


def test_both_clients_see_the_same_events(world: World) -> None:
    world.ask(stream=True)
    world.be("httpx-sse")
    world.ask(stream=True)
    raw, ordinary = world.exchange_before, world.exchange
    # The two answers differ in their ids and the time of their creation alone.
    assert len(raw.events) == len(ordinary.events)
    assert [heard.at - raw.started for heard in raw.events] == pytest.approx(
        [heard.at - ordinary.started for heard in ordinary.events], abs=1e-9
    )


def test_the_ordinary_client_meets_an_answer_that_is_no_stream(world: World) -> None:
    world.be("httpx-sse")
    world.ask("fail=500", stream=True)
    assert world.exchange.status == 500
    assert world.exchange.ending == "refused"
    assert "Content-Type" in world.exchange.trouble


def test_a_client_gives_up_after_two_minutes(world: World) -> None:
    world.ask("delay=200000")
    assert world.exchange.ending == "given up"
    assert world.exchange.ended - world.exchange.started == pytest.approx(120.0)


def test_an_unknown_client_is_the_authors_mistake(world: World) -> None:
    with pytest.raises(SluicegateError, match='a client of "raw" or "httpx-sse" or'):
        world.be("curl")


def test_a_sentence_about_an_answer_needs_one(world: World) -> None:
    with pytest.raises(SluicegateError, match="needs 1 answer, and the client has asked 0"):
        _ = world.exchange


@pytest.mark.parametrize("path", ["", "no/path", "//other.host/x", "http://other.host/x", "/\n"])
def test_a_path_that_leaves_the_system_is_the_authors_mistake(path: str) -> None:
    with pytest.raises(SluicegateError, match="expected a path such as"):
        Request("GET", path)


@pytest.mark.parametrize("method", ["", "get it", "GET/"])
def test_a_method_that_is_none_is_the_authors_mistake(method: str) -> None:
    with pytest.raises(SluicegateError, match="expected a method such as GET"):
        Request(method, "/health")


def test_a_request_is_written_without_its_secrets() -> None:
    request = Request("GET", "/x?a=1&api_key=hush", (("authorization", "Bearer hush"),))
    assert str(request) == "GET /x?a=1&api_key=***"
    assert "hush" not in repr(request)


def test_a_variant_is_chosen_before_the_first_request(world: World) -> None:
    world.ask()
    with pytest.raises(SluicegateError, match='the variant "unhealthy" comes too late'):
        world.choose("provider", "unhealthy")


def test_a_variant_that_nobody_knows_is_refused_where_it_is_chosen(world: World) -> None:
    with pytest.raises(SluicegateError, match='no variant "unhealty"; did you mean "unhealthy"'):
        world.choose("provider", "unhealty")


def test_an_exchange_holds_what_the_provider_noted_of_it_and_of_no_other(world: World) -> None:
    world.ask()
    world.send("GET /v1/models")
    before, last = world.exchange_before, world.exchange
    assert [each.entry.path for each in before.provided or ()] == ["/v1/chat/completions"]
    assert [each.entry.path for each in last.provided or ()] == ["/v1/models"]
    assert [(each.number, each.total) for each in (before, last)] == [(1, 2), (2, 2)]


def test_the_provider_notes_that_the_client_gave_up(world: World) -> None:
    world.ask("delay=200000")
    (provided,) = world.exchange.provided or ()
    assert provided.entry.outcome == "client went away"
    assert provided.entry.ended == world.exchange.ended


def test_a_client_goes_away_when_it_is_told_to(world: World) -> None:
    world.ask(leave=0.25, stream=True)
    exchange = world.exchange
    assert (exchange.ending, exchange.trouble) == ("left", "")
    assert exchange.ended - exchange.started == pytest.approx(0.25)
    (provided,) = exchange.provided or ()
    assert provided.entry.outcome == "client went away"
    assert [write.data for write in provided.entry.writes] == [read.data for read in exchange.reads]


def test_a_client_that_has_its_answer_does_not_wait_to_leave(world: World) -> None:
    world.ask(leave=5.0)
    assert world.exchange.ending == "complete"
    assert world.exchange.ended == world.exchange.started


def test_a_client_asks_so_often_as_it_is_told_to(world: World) -> None:
    world.ask_often(3, stream=False)
    assert [exchange.number for exchange in world.exchanges] == [1, 2, 3]
    assert [len(exchange.provided or ()) for exchange in world.exchanges] == [1, 1, 1]


def test_a_client_that_asked_never_has_no_answers(world: World) -> None:
    world.ask_often(0, stream=False)
    with pytest.raises(SluicegateError, match="needs 1 answer, and the client has asked 0 times"):
        _ = world.exchanges


def test_a_client_bears_its_headers_in_every_request(world: World) -> None:
    world.bear("X-Team", "blue")
    world.bear("X-Team", "red")
    world.ask()
    world.send("GET /v1/models")
    for exchange in world.exchanges:
        assert [value for name, value in exchange.request.headers if name == "X-Team"] == [
            "blue",
            "red",
        ]


def test_a_client_speaks_another_wire_format(world: World) -> None:
    world.speak("Anthropic")
    world.ask()
    assert world.exchange.request.target == "/v1/messages"
    assert world.exchange.status == 200
    assert json.loads(world.exchange.body)["type"] == "message"


def entry_of(exchange: Exchange) -> Entry:
    (provided,) = exchange.provided or ()
    return provided.entry


def test_without_a_plan_the_prompt_bears_no_token(world: World) -> None:
    world.ask()
    assert json.loads(world.exchange.request.body)["messages"][0]["content"] == "Hello"
    assert entry_of(world.exchange).token is None


def test_what_was_planned_is_answered_to_the_clients_own_requests(world: World) -> None:
    world.plan.begin(2, fail=429)
    world.ask_often(3, stream=False)
    assert [exchange.status for exchange in world.exchanges] == [429, 429, 200]
    assert {entry_of(exchange).token for exchange in world.exchanges} == {"scenario"}


def test_a_plan_may_begin_after_a_request_and_not_change_after_one(world: World) -> None:
    world.ask()
    world.plan.begin(1, fail=429)
    world.ask_often(2, stream=False)
    assert [exchange.status for exchange in world.exchanges] == [200, 429, 200]
    world.plan.say(text=("Hi",))
    with pytest.raises(SluicegateError, match="comes too late"):
        world.ask()


def test_a_client_that_goes_away_at_once_is_refused(world: World) -> None:
    with pytest.raises(SluicegateError, match="give it time"):
        world.ask(leave=0.0)


def test_what_no_provider_can_do_is_told_before_anything_is_asked(world: World) -> None:
    world.plan.fail_after(9, "reset")
    with pytest.raises(SluicegateError, match="nothing can come after chunk 9"):
        world.ask(stream=True)
    with pytest.raises(SluicegateError, match="asked 0 times"):
        _ = world.exchange


@pytest.mark.parametrize("body", ["{}", "{", '{"messages": [{"role": "user", "content": []}]}'])
def test_a_request_without_a_prompt_does_not_meet_a_plan(world: World, body: str) -> None:
    world.plan.say(fail=503)
    with pytest.raises(SluicegateError, match="this one has no prompt"):
        world.send("POST /v1/chat/completions", body)


def test_a_request_that_is_written_out_meets_a_plan(world: World) -> None:
    world.plan.say(fail=503)
    messages = [{"role": "user", "content": "Hi"}]
    world.send("POST /v1/chat/completions", json.dumps({"model": "gpt-4", "messages": messages}))
    assert world.exchange.status == 503


def test_the_answer_is_read_as_the_provider_wrote_it_and_with_its_times(world: World) -> None:
    world.plan.say(encoding="gzip", cut="nowhere")
    world.ask(stream=True)
    exchange = world.exchange
    assert exchange.body.startswith(b"data: ")
    assert b"data: " not in exchange.reads[0].data
    assert [read.at - exchange.started for read in exchange.reads] == pytest.approx(
        [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    )


@pytest.mark.parametrize(
    ("fault", "cause", "outcome"),
    [("reset", "reset", "reset"), ("cut", "early end", "cut")],
)
@pytest.mark.parametrize("kind", ["raw", "httpx-sse"])
def test_both_clients_tell_how_a_stream_broke(
    world: World, kind: str, fault: str, cause: str, outcome: str
) -> None:
    world.be(kind)
    world.plan.fail_after(2, fault)
    world.ask(stream=True)
    exchange = world.exchange
    assert (exchange.ending, exchange.cause) == ("broken", cause)
    assert len(exchange.events) == 2
    assert entry_of(exchange).outcome == outcome


@pytest.mark.parametrize(("fail", "cause"), [("reset", "reset"), ("close", "early end")])
def test_a_client_tells_how_a_connection_broke_before_the_answer(
    world: World, fail: str, cause: str
) -> None:
    world.plan.say(fail=fail)
    world.ask()
    assert (world.exchange.status, world.exchange.cause) == (0, cause)


def test_a_client_tells_that_a_body_is_shorter_than_it_says(world: World) -> None:
    world.plan.say(content_length="too_long")
    world.ask()
    assert (world.exchange.ending, world.exchange.cause) == ("broken", "early end")


def test_a_system_that_takes_no_plans_is_skipped(world_elsewhere: World) -> None:
    world_elsewhere.plan.say(fail=503)
    with pytest.raises(
        pytest.skip.Exception, match="not claimed: the provider takes no plans: GET"
    ):
        world_elsewhere.ask()


def test_a_system_in_another_process_has_only_the_clients_side(world_elsewhere: World) -> None:
    world_elsewhere.ask()
    assert world_elsewhere.exchange.status == 200
    assert world_elsewhere.exchange.provided is None


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (b"", "Server disconnected without sending a response."),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", "peer closed connection without"),
    ],
)
def test_a_connection_that_breaks_is_told_in_words(answer: bytes, trouble: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async def asked() -> Exchange:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            async with connected(f"http://{host}:{port}") as client:
                return await ask(client, Request("GET", "/"))

    with SimulatedClock() as clock:
        exchange = clock.run(asked())
    assert exchange.ending == "broken"
    assert exchange.trouble.startswith(trouble)


def test_a_prompt_has_a_limit(world: World) -> None:
    with pytest.raises(SluicegateError, match="at most 1 GiB"):
        world.say(10**12)


@pytest.mark.parametrize(
    "address", ["127.0.0.1:0", "127.0.0.1:-1", "127.0.0.1:65536", "127.0.0.1", ":8001", ""]
)
def test_an_address_that_is_none_is_the_authors_mistake(world: World, address: str) -> None:
    with pytest.raises(SluicegateError, match=r"such as 127\.0\.0\.1:8001, got"):
        world.command.hold(address)


def test_a_command_of_another_program_is_refused(world: World) -> None:
    with pytest.raises(SluicegateError, match="begins with sluicegate, got 'ls -l'"):
        world.command.run("ls -l")


def test_a_command_is_run_and_judged(world: World) -> None:
    world.command.run("sluicegate --version")
    world.command.ends(well=True)
    world.command.prints("sluicegate 0.")
    with pytest.raises(
        ViolationError, match='does not print "nonsense"; what it prints is\nsluicegate'
    ):
        world.command.prints("nonsense")
    with pytest.raises(ViolationError, match="to fail with a plain message, got exit code 0"):
        world.command.ends(well=False)


def test_a_sentence_about_a_command_needs_one(world: World) -> None:
    with pytest.raises(SluicegateError, match="no command was run yet"):
        world.command.prints("x")


def test_unbalanced_quotes_of_a_command_are_the_authors_mistake(world: World) -> None:
    with pytest.raises(SluicegateError, match="cannot read the command"):
        world.command.run("sluicegate 'x")
