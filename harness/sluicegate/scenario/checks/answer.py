"""Checks on an answer as a whole: status, headers, and the JSON of its body."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import ceil

from sluicegate.errors import SluicegateError
from sluicegate.provider.journal import mask_headers
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Break, Exchange
from sluicegate.scenario.sides import end_of
from sluicegate.wire.schema import explain, violations
from sluicegate.wire.sse import is_event_stream

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

_SHOWN = 60
"""Characters of a body that is not what it should be."""


def has_seconds(exchange: Exchange, name: str, seconds: float, clock: Clock) -> None:
    """Require a header of whole seconds, of which one may have passed on the wall clock."""
    got = exchange.header(name)
    late = 1 if clock.name == "wall" else 0
    most = ceil(seconds)
    least = max(1, most - late)
    require(
        exchange,
        holds=got is not None and got.isdecimal() and least <= int(got) <= most,
        words=f"the answer has {_header(exchange, name)}, and it should be {most}",
        expected=f"the header {name} " + " or ".join(f'"{n}"' for n in sorted({most, least})),
        got=_header(exchange, name),
    )


def has_header(exchange: Exchange, name: str, value: str) -> None:
    """Require a header's value, to the letter."""
    got = _header(exchange, name)
    require(
        exchange,
        holds=exchange.header(name) == value,
        words=f"the answer has {got}, and it should be {quoted(value)}",
        expected=f"the header {name} {quoted(value)}",
        got=got,
    )


def header_differs(exchange: Exchange, before: Exchange, name: str) -> None:
    """Require a header that is there, and not what it was in the exchange before."""
    got, earlier = exchange.header(name), before.header(name)
    again = ", as in the answer before" if got is not None and got == earlier else ""
    require(
        exchange,
        holds=got is not None and got != earlier,
        words=f"the answer has {_header(exchange, name)}{again}",
        expected=f"the header {name} with another value than in the answer before",
        got=_header(exchange, name),
    )


def header_mentions(exchange: Exchange, name: str, text: str) -> None:
    """Require that a header's value contains the text."""
    got = _header(exchange, name)
    require(
        exchange,
        holds=sought(text) in (exchange.header(name) or ""),
        words=f"the answer has {got}, and it should mention {quoted(text)}",
        expected=f"the header {name} that mentions {quoted(text)}",
        got=got,
    )


def _header(exchange: Exchange, name: str) -> str:
    value = exchange.header(name)
    if value is None:
        return f"no header {name}"
    ((_, shown),) = mask_headers([(name, value)])
    return f"the header {name} {quoted(shown)}"


def is_stream(exchange: Exchange) -> None:
    """Require the media type text/event-stream."""
    require(
        exchange,
        holds=is_event_stream(exchange.header("content-type") or ""),
        words=f"the answer is no event stream: it has {_header(exchange, 'Content-Type')}"
        if exchange.status
        else "no answer came, so there is no event stream",
        expected='the header Content-Type "text/event-stream"',
        got=_header(exchange, "Content-Type"),
    )


def ends_cleanly(exchange: Exchange) -> None:
    """Require that the transport delivered the body to its end."""
    require(
        exchange,
        holds=exchange.ending == "complete",
        words="the answer did not end cleanly",
        expected="a body that ends cleanly",
        got=end_of(exchange),
    )


def breaks_off(exchange: Exchange, cause: Break) -> None:
    """Require that the transport broke, and how."""
    words, expected = _BREAKS[cause]
    holds = exchange.ending == "broken" and exchange.cause == cause
    require(exchange, holds=holds, words=words, expected=expected, got=end_of(exchange))


_BREAKS: dict[Break, tuple[str, str]] = {
    "reset": ("the connection was not reset", "a reset of the connection"),
    "early end": (
        "the connection did not end before the answer",
        "the end of the connection before that of the answer",
    ),
}


def has_not_ended(exchange: Exchange) -> None:
    """Require that the answer went on until the client went away or gave up."""
    require(
        exchange,
        holds=bool(exchange.status) and exchange.ending in ("left", "given up"),
        words="the answer had ended before the client went away"
        if exchange.status
        else "no answer had begun when the client went away",
        expected="an answer that goes on until the client goes away",
        got=end_of(exchange) if exchange.status else "no answer",
    )


def does_not_begin(exchange: Exchange) -> None:
    """Require that not even a status came."""
    got = exchange.status
    require(
        exchange,
        holds=not got,
        words=f"an answer began, with status {got}",
        expected="no answer",
        got=f"status {got}",
    )


def has_no_header(exchange: Exchange, name: str) -> None:
    """Require that an answer came, and without the header."""
    got = _header(exchange, name)
    require(
        exchange,
        holds=bool(exchange.status) and exchange.header(name) is None,
        words=f"the answer has {got}"
        if exchange.status
        else "no answer came, so it has no headers",
        expected=f"an answer without the header {name}",
        got=got if exchange.status else "no answer",
    )


def body(exchange: Exchange) -> object:
    """Return the body's JSON."""
    data = exchange.body
    try:
        return parsed(data)
    except ValueError as error:
        is_stream = is_event_stream(exchange.header("content-type") or "")
        why = ", but an event stream" if is_stream else f": {error}"
        words = f"the body is not JSON{why}" if data else "the body is empty"
        got = quoted(data, _SHOWN) if data else "an empty body"
        violated(exchange, words, expected="a body that is JSON", got=got)


def body_ends_with(exchange: Exchange, data: bytes) -> None:
    """Require the last bytes of the body."""
    sought(data.decode())
    end = exchange.body[-len(data) - 20 :]
    require(
        exchange,
        holds=exchange.body.endswith(data),
        words=f"the body does not end with {quoted(data)}",
        expected=f"a body that ends with {quoted(data)}",
        got=f"a body that ends with {quoted(end)}" if end else "an empty body",
    )


def is_valid(exchange: Exchange, schema: str) -> None:
    """Require that the body follows a schema of `schemas/`."""
    require_schema(schema)
    found = violations(body(exchange), schema)
    if found:
        violated(
            exchange,
            f"the body does not follow the schema {quoted(schema)} ({found[0]})",
            expected=f"a body by the schema {quoted(schema)}",
            got=explain(found),
        )


def value_is(exchange: Exchange, path: str, expected: object) -> None:
    """Require the value at a path of the body."""
    got = at(body(exchange), path)
    require(
        exchange,
        holds=same(got, expected),
        words=f"{path} of the body is {brief(got)}, not {brief(expected)}",
        expected=f"{path} to be {show(expected)}",
        got=show(got),
    )


def values_are(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the values of a table with the columns path and value."""
    for path, value in rows(table, ("path", "value")):
        value_is(exchange, path, written(value))


def value_has_grown(exchange: Exchange, first: Exchange, path: str, difference: object) -> None:
    """Require how much larger the number at a path is than in the first answer."""
    before, after = (at(body(each), path) for each in (first, exchange))
    # In binary floating point 0.3 - 0.1 is not 0.2.
    got = Decimal(show(after)) - Decimal(show(before)) if _are_numbers(before, after) else None
    words = f"{path} has not grown by {show(difference)}: it was {brief(before)}"
    require(
        exchange,
        holds=got is not None and got == Decimal(show(difference)),
        words=f"{words}, and is {brief(after)}",
        expected=f"{path} to have grown by {show(difference)}",
        got=f"from {show(before)} to {show(after)}",
    )


def body_is_alike(exchange: Exchange, first: Exchange) -> None:
    """Require the very body of the first answer."""
    require(
        exchange,
        holds=exchange.body == first.body,
        words="the body is not the same as in the first answer",
        expected=quoted(first.body),
        got=quoted(exchange.body),
    )


def _are_numbers(*values: object) -> bool:
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in values)


def trouble_mentions(exchange: Exchange, text: str) -> None:
    """Require what the client itself reports of an exchange that failed."""
    got = exchange.trouble
    require(
        exchange,
        holds=sought(text) in got,
        words=f"the client reports {quoted(got)}, and it should mention {quoted(text)}"
        if got
        else "the client reports no trouble",
        expected=f"a client that reports {quoted(text)}",
        got=quoted(got) if got else "nothing",
    )


def value_begins(exchange: Exchange, path: str, beginning: str) -> None:
    """Require how the text at a path of the body begins."""
    got = at(body(exchange), path)
    require(
        exchange,
        holds=isinstance(got, str) and got.startswith(sought(beginning)),
        words=f"{path} of the body is {brief(got)}, no text that begins with {quoted(beginning)}",
        expected=f"{path} to begin with {quoted(beginning)}",
        got=show(got),
    )


def value_mentions(exchange: Exchange, path: str, text: str) -> None:
    """Require that the text at a path of the body contains another."""
    got = at(body(exchange), path)
    require(
        exchange,
        holds=isinstance(got, str) and sought(text) in got,
        words=f"{path} of the body is {brief(got)}, and should mention {quoted(text)}",
        expected=f"{path} to mention {quoted(text)}",
        got=show(got),
    )


def has_entries(exchange: Exchange, path: str, count: int) -> None:
    """Require the number of entries in the list at a path of the body."""
    got = at(body(exchange), path)
    require(
        exchange,
        holds=isinstance(got, list) and len(got) == count,
        words=f"{path} of the body is {entries(got)}, and should have {count}",
        expected=f"{path} to be a list of {number(count, 'entry')}",
        got=show(got),
    )


def has_entry(exchange: Exchange, path: str, table: Sequence[Sequence[str]]) -> None:
    """Require an entry, in the list at a path, with all values of a table of paths in the entry."""
    found = at(body(exchange), path)
    wanted = [(place, written(value)) for place, value in rows(table, ("path", "value"))]
    require(
        exchange,
        holds=any(
            all(same(at(each, place), value) for place, value in wanted)
            for each in (found if isinstance(found, list) else [])
        ),
        words=f"no entry of {path} has all of these values",
        expected=", ".join(f"{place} {show(value)}" for place, value in wanted),
        got=show(found),
    )


def entries(value: object) -> str:
    """Say how many entries a list has, or that it is none."""
    if value is MISSING:
        return "missing"
    return f"a list of {number(len(value), 'entry')}" if isinstance(value, list) else "no list"


def value_differs(exchange: Exchange, before: Exchange, path: str) -> None:
    """Require that the value at a path is there, and not what it was in the exchange before."""
    got, earlier = at(body(exchange), path), at(body(before), path)
    again = ", as in the answer before" if got is not MISSING and same(got, earlier) else ""
    require(
        exchange,
        holds=isinstance(got, str) and got != earlier,
        words=f"{path} of the body is {brief(got)}{again}",
        expected=f"{path} to be a text other than {show(earlier)}",
        got=show(got),
    )


def error_is(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the four members of the error, given as a table of one row, in the error shape."""
    is_valid(exchange, "openai/error")
    members = ("message", "type", "param", "code")
    for row in rows(table, members):
        for name, value in zip(members, row, strict=True):
            value_is(exchange, f"$.error.{name}", written(value))


def rows(table: Sequence[Sequence[str]], columns: tuple[str, ...]) -> Iterable[Sequence[str]]:
    """Return the rows below the header; raises SluicegateError for other columns, or no row."""
    header, *below = table
    if tuple(header) != columns or not below:
        raise SluicegateError(
            f"expected a table with the columns {' | '.join(columns)} and at least one row, "
            f"got the columns {' | '.join(header)} and {number(len(below), 'row')}"
        )
    return below
