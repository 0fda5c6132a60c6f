from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sluicegate.errors import SluicegateError, ViolationError
from sluicegate.provider.journal import Entry, Journal
from sluicegate.scenario.checks import secrecy
from sluicegate.scenario.exchange import Exchange, Heard, Provided
from sluicegate.wire.sse import Event

from .exchanges import SPOKEN, answered, event, streamed

Check = Callable[[Exchange], None]

KEY = "sk-secret"
PLAIN = answered('{"id": "mock-1"}')


def shown(*headers: tuple[str, str], path: str = "/v1/messages", body: bytes = b"") -> Entry:
    """Return what a journal holds of a request like that."""
    journal = Journal()
    recording = journal.open(1.0, "POST", path, "", headers)
    recording.received(body)
    return recording.entry()


def asked(*entries: Entry) -> Exchange:
    return replace(PLAIN, provided=tuple(Provided("the provider", each) for each in entries))


BEARER = shown(("Authorization", f"Bearer {KEY}"))
OTHER = shown(("x-api-key", "sk-another"))
HEARD = replace(SPOKEN, status=0, headers=(), reads=())
OPEN = shown(("x-forwarded", f"for {KEY}"))

CHECKS: dict[str, tuple[Check, list[Exchange], dict[str, list[Exchange]]]] = {
    "received": (
        lambda e: secrecy.never_received((PLAIN, e, PLAIN), KEY),
        [PLAIN, SPOKEN, streamed(), replace(HEARD, heard=(), trouble="the connection was reset")],
        {
            'the client received "sk-secret", in the header x-debug': [
                replace(PLAIN, headers=(("x-debug", f"key={KEY}"),)),
            ],
            'the client received "sk-secret", in the header sk-secret': [
                replace(PLAIN, headers=((KEY, "1"),)),
            ],
            'the client received "sk-secret", in what the client reports': [
                replace(PLAIN, trouble=f"401 for {KEY}"),
                replace(HEARD, heard=(), trouble=KEY),
            ],
            'the client received "sk-secret", in event 2': [
                streamed(event("{}"), event(f'{{"x": "{KEY}"}}')),
                replace(HEARD, heard=(Heard(1.0, Event()), Heard(1.0, Event(data=KEY)))),
            ],
            'the client received "sk-secret", in the body': [
                answered(f'{{"x": "{KEY}"}}'),
                answered(f"<html>{KEY}", 500),
                streamed(b"data: sk-sec", b"ret\n"),
                streamed(f": {KEY}\n\n".encode()),
            ],
        },
    ),
    "shown": (
        lambda e: secrecy.was_shown(e, KEY),
        [
            asked(BEARER),
            asked(shown(("x-api-key", KEY))),
            asked(OTHER, BEARER),
        ],
        {
            'the provider was not shown the key "sk-secret"': [
                asked(OTHER),
                asked(shown()),
                asked(BEARER, OTHER),
                asked(shown(("x-api-key", f"{KEY}2"))),
                asked(shown(("accept", KEY))),
            ],
            "the provider was not asked": [asked()],
        },
    ),
    "never shown": (
        lambda e: secrecy.was_never_shown((asked(OTHER), e, asked()), KEY),
        [asked(), asked(OTHER), asked(shown(body=b"\xff"), shown(("x-api-key", "sk-secret2")))],
        {
            'the provider was shown "sk-secret"': [
                asked(BEARER),
                asked(BEARER, OTHER),
                asked(shown(("x-api-key", KEY))),
                asked(OPEN),
                asked(shown((KEY, "1"))),
                asked(shown(path=f"/v1/{KEY}")),
                asked(shown(body=f'{{"user": "{KEY}"}}'.encode())),
                asked(shown(body=b"\xff sk-secret")),
            ],
        },
    ),
}
GOOD = [(name, place) for name, (_, good, _) in CHECKS.items() for place in range(len(good))]
BAD = [
    (name, words, place)
    for name, (*_, bad) in CHECKS.items()
    for words, exchanges in bad.items()
    for place in range(len(exchanges))
]


@pytest.mark.parametrize(("name", "place"), GOOD)
def test_a_check_of_secrets_passes_in_silence(name: str, place: int) -> None:
    check, good, _ = CHECKS[name]
    check(good[place])


@pytest.mark.parametrize(("name", "words", "place"), BAD)
def test_a_check_of_secrets_fails_in_words(name: str, words: str, place: int) -> None:
    check, _, bad = CHECKS[name]
    with pytest.raises(ViolationError) as caught:
        check(bad[words][place])
    assert caught.value.words.splitlines()[0] == words
    assert caught.value.evidence.startswith("expected   ")
    assert "\ngot        " in caught.value.evidence


def test_who_was_not_asked_was_not_shown_anything() -> None:
    with pytest.raises(ViolationError, match="nobody asked the provider, so nothing") as caught:
        secrecy.was_never_shown((asked(), asked()), KEY)
    assert caught.value.brief == 'expected requests without "sk-secret", got no request'


@pytest.mark.parametrize("body", ['{"x": "say \\"ah\\": \\u00e4"}', '{"x": "say \\"ah\\": ä"}'])
def test_a_text_is_found_as_json_escapes_it(body: str) -> None:
    text = 'say "ah": ä'
    with pytest.raises(ViolationError, match="in the body"):
        secrecy.never_received((answered(body),), text)
    with pytest.raises(ViolationError, match="the provider was shown"):
        secrecy.was_never_shown((asked(shown(body=body.encode())),), text)


@pytest.mark.parametrize(
    "judge",
    [
        lambda: secrecy.never_received((PLAIN,), ""),
        lambda: secrecy.was_shown(asked(BEARER), ""),
        lambda: secrecy.was_never_shown((asked(BEARER),), ""),
    ],
)
def test_an_empty_secret_is_the_authors_mistake(judge: Callable[[], Any]) -> None:
    with pytest.raises(SluicegateError, match="got an empty one"):
        judge()


@pytest.mark.parametrize(
    "judge",
    [
        lambda: secrecy.was_shown(PLAIN, KEY),
        lambda: secrecy.was_never_shown((PLAIN,), KEY),
        lambda: secrecy.was_never_shown((asked(OTHER), PLAIN), KEY),
    ],
)
def test_what_a_journal_that_nobody_reads_was_shown_is_not_judged(judge: Callable[[], Any]) -> None:
    with pytest.raises(pytest.skip.Exception, match="not claimed"):
        judge()
