import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import httpx
import pytest
from quart import Quart

from sluicegate.provider.agents import Agents, AgentSide
from sluicegate.provider.app import create_app
from sluicegate.provider.control import LARGEST_BODY, PREFIX, ControlApp, create_control
from sluicegate.provider.entries import read_entry
from sluicegate.provider.guard import Guard
from sluicegate.provider.journal import Journal
from sluicegate.provider.plans import Plans
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Server
from sluicegate.wire.schema import violations

SECRET = "s3cret"  # noqa: S105 - of these tests alone
CHAT = "/v1/chat/completions"
FAILING = {"answers": [{"fail": 429}, {"text": "Hello"}]}

Ask = Callable[..., httpx.Response]


class Controlled:
    """The journals and plans of two agents, and their control API."""

    def __init__(self, guard: Guard | None = None) -> None:
        self.plans = Plans()
        self.journals = {"router": Journal(), "droid": Journal()}
        sides = {name: AgentSide(journal) for name, journal in self.journals.items()}
        self.control = create_control(Agents(sides, self.plans), guard)

    def exchange(self, agent: str, body: bytes = b"", token: str | None = None) -> None:
        recording = self.journals[agent].open(1.0, "POST", CHAT, "", (("host", "x"),))
        recording.received(body)
        if token is not None:
            recording.filed(token)
        self.journals[agent].close(recording, 2.0, "finished")


@pytest.fixture
def reach(clock: SimulatedClock, trust: ssl.SSLContext) -> Iterator[Callable[[Quart], Ask]]:
    async def open_(app: Quart) -> httpx.AsyncClient:
        server = await stack.enter_async_context(Server(app))
        client = httpx.AsyncClient(base_url=server.url, trust_env=False, verify=trust)
        return await stack.enter_async_context(client)

    def reach(app: Quart) -> Ask:
        client = clock.run(open_(app))
        return lambda *args, **options: clock.run(client.request(*args, **options))

    stack = AsyncExitStack()
    with ExitStack() as closing:
        closing.callback(lambda: clock.run(stack.aclose()))
        yield reach


@pytest.fixture
def controlled() -> Controlled:
    return Controlled()


@pytest.fixture
def ask(controlled: Controlled, reach: Callable[[Quart], Ask]) -> Ask:
    return reach(controlled.control)


def error_of(response: httpx.Response) -> dict[str, Any]:
    document = response.json()
    assert violations(document, "openai/error", profile="strict") == []
    assert response.headers["content-type"] == "application/json"
    error: dict[str, Any] = document["error"]
    return error


def test_a_plan_that_is_filed_is_followed(controlled: Controlled, ask: Ask) -> None:
    plans = {"droid": FAILING, "router": {"healthy": False}}
    response = ask("POST", "/_provider/plans", json={"plans": plans})
    assert response.status_code == 200
    assert controlled.plans.answer("droid", None) == {"fail": 429}
    assert not controlled.plans.plan("router").healthy


def test_what_was_filed_is_answered_and_listed_later_with_its_attempts(
    controlled: Controlled, ask: Ask
) -> None:
    listed = {"agent": "droid", "token": "t", "attempts": 0, "plan": FAILING}
    response = ask("POST", "/_provider/plans", json={"token": "t", "plans": {"droid": FAILING}})
    assert response.json() == {"plans": [listed]}
    controlled.plans.answer("droid", "t")
    assert ask("GET", "/_provider/plans").json() == {"plans": [{**listed, "attempts": 1}]}


def test_a_journal_is_told_with_the_time_that_it_is(
    controlled: Controlled, ask: Ask, clock: SimulatedClock
) -> None:
    clock.run(asyncio.sleep(5))
    controlled.exchange("droid", b"\xff", "t")
    controlled.exchange("router", b"{}")
    told = ask("GET", "/_provider/journal").json()
    assert told["now"] == 5.0
    assert [entry["agent"] for entry in told["entries"]] == ["router", "droid"]
    (entry,) = controlled.journals["droid"].entries
    assert read_entry(told["entries"][1]) == entry


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 1]),
        ("?agent=droid", [1]),
        ("?token=t", [2, 1]),
        ("?agent=router&token=t", [2]),
        ("?agent=router&since=1", [2]),
        ("?since=7", []),
    ],
)
def test_a_journal_can_be_asked_for_a_part(
    controlled: Controlled, ask: Ask, query: str, numbers: list[int]
) -> None:
    for agent, token in (("router", None), ("router", "t"), ("droid", "t")):
        controlled.exchange(agent, token=token)
    entries = ask("GET", f"/_provider/journal{query}").json()["entries"]
    assert [entry["number"] for entry in entries] == numbers


@pytest.mark.parametrize(("query", "left"), [("", []), ("?token=t", ["other"])])
def test_a_reset_forgets_and_tells_what_is_left(ask: Ask, query: str, left: list[str]) -> None:
    for token in ("t", "other"):
        ask("POST", "/_provider/plans", json={"token": token, "plans": {"droid": FAILING}})
    told = ask("POST", f"/_provider/reset{query}").json()
    assert [each["token"] for each in told["plans"]] == left
    assert ask("GET", "/_provider/plans").json() == told


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        (b"", None, "got no body"),
        (b"{", None, "not valid JSON"),
        (b"[]", None, "got an array"),
        (b'{"plans": {"a": NaN}}', None, "NaN is no JSON number"),
        (b"{}", "plans", "plans: is missing"),
        (b'{"plan": {}, "plans": {"droid": {}}}', "plan", "known are token, plans"),
        (b'{"plans": {}}', "plans", "at least 1 member"),
        (b'{"plans": {"droid": []}}', "plans.droid", "expected an object"),
        (b'{"plans": {"drod": {}}}', "plans.drod", "did you mean 'droid'"),
        (
            b'{"plans": {"droid": {"answers": [{"fail": 42}]}}}',
            "plans.droid.answers[0].fail",
            "expected a status from 400 to 599",
        ),
        (b'{"token": "a b", "plans": {"droid": {}}}', "token", "1 to 64 letters"),
        (b'{"token": 3, "plans": {"droid": {}}}', "token", "expected a string or null"),
        (b'{"token": "t", "plans": {"droid": {"healthy": true}}}', "plans.droid.healthy", "token"),
    ],
)
def test_a_mistake_in_a_plan_is_refused_with_its_place(
    ask: Ask, body: bytes, param: str | None, message: str
) -> None:
    response = ask("POST", "/_provider/plans", content=body)
    error = error_of(response)
    assert (response.status_code, error["param"]) == (400, param)
    assert message in error["message"]


@pytest.mark.parametrize(
    ("method", "target", "param"),
    [
        ("GET", "/_provider/journal?agnt=droid", "agnt"),
        ("GET", "/_provider/journal?agent=nobody", "agent"),
        ("GET", "/_provider/journal?agent=droid&agent=router", "agent"),
        ("GET", "/_provider/journal?token=a%20b", "token"),
        ("GET", "/_provider/journal?since=-1", "since"),
        ("GET", "/_provider/journal?since=1_000", "since"),
        ("GET", "/_provider/journal?since=", "since"),
        ("GET", "/_provider/plans?token=t", "token"),
        ("POST", "/_provider/plans?token=t", "token"),
        ("POST", "/_provider/reset?agent=droid", "agent"),
        ("POST", "/_provider/reset?token=", "token"),
    ],
)
def test_a_mistake_in_a_query_is_refused_with_its_name(
    ask: Ask, method: str, target: str, param: str
) -> None:
    response = ask(method, target)
    assert (response.status_code, error_of(response)["param"]) == (400, param)


def test_an_unknown_url_is_refused_with_those_that_there_are(ask: Ask) -> None:
    response = ask("GET", "/_provider/jurnal")
    error = error_of(response)
    assert (response.status_code, error["code"]) == (404, "unknown_url")
    assert "GET /_provider/jurnal" in error["message"]
    assert "GET /_provider/journal" in error["message"]


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("DELETE", "/_provider/plans", "GET, HEAD, POST"),
        ("POST", "/_provider/journal", "GET, HEAD"),
        ("GET", "/_provider/reset", "POST"),
        ("OPTIONS", "/_provider/reset", "POST"),
    ],
)
def test_a_wrong_method_is_refused_with_those_that_are_right(
    ask: Ask, method: str, target: str, allowed: str
) -> None:
    response = ask(method, target)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert error_of(response)["code"] == "method_not_allowed"


@pytest.mark.parametrize("target", ["plans", "journal?since=x", "nowhere"])
@pytest.mark.parametrize("headers", [{}, {"Origin": "https://page.example"}])
def test_every_answer_says_that_it_is_one_of_a_control_api(
    ask: Ask, target: str, headers: dict[str, str]
) -> None:
    assert ask("GET", PREFIX + target, headers=headers).headers["x-sluicegate-control"] == "1"


def test_a_body_that_is_too_large_is_refused(ask: Ask) -> None:
    response = ask("POST", "/_provider/plans", content=b" " * (LARGEST_BODY + 1))
    assert response.status_code == 413
    assert f"at most {LARGEST_BODY} bytes" in error_of(response)["message"]


def test_whoever_has_the_control_token_is_let_in(reach: Callable[[Quart], Ask]) -> None:
    ask = reach(Controlled(Guard("0.0.0.0", SECRET)).control)  # noqa: S104 - bound to 127.0.0.1
    refused = ask("GET", "/_provider/plans")
    assert (refused.status_code, error_of(refused)["code"]) == (401, "invalid_control_token")
    assert refused.headers["www-authenticate"] == 'Bearer realm="sluicegate"'
    assert ask("GET", "/_provider/plans", headers={"Authorization": f"Bearer {SECRET}"}).is_success


def test_an_address_that_others_can_reach_needs_a_control_token(
    reach: Callable[[Quart], Ask],
) -> None:
    ask = reach(Controlled(Guard("0.0.0.0")).control)  # noqa: S104 - bound to 127.0.0.1
    response = ask("GET", "/_provider/plans")
    assert (response.status_code, "www-authenticate" in response.headers) == (403, False)
    assert "set SLUICEGATE_CONTROL_TOKEN" in error_of(response)["message"]


@pytest.mark.parametrize("target", ["plans", "reset", "journal", "nowhere"])
@pytest.mark.parametrize("header", [("Origin", "https://page.example"), ("Host", "page.example")])
def test_a_web_page_is_refused_whatever_it_asks(
    controlled: Controlled, ask: Ask, target: str, header: tuple[str, str]
) -> None:
    body = json.dumps({"plans": {"droid": FAILING}}).encode()
    response = ask("POST", PREFIX + target, content=body, headers=dict([header]))
    assert (response.status_code, error_of(response)["code"]) == (403, "control_forbidden")
    assert list(controlled.plans.filed()) == []


def test_a_large_body_of_whoever_is_refused_does_not_reset_the_connection(ask: Ask) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * 65536

    response = ask("POST", "/_provider/plans", content=body(), headers={"Origin": "x"})
    assert response.status_code == 403


@pytest.fixture
def provider(controlled: Controlled, reach: Callable[[Quart], Ask]) -> Ask:
    plans, journal = controlled.plans, controlled.journals["droid"]
    control: ControlApp = controlled.control
    return reach(create_app(agent="droid", plans=plans, journal=journal, control=control))


def chat(provider: Ask, prompt: str) -> int:
    body = {"model": "gpt-4", "messages": [{"role": "user", "content": prompt}]}
    return provider("POST", CHAT, json=body).status_code


def test_a_provider_follows_the_plan_of_the_token_in_the_prompt(provider: Ask) -> None:
    provider("POST", "/_provider/plans", json={"token": "t", "plans": {"droid": FAILING}})
    prompts = ["Hello", "[sluicegate:t]", "[sluicegate:u]", "Hello [sluicegate:t]"]
    assert [chat(provider, prompt) for prompt in prompts] == [200, 429, 200, 200]
    entries = provider("GET", "/_provider/journal?token=t").json()["entries"]
    assert [entry["status"] for entry in entries] == [429, 200]


def test_control_is_no_exchange_of_the_provider(controlled: Controlled, provider: Ask) -> None:
    for method, target in (("GET", "plans"), ("GET", "journal"), ("GET", "x"), ("POST", "reset")):
        provider(method, PREFIX + target)
    assert controlled.journals["droid"].entries == ()


def test_a_provider_whose_control_is_elsewhere_does_not_know_these_urls(
    reach: Callable[[Quart], Ask],
) -> None:
    ask = reach(create_app())
    response = ask("GET", "/_provider/plans")
    error = error_of(response)
    assert (response.status_code, error["code"]) == (404, "unknown_url")
    assert error["message"].startswith("Unknown URL: GET /_provider/plans; this provider answers")


def test_whatever_is_not_below_the_prefix_stays_with_the_provider(provider: Ask) -> None:
    assert provider("GET", "/_provider").json()["error"]["message"].startswith("Unknown URL")
    assert provider("GET", "/health").is_success
