"""Checks on what an agent gets: the events of a stream, and the message that they grow to."""

import re
from collections.abc import Sequence

from sluicegate.errors import SluicegateError
from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.sides import DONE
from sluicegate.wire.assistant.invariants import Breach, Invariants, Rule

from .answer import is_stream, rows
from .stream import chunks
from .values import MISSING, at, brief, number, parsed, quoted, same, show, sought, written
from .violation import require, violated

_ANYTHING = re.compile(r"\{\s*\.\.\.\s*\}")
_PREFIX = "data: "
# A carriage return alone ends a line, too.
_ONE_LINE = re.compile(rf"{_PREFIX}[^\r\n]*")

_SHOWN = 60
"""Characters of an event in a sentence."""


def ends_with(exchange: Exchange, kind: str) -> None:
    """Require one start first, then one event that ends the stream, which is of that kind."""
    _is_in_order(exchange)
    got = at(_events(exchange)[-1], "$.type")
    words = f"the stream ends with {brief(got)}, not with {quoted(kind)}"
    require(exchange, holds=got == kind, words=words, expected=quoted(kind), got=show(got))


def grows(exchange: Exchange) -> None:
    """Require the whole message so far in every event, each with what the event adds to it."""
    _keeps(exchange, "snapshot", "the message so far in every event")


def calls_are_whole(exchange: Exchange) -> None:
    """Require that every call of a tool begins, grows and ends as documented; there is one."""
    kinds = [at(event, "$.type") for event in _events(exchange)]
    begun, ended = (kinds.count(f"tool_call_{part}") for part in ("start", "end"))
    if not begun:
        violated(exchange, "the stream calls no tool", expected="a call of a tool", got="none")
    _keeps(exchange, "tool_call", "calls of tools that begin, grow and end as documented")
    words = "the stream ends in the middle of a call of a tool"
    expected, got = (number(count, "tool_call_end") for count in (begun, ended))
    require(exchange, holds=begun == ended, words=words, expected=expected, got=got)


def says_how_it_ended(exchange: Exchange) -> None:
    """Require that the last event says how the message ended, and agrees with itself."""
    _is_in_order(exchange)
    _keeps(exchange, "ending", "a stop_reason that fits the last event")


def counts_are_whole(exchange: Exchange) -> None:
    """Require every count of the usage in the last event, and their sum."""
    _is_in_order(exchange)
    _keeps(exchange, "usage", "a usage that is complete and adds up")


def _is_in_order(exchange: Exchange) -> None:
    _keeps(exchange, "order", "start first, and one event that ends the stream")


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
    found, said = chunks(exchange), [heard.event.data for heard in exchange.events]
    if not said:
        words, expected = "the stream has no events", "events that are JSON"
        violated(exchange, words, expected=expected, got="no event")
    for place, data in enumerate(said):
        if place == len(found) or data == DONE:
            words, expected = f"event {place + 1} is no JSON", "events that are JSON"
            violated(exchange, words, expected=expected, got=quoted(data))
    return found


def is_one_line_each(exchange: Exchange) -> None:
    """Require that every event is one line of data, and the blank line after it."""
    body = exchange.body
    is_stream(exchange)
    parts = body.decode(errors="backslashreplace").split("\n\n")
    is_right = [_ONE_LINE.fullmatch(part) is not None for part in parts[:-1]] + [not parts[-1]]
    place = next((place for place, holds in enumerate(is_right) if not holds), None)
    wrong = "" if place is None else parts[place]
    require(
        exchange,
        holds=len(parts) > 1 and place is None,
        words="the stream has no events"
        if place is None
        else f"event {place + 1} is not one line of data and a blank line: {quoted(wrong, _SHOWN)}",
        expected='a line that begins with "data: ", and a blank line, for each event',
        got="no event" if place is None else quoted(wrong),
    )


def events_are(exchange: Exchange, lines: str) -> None:
    """Require the events, one `data: <json>` for each in this order; `{...}` is any object.

    Blank lines between them do not count. Members that a line does not name may be there.
    """
    expected = [_expected(line) for line in lines.splitlines() if line.strip()]
    if not expected:
        raise SluicegateError('expected events, such as data: {"type":"start","partial":{...}}')
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
    if isinstance(wanted, list):
        if not isinstance(got, list) or len(got) != len(wanted):
            return False
        return all(_fits(*each) for each in zip(got, wanted, strict=True))
    if not isinstance(wanted, dict):
        return same(got, wanted)
    return isinstance(got, dict) and all(
        name in got and _fits(got[name], value) for name, value in wanted.items()
    )


def message_is(exchange: Exchange, path: str, expected: object) -> None:
    """Require the value at a path of the message as it is after the last event."""
    got = at(message_of(exchange), path)
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
    got = at(message_of(exchange), path)
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


def is_returned(exchange: Exchange, returned: object) -> None:
    """Require that what the client library holds in the end is the message of the last event."""
    if returned is None:
        raise SluicegateError(
            "only the client library returns a message: write "
            '`Given the client is "client library"`'
        )
    expected = message_of(exchange)
    require(
        exchange,
        holds=same(returned, expected),
        words="the message that the client returns is not that of the last event",
        expected=show(expected),
        got=show(returned),
    )


def message_of(exchange: Exchange) -> object:
    """Return the message as it is after the last event; there is one."""
    found = at(_events(exchange)[-1], "$.partial")
    if found is MISSING:
        expected = "the message in the last event"
        violated(exchange, "the last event has no message", expected=expected, got="none")
    return found
