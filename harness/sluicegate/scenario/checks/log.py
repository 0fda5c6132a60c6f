"""Checks on what a system logs: lines of JSON, one for each request."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.systems import Lines

from .answer import rows
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


def last_took(exchange: Exchange, log: Lines | None, seconds: float, clock: Clock) -> None:
    """Require the duration that the last line tells."""
    got = at(_last(exchange, log), "$.duration")
    holds = isinstance(got, int | float) and abs(got - seconds) <= clock.tolerance
    words = f"$.duration of the last line of the log is {brief(got)}, not {seconds:g}"
    require(exchange, holds=holds, words=words, expected=f"{seconds:g} s", got=show(got))


def does_not_mention(exchange: Exchange, log: Lines | None, text: str) -> None:
    """Require that no line of the log has the text; there is a line."""
    lines = _lines(log)
    found = [line for line in lines if sought(text) in show(line)]
    require(
        exchange,
        holds=bool(lines) and not found,
        words=f"the log mentions {quoted(text)}" if lines else "the log has no line",
        expected=f"lines that do not mention {quoted(text)}",
        got=show(found[0]) if found else "no line",
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
