"""Checks on what a system logs: lines of JSON, one for each request."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.systems import Lines

from .answer import rows
from .timing import is_in_time
from .values import at, brief, number, quoted, same, show, sought, written
from .violation import require, violated


def has_lines(exchange: Exchange, log: Lines | None, count: int) -> None:
    """Require how many lines the log has got since the scenario began."""
    got = number(len(_lines(log)), "line")
    require(
        exchange,
        holds=got == number(count, "line"),
        words=f"the log has {got} about requests, not {count}",
        expected=number(count, "line"),
        got=got,
    )


def last_has(exchange: Exchange, log: Lines | None, table: Sequence[Sequence[str]]) -> None:
    """Require the values of the last line, from a table with the columns path and value."""
    line = _last(exchange, log)
    for path, cell in rows(table, ("path", "value")):
        got, expected = at(line, path), written(cell)
        require(
            exchange,
            holds=same(got, expected),
            words=f"{path} of the last line of the log is {brief(got)}, not {brief(expected)}",
            expected=f"{path} of the last line of the log to be {show(expected)}",
            got=show(got),
        )


def some_has(exchange: Exchange, log: Lines | None, table: Sequence[Sequence[str]]) -> None:
    """Require a line with all values of a table with the columns path and value."""
    lines = _lines(log)
    expected = [(path, written(cell)) for path, cell in rows(table, ("path", "value"))]
    require(
        exchange,
        holds=any(all(same(at(line, p), value) for p, value in expected) for line in lines),
        words="no line of the log has all of these values",
        expected=", ".join(f"{path} {show(value)}" for path, value in expected),
        got="\n".join(map(show, lines)) or "no line",
    )


def names_request(exchange: Exchange, log: Lines | None, header: str) -> None:
    """Require a line whose request_id is what a header of the answer says."""
    number_ = exchange.header(header)
    got = [at(line, "$.request_id") for line in _lines(log)]
    require(
        exchange,
        holds=number_ is not None and number_ in got,
        words=f"no line of the log names the request {show(number_)}",
        expected=f"a line with the request_id {show(number_)}",
        got=", ".join(map(show, got)) or "no line",
    )


def last_took(exchange: Exchange, log: Lines | None, seconds: float, clock: Clock) -> None:
    """Require the duration that the last line tells."""
    line = _last(exchange, log)
    got = at(line, "$.duration")
    words = f"$.duration of the last line of the log is {brief(got)}, not {seconds:g}"
    holds = _took(exchange, line, seconds, clock)
    require(exchange, holds=holds, words=words, expected=f"{seconds:g} s", got=show(got))


def some_took(
    exchange: Exchange, log: Lines | None, who: str, seconds: float, clock: Clock
) -> None:
    """Require a line about an agent, by what a scenario calls it, that tells the duration."""
    lines = [line for line in _lines(log) if f'the agent "{at(line, "$.agent")}"' == who]
    require(
        exchange,
        holds=any(_took(exchange, line, seconds, clock) for line in lines),
        words=f"no line of the log says that {who} took {seconds:g} s",
        expected=f"a line about {who} with the duration {seconds:g}",
        got="\n".join(map(show, lines)) or "no line about it",
    )


def does_not_mention(exchange: Exchange, log: Lines | None, text: str) -> None:
    """Require that no line of the log has the text; there is a line."""
    lines = _lines(log)
    # Within a line, the text is written as JSON has it.
    written_out = show(sought(text))[1:-1]
    found = [line for line in lines if written_out in show(line)]
    require(
        exchange,
        holds=bool(lines) and not found,
        words=f"the log mentions {quoted(text)}" if lines else "the log has no line",
        expected=f"lines that do not mention {quoted(text)}",
        got=show(found[0]) if found else "no line",
    )


def _took(exchange: Exchange, line: Mapping[str, Any], seconds: float, clock: Clock) -> bool:
    got = at(line, "$.duration")
    return (
        isinstance(got, int | float)
        and not isinstance(got, bool)
        and is_in_time(exchange, got, seconds, clock)
    )


def _last(exchange: Exchange, log: Lines | None) -> Mapping[str, Any]:
    lines = _lines(log)
    if not lines:
        violated(exchange, "the log has no line", expected="a line about the request", got="none")
    return lines[-1]


def _lines(log: Lines | None) -> Sequence[Mapping[str, Any]]:
    if log is None:
        pytest.skip("not claimed: the profile names no log of this variant")
    return log()
