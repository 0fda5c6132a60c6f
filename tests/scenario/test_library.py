import json
from typing import Any

import pytest

from sluicegate.errors import NotJudgedError, SluicegateError
from sluicegate.provider.journal import Entry
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.scenario.chat import AgentRequest
from sluicegate.scenario.client import connected
from sluicegate.scenario.exchange import Exchange, Request
from sluicegate.scenario.library import LIBRARY, Library
from sluicegate.scenario.profile import Profile
from sluicegate.scenario.target import Targets
from sluicegate.scenario.world import World

REQUEST = Request("POST", "/stream")
CONFIGURATION = "provider: proxy\nbase_url: ${PROXY_URL}\nmodel: small\nmax_tokens: 7\n"


Heard = tuple[Exchange, tuple[Entry, ...]]


def heard(
    library: Library,
    agent: AgentRequest,
    variant: str = "default",
    request: Request = REQUEST,
    leave: float | None = None,
) -> Heard:
    """Let the library ask the embedded proxy; return what it heard, and the provider's journal."""

    async def asked(targets: Targets) -> Heard:
        async with (
            targets.instance("proxy", variant) as instance,
            connected(instance.url) as connection,
        ):
            exchange = await library.asks(agent, request, leave)(connection)
            await targets.clock.quiesce()
            assert instance.control is not None
            return exchange, await instance.control.entries()

    with SimulatedClock() as clock:
        return clock.run(asked(Targets(clock, Profile())))


def asked_for(entries: tuple[Entry, ...]) -> dict[str, Any]:
    """Return the only request that the provider got."""
    (entry,) = entries
    document: dict[str, Any] = json.loads(entry.body)
    return document


def kinds(exchange: Exchange) -> list[str]:
    return [json.loads(each.event.data)["type"] for each in exchange.events]


def test_the_library_hears_every_event_at_its_time() -> None:
    exchange, _ = heard(Library(), AgentRequest())
    assert kinds(exchange) == ["start", *["text_delta"] * 6, "done"]
    times = [round(each.at - exchange.started, 9) for each in exchange.events]
    assert times == [0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert (exchange.ending, exchange.status, exchange.trouble) == ("complete", 200, "")
    with pytest.raises(NotJudgedError, match="about bytes"):
        _ = exchange.body


def test_the_library_asks_as_the_scenario_says() -> None:
    agent = AgentRequest("gpt-5", upstream="openai", system_prompt="Be short.")
    agent.options["max_tokens"] = 9
    agent.converse('[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]')
    agent.offer('[{"name": "ls", "parameters": {"type": "object"}}]')
    request = Request("POST", "/stream/openai?framing=true")
    exchange, entries = heard(Library(), agent, request=request)
    document = asked_for(entries)
    assert document["model"] == "gpt-5"
    assert [each["content"] for each in document["messages"]] == ["Be short.", "Hi"]
    assert 9 in document.values()
    assert document["tools"][0]["function"]["name"] == "ls"
    assert "text_start" in kinds(exchange)


def test_a_configuration_is_read_with_the_proxys_address_and_the_environment() -> None:
    library = Library(f"{CONFIGURATION}system_prompt: ${{PROMPT}}\n", {"PROMPT": "Be short."})
    _, entries = heard(library, AgentRequest())
    document = asked_for(entries)
    assert (document["model"], document["max_tokens"]) == ("small", 7)
    assert "Be short." in json.dumps(document["system"])
    assert library.warned == []


def test_what_the_library_warns_of_is_kept() -> None:
    library = Library(f"{CONFIGURATION}api_key: ${{PROXY_TOKEN}}\n")
    exchange, _ = heard(library, AgentRequest())
    (warned,) = library.warned
    assert "PROXY_TOKEN" in warned
    assert exchange.ending == "complete"


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        (CONFIGURATION.replace("small", "${MODEL}"), "MODEL"),
        (CONFIGURATION.replace("proxy", "openai", 1), "provider: expected proxy"),
        ("provider: [", "SluicegateError: "),
    ],
)
def test_a_configuration_that_the_library_refuses_is_what_it_reports(
    configuration: str, words: str
) -> None:
    exchange, entries = heard(Library(configuration), AgentRequest())
    assert (exchange.ending, exchange.events, entries) == ("refused", (), ())
    assert words in exchange.trouble


def test_a_proxy_that_refuses_is_what_the_library_reports() -> None:
    agent = AgentRequest(token="wrong-horse")  # noqa: S106 - it is no secret
    exchange, entries = heard(Library(), agent, "tokens")
    assert (exchange.ending, entries) == ("refused", ())
    assert exchange.trouble.startswith("UnauthorizedError: ")
    assert "wrong-horse" not in exchange.trouble


def test_the_library_goes_away_when_it_is_told_to() -> None:
    exchange, (entry,) = heard(Library(), AgentRequest(), leave=0.25)
    assert (exchange.ending, len(exchange.events)) == ("left", 4)
    assert exchange.ended - exchange.started == pytest.approx(0.25)
    assert entry.outcome == "client went away"


def test_an_answer_that_is_cancelled_ends_as_aborted() -> None:
    exchange, (entry,) = heard(Library(cancel=0.25), AgentRequest())
    assert kinds(exchange) == ["start", *["text_delta"] * 3, "error"]
    assert json.loads(exchange.events[-1].event.data)["partial"]["stop_reason"] == "aborted"
    assert exchange.ended - exchange.started == pytest.approx(0.25)
    assert (exchange.ending, entry.outcome) == ("complete", "client went away")


def test_an_answer_that_is_over_is_not_cancelled() -> None:
    exchange, _ = heard(Library(cancel=60.0), AgentRequest())
    assert kinds(exchange)[-1] == "done"
    assert exchange.ended - exchange.started == pytest.approx(0.6)


def test_only_the_client_library_can_cancel() -> None:
    words = 'write `Given the client is "client library"`'
    with (
        SimulatedClock() as clock,
        World(Targets(clock, Profile())) as world,
        pytest.raises(SluicegateError, match=words),
    ):
        world.ask_and_cancel(0.25)


def test_the_library_asks_no_provider() -> None:
    with SimulatedClock() as clock, World(Targets(clock, Profile())) as world:
        world.be(LIBRARY)
        with pytest.raises(SluicegateError, match='put "Given the client talks to the proxy"'):
            world.ask(stream=True)


def unheeded(**changes: object) -> tuple[Library, AgentRequest]:
    """Return a library with a configuration, and a request that says something else, too."""
    agent = AgentRequest()
    for name, value in changes.items():
        setattr(agent, name, value)
    return Library(CONFIGURATION), agent


@pytest.mark.parametrize(
    ("library", "agent", "words"),
    [
        (
            Library(),
            AgentRequest(options={"max_token": 1}),
            'has no option "max_token"; did you mean "max_tokens"',
        ),
        (
            Library(environment={"ROLE": "x"}),
            AgentRequest(),
            "write the client's configuration, too",
        ),
        (*unheeded(token="x"), "the client's token, and another one its configuration"),  # noqa: S106 - no secret
        (*unheeded(upstream="openai"), "the client's upstream, and another one its"),
        (*unheeded(system_prompt="x"), "the client's system prompt, and another one its"),
        (*unheeded(tools=[{"name": "ls"}]), "the client's tools, and another one its"),
        (
            Library(),
            AgentRequest(messages=[{"role": "robot", "content": "Hi"}]),
            r"context\.messages\[0\]\.role: ",
        ),
        (Library(), AgentRequest(tools=[{"nome": "ls"}]), r"context\.tools\[0\]"),
        (
            Library(),
            AgentRequest(mark="x", messages=[{"role": "assistant", "content": []}]),
            "by a text of the user's",
        ),
    ],
)
def test_what_the_library_would_not_heed_is_the_authors_mistake(
    library: Library, agent: AgentRequest, words: str
) -> None:
    with pytest.raises(SluicegateError, match=words):
        library.asks(agent, REQUEST, None)


@pytest.mark.parametrize("library", [Library(CONFIGURATION), Library(environment={"ROLE": "x"})])
def test_what_no_client_would_read_is_the_authors_mistake(library: Library) -> None:
    with pytest.raises(SluicegateError, match='write `Given the client is "client library"`'):
        library.refuse_unread()


def test_what_nobody_says_may_remain_unread() -> None:
    Library().refuse_unread()


def test_the_message_that_the_library_returns_is_kept() -> None:
    library = Library()
    exchange, _ = heard(library, AgentRequest())
    assert json.loads(exchange.events[-1].event.data)["partial"] == library.returned
