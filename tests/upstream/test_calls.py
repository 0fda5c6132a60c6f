import re
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.upstream.calls import Calls
from sluicegate.upstream.deltas import (
    Delta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.openai_calls import Places

Piece = tuple[int, str, str, str]


# As a script: `a(` begins the call of a tool, `)` ends it, and the rest is arguments, or text.
def told(deltas: Iterable[Delta]) -> str:
    words = []
    for delta in deltas:
        match delta:
            case ToolCallStart(id=call_id, name=name):
                words.append(f"{name}#{call_id}(")
            case ToolCallDelta(arguments=arguments):
                words.append(arguments)
            case ToolCallEnd():
                words.append(")")
            case TextDelta(text=text):
                words.append(f"<{text}>")
    return " ".join(words)


# Each step's deltas, and then those of the end.
def steps(*pieces: Piece | str) -> list[str]:
    calls = Calls()
    found = [
        told(calls.aside(TextDelta(piece)) if isinstance(piece, str) else calls.piece(*piece))
        for piece in pieces
    ]
    return [*found, told(calls.finish())]


def test_the_open_call_is_passed_on_as_it_comes() -> None:
    assert steps((0, "1", "a", ""), (0, "", "", '{"x":'), (0, "", "", "1}")) == [
        "a#1(",
        '{"x":',
        "1}",
        ")",
    ]


def test_a_call_ends_when_it_is_whole_and_another_begins() -> None:
    assert steps((0, "1", "a", "{}"), (1, "2", "b", "{}")) == ["a#1( {}", ") b#2( {}", ")"]


def test_a_call_ends_as_soon_as_its_end_is_told() -> None:
    calls = Calls()
    begun = [*calls.piece(0, "1", "a", "{"), *calls.piece(1, "2", "b", "")]
    assert told(begun) == "a#1( {"
    assert told(calls.end(0)) == ") b#2("
    assert told(calls.end(7)) == ""


def test_calls_that_take_turns_come_one_after_the_other() -> None:
    pieces = [(1, "2", "b", ""), (0, "1", "a", ""), (1, "", "", '{"y"'), (0, "", "", "{")]
    rest = [(1, "", "", ":2}"), (0, "", "", "}")]
    assert steps(*pieces, *rest) == ["b#2(", "", '{"y"', "", ":2} ) a#1( {", "}", ")"]


def test_of_several_calls_that_wait_the_first_place_comes_first() -> None:
    pieces = [(9, "9", "z", ""), (2, "2", "b", "{}"), (1, "1", "a", "{}"), (9, "", "", "{}")]
    assert steps(*pieces)[3:] == ["{} ) a#1( {} ) b#2( {}", ")"]


def test_what_is_said_during_a_call_waits_for_its_end() -> None:
    assert steps("Hi", (0, "1", "a", "{"), "you", (0, "", "", "}"), "!") == [
        "<Hi>",
        "a#1( {",
        "",
        "} ) <you>",
        "<!>",
        "",
    ]


def test_a_brace_within_a_string_ends_nothing() -> None:
    assert steps((0, "1", "a", '{"x":"}'), "Hi", (0, "", "", '"}'))[1:] == ["", '"} ) <Hi>', ""]


def test_arguments_that_never_become_whole_end_with_the_answer() -> None:
    assert steps((0, "1", "a", "{"), (1, "2", "b", ""))[1:] == ["", ") b#2( )"]


def test_a_name_may_come_late() -> None:
    assert steps((0, "1", "", "{"), (0, "", "a", "}")) == ["", "a#1( { }", ")"]


def test_an_id_that_is_missing_or_taken_becomes_a_new_one() -> None:
    calls = Calls()
    calls.answer_id = "mock-7"
    pieces = [(0, "", "a", "{}"), (1, "x", "b", "{}"), (2, "x", "c", "{}"), (3, "x", "d", "{}")]
    words = " ".join(told(calls.piece(*piece)) for piece in pieces)
    assert words == "a#mock-7_1( {} ) b#x( {} ) c#x_2( {} ) d#x_3( {}"


def test_a_call_without_a_name_is_malformed() -> None:
    with pytest.raises(UpstreamError, match="without a name") as caught:
        steps((0, "1", "", "{}"))
    assert caught.value.kind == "malformed"


def test_arguments_that_go_on_after_their_end_are_malformed() -> None:
    with pytest.raises(UpstreamError, match="the call of a tool go on after their end"):
        steps((0, "1", "a", "{}"), "Hi", (0, "", "", '{"x":1}'))


def test_blanks_after_the_end_of_arguments_are_nothing() -> None:
    assert steps((0, "1", "a", "{}"), "Hi", (0, "", "", " \n"))[2] == ""


ARGUMENTS = st.sampled_from(["", "{}", '{"x": "}{"}', '{"x": {"y": [1, "\\\\"]}}'])


# Calls, each cut into pieces, and whose piece comes next.
@given(st.lists(ARGUMENTS, min_size=1, max_size=4), st.integers(1, 5), st.randoms())
def test_no_piece_of_any_call_is_lost_in_whatever_order_they_come(
    arguments: list[str], size: int, order: Random
) -> None:
    turns = [
        place for place, each in enumerate(arguments) for _ in range(-(-len(each) // size) + 1)
    ]
    order.shuffle(turns)
    calls, taken, deltas = Calls(), dict.fromkeys(turns, 0), list[Delta]()
    for place in turns:
        taken[place] += 1
        start = (taken[place] - 2) * size
        piece = arguments[place][start : start + size] if start >= 0 else ""
        deltas.extend(calls.piece(place, str(place), f"f{place}", piece))
    deltas.extend(calls.finish())
    words = told(deltas).replace(" ", "")
    assert sorted(re.findall(r"(f\d)#", words)) == [f"f{place}" for place in range(len(arguments))]
    for place, each in enumerate(arguments):
        assert f"f{place}#{place}({each.replace(' ', '')})" in words


Told = tuple[int | None, str, str]

WHERE: list[tuple[str, list[Told], list[int]]] = [
    (
        "each index is a place",
        [(0, "1", "a"), (0, "", ""), (1, "2", "b"), (1, "", "")],
        [0, 0, 1, 1],
    ),
    ("indexes that take turns", [(1, "2", "b"), (0, "1", "a"), (1, "", "")], [1, 0, 1]),
    ("id and name in each piece", [(0, "1", "a"), (0, "1", "a"), (1, "2", "b")], [0, 0, 1]),
    ("another id in each piece", [(0, "1", "a"), (0, "7", ""), (0, "8", "")], [0, 0, 0]),
    (
        "one index for all calls",
        [(0, "1", "a"), (0, "", ""), (0, "2", "b"), (0, "", "")],
        [0, 0, 1, 1],
    ),
    ("one id for all calls", [(0, "1", "a"), (1, "1", "b"), (0, "", "")], [0, 1, 0]),
    (
        "no index",
        [(None, "1", "a"), (None, "", ""), (None, "2", "b"), (None, "", "")],
        [0, 0, 1, 1],
    ),
    ("no index, but heads", [(None, "1", "a"), (None, "1", "a"), (None, "2", "b")], [0, 0, 1]),
    ("no index and no id", [(None, "", "a"), (None, "", ""), (None, "", "b")], [0, 0, 1]),
    ("no index, taking turns", [(None, "1", "a"), (None, "2", "b"), (None, "1", "")], [0, 1, 0]),
    ("nothing at all", [(None, "", ""), (None, "", "")], [0, 0]),
    ("an index, then none", [(3, "1", "a"), (None, "", ""), (None, "2", "b")], [3, 3, 4]),
]


@pytest.mark.parametrize(("_", "pieces", "places"), WHERE, ids=[words for words, _, _ in WHERE])
def test_the_call_that_a_piece_belongs_to_is_found(
    _: str, pieces: list[Told], places: list[int]
) -> None:
    told = Places()
    assert [told.place(*piece) for piece in pieces] == places
