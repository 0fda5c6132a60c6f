"""Checks on what an agent gets: the events of a stream, and the message that they grow to."""

import re
from collections.abc import Sequence

from sluicegate.errors import SluicegateError
from sluicegate.scenario.exchange import Exchange
from sluicegate.wire.assistant.invariants import Breach, Invariants, Rule

from .answer import is_stream, rows
from .stream import chunks
from .values import MISSING, at, brief, number, parsed, quoted, same, show, sought, written
from .violation import require, violated

_ANYTHING = re.compile(r"\{\s*\.\.\.\s*\}")
_PREFIX = "data: "


def ends_with(exchange: Exchange, kind: str) -> None:
    """Require one start first, then one event that ends the stream, which is of that kind."""
    _keeps(exchange, "order", "start first, and one event that ends the stream")
    got = at(_events(exchange)[-1], "$.type")
    words = f"the stream ends with {brief(got)}, not with {quoted(kind)}"
    require(exchange, holds=got == kind, words=words, expected=quoted(kind), got=show(got))


def grows(exchange: Exchange) -> None:
    """Require the whole message so far in every event, each with what the event adds to it."""
    _keeps(exchange, "snapshot", "the message so far in every event")


def calls_are_whole(exchange: Exchange) -> None:
    """Require that every call of a tool begins, grows and ends as documented; there is one."""
    if not any(at(event, "$.type") == "tool_call_start" for event in _events(exchange)):
        violated(exchange, "the stream calls no tool", expected="a call of a tool", got="none")
    _keeps(exchange, "tool_call", "calls of tools that begin, grow and end as documented")


def says_how_it_ended(exchange: Exchange) -> None:
    """Require that the last event says how the message ended, and agrees with itself."""
    _keeps(exchange, "ending", "a stop_reason that fits the last event")


def counts_are_whole(exchange: Exchange) -> None:
    """Require every count of the usage in the last event, and their sum."""
    _keeps(exchange, "usage", "a usage that is complete and adds up")


def _keeps(exchange: Exchange, rule: Rule, expected: str) -> None:
    breaches = [each for each in _breaches(exchange) if each.rule == rule]
    if breaches:
        first = str(breaches[0])
        violated(exchange, first, expected=expected, got="\n".join(map(str, breaches)))


def _breaches(exchange: Exchange) -> list[Breach]:
    judge = Invariants()
    found = [breach for event in _events(exchange) for breach in judge.feed(event)]
    return found + judge.finish()


def _events(exchange: Exchange) -> list[object]:
    """Return the JSON of every event; there is one."""
    if exchange.heard is None:
        is_stream(exchange)
    found = chunks(exchange)
    if not found or len(found) < len(exchange.events):
        others = exchange.events[len(found) :]
        got = quoted(others[0].event.data) if others else "no event"
        words = "not every event is JSON" if others else "the stream has no events"
        violated(exchange, words, expected="events that are JSON", got=got)
    return found


def is_one_line_each(exchange: Exchange) -> None:
    """Require that every event is one line of data, and the blank line after it."""
    parts = exchange.body.decode(errors="backslashreplace").split("\n\n")
    wrong = [part for part in parts[:-1] if not part.startswith(_PREFIX) or "\n" in part]
    wrong += [part for part in parts[-1:] if part]
    require(
        exchange,
        holds=len(parts) > 1 and not wrong,
        words="not every event is one line of data and a blank line",
        expected='a line that begins with "data: ", and a blank line, for each event',
        got=quoted(wrong[0]) if wrong else "no event",
    )


def events_are(exchange: Exchange, lines: str) -> None:
    """Require the events, one `data: <json>` for each in this order; `{...}` is any object.

    Blank lines between them do not count. Members that a line does not name may be there.
    """
    expected = [_expected(line) for line in lines.splitlines() if line.strip()]
    found = _events(exchange)
    for place, (wanted, got) in enumerate(zip(expected, found, strict=False), 1):
        if not _fits(got, wanted):
            words = f"event {place} is {brief(got)}, and should be {brief(wanted)}"
            violated(exchange, words, expected=show(wanted), got=show(got))
    require(
        exchange,
        holds=len(found) == len(expected),
        words=f"the stream has {number(len(found), 'event')}, not {len(expected)}",
        expected=number(len(expected), "event"),
        got=number(len(found), "event"),
    )


def _expected(line: str) -> object:
    data = _ANYTHING.sub("{}", line.strip().removeprefix(_PREFIX))
    try:
        return parsed(data)
    except ValueError as error:
        raise SluicegateError(f"expected an event in JSON, got {quoted(line)}: {error}") from None


def _fits(got: object, wanted: object) -> bool:
    if not isinstance(wanted, dict):
        return same(got, wanted)
    return isinstance(got, dict) and all(
        name in got and _fits(got[name], value) for name, value in wanted.items()
    )


def message_is(exchange: Exchange, path: str, expected: object) -> None:
    """Require the value at a path of the message as it is after the last event."""
    got = at(_message(exchange), path)
    require(
        exchange,
        holds=same(got, expected),
        words=f"{path} of the message is {brief(got)}, not {brief(expected)}",
        expected=f"{path} of the message to be {show(expected)}",
        got=show(got),
    )


def message_has(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the values of the message, from a table with the columns path and value."""
    for path, value in rows(table, ("path", "value")):
        message_is(exchange, path, written(value))


def message_mentions(exchange: Exchange, path: str, text: str) -> None:
    """Require a text that contains another at a path of the message."""
    got = at(_message(exchange), path)
    require(
        exchange,
        holds=isinstance(got, str) and sought(text) in got,
        words=f"{path} of the message is {brief(got)}, and does not mention {quoted(text)}",
        expected=f"{path} of the message to mention {quoted(text)}",
        got=show(got),
    )


def is_warned_of(exchange: Exchange, warned: Sequence[str], text: str) -> None:
    """Require that the client library warned of something with that text."""
    require(
        exchange,
        holds=any(sought(text) in each for each in warned),
        words=f"the client does not warn of {quoted(text)}",
        expected=f"a warning that mentions {quoted(text)}",
        got=", ".join(map(quoted, warned)) or "no warning",
    )


def _message(exchange: Exchange) -> object:
    found = at(_events(exchange)[-1], "$.partial")
    if found is MISSING:
        expected = "the message in the last event"
        violated(exchange, "the last event has no message", expected=expected, got="none")
    return found
