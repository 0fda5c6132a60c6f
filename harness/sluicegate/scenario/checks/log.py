"""Checks on what a system logs: lines of JSON, one for each request, which may come late."""

from collections.abc import Callable, Sequence

import pytest

from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.logs import Line, Log

from .answer import rows
from .timing import is_in_time
from .values import at, brief, forms, number, quoted, same, show, written
from .violation import require, violated


def has_lines(exchange: Exchange, log: Log | None, count: int) -> None:
    """Require how many lines the log has got since the scenario began."""
    lines = _readable(log).once_quiet(lambda lines: len(lines) == count, exchange.ended)
    got = number(len(lines), "line")
    require(
        exchange,
        holds=len(lines) == count,
        words=f"the log has {got} about requests, not {count}",
        expected=number(count, "line"),
        got=got,
    )


def last_has(exchange: Exchange, log: Log | None, table: Sequence[Sequence[str]]) -> None:
    """Require the values of the last line, from a table with the columns path and value."""
    values = _values(table)
    line = _last(exchange, log, lambda line: _has(line, values))
    for path, expected in values:
        got = at(line, path)
        require(
            exchange,
            holds=same(got, expected),
            words=f"{path} of the last line of the log is {brief(got)}, not {brief(expected)}",
            expected=f"{path} of the last line of the log to be {show(expected)}",
            got=show(got),
        )


def some_has(exchange: Exchange, log: Log | None, table: Sequence[Sequence[str]]) -> None:
    """Require a line with all values of a table with the columns path and value."""
    values = _values(table)
    holds, lines = _some(log, lambda line: _has(line, values))
    require(
        exchange,
        holds=holds,
        words="no line of the log has all of these values",
        expected=", ".join(f"{path} {show(value)}" for path, value in values),
        got="\n".join(map(show, lines)) or "no line",
    )


def names_request(exchange: Exchange, log: Log | None, header: str) -> None:
    """Require a line whose request_id is what a header of the answer says."""
    name = exchange.header(header)
    holds, lines = _some(log, lambda line: name is not None and at(line, _REQUEST) == name)
    require(
        exchange,
        holds=holds,
        words=f"no line of the log names the request {show(name)}",
        expected=f"a line with the request_id {show(name)}",
        got=", ".join(show(at(line, _REQUEST)) for line in lines) or "no line",
    )


_REQUEST = "$.request_id"


def last_took(exchange: Exchange, log: Log | None, seconds: float, clock: Clock) -> None:
    """Require the duration that the last line tells."""
    line = _last(exchange, log, lambda line: _took(exchange, line, seconds, clock))
    got = at(line, "$.duration")
    words = f"$.duration of the last line of the log is {brief(got)}, not {seconds:g}"
    holds = _took(exchange, line, seconds, clock)
    require(exchange, holds=holds, words=words, expected=f"{seconds:g} s", got=show(got))


def some_took(exchange: Exchange, log: Log | None, who: str, seconds: float, clock: Clock) -> None:
    """Require a line about an agent, by what a scenario calls it, that tells the duration."""
    holds, lines = _some(
        log, lambda line: _is_about(line, who) and _took(exchange, line, seconds, clock)
    )
    require(
        exchange,
        holds=holds,
        words=f"no line of the log says that {who} took {seconds:g} s",
        expected=f"a line about {who} with the duration {seconds:g}",
        got="\n".join(show(each) for each in lines if _is_about(each, who)) or "no line about it",
    )


def does_not_mention(exchange: Exchange, log: Log | None, text: str) -> None:
    """Require that nothing which the system has logged or printed has the text.

    There is a line of JSON: of a system that logs nothing this says nothing.
    """
    log = _readable(log)
    lines = log.once_quiet(bool, exchange.ended)
    # What a line of JSON escapes without need is found as it is meant.
    said = "\n".join([*map(show, lines), log.text()])
    place = next((said.find(form) for form in forms(text) if form in said), None)
    require(
        exchange,
        holds=bool(lines) and place is None,
        words="the log has no line" if place is None else f"the log mentions {quoted(text)}",
        expected=f"lines that do not mention {quoted(text)}",
        got="no line" if place is None else log.masked(_line_at(said, place)),
    )


def _line_at(text: str, place: int) -> str:
    line = text[text.rfind("\n", 0, place) + 1 :].partition("\n")[0]
    return line if line.isprintable() else show(line)


def _values(table: Sequence[Sequence[str]]) -> list[tuple[str, object]]:
    return [(path, written(cell)) for path, cell in rows(table, ("path", "value"))]


def _has(line: Line, values: Sequence[tuple[str, object]]) -> bool:
    return all(same(at(line, path), value) for path, value in values)


def _is_about(line: Line, who: str) -> bool:
    return f'the agent "{at(line, "$.agent")}"' == who


def _took(exchange: Exchange, line: Line, seconds: float, clock: Clock) -> bool:
    got = at(line, "$.duration")
    return (
        isinstance(got, int | float)
        and not isinstance(got, bool)
        and is_in_time(exchange, got, seconds, clock)
    )


def _some(log: Log | None, holds: Callable[[Line], bool]) -> tuple[bool, Sequence[Line]]:
    """Tell whether it holds of a line, and return all of them."""
    lines = _readable(log).once(lambda lines: any(map(holds, lines)))
    return any(map(holds, lines)), lines


def _last(exchange: Exchange, log: Log | None, holds: Callable[[Line], bool]) -> Line:
    """Return the last line once it holds of it, or else that which is the last one in the end."""
    lines = _readable(log).once(lambda lines: bool(lines) and holds(lines[-1]))
    if not lines:
        violated(exchange, "the log has no line", expected="a line about the request", got="none")
    return lines[-1]


def _readable(log: Log | None) -> Log:
    if log is None:
        pytest.skip("not claimed: the profile names no log of this variant")
    return log
