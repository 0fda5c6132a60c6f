"""Checks on an answer as a whole: status, headers, and the JSON of its body."""

from collections.abc import Iterable, Sequence

from sluicegate.errors import SluicegateError
from sluicegate.scenario.exchange import Exchange
from sluicegate.wire.schema import explain, violations
from sluicegate.wire.sse import is_event_stream

from .values import MISSING, at, parsed, same, show, sought, written
from .violation import require, violated


def has_status(exchange: Exchange, status: int) -> None:
    """Require the status."""
    require(
        exchange,
        holds=exchange.status == status,
        expected=f"status {status}",
        got=f"status {exchange.status}" if exchange.status else "no answer",
    )


def has_header(exchange: Exchange, name: str, value: str) -> None:
    """Require a header's value, to the letter."""
    got = exchange.header(name)
    require(exchange, holds=got == value, expected=f"{name} {value!r}", got=repr(got))


def header_mentions(exchange: Exchange, name: str, text: str) -> None:
    """Require that a header's value contains the text."""
    got = exchange.header(name) or ""
    require(exchange, holds=sought(text) in got, expected=f"{name} with {text!r}", got=repr(got))


def is_stream(exchange: Exchange) -> None:
    """Require the media type text/event-stream."""
    got = exchange.header("content-type") or ""
    expected = "the content type 'text/event-stream'"
    require(exchange, holds=is_event_stream(got), expected=expected, got=repr(got))


def ends_cleanly(exchange: Exchange) -> None:
    """Require that the transport delivered the body to its end."""
    require(
        exchange,
        holds=exchange.ending == "complete",
        expected="a body that ends cleanly",
        got=f"{exchange.ending!r} {exchange.trouble}",
    )


def body(exchange: Exchange) -> object:
    """Return the body's JSON."""
    try:
        return parsed(exchange.body)
    except ValueError as error:
        violated(exchange, "a body that is JSON", f"{exchange.body[:60]!r} ({error})")


def body_ends_with(exchange: Exchange, data: bytes) -> None:
    """Require the last bytes of the body."""
    got = exchange.body[-len(data) - 20 :]
    holds = exchange.body.endswith(data)
    require(exchange, holds=holds, expected=f"a body that ends with {data!r}", got=repr(got))


def is_valid(exchange: Exchange, schema: str) -> None:
    """Require that the body follows a schema of `schemas/`."""
    found = violations(body(exchange), schema)
    if found:
        violated(exchange, f"a body by the schema {schema!r}", f"one with\n{explain(found)}\n")


def value_is(exchange: Exchange, path: str, expected: object) -> None:
    """Require the value at a path of the body."""
    got = at(body(exchange), path)
    holds = got is not MISSING and same(got, expected)
    require(exchange, holds=holds, expected=f"{path} to be {show(expected)}", got=show(got))


def values_are(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the values of a table with the columns path and value."""
    for path, value in rows(table, ("path", "value")):
        value_is(exchange, path, written(value))


def value_begins(exchange: Exchange, path: str, beginning: str) -> None:
    """Require how the text at a path of the body begins."""
    got = at(body(exchange), path)
    holds = isinstance(got, str) and got.startswith(sought(beginning))
    require(exchange, holds=holds, expected=f"{path} to begin {beginning!r}", got=show(got))


def value_mentions(exchange: Exchange, path: str, text: str) -> None:
    """Require that the text at a path of the body contains another."""
    got = at(body(exchange), path)
    holds = isinstance(got, str) and sought(text) in got
    require(exchange, holds=holds, expected=f"{path} with {text!r}", got=show(got))


def has_entries(exchange: Exchange, path: str, count: int) -> None:
    """Require the number of entries in the list at a path of the body."""
    got = at(body(exchange), path)
    holds = isinstance(got, list) and len(got) == count
    require(exchange, holds=holds, expected=f"{path} with {count} entries", got=show(got))


def value_differs(exchange: Exchange, before: Exchange, path: str) -> None:
    """Require that the value at a path is there, and not what it was in the exchange before."""
    got, earlier = at(body(exchange), path), at(body(before), path)
    holds = isinstance(got, str) and got != earlier
    require(exchange, holds=holds, expected=f"{path} other than {show(earlier)}", got=show(got))


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
            f"got the columns {' | '.join(header)} and {len(below)} rows"
        )
    return below
