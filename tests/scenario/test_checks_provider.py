from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sluicegate.errors import SluicegateError, ViolationError
from sluicegate.provider.journal import Entry, Write
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.scenario.checks import provider
from sluicegate.scenario.checks.provider import OUTCOMES
from sluicegate.scenario.checks.values import MISSING
from sluicegate.scenario.exchange import Exchange, Provided

from .exchanges import DONE, FINISH, FIRST, GOOD, SECOND, streamed

Check = Callable[[Exchange], None]


def noted(exchange: Exchange, **changes: Any) -> Exchange:  # noqa: ANN401 - the fields of an Entry
    """Return the exchange with what a provider notes that was asked and sent just that."""
    entry = Entry(
        1,
        exchange.started,
        "POST",
        "/v1/chat/completions",
        "",
        (("Authorization", "Bearer ***"), ("x-team", "blue")),
        b'{"model": "gpt-4", "stream": true}',
        exchange.status,
        exchange.headers_at,
        exchange.headers,
        tuple(Write(read.at, read.data) for read in exchange.reads),
        "finished",
        exchange.ended,
        "scenario",
    )
    return replace(exchange, provided=(Provided("the provider", replace(entry, **changes)),))


def reads_are_writes(exchange: Exchange) -> None:
    with SimulatedClock() as clock:
        provider.reads_are_writes(exchange, clock)


WRONG = 'the provider\'s request does not follow the schema "openai/request"'
ASKED = b'{"model": "gpt-4", "messages": [{"role": "user", "content": "Hi"}], "n": 1}'
SEEN = noted(GOOD)
UNASKED = replace(GOOD, provided=())
TWICE = replace(SEEN, provided=(SEEN.provided or ()) * 2)

CHECKS: dict[str, tuple[Check, Exchange, dict[str, Exchange]]] = {
    "asked once": (
        lambda e: provider.was_asked((e,), 1),
        SEEN,
        {
            "the provider was asked 0 times, not once": UNASKED,
            "the provider was asked 2 times, not once": TWICE,
        },
    ),
    "not asked": (
        lambda e: provider.was_asked((e,), 0),
        UNASKED,
        {"the provider was asked once, not 0 times": SEEN},
    ),
    "asked in all": (
        lambda e: provider.was_asked((SEEN, UNASKED, e), 3),
        TWICE,
        {"the provider was asked 2 times, not 3 times": SEEN},
    ),
    "request": (
        lambda e: provider.request_is(e, "$.model", "gpt-4"),
        SEEN,
        {
            '$.model of the provider\'s request is "x", not "gpt-4"': noted(
                GOOD, body=b'{"model": "x"}'
            ),
            '$.model of the provider\'s request is missing, not "gpt-4"': noted(GOOD, body=b"{"),
            "the provider was not asked": UNASKED,
        },
    ),
    "request in JSON": (
        lambda e: provider.request_is_json(e, "$.stop", '["a", {"b": 1}]'),
        noted(GOOD, body=b'{"stop": ["a", {"b": 1}]}'),
        {
            '$.stop of the provider\'s request is ["a", {"b": 2}], not ["a", {"b": 1}]': noted(
                GOOD, body=b'{"stop": ["a", {"b": 2}]}'
            ),
            '$.stop of the provider\'s request is missing, not ["a", {"b": 1}]': SEEN,
            "the provider was not asked": UNASKED,
        },
    ),
    "schema": (
        lambda e: provider.request_follows(e, "openai/request"),
        noted(GOOD, body=ASKED),
        {
            f"{WRONG} (body {place})": noted(GOOD, body=body)
            for place, body in enumerate(
                (
                    b"{}",
                    b"",
                    b"[]",
                    ASKED.replace(b'"gpt-4"', b"4"),
                    ASKED.replace(b'"n": 1', b'"n": 0'),
                )
            )
        }
        | {"the provider was not asked": UNASKED},
    ),
    "member that is missing": (
        lambda e: provider.request_is(e, "$.user", MISSING),
        SEEN,
        {
            "$.user of the provider's request is null, not missing": noted(
                GOOD, body=b'{"user":null}'
            )
        },
    ),
    "true is not 1": (
        lambda e: provider.request_is(e, "$.stream", expected=True),
        SEEN,
        {"$.stream of the provider's request is 1, not true": noted(GOOD, body=b'{"stream": 1}')},
    ),
    "header": (
        lambda e: provider.request_has_header(e, "X-Team", "blue"),
        SEEN,
        {
            'the provider\'s journal has the header X-Team as "red", not "blue"': noted(
                GOOD, headers=(("X-TEAM", "red"),)
            ),
            'the provider\'s journal has the header X-Team as no such header, not "blue"': noted(
                GOOD, headers=()
            ),
            "the provider was not asked": UNASKED,
        },
    ),
    "token": (
        provider.bears_token,
        SEEN,
        {
            "the provider's journal has no token of the request": noted(GOOD, token=None),
            "the provider was not asked": UNASKED,
        },
    ),
    "end": (
        lambda e: provider.ended(e, "the answer was finished"),
        SEEN,
        {
            "the provider's journal says that the provider reset the connection, not that the "
            "answer was finished": noted(GOOD, outcome="reset"),
            "the provider was not asked": UNASKED,
        },
    ),
    "writes": (
        lambda e: provider.wrote(e, 4),
        SEEN,
        {
            "the provider wrote 3 times, not 4 times": noted(streamed(FIRST, SECOND, FINISH)),
            "the provider wrote once, not 4 times": noted(streamed(FIRST + SECOND + FINISH + DONE)),
            "the provider was not asked": UNASKED,
        },
    ),
    "no writes": (
        lambda e: provider.wrote(e, 0),
        noted(GOOD, writes=()),
        {"the provider wrote 4 times, not 0 times": SEEN},
    ),
    "reads": (
        reads_are_writes,
        SEEN,
        {
            "the provider wrote 4 pieces, and the client read 3 pieces": replace(
                SEEN, reads=SEEN.reads[:-1]
            ),
            "the provider wrote 4 pieces, and the client read 4 pieces of other bytes": replace(
                SEEN, reads=(SEEN.reads[0], *SEEN.reads[:-1])
            ),
            "the provider wrote 0 pieces, and the client read 0 pieces of other bytes": noted(
                streamed()
            ),
            "the provider was not asked": UNASKED,
        },
    ),
}
CASES = [
    pytest.param(name, words, id=f"{name}: {words}")
    for name, (_, _, bad) in CHECKS.items()
    for words in bad
]


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_of_the_provider_passes_in_silence(name: str) -> None:
    check, good, _ = CHECKS[name]
    check(good)


@pytest.mark.parametrize(("name", "words"), CASES)
def test_a_check_of_the_provider_fails_in_words_and_shows_the_wire(name: str, words: str) -> None:
    check, _, bad = CHECKS[name]
    with pytest.raises(ViolationError) as caught:
        check(bad[words])
    error = caught.value
    assert error.words.splitlines()[0] == words.partition(" (body")[0]
    assert error.evidence.startswith("expected   ")
    assert "\ngot        " in error.evidence
    assert "the client got\n" in error.evidence
    assert error.brief.startswith("expected ")


@pytest.mark.parametrize("name", CHECKS)
def test_a_journal_that_nobody_reads_is_skipped_and_never_passed(name: str) -> None:
    check, *_ = CHECKS[name]
    with pytest.raises(pytest.skip.Exception, match=r"^not claimed: the journal of the provider"):
        check(GOOD)


def test_a_journal_that_was_not_read_in_one_exchange_is_not_counted() -> None:
    with pytest.raises(pytest.skip.Exception, match="not claimed"):
        provider.was_asked((SEEN, GOOD), 1)


def test_on_the_wall_clock_the_pieces_that_a_client_reads_are_not_judged() -> None:
    with (
        WallClock() as clock,
        pytest.raises(pytest.skip.Exception, match="not judged: on the wall"),
    ):
        provider.reads_are_writes(SEEN, clock)


@pytest.mark.parametrize("words", OUTCOMES)
def test_each_end_is_told_from_all_others(words: str) -> None:
    for other, outcome in OUTCOMES.items():
        exchange = noted(GOOD, outcome=outcome)
        if other == words:
            provider.ended(exchange, words)
            continue
        with pytest.raises(ViolationError, match=f"says that {other}, not that {words}"):
            provider.ended(exchange, words)


def test_of_several_requests_the_last_one_counts() -> None:
    late = noted(GOOD, outcome="reset", token=None)
    both = replace(GOOD, provided=(*(SEEN.provided or ()), *(late.provided or ())))
    provider.ended(both, "the provider reset the connection")
    with pytest.raises(ViolationError, match="no token"):
        provider.bears_token(both)


def ended_after(exchange: Exchange, seconds: float, clock: Clock) -> None:
    provider.ended_after(exchange, "the answer was finished", seconds, clock)


def test_the_end_is_timed_from_the_clients_request_within_the_tolerance() -> None:
    # The provider had the request 0.2 s after the client had sent it.
    late = noted(GOOD, started=1.2)
    with SimulatedClock() as clock:
        ended_after(late, 0.4009, clock)
        ended_after(late, 0.3991, clock)
        for wrong in (0.4011, 0.3989):
            with pytest.raises(ViolationError, match=r"ended for the provider 0\.4 s"):
                ended_after(late, wrong, clock)


def test_the_end_of_the_last_of_several_requests_is_told_as_that() -> None:
    words = "the exchange ended for the provider 0.4 s after the request, 0.2 s too late"
    for exchange, told in [(SEEN, ""), (TWICE, "; this is request 2 of 2 to the provider")]:
        with SimulatedClock() as clock, pytest.raises(ViolationError) as caught:
            ended_after(exchange, 0.2, clock)
        assert caught.value.words.splitlines()[0] == words + told


def test_an_end_of_another_kind_is_not_timed() -> None:
    with SimulatedClock() as clock, pytest.raises(ViolationError, match="reset the connection"):
        ended_after(noted(GOOD, outcome="reset"), 0.4, clock)


def test_an_exchange_that_has_not_ended_for_the_provider_has_no_end() -> None:
    still = noted(GOOD, outcome="open", ended=None)
    with pytest.raises(ViolationError, match="says that the exchange has not ended, not that the"):
        provider.ended(still, "the answer was finished")


def test_the_harness_takes_its_mark_out_of_a_request() -> None:
    body = ASKED.replace(b'"Hi"', b'"Hi [sluicegate:scenario]"')
    provider.request_is(noted(GOOD, body=body), "$.messages[0].content", "Hi")


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        (
            lambda: provider.request_is_json(SEEN, "$.model", "gpt-4"),
            'expected JSON, got "gpt-4": it goes wrong at character 1',
        ),
        (
            lambda: provider.request_is_json(SEEN, "model", "1"),
            "expected a path such as",
        ),
        (
            lambda: provider.request_follows(SEEN, "openai/requst"),
            'no schema "openai/requst"; did you mean "openai/request',
        ),
    ],
)
def test_a_mistake_in_a_sentence_on_requests_is_the_authors(
    judge: Callable[[], None], words: str
) -> None:
    with pytest.raises(SluicegateError, match=words) as caught:
        judge()
    assert not isinstance(caught.value, ViolationError)
