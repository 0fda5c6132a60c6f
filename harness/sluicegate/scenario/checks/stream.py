"""Checks on a stream of chat.completion.chunk events."""

from collections.abc import Iterator, Sequence

from sluicegate.scenario.exchange import Exchange, Heard
from sluicegate.wire.schema import Profile, explain, violations

from .answer import rows
from .values import MISSING, at, parsed, same, show, sought, written
from .violation import require, violated

DONE = "[DONE]"
_CONTENT = "$.choices[0].delta.content"
_ROLE = "$.choices[0].delta.role"
_FINISH = "$.choices[0].finish_reason"


def chunks(exchange: Exchange) -> list[object]:
    """Return the JSON of every event but [DONE], up to the first that is not JSON."""
    return [document for _, document in _timed_chunks(exchange)]


def _timed_chunks(exchange: Exchange) -> Iterator[tuple[Heard, object]]:
    for heard in exchange.events:
        if heard.event.event != "message":
            violated(exchange, "events without a name", repr(heard.event.event))
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


def _some(exchange: Exchange) -> list[object]:
    found = chunks(exchange)
    if not found:
        violated(exchange, "a stream with at least one chunk", "none")
    return found


def says(exchange: Exchange, expected: Sequence[str]) -> None:
    """Require the pieces of text, one chunk each, in this order and no others."""
    got = [text for _, text in texts(exchange)]
    holds = got == list(expected)
    require(exchange, holds=holds, expected=f"the chunks {list(expected)!r}", got=repr(got))


def ends_with_done(exchange: Exchange) -> None:
    """Require exactly one [DONE], as the last event."""
    got = [heard.event.data for heard in exchange.events]
    holds = got[-1:] == [DONE] and got.count(DONE) == 1
    place = f"{got.count(DONE)} of them, and the last event {got[-1] if got else None!r}"
    require(exchange, holds=holds, expected="one [DONE], as the last event", got=place)
    if exchange.heard is None:
        _nothing_follows(exchange)


def _nothing_follows(exchange: Exchange) -> None:
    # What is no whole event is invisible among the events, and still is sent after the end.
    rest = exchange.body.rpartition(DONE.encode())[2]
    holds = not rest.strip(b"\r\n")
    require(exchange, holds=holds, expected="nothing after [DONE]", got=repr(rest))


def has_no_done(exchange: Exchange) -> None:
    """Require that the stream has chunks or events, and no [DONE] in whatever it sent."""
    got = [heard.event.data for heard in exchange.events]
    holds = bool(got) and not any(DONE in data for data in got)
    require(exchange, holds=holds, expected="events without [DONE]", got=repr(got[-1:]))


def has_events(exchange: Exchange, count: int) -> None:
    """Require the number of events, [DONE] and broken ones included."""
    got = len(exchange.events)
    require(exchange, holds=got == count, expected=f"{count} events", got=str(got))


def last_event_is(exchange: Exchange, data: str) -> None:
    """Require the data of the last event, to the letter."""
    got = exchange.events[-1].event.data if exchange.events else None
    require(exchange, holds=got == data, expected=f"the last event {data!r}", got=repr(got))


def is_valid(exchange: Exchange, schema: str, profile: Profile = "compatible") -> None:
    """Require that every chunk follows a schema of `schemas/`."""
    for number, chunk in enumerate(_some(exchange), 1):
        found = violations(chunk, schema, profile=profile)
        if found:
            got = f"in chunk {number}\n{explain(found)}\n"
            violated(exchange, f"every chunk by the schema {schema!r}", got)


def each_is(exchange: Exchange, path: str, expected: object, *, but_last: bool = False) -> None:
    """Require the value at a path of every chunk; MISSING requires that it is not there."""
    found = _some(exchange)
    for number, chunk in enumerate(found[:-1] if but_last else found, 1):
        got = at(chunk, path)
        holds = (
            got is MISSING if expected is MISSING else got is not MISSING and same(got, expected)
        )
        wanted = f"{path} of every chunk to be {show(expected)}"
        require(exchange, holds=holds, expected=wanted, got=f"{show(got)} in chunk {number}")


def each_begins(exchange: Exchange, path: str, beginning: str) -> None:
    """Require how the text at a path of every chunk begins."""
    for number, chunk in enumerate(_some(exchange), 1):
        got = at(chunk, path)
        holds = isinstance(got, str) and got.startswith(sought(beginning))
        wanted = f"{path} of every chunk to begin {beginning!r}"
        require(exchange, holds=holds, expected=wanted, got=f"{show(got)} in chunk {number}")


def each_has_entries(exchange: Exchange, path: str, count: int) -> None:
    """Require the number of entries in the list at a path of every chunk."""
    for number, chunk in enumerate(_some(exchange), 1):
        got = at(chunk, path)
        holds = isinstance(got, list) and len(got) == count
        wanted = f"{path} of every chunk with {count} entries"
        require(exchange, holds=holds, expected=wanted, got=f"{show(got)} in chunk {number}")


def is_constant(exchange: Exchange, path: str) -> None:
    """Require one and the same value at a path of every chunk."""
    first = at(_some(exchange)[0], path)
    if first is MISSING:
        violated(exchange, f"{path} in every chunk", "none in the first")
    each_is(exchange, path, first)


def has_role_first(exchange: Exchange, role: str) -> None:
    """Require the role in the first chunk, and in no other."""
    _only_in(exchange, _ROLE, role, 0)


def has_finish_reason(exchange: Exchange, reason: str, place: int = -1) -> None:
    """Require the finish_reason in the chunk at `place`, counted from the end, and in no other."""
    _only_in(exchange, _FINISH, reason, place)


def _only_in(exchange: Exchange, path: str, expected: str, place: int) -> None:
    got = [value if value is not MISSING else None for value in _each(exchange, path)]
    wanted: list[object] = [None] * len(got)
    if len(got) >= abs(place):
        wanted[place] = expected
    places = f"{path} to be {expected!r} in one chunk only"
    require(exchange, holds=got == wanted, expected=places, got=show(got))


def _each(exchange: Exchange, path: str) -> list[object]:
    return [at(chunk, path) for chunk in _some(exchange)]


def has_no_finish_reason(exchange: Exchange) -> None:
    """Require that no chunk has a finish_reason; a stream of one broken event has no chunk."""
    got = [at(chunk, _FINISH) for chunk in chunks(exchange)]
    holds = bool(exchange.events) and all(value in (None, MISSING) for value in got)
    require(exchange, holds=holds, expected="no finish_reason", got=repr(got))


def last_values_are(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the values of the last chunk, from a table with the columns path and value."""
    last = _some(exchange)[-1]
    for path, value in rows(table, ("path", "value")):
        got, expected = at(last, path), written(value)
        holds = got is not MISSING and same(got, expected)
        wanted = f"{path} of the last chunk to be {show(expected)}"
        require(exchange, holds=holds, expected=wanted, got=show(got))
