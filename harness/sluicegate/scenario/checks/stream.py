"""Checks on a stream of chat.completion.chunk events."""

from collections.abc import Iterator, Sequence

from sluicegate.scenario.exchange import Exchange, Heard
from sluicegate.scenario.sides import DONE
from sluicegate.wire.schema import Profile, explain, violations

from .answer import entries, is_stream, rows
from .values import (
    MISSING,
    at,
    brief,
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
_FINISH = "$.choices[0].finish_reason"

_SHOWN = 60
"""Characters of an event's data in a message."""


def chunks(exchange: Exchange) -> list[object]:
    """Return the JSON of every event but [DONE], up to the first that is not JSON."""
    return [document for _, document in _timed_chunks(exchange)]


def _timed_chunks(exchange: Exchange) -> Iterator[tuple[Heard, object]]:
    for heard in exchange.events:
        if heard.event.event != "message":
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
    found = ((heard.at, at(chunk, _CONTENT)) for heard, chunk in _timed_chunks(exchange))
    return [(time, text) for time, text in found if isinstance(text, str) and text]


def _some(exchange: Exchange, *, least: int = 1) -> list[object]:
    found = chunks(exchange)
    if len(found) < least:
        got = number(len(found), "chunk") if found else "no chunk"
        wanted = f"at least {number(least, 'chunk')}"
        violated(exchange, f"the stream has {got}, not {wanted}", expected=wanted, got=got)
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


def ends_with_done(exchange: Exchange) -> None:
    """Require exactly one [DONE], as the last event."""
    got = [heard.event.data for heard in exchange.events]
    count = got.count(DONE)
    require(
        exchange,
        holds=got[-1:] == [DONE] and count == 1,
        words=_trouble_with_done(got, count),
        expected="one [DONE], as the last event",
        got=f"{count or 'no'} [DONE]; {_last_event(got)}",
    )
    if exchange.heard is None:
        _nothing_follows(exchange)


def _trouble_with_done(got: Sequence[str], count: int) -> str:
    if not got:
        return "the stream has no events"
    if count > 1:
        return f"the stream has [DONE] {count} times"
    return "the stream goes on after [DONE]" if count else "the stream has no [DONE]"


def _last_event(got: Sequence[str]) -> str:
    return f"the last event is {_data(got[-1])}" if got else "there are no events"


def _data(data: str) -> str:
    return DONE if data == DONE else quoted(data, _SHOWN)


def _nothing_follows(exchange: Exchange) -> None:
    # What is no whole event is invisible among the events, and still is sent after the end.
    rest = exchange.body.rpartition(DONE.encode())[2]
    require(
        exchange,
        holds=not rest.strip(b"\r\n"),
        words="something follows after [DONE]",
        expected="nothing after [DONE]",
        got=quoted(rest),
    )


def has_no_done(exchange: Exchange) -> None:
    """Require that the stream has chunks or events, and no [DONE] in whatever it sent."""
    got = [heard.event.data for heard in exchange.events]
    require(
        exchange,
        holds=bool(got) and not any(DONE in data for data in got),
        words="the stream has a [DONE]" if got else "the stream has no events",
        expected="events without [DONE]",
        got=next((f"the event {_data(data)}" for data in got if DONE in data), "no events"),
    )


def has_events(exchange: Exchange, count: int) -> None:
    """Require the number of events, [DONE] and broken ones included."""
    is_stream(exchange)
    got = number(len(exchange.events), "event")
    wanted = number(count, "event")
    holds = len(exchange.events) == count
    words = f"the stream has {got}, not {count}"
    require(exchange, holds=holds, words=words, expected=wanted, got=got)


def last_event_is(exchange: Exchange, data: str) -> None:
    """Require the data of the last event, to the letter."""
    got = [heard.event.data for heard in exchange.events]
    require(
        exchange,
        holds=got[-1:] == [data],
        words=f"{_last_event(got)}, not {_data(data)}" if got else "the stream has no events",
        expected=f"the last event to be {_data(data)}",
        got=_data(got[-1]) if got else "no events",
    )


def is_valid(exchange: Exchange, schema: str, profile: Profile = "compatible") -> None:
    """Require that every chunk follows a schema of `schemas/`."""
    require_schema(schema)
    for place, chunk in enumerate(_some(exchange), 1):
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
    found = _some(exchange, least=2 if but_last else 1)
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
    for place, chunk in enumerate(_some(exchange), 1):
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
    for place, chunk in enumerate(_some(exchange), 1):
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
    found = [at(chunk, path) for chunk in _some(exchange, least=2)]
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
    _only_in(exchange, _ROLE, role, 0)


def has_finish_reason(exchange: Exchange, reason: str, place: int = -1) -> None:
    """Require the finish_reason in the chunk at `place`, counted from the end, and in no other."""
    _only_in(exchange, _FINISH, reason, place)


def _only_in(exchange: Exchange, path: str, expected: str, place: int) -> None:
    found = [at(chunk, path) for chunk in _some(exchange, least=max(1, -place))]
    got = [None if value is MISSING else value for value in found]
    wanted: list[object] = [None] * len(got)
    wanted[place] = expected
    name, where = path.rpartition(".")[2], _PLACES[place]
    places = ", ".join(f"{show(value)} in chunk {n}" for n, value in enumerate(got, 1) if value)
    require(
        exchange,
        holds=got == wanted,
        words=f"the {name} is {places or 'in no chunk'}; "
        f"it should be {quoted(expected)}, once, in the {where}",
        expected=f"the {name} {quoted(expected)} once, in the {where} of {len(got)}",
        got=places or f"no {name}",
    )


_PLACES = {0: "first chunk", -1: "last chunk", -2: "last chunk but one"}


def has_no_finish_reason(exchange: Exchange) -> None:
    """Require that no chunk has a finish_reason; a stream of one broken event has no chunk."""
    found = [at(chunk, _FINISH) for chunk in chunks(exchange)]
    got = [value for value in found if value not in (None, MISSING)]
    require(
        exchange,
        holds=bool(exchange.events) and not got,
        words="a finish_reason came" if got else "the stream has no events",
        expected="events without a finish_reason",
        got=f"the finish_reason {show(got[0])}" if got else "no events",
    )


def last_values_are(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the values of the last chunk, from a table with the columns path and value."""
    last = _some(exchange)[-1]
    for path, value in rows(table, ("path", "value")):
        got, expected = at(last, path), written(value)
        require(
            exchange,
            holds=same(got, expected),
            words=f"{path} of the last chunk is {brief(got)}, not {brief(expected)}",
            expected=f"{path} of the last chunk to be {show(expected)}",
            got=show(got),
        )
