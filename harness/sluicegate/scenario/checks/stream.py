"""Checks on a stream of chat.completion.chunk events."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from sluicegate.scenario.exchange import Exchange, Heard
from sluicegate.scenario.sides import AGENTS, DONE, MESSAGES
from sluicegate.wire.schema import Profile, explain, violations

from .answer import entries, is_stream, rows
from .values import (
    MISSING,
    at,
    brief,
    contrasted,
    number,
    parsed,
    quoted,
    require_schema,
    same,
    show,
    sought,
    written,
)
from .violation import require, violated

_CONTENT = "$.choices[0].delta.content"
_ROLE = "$.choices[0].delta.role"
_TEXTS = ((MESSAGES, "$.delta.text"), (AGENTS, "$.delta"))
# The other events of the agents' format that have a delta.
_NO_TEXT = ("thinking_delta", "tool_call_start", "tool_call_delta")


_SHOWN = 60
"""Characters of an event's data in a message."""

_RUNS = 4
"""Runs of chunks with one value in a message."""


def chunks(exchange: Exchange) -> list[object]:
    """Return the JSON of every event but [DONE], up to the first that is not JSON."""
    return [document for _, document in _timed_chunks(exchange)]


def _is_anthropic(exchange: Exchange) -> bool:
    return exchange.request.target.startswith(MESSAGES)


def _timed_chunks(exchange: Exchange) -> Iterator[tuple[Heard, object]]:
    for heard in exchange.events:
        if heard.event.event != "message" and not _is_anthropic(exchange):
            name = quoted(heard.event.event)
            violated(
                exchange,
                f"an event has the name {name}, and a chunk has none",
                expected="events without a name",
                got=f"an event with the name {name}",
            )
        if heard.event.data == DONE:
            continue
        try:
            yield heard, parsed(heard.event.data)
        except ValueError:
            return


def texts(exchange: Exchange) -> list[tuple[float, str]]:
    """Return every piece of text with the time (seconds on the clock) at which it arrived."""
    path = next((p for begin, p in _TEXTS if exchange.request.target.startswith(begin)), _CONTENT)
    found = (
        (heard.at, at(chunk, path))
        for heard, chunk in _timed_chunks(exchange)
        if at(chunk, "$.type") not in _NO_TEXT
    )
    return [(time, text) for time, text in found if isinstance(text, str) and text]


def _some(exchange: Exchange, *, least: int = 1) -> list[object]:
    found = chunks(exchange)
    if len(found) < least:
        got = number(len(found), "chunk") if found else "no chunk"
        words = f"the stream has {got}, and should have {least} or more"
        violated(exchange, words, expected=f"at least {number(least, 'chunk')}", got=got)
    return found


def _every(exchange: Exchange, *, least: int = 1) -> list[object]:
    """Return every chunk; there is none of which nothing is known."""
    found = _some(exchange, least=least)
    others = [heard.event.data for heard in exchange.events if heard.event.data != DONE]
    if len(others) > len(found):
        words = f"event {len(found) + 1} of the stream is no JSON, so not every event is a chunk"
        got = quoted(others[len(found)], _SHOWN)
        violated(exchange, words, expected="events that are JSON", got=got)
    return found


def _before_break(exchange: Exchange) -> list[object]:
    found = _some(exchange)
    wanted = f"{number(len(found), 'chunk')} and then one event that is no JSON"
    got = number(len(exchange.events), "event")
    holds = len(exchange.events) == len(found) + 1 and exchange.events[-1].event.data != DONE
    words = "the stream does not end with an event that is no JSON"
    require(exchange, holds=holds, words=words, expected=wanted, got=got)
    return found


def says(exchange: Exchange, expected: Sequence[str]) -> None:
    """Require the pieces of text, one chunk each, in this order and no others."""
    got = [text for _, text in texts(exchange)]
    require(
        exchange,
        holds=got == list(expected),
        words=_difference(got, expected),
        expected=_listed(expected),
        got=_listed(got),
    )


def _listed(found: Sequence[str]) -> str:
    return ", ".join(map(quoted, found)) or "no text"


def _difference(got: Sequence[str], expected: Sequence[str]) -> str:
    if not got:
        return "the stream has no text"
    for place, (one, other) in enumerate(zip(got, expected, strict=False), 1):
        if one != other:
            return f"text {place} of the stream is {quoted(one)}, not {quoted(other)}"
    if len(got) < len(expected):
        missing = quoted(expected[len(got)])
        return f"the stream says only {len(got)} of {len(expected)} texts; {missing} never came"
    further = _listed(got[len(expected) :])
    return f"the stream goes on after {number(len(expected), 'text')}, with {further}"


def names_are(exchange: Exchange, expected: Sequence[str]) -> None:
    """Require the names of the events, in this order; of the same name in a row only one counts."""
    got = [name for name, _ in groupby(heard.event.event for heard in exchange.events)]
    require(
        exchange,
        holds=got == list(expected),
        words=f"the events are {_listed(got)}, and not {_listed(expected)}",
        expected=_listed(expected),
        got=_listed(got),
    )


def some_is(exchange: Exchange, path: str, expected: object) -> None:
    """Require the value at a path of one chunk at least; MISSING requires one without it."""
    found = [at(chunk, path) for chunk in _some(exchange)]
    told = [brief(value) for value in found if value is not MISSING]
    require(
        exchange,
        holds=any(same(value, expected) for value in found),
        words=f"{path} is {_placed(found) or 'in no chunk'}; in one it should be {brief(expected)}",
        expected=f"{path} of one chunk to be {show(expected)}",
        got=", ".join(told) or "no such member",
    )


def _placed(values: Sequence[object]) -> str:
    """Say which chunks have which values, those in a row at once, and of many the first."""
    runs = [
        (told, [place for place, _ in run])
        for told, run in groupby(enumerate(map(brief, values), 1), key=itemgetter(1))
        if told != brief(MISSING)
    ]
    shown = [f"{told} in {_span(places)}" for told, places in runs[:_RUNS]]
    more = sum(len(places) for _, places in runs[_RUNS:])
    return ", ".join(shown) + (f", and there in {number(more, 'more chunk')}" if more else "")


def _span(places: Sequence[int]) -> str:
    first, last = places[0], places[-1]
    return f"chunk {first}" if first == last else f"chunks {first} to {last}"


def joined_is(exchange: Exchange, path: str, expected: str) -> None:
    """Require what the texts at a path of all chunks make when they are joined."""
    found = [at(chunk, path) for chunk in _some(exchange)]
    pieces = [value for value in found if isinstance(value, str)]
    got = "".join(pieces)
    came, wanted = contrasted(got, expected)
    require(
        exchange,
        holds=bool(pieces) and got == expected,
        words=f"{path} of all chunks, joined, is {came}, not {wanted}",
        expected=f"{path} of all chunks, joined, to be {show(expected)}",
        got=show(got),
    )


def has_events(exchange: Exchange, count: int) -> None:
    """Require the number of events, [DONE] and broken ones included."""
    is_stream(exchange)
    got = number(len(exchange.events), "event")
    wanted = number(count, "event")
    holds = len(exchange.events) == count
    words = f"the stream has {got}, not {count}"
    require(exchange, holds=holds, words=words, expected=wanted, got=got)


def is_valid(
    exchange: Exchange, schema: str, profile: Profile = "compatible", *, breaks: bool = False
) -> None:
    """Require that every chunk follows a schema of `schemas/`.

    Where the stream `breaks`, it is every one before the last event, which is no JSON.
    """
    require_schema(schema)
    for place, chunk in enumerate(_before_break(exchange) if breaks else _every(exchange), 1):
        found = violations(chunk, schema, profile=profile)
        if found:
            violated(
                exchange,
                f"chunk {place} does not follow the schema {quoted(schema)} ({found[0]})",
                expected=f"every chunk by the schema {quoted(schema)}",
                got=f"in chunk {place}: {explain(found)}",
            )


def each_is(exchange: Exchange, path: str, expected: object, *, but_last: bool = False) -> None:
    """Require the value at a path of every chunk; MISSING requires that it is not there."""
    found = _every(exchange, least=2 if but_last else 1)
    every = "every chunk but the last" if but_last else "every chunk"
    for place, chunk in enumerate(found[:-1] if but_last else found, 1):
        got = at(chunk, path)
        require(
            exchange,
            holds=same(got, expected),
            words=f"{path} of chunk {place} is {brief(got)}, not {brief(expected)}",
            expected=f"{path} of {every} to be {show(expected)}",
            got=f"{show(got)} in chunk {place}",
        )


def each_begins(exchange: Exchange, path: str, beginning: str) -> None:
    """Require how the text at a path of every chunk begins."""
    wanted = quoted(beginning)
    for place, chunk in enumerate(_every(exchange), 1):
        got = at(chunk, path)
        require(
            exchange,
            holds=isinstance(got, str) and got.startswith(sought(beginning)),
            words=f"{path} of chunk {place} is {brief(got)}, no text that begins with {wanted}",
            expected=f"{path} of every chunk to begin with {wanted}",
            got=f"{show(got)} in chunk {place}",
        )


def each_has_entries(exchange: Exchange, path: str, count: int) -> None:
    """Require the number of entries in the list at a path of every chunk."""
    wanted = number(count, "entry")
    for place, chunk in enumerate(_every(exchange), 1):
        got = at(chunk, path)
        require(
            exchange,
            holds=isinstance(got, list) and len(got) == count,
            words=f"{path} of chunk {place} is {entries(got)}, and should have {count}",
            expected=f"{path} of every chunk to be a list of {wanted}",
            got=f"{show(got)} in chunk {place}",
        )


def is_constant(exchange: Exchange, path: str) -> None:
    """Require one and the same value at a path of every chunk."""
    found = [at(chunk, path) for chunk in _every(exchange, least=2)]
    first = found[0]
    for place, got in enumerate(found, 1):
        require(
            exchange,
            holds=got is not MISSING and same(got, first),
            words=f"{path} of chunk {place} is {brief(got)}, and of the first {brief(first)}"
            if place > 1
            else f"{path} of chunk 1 is missing",
            expected=f"the same {path} in every chunk",
            got=f"{show(first)} in chunk 1, {show(got)} in chunk {place}",
        )


def has_role_first(exchange: Exchange, role: str) -> None:
    """Require the role in the first chunk, and in no other."""
    only_in(exchange, _ROLE, role, 0)


def only_in(exchange: Exchange, path: str, expected: str, place: int) -> None:
    """Require a text at a path of the chunk at `place`, one of `_PLACES`, and of no other."""
    found = [at(chunk, path) for chunk in _some(exchange, least=max(1, -place))]
    got = [None if value is MISSING else value for value in found]
    wanted: list[object] = [None] * len(got)
    wanted[place] = expected
    name, where = path.rpartition(".")[2], _PLACES[place]
    places = _placed([value or MISSING for value in got])
    require(
        exchange,
        holds=got == wanted,
        words=f"the {name} is {places or 'in no chunk'}; "
        f"it should be {quoted(expected)}, once, in the {where}",
        expected=f"the {name} {quoted(expected)} once, in the {where} of {len(got)}",
        got=places or f"no {name}",
    )


_PLACES = {0: "first chunk", -1: "last chunk", -2: "last chunk but one"}


def first_values_are(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the values of the first chunk, from a table with the columns path and value."""
    _values_are(exchange, table, 0)


def last_values_are(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the values of the last chunk, from a table with the columns path and value."""
    _values_are(exchange, table, -1)


def _values_are(exchange: Exchange, table: Sequence[Sequence[str]], place: int) -> None:
    chunk, where = _some(exchange)[place], _PLACES[place]
    for path, value in rows(table, ("path", "value")):
        got, expected = at(chunk, path), written(value)
        require(
            exchange,
            holds=same(got, expected),
            words=f"{path} of the {where} is {brief(got)}, not {brief(expected)}",
            expected=f"{path} of the {where} to be {show(expected)}",
            got=show(got),
        )
