from collections.abc import Iterator

import pytest

from sluicegate.errors import NotJudgedError, SluicegateError, ViolationError
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.scenario.exchange import Request
from sluicegate.scenario.profile import Profile
from sluicegate.scenario.target import Targets
from sluicegate.scenario.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with SimulatedClock() as clock, World(Targets(clock, Profile())) as world:
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
    assert world.exchange.ending == "broken"
    assert "Content-Type" in world.exchange.trouble


def test_a_client_gives_up_after_two_minutes(world: World) -> None:
    world.ask("delay=200000")
    assert world.exchange.ending == "given up"
    assert world.exchange.ended - world.exchange.started == pytest.approx(120.0)


def test_an_unknown_client_is_the_authors_mistake(world: World) -> None:
    with pytest.raises(SluicegateError, match="expected a client of raw or httpx-sse, got 'curl'"):
        world.be("curl")


def test_a_sentence_about_an_answer_needs_one(world: World) -> None:
    with pytest.raises(SluicegateError, match=r"needs 1 answer\(s\), and the client has asked 0"):
        _ = world.exchange


@pytest.mark.parametrize("path", ["", "no/path", "//other.host/x", "http://other.host/x", "/\n"])
def test_a_path_that_leaves_the_system_is_the_authors_mistake(path: str) -> None:
    with pytest.raises(SluicegateError, match="expected a path such as"):
        Request("GET", path)


@pytest.mark.parametrize("method", ["", "get it", "GET/"])
def test_a_method_that_is_none_is_the_authors_mistake(method: str) -> None:
    with pytest.raises(SluicegateError, match="expected a method such as GET"):
        Request(method, "/health")


def test_a_variant_is_chosen_before_the_first_request(world: World) -> None:
    world.ask()
    with pytest.raises(SluicegateError, match="the variant 'unhealthy' comes too late"):
        world.choose("unhealthy")


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
    with pytest.raises(ViolationError, match="to print 'nonsense', got"):
        world.command.prints("nonsense")
    with pytest.raises(ViolationError, match="to fail with a plain message, got exit code 0"):
        world.command.ends(well=False)


def test_a_sentence_about_a_command_needs_one(world: World) -> None:
    with pytest.raises(SluicegateError, match="no command was run yet"):
        world.command.prints("x")


def test_unbalanced_quotes_of_a_command_are_the_authors_mistake(world: World) -> None:
    with pytest.raises(SluicegateError, match="cannot read the command"):
        world.command.run("sluicegate 'x")
