from collections.abc import Callable

import httpx
import pytest

from sluicegate.provider.app import create_app
from sluicegate.provider.journal import (
    Entry,
    Journal,
    Write,
    fingerprint,
    mask_headers,
    mask_query,
)
from sluicegate.provider.log import describe
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Server

HELLO = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}


def record(journal: Journal, *, body: bytes = b"", at: float = 0.0) -> None:
    recording = journal.open(at, "POST", "/v1/chat/completions", "", ())
    recording.received(body)
    journal.close(recording, at, "finished")


def test_an_entry_holds_both_directions() -> None:
    journal = Journal()
    recording = journal.open(1.0, "POST", "/x", "delay=1", (("accept", "*/*"),))
    recording.filed("token-7")
    recording.received(b"one ")
    recording.received(b"two")
    recording.answered(2.0, 200, (("content-type", "text/event-stream"),))
    recording.wrote(2.0, b"first")
    recording.wrote(2.1, b"second")
    journal.close(recording, 2.2, "finished")
    assert journal.entries == (
        Entry(
            number=1,
            started=1.0,
            method="POST",
            path="/x",
            query="delay=1",
            headers=(("accept", "*/*"),),
            body=b"one two",
            status=200,
            headers_at=2.0,
            response_headers=(("content-type", "text/event-stream"),),
            writes=(Write(2.0, b"first"), Write(2.1, b"second")),
            outcome="finished",
            ended=2.2,
            token="token-7",  # noqa: S106 - it is no secret
        ),
    )


def test_an_open_exchange_can_be_read() -> None:
    journal = Journal()
    recording = journal.open(0.0, "GET", "/health", "", ())
    (before,) = journal.entries
    recording.wrote(1.0, b"ok")
    assert (before.outcome, before.ended, before.writes) == ("open", None, ())
    assert journal.entries[0].writes == (Write(1.0, b"ok"),)


def test_what_comes_after_the_end_changes_nothing() -> None:
    ended: list[Entry] = []
    journal = Journal(on_end=ended.append)
    recording = journal.open(0.0, "GET", "/health", "", ())
    journal.close(recording, 1.0, "reset")
    recording.filed("late")
    recording.received(b"late")
    recording.answered(2.0, 200, ())
    recording.wrote(2.0, b"late")
    journal.close(recording, 2.0, "finished")
    assert ended == list(journal.entries)
    assert ended == [Entry(1, 0.0, "GET", "/health", "", (), outcome="reset", ended=1.0)]


def test_the_oldest_entries_are_forgotten_first() -> None:
    journal = Journal(entries=2)
    for at in range(5):
        record(journal, at=at)
    assert [entry.number for entry in journal.entries] == [4, 5]
    assert journal.forgotten == 3


def test_entries_are_forgotten_when_their_bodies_grow_too_large() -> None:
    journal = Journal(size=100)
    for at in range(5):
        record(journal, body=b"x" * 40, at=at)
    assert [entry.number for entry in journal.entries] == [4, 5]


def test_an_open_exchange_is_not_forgotten_and_holds_nothing_up() -> None:
    journal = Journal(entries=2)
    journal.open(0.0, "GET", "/health", "", ())
    for at in range(5):
        record(journal, at=at)
    assert [entry.number for entry in journal.entries] == [1, 6]


def test_a_cleared_journal_keeps_what_is_open_and_goes_on_counting() -> None:
    journal = Journal()
    record(journal)
    journal.open(0.0, "GET", "/health", "", ())
    journal.clear()
    record(journal)
    assert [entry.number for entry in journal.entries] == [2, 3]


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("Authorization", "Bearer sk-secret", "Bearer ***"),
        ("authorization", "sk-secret", "***"),
        ("proxy-authorization", "Basic c2VjcmV0", "Basic ***"),
        ("x-api-key", "sk-secret", "***"),
        ("api-key", "secret secret", "***"),
        ("x-goog-api-key", "secret", "***"),
        ("ocp-apim-subscription-key", "secret", "***"),
        ("x-auth-token", "secret", "***"),
        ("cookie", "session=secret", "***"),
        ("set-cookie", "session=secret", "***"),
        ("x-ratelimit-remaining-tokens", "12", "12"),
        ("content-type", "application/json", "application/json"),
        ("x-request-id", "7", "7"),
    ],
)
def test_headers_with_secrets_are_masked(name: str, value: str, masked: str) -> None:
    assert mask_headers([(name, value)]) == ((name, masked),)


@pytest.mark.parametrize(
    ("query", "masked"),
    [
        ("", ""),
        ("delay=1&fail=429", "delay=1&fail=429"),
        ("key=secret", "key=***"),
        ("delay=1&api_key=secret&fail=429", "delay=1&api_key=***&fail=429"),
        ("api-key=secret&access_token=secret", "api-key=***&access_token=***"),
        ("APIKEY=secret", "APIKEY=***"),
        ("max_tokens=5&monkey=1", "max_tokens=5&monkey=1"),
    ],
)
def test_query_parameters_with_secrets_are_masked(query: str, masked: str) -> None:
    assert mask_query(query) == masked


def test_the_journal_masks_what_it_is_given() -> None:
    journal = Journal()
    recording = journal.open(0.0, "GET", "/", "key=secret", (("cookie", "secret"),))
    recording.answered(0.0, 200, (("set-cookie", "secret"),))
    assert "secret" not in repr(journal.entries)


def fingerprints(*headers: tuple[str, str]) -> tuple[str, ...]:
    journal = Journal()
    journal.open(0.0, "POST", "/", "", headers)
    (entry,) = journal.entries
    return entry.fingerprints


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer sk-secret"),
        ("authorization", "bearer sk-secret"),
        ("authorization", "sk-secret"),
        ("proxy-authorization", "Basic sk-secret"),
        ("x-api-key", "sk-secret"),
        ("X-Auth-Token", "sk-secret"),
        ("cookie", "sk-secret"),
    ],
)
def test_a_secret_is_recognised_by_its_fingerprint_wherever_it_stood(name: str, value: str) -> None:
    assert fingerprints((name, value)) == (fingerprint("sk-secret"),)


def test_each_secret_has_a_fingerprint_of_its_own_that_does_not_tell_it() -> None:
    secrets = ["sk-secret", "sk-Secret", "sk-secret ", "s\xe9cret"]
    found = fingerprints(*(("x-api-key", secret) for secret in secrets))
    assert len(set(found)) == len(secrets)
    assert {len(each) for each in found} == {16}
    assert "secret" not in "".join(found).lower()


def test_what_is_no_secret_has_no_fingerprint() -> None:
    assert fingerprints(("content-type", "sk-secret"), ("x-request-id", "7")) == ()


def test_fingerprints_stay_until_the_end_in_the_order_of_the_headers() -> None:
    journal = Journal()
    headers = (("x-api-key", "one"), ("accept", "*/*"), ("authorization", "Bearer two"))
    recording = journal.open(0.0, "POST", "/", "", headers)
    recording.received(b"{}")
    journal.close(recording, 1.0, "finished")
    (entry,) = journal.entries
    assert entry.fingerprints == (fingerprint("one"), fingerprint("two"))
    assert "'one'" not in repr(entry)


def test_an_entry_is_described_in_one_line() -> None:
    entry = Entry(
        number=1,
        started=5.0,
        method="POST",
        path="/v1/chat/completions",
        query="fail=429",
        headers=(),
        status=429,
        outcome="finished",
        ended=5.0021,
    )
    assert describe(entry) == "POST /v1/chat/completions?fail=429 -> 429, finished after 0.002 s"


def test_an_entry_without_an_answer_says_so() -> None:
    entry = Entry(1, 5.0, "GET", "/health", "", (), outcome="client went away", ended=17.5)
    assert describe(entry) == "GET /health -> no answer, client went away after 12.500 s"


def witnessed() -> list[Entry]:
    """Ask a provider for an answer of each kind on a clock of its own; return its journal."""
    journal = Journal()

    async def ask(unix: Callable[[], float]) -> None:
        app = create_app(journal=journal, unix=unix)
        async with Server(app) as server, httpx.AsyncClient(timeout=60.0) as client:
            url = f"{server.url}/v1/chat/completions"
            for query in ("", "?delay=1500&fail=429", "?stream=true", "?fail=timeout"):
                # The port is the only thing that another run may change.
                await client.post(f"{url}{query}", json=HELLO, headers={"host": "provider"})

    with SimulatedClock() as clock:
        clock.run(ask(clock.unix))
    return list(journal.entries)


def test_two_runs_on_the_simulated_clock_give_the_same_journal() -> None:
    first, second = witnessed(), witnessed()
    assert [entry.outcome for entry in first] == ["finished"] * 4
    assert [len(entry.writes) for entry in first] == [1, 1, 8, 1]
    assert first == second
