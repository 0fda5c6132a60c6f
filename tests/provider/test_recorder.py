import asyncio
import json
from typing import TYPE_CHECKING, cast

import pytest
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from sluicegate.errors import SluicegateError
from sluicegate.provider.app import create_app
from sluicegate.provider.journal import Journal
from sluicegate.provider.recorder import exchange_of, recording

if TYPE_CHECKING:
    from tests.provider.conftest import Provider

    from sluicegate.runtime.clock import SimulatedClock

CHAT = "/v1/chat/completions"


def test_a_request_is_recorded_as_it_came(provider: "Provider") -> None:
    body = b'{ "model": "gpt-4",\n "messages": [{"role": "user", "content": "Hello"}]}'
    provider.request("POST", f"{CHAT}?delay=%31", body, {"x-mine": "kept"})
    entry = provider.last
    assert (entry.method, entry.path, entry.query) == ("POST", CHAT, "delay=%31")
    assert entry.body == body
    assert ("x-mine", "kept") in entry.headers


def test_an_answer_is_recorded_as_it_went(provider: "Provider") -> None:
    reply = provider.chat("?stream=true")
    entry = provider.last
    assert (entry.status, entry.outcome) == (200, "finished")
    assert ("content-type", "text/event-stream") in entry.response_headers
    assert b"".join(write.data for write in entry.writes) == reply.body
    assert entry.ended == entry.writes[-1].at


@pytest.mark.parametrize("target", ["/nowhere", "/v1/models", "/health"])
def test_every_exchange_is_recorded(provider: "Provider", target: str) -> None:
    reply = provider.request("GET", target)
    assert (provider.last.path, provider.last.status) == (target, reply.status)


def test_secrets_are_masked(provider: "Provider") -> None:
    secret = "sk-very-secret"  # noqa: S105 - that it is none is the point
    headers = {"authorization": f"Bearer {secret}", "x-api-key": secret, "cookie": secret}
    provider.request("GET", f"/health?api_key={secret}", headers=headers)
    assert secret not in repr(provider.journal.entries)
    assert ("authorization", "Bearer ***") in provider.last.headers


@pytest.mark.parametrize(
    ("query", "after", "events"),
    [
        ("?delay=2000", 1.0, 0),
        ("?fail=timeout", 12.5, 0),
        ("?stream=true", 0.05, 1),
        ("?stream=true", 0.25, 3),
    ],
)
def test_a_client_that_goes_away_stops_the_answer_at_once(
    provider: "Provider", query: str, after: float, events: int
) -> None:
    provider.chat_and_leave(query, after)
    entry = provider.last
    assert (entry.outcome, len(entry.writes)) == ("client went away", events)
    assert entry.ended == pytest.approx(entry.started + after, abs=1e-9)
    assert (entry.status is None) == (events == 0)


def test_a_departure_leaves_the_provider_at_work(provider: "Provider") -> None:
    provider.chat_and_leave("?stream=true", 0.25)
    assert provider.chat().status == 200
    assert [entry.outcome for entry in provider.journal.entries] == ["client went away", "finished"]


def test_exchanges_side_by_side_are_told_apart(provider: "Provider") -> None:
    async def both() -> None:
        await asyncio.gather(*(provider._request("POST", CHAT, body(m), {}) for m in ("a", "b")))

    def body(model: str) -> bytes:
        return json.dumps({"model": model, "messages": [{"role": "user", "content": "x"}]}).encode()

    provider.clock.run(both())
    assert {json.loads(entry.body)["model"] for entry in provider.journal.entries} == {"a", "b"}


def test_an_application_has_a_journal_of_its_own() -> None:
    assert create_app().journal is not create_app().journal


SCOPE = cast(
    "HTTPScope",
    {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []},
)


async def nothing(*_: object) -> None:
    pass


def test_an_application_files_its_exchange_under_a_token(clock: "SimulatedClock") -> None:
    async def filing(
        scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        del receive, send
        exchange_of(scope).file_under("token-7")

    async def call() -> None:
        await recording(filing, journal)(SCOPE, cast("ASGIReceiveCallable", nothing), nothing)

    journal = Journal()
    clock.run(call())
    assert journal.entries[0].token == "token-7"  # noqa: S105 - it is no secret
    assert "extensions" not in SCOPE


@pytest.mark.parametrize("scope", [{}, {"extensions": None}, {"extensions": {}}])
def test_an_application_that_nobody_records_has_no_exchange(scope: dict[str, object]) -> None:
    with pytest.raises(SluicegateError, match=r"through sluicegate\.provider\.recorder\.recording"):
        exchange_of(scope)
