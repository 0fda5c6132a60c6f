from collections.abc import Callable

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider import openai
from sluicegate.provider.plan import read_plan
from sluicegate.scenario.phrases import BREAKS, CUTS, DOCUMENTS, ENDINGS, LENGTHS, LINE_ENDS, QUIRKS
from sluicegate.scenario.planning import Dialect, Planning

Say = Callable[[Planning], None]


def say(**parameters: object) -> Say:
    return lambda plan: plan.say(**parameters)


def said(*sentences: Say) -> Planning:
    planning = Planning()
    for sentence in sentences:
        sentence(planning)
    return planning


def answers(*sentences: Say) -> list[dict[str, object]]:
    """Return the answers of the plan that the sentences make, as any provider takes it."""
    document = said(*sentences).document()
    read_plan(document)
    planned: list[dict[str, object]] = document["answers"]
    return planned


def test_a_provider_of_which_nothing_was_said_has_no_plan() -> None:
    assert not said()
    assert said(lambda plan: plan.say(fail=503))
    assert said(lambda plan: plan.answer([["answer"], [""]]))


PLANS: dict[str, tuple[list[Say], list[dict[str, object]]]] = {
    "a status": ([lambda plan: plan.say(fail=503)], [{"fail": 503}]),
    "times are in milliseconds": (
        [lambda plan: plan.say(delay=0.57, first_token=2.3, pace=0.0)],
        [{"delay": 570, "first_token": 2300, "pace": 0}],
    ),
    "a date to retry at is in seconds": (
        [lambda plan: plan.say(retry_after_date=8.0)],
        [{"retry_after_date": 8}],
    ),
    "several sentences": (
        [lambda plan: plan.say(text=("a", "b")), lambda plan: plan.say(bom=True)],
        [{"text": ["a", "b"], "bom": True}],
    ),
    "several calls of tools": (
        [lambda plan: plan.call("one", '{"a": 1}'), lambda plan: plan.call("two", "{}")],
        [{"tool_calls": 'one {"a": 1}, two {}'}],
    ),
    "several quirks": (
        [lambda plan: plan.say(quirks="role_alone"), lambda plan: plan.say(quirks="no_choices")],
        [{"quirks": "role_alone, no_choices"}],
    ),
    "two failures, then success": (
        [lambda plan: plan.begin(2, fail=429), lambda plan: plan.say(text=("Hi",))],
        [
            {"text": ["Hi"], "fail": 429},
            {"text": ["Hi"], "fail": 429},
            {"text": ["Hi"], "fail": "none"},
        ],
    ),
    "one failure after another": (
        [lambda plan: plan.begin(1, fail=429), lambda plan: plan.fail_first(1, 2, "reset")],
        [{"fail": 429}, {"fail_chunk_mode": "reset", "fail_chunk": 3}, {"fail": "none"}],
    ),
    "a stream that breaks before its first chunk": (
        [lambda plan: plan.fail_after(0, "cut")],
        [{"fail_chunk_mode": "cut", "fail_chunk": 1}],
    ),
    "a stream that breaks between its chunks": (
        [lambda plan: plan.fail_after(3, "silence", silence=5.0)],
        [{"fail_chunk_mode": "silence", "silence": 5000, "fail_chunk": 4}],
    ),
    "a stream that breaks after its last chunk": (
        [lambda plan: plan.fail_after(6, "end")],
        [{"fail_chunk_mode": "end", "fail_chunk": "end"}],
    ),
    "a stream whose chunks were chosen": (
        [lambda plan: plan.fail_after(2, "end"), lambda plan: plan.say(text=("one", " two"))],
        [{"fail_chunk_mode": "end", "text": ["one", " two"], "fail_chunk": "end"}],
    ),
    "a document with status 200": (
        [lambda plan: plan.reply(200, "html")],
        [{"fail": "none", "body": "html"}],
    ),
    "a document with a status of its own": (
        [lambda plan: plan.reply(502, "html")],
        [{"fail": 502, "body": "html"}],
    ),
    "answers in turn": (
        [
            lambda plan: plan.answer([["answer"], ["fail=429&retry_after=7"], [""], ["text=At+1"]]),
            lambda plan: plan.say(delay=1.0),
        ],
        [
            {"delay": 1000, "fail": "429", "retry_after": "7"},
            {"delay": 1000},
            {"delay": 1000, "text": "At 1"},
        ],
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_sentences_make_a_plan(name: str) -> None:
    sentences, planned = PLANS[name]
    assert answers(*sentences) == planned


def test_a_plan_can_be_written_twice() -> None:
    planning = said(lambda plan: plan.fail_after(3, "reset"))
    assert planning.document() == planning.document()


NAMED: list[tuple[str, tuple[str, ...]]] = [
    ("fail_chunk_mode", tuple(BREAKS.values())),
    ("body", tuple(DOCUMENTS.values())),
    ("end", tuple(ENDINGS.values())),
    ("line_end", tuple(LINE_ENDS.values())),
    ("cut", tuple(CUTS.values())),
    ("content_length", tuple(LENGTHS.values())),
    ("quirks", QUIRKS),
]


FITTING: dict[str, dict[str, object]] = {
    "fail_chunk_mode": {"after": 1},
    "cut": {"text": ("\u00fc",), "line_end": "crlf"},
}


@pytest.mark.parametrize(("name", "value"), [(name, v) for name, all_ in NAMED for v in all_])
def test_every_phrase_of_a_scenario_is_something_that_a_provider_can_do(
    name: str, value: str
) -> None:
    planning = Planning()
    planning.say(**{name: value, **FITTING.get(name, {})})
    dialect: Dialect = "OpenAI"
    if name == "quirks":
        planning.call("get_weather", '{"city": "Paris"}')
        planning.call("get_time", '{"zone": "CET"}')
        dialect = "OpenAI" if value in openai.QUIRKS else "Anthropic"
    assert planning.document(dialect)["answers"][0][name] == value


TABLE: Say = lambda plan: plan.answer([["answer"], ["fail=429"]])  # noqa: E731 - a sentence

CONTRADICTIONS: dict[str, list[Say]] = {
    'two sentences say how the provider fails: 503 and "hang"; leave one of them out': [
        say(fail=503),
        say(fail="hang"),
    ],
    'two sentences say the provider\'s text: ["a"] and ["b"]; leave one of them out': [
        say(text=("a",), pace=0.1),
        say(text=("b",)),
    ],
    "two sentences say the provider's seed: 7 and 2; leave one of them out": [
        say(jitter=0.04, seed=7),
        say(fail=500, fail_rate=0.5, seed=2),
    ],
    'two sentences say the provider\'s quirks: "role_alone, pings" and "pings"; leave one of them '
    "out": [say(quirks="role_alone"), say(quirks="pings"), say(quirks="pings")],
    "two sentences say after which chunk the stream fails: 2 and 3; leave one of them out": [
        lambda plan: plan.fail_after(2, "reset"),
        lambda plan: plan.fail_after(3, "cut"),
    ],
    "two sentences say after which chunk the stream fails: 1 and 2; leave one of them out": [
        lambda plan: plan.fail_first(1, 2, "reset"),
        lambda plan: plan.fail_after(1, "reset"),
    ],
    'two sentences say after which chunk the stream fails: 5 and "2"; leave one of them out': [
        lambda plan: plan.fail_after(5, "reset"),
        lambda plan: plan.answer([["answer"], ["fail_chunk=2"]]),
    ],
    'two sentences say how the provider fails: 503 and "429"; leave one of them out': [
        say(fail=503),
        TABLE,
    ],
    "two sentences say how the provider fails: 500 and 503; leave one of them out": [
        lambda plan: plan.begin(2, fail=503),
        say(fail=500),
    ],
    "the provider is to succeed after its first 2 answers, and another sentence says after which "
    "chunk the stream fails: 1; leave one of them out": [
        lambda plan: plan.begin(2, fail=503),
        lambda plan: plan.fail_after(1, "reset"),
    ],
    "the provider is to succeed after its first 1 answer, and another sentence says how the "
    'provider fails: "reset"; leave one of them out': [
        say(fail="reset"),
        lambda plan: plan.fail_first(1, 2, "reset"),
    ],
    "a sentence says how the provider fails: 503; another one, that says after which chunk the "
    "stream fails, would do nothing: leave one of them out": [
        say(fail=503),
        lambda plan: plan.fail_after(1, "reset"),
    ],
    'a sentence says what the provider answers in place of the answer: "html"; another one, that '
    "says how the stream ends, would do nothing: leave one of them out": [
        say(end="no_done"),
        lambda plan: plan.reply(200, "html"),
    ],
    "an earlier sentence says already what the provider answers in turn; put this into the rows of "
    "its table, too": [TABLE, TABLE],
    "an earlier sentence says already what the provider answers first; put that into the rows of "
    "the table, too": [lambda plan: plan.begin(1, fail=503), TABLE],
}


def test_after_a_table_nothing_else_comes_first() -> None:
    planning = said(TABLE)
    with pytest.raises(SluicegateError, match="put this into the rows of its table, too"):
        planning.begin(1, fail=503)


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_what_an_earlier_sentence_contradicts_is_the_authors_mistake(words: str) -> None:
    *earlier, last = CONTRADICTIONS[words]
    planning = said(*earlier)
    with pytest.raises(SluicegateError) as caught:
        last(planning)
    assert str(caught.value) == words


def test_a_provider_that_has_the_answer_it_should_may_have_a_quirk_too() -> None:
    both = answers(lambda plan: plan.begin(1, fail=429), say(quirks="role_alone"))
    assert both[1] == {"fail": "none", "quirks": "role_alone"}


IMPOSSIBLE: dict[str, Say] = {
    "0 times is never": lambda plan: plan.begin(0, fail=503),
    "Parameter 'fail': expected a status from 400 to 599, .*, got '200'": say(fail=200),
    "expected the status 200, or one from 400 to 599, got 301": lambda plan: plan.reply(
        301, "html"
    ),
    "expected the status 200, or one from 400 to 599, got 204": lambda plan: plan.reply(
        204, "empty"
    ),
    r"expected a whole number of milliseconds, got 0\.4": say(delay=0.0004),
    r"expected a whole number of seconds, got 1\.5": say(retry_after=1.5),
    "'keep_alive': expected a whole number of milliseconds from 1": say(keep_alive=0.0),
    r"'fail_rate': expected a number from 0 to 1, such as 0\.25, got '2\.0'": say(fail_rate=2.0),
    "'finish_reason': expected up to 40 letters": say(finish_reason="no reason"),
    "'content_type': expected a media type such as text/plain": say(content_type="text"),
    r'"get_weather" as an object in JSON, got "\{\\"city\\": Paris\}": it goes wrong at char': (
        lambda plan: plan.call("get_weather", '{"city": Paris}')
    ),
    'an object in JSON, got "7": it is no object; the quirk "tool_arguments_broken"': (
        lambda plan: plan.call("get_weather", "7")
    ),
    "an object in JSON, got .*: it goes wrong": lambda plan: plan.call("one", "{}, two {}"),
    "'tool_calls': expected names with arguments in JSON, .*, got 'get weather {}'": (
        lambda plan: plan.call("get weather", "{}")
    ),
    r"a table with the columns answer and at least one row, got the columns reply and 1 row": (
        lambda plan: plan.answer([["reply"], ["fail=429"]])
    ),
    r"a table with the columns answer and at least one row, got the columns answer and 0 rows": (
        lambda plan: plan.answer([["answer"]])
    ),
    r"Unknown parameter 'fial' in row 2: did you mean 'fail'\?": lambda plan: plan.answer(
        [["answer"], [""], ["fial=429"]]
    ),
    "'fail' in row 1: expected a status .*, got 'maybe'": lambda plan: plan.answer(
        [["answer"], ["fail=maybe"]]
    ),
    "'fail' in row 1 is given more than once": lambda plan: plan.answer(
        [["answer"], ["fail=429&fail=503"]]
    ),
    "Unknown parameter '429' in row 1: Accepted are delay, first_token": (
        lambda plan: plan.answer([["answer"], ["429"]])
    ),
}


@pytest.mark.parametrize("words", IMPOSSIBLE)
def test_what_no_provider_can_do_is_refused_by_the_sentence_that_says_it(words: str) -> None:
    planning = Planning()
    with pytest.raises(SluicegateError, match=words):
        IMPOSSIBLE[words](planning)
    assert not planning


LATE: dict[str, Say] = {
    "nothing can come after chunk 9: the provider's answer has 6 chunks": (
        lambda plan: plan.fail_after(9, "reset")
    ),
    "cannot answer like this: Parameter 'cut' does nothing without something to cut": say(
        cut="line_ends"
    ),
    "cannot answer like this: Parameter 'fail_chunk_mode' does nothing without fail_chunk": (
        lambda plan: plan.answer([["answer"], ["fail_chunk_mode=reset"]])
    ),
}


@pytest.mark.parametrize("words", LATE)
def test_what_only_shows_when_everything_is_said_is_refused_then(words: str) -> None:
    planning = said(LATE[words])
    with pytest.raises(SluicegateError, match=words):
        planning.document()


def test_nothing_can_come_after_what_another_sentence_took_away() -> None:
    planning = said(lambda plan: plan.fail_after(2, "reset"), say(text=("one",)))
    with pytest.raises(SluicegateError, match=r"after chunk 2: .* has 1 chunk$"):
        planning.document()
