from collections.abc import Mapping

import pytest
from cucumber_expressions.errors import CucumberExpressionError  # type: ignore[import-untyped]

from sluicegate.gherkin.expressions import OWN_KINDS, Kind, Sentence
from sluicegate.scenario.checks.provider import OUTCOMES
from sluicegate.scenario.checks.status import Status
from sluicegate.scenario.phrases import BREAKS, CUTS, DOCUMENTS, ENDINGS, LENGTHS, LINE_ENDS, QUIRKS


def read(expression: str, text: str) -> object:
    sentence = Sentence(expression)
    sentence.parameters = ("value",)
    arguments = sentence.parse_arguments(text) if sentence.is_matching(text) else None
    return None if arguments is None else arguments["value"]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("duration", "100 ms", 0.1),
        ("duration", "600 ms", 0.6),
        ("duration", "1 second", 1.0),
        ("duration", "30 seconds", 30.0),
        ("duration", "1.5 seconds", 1.5),
        ("duration", "0 seconds", 0.0),
        ("duration", "1 minute", 60.0),
        ("duration", "2 minutes", 120.0),
        ("size", "1 byte", 1),
        ("size", "20 bytes", 20),
        ("size", "1 kB", 1000),
        ("size", "64 KiB", 65536),
        ("size", "1 MB", 1_000_000),
        ("size", "2 MiB", 2_097_152),
        ("status", "504", 504),
        ("status", "the timeout status (504)", 504),
        ("status", "the circuit-open status (503)", 503),
        ("duration", "the gap limit (20 seconds)", 20.0),
        ("duration", "100 ms plus the gap limit (20 seconds)", 20.1),
        ("duration", "half the open time (15 seconds)", 15.0),
        ("count", "as often as opens the circuit (5 times)", 5),
        ("count", "once less than opens the circuit (4 times)", 4),
        ("provider", 'the agent "droid"', 'the agent "droid"'),
        ("provider", 'the agent whose error counts ("droid")', 'the agent "droid"'),
        ("count", "once", 1),
        ("count", "twice", 2),
        ("count", "1 time", 1),
        ("count", "0 times", 0),
        ("count", "3 times", 3),
        ("count", "10 times", 10),
        ("json_path", "$", "$"),
        ("json_path", "$.choices[0].message", "$.choices[0].message"),
        ("dialect", '"OpenAI"', "OpenAI"),
        ("dialect", '"Anthropic"', "Anthropic"),
        ("quirk", '"role_alone"', "role_alone"),
        ("quirk", '"pings"', "pings"),
        ("break", "resets the connection", "reset"),
        ("break", "sends half an event", "unfinished"),
        ("break", "falls silent", "silence"),
        ("document", "an HTML page", "html"),
        ("document", "an error object", "error"),
        ("document", "an error object with a numeric code", "numeric_error"),
        ("ending", "without [DONE]", "no_done"),
        ("ending", "with two [DONE]", "double_done"),
        ("ending", "with a chunk after [DONE]", "after_done"),
        ("ending", "and keeps the connection open", "open"),
        ("line_end", "CR", "cr"),
        ("line_end", "CRLF", "crlf"),
        ("cut", "byte by byte", "bytes"),
        ("cut", "in as few writes as possible", "nowhere"),
        ("length", "too long", "too_long"),
        ("length", "too short", "too_short"),
        ("outcome", "the client went away", "the client went away"),
        ("outcome", "the provider reset the connection", "the provider reset the connection"),
        ("model", '"gpt-4o"', "gpt-4o"),
        ("agent", '"ccrouter"', "ccrouter"),
        ("int", "6", 6),
        ("int", "-6", -6),
        ("int", "0", 0),
        ("float", "0.7", 0.7),
        ("float", "-1", -1.0),
        ("word", "once", "once"),
        ("string", '"Hello world!"', "Hello world!"),
        ("string", '""', ""),
        ("string", '"/v1/models?a={b}(c)"', "/v1/models?a={b}(c)"),
        ("string", r'"say \"hi\""', 'say "hi"'),
        ("string", """'{"a": 1}'""", '{"a": 1}'),
        ("string", r'"two\nlines"', r"two\nlines"),
        ("", "any text", "any text"),
    ],
)
def test_a_value_is_read(kind: str, text: str, value: object) -> None:
    got = read(f"it is {{{kind}}} now", f"it is {text} now")
    assert got == value
    assert isinstance(got, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("duration", "100ms"),
        ("duration", "1 seconds"),
        ("duration", "2 second"),
        ("duration", "1.5 ms"),
        ("duration", "-1 seconds"),
        ("duration", "3 s"),
        ("size", "1 bytes"),
        ("size", "64KiB"),
        ("size", "64 GB"),
        ("status", "600"),
        ("status", "99"),
        ("status", "5040"),
        ("status", "the timeout status 504"),
        ("status", "the timeout status (408)"),
        ("status", "the time-out status (504)"),
        ("duration", "the gap limit (30 seconds)"),
        ("duration", "the gap limit"),
        ("duration", "100 ms plus"),
        ("count", "as often as opens the circuit (3 times)"),
        ("provider", 'the agent whose error counts ("ccrouter")'),
        ("count", "1 times"),
        ("count", "3 time"),
        ("json_path", "choices"),
        ("json_path", "$.a b"),
        ("dialect", "OpenAI"),
        ("dialect", '"openai"'),
        ("dialect", '"Gemini"'),
        ("quirk", '"role alone"'),
        ("quirk", "role_alone"),
        ("break", "resets"),
        ("break", "Resets the connection"),
        ("document", "an error object with a code"),
        ("document", '"an HTML page"'),
        ("ending", "without DONE"),
        ("ending", "without D"),
        ("line_end", "LFCR"),
        ("line_end", "crlf"),
        ("cut", "bit by bit"),
        ("length", "too wide"),
        ("length", "right"),
        ("outcome", "the client left"),
        ("agent", "ccrouter"),
        ("agent", '"two words"'),
        ("int", "1.5"),
        ("float", "1e400"),
        ("float", "1E400"),
        ("float", "-1E400"),
        ("duration", f"{'9' * 400} seconds"),
        ("string", "unquoted"),
    ],
)
def test_anything_else_is_no_such_value(kind: str, text: str) -> None:
    assert read(f"it is {{{kind}}} now", f"it is {text} now") is None


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("break", BREAKS),
        ("document", DOCUMENTS),
        ("ending", ENDINGS),
        ("line_end", LINE_ENDS),
        ("cut", CUTS),
        ("length", LENGTHS),
        ("outcome", {words: words for words in OUTCOMES}),
        ("quirk", {f'"{quirk}"': quirk for quirk in QUIRKS}),
    ],
)
def test_each_of_a_few_phrases_stands_for_a_value_of_its_own(
    kind: str, known: Mapping[str, str]
) -> None:
    assert {words: read(f"it {{{kind}}} now", f"it {words} now") for words in known} == known
    assert len(set(known.values())) == len(known)


def test_of_two_phrases_that_begin_alike_the_whole_one_is_read() -> None:
    sentence = Sentence("the provider answers {status} with {document}")
    values = sentence.values("the provider answers 200 with an error object with a numeric code")
    assert values == [("status", 200), ("document", "numeric_error")]


@pytest.mark.parametrize("kind", OWN_KINDS, ids=lambda kind: kind.name)
def test_the_documented_example_of_a_kind_is_accepted(kind: Kind) -> None:
    assert isinstance(read(f"{{{kind.name}}}", kind.example), kind.value)


def test_a_status_keeps_the_name_it_was_given() -> None:
    named = read("{status}", "the timeout status (504)")
    plain = read("{status}", "504")
    assert isinstance(named, Status)
    assert isinstance(plain, Status)
    assert (named.name, plain.name) == ("timeout status", None)


def test_what_has_a_meaning_in_an_expression_can_be_escaped() -> None:
    sentence = Sentence(r"POST \/v1 \(twice\) with \{}")
    assert sentence.is_matching("POST /v1 (twice) with {}")
    assert sentence.kinds == ()


def test_optional_and_alternative_text_is_understood() -> None:
    sentence = Sentence("a/an {word} chunk(s)")
    assert sentence.is_matching("a single chunk")
    assert sentence.is_matching("an odd chunks")


def test_the_whole_text_of_a_step_must_fit() -> None:
    sentence = Sentence("{int} apples")
    assert not sentence.is_matching("2 apples\n")
    assert not sentence.is_matching("2 apples and a pear")


def test_an_unknown_kind_of_value_is_refused() -> None:
    with pytest.raises(CucumberExpressionError, match="Undefined parameter type 'colour'"):
        Sentence("a {colour} box")


@pytest.mark.parametrize(
    ("expression", "text", "misfits"),
    [
        ("the status is {status}", "the status is 999", [("status", "999")]),
        ("the status is {status}", "the status is 504", []),
        ("the status is {status}", "the state is 999", []),
        ("a/an {int} event(s) after {duration}", "an 1 event after 1 h", [("duration", "1 h")]),
        ("{json_path} is {string}", "a.b is c", [("json_path", "a.b"), ("string", "c")]),
        ("it is {float}", "it is 1E400", [("float", "1E400")]),
    ],
)
def test_the_values_that_keep_a_step_from_a_sentence_are_found(
    expression: str, text: str, misfits: list[tuple[str, str]]
) -> None:
    assert Sentence(expression).misfits(text) == misfits


def test_the_example_of_a_sentence_fits_it_and_reads_well() -> None:
    sentence = Sentence(r"a/the box \(new) has {int} entry/entries, {float} {word}(s) and {}")
    assert sentence.example == "the box (new) has 2 entries, 0.7 words and text"
    assert sentence.is_matching(sentence.example)


def test_a_text_that_fits_but_for_capital_letters_is_told_from_one_that_fits() -> None:
    sentence = Sentence("the answer ends after {duration}")
    assert sentence.fits_but_for_capitals("The answer ends after 100 MS")
    assert not sentence.fits_but_for_capitals("the answer ends after 100 ms")
    assert not sentence.fits_but_for_capitals("the answer ends before 100 ms")
