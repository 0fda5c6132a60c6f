"""Checks on the provider's side: what it was asked, what it sent, and how it saw the end."""

import re
from collections.abc import Mapping
from typing import NoReturn

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.journal import Entry, Outcome
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange
from sluicegate.wire.schema import explain, violations

from .timing import provider_ended_after
from .values import MISSING, at, brief, number, parsed, quoted, require_schema, same, show
from .violation import require, violated

_MARK = re.compile(r" ?\[sluicegate:[A-Za-z0-9_-]+\]")


def was_asked(exchanges: tuple[Exchange, ...], count: int) -> None:
    """Require how often the provider was asked, in all exchanges of the scenario."""
    got = sum(len(entries_of(exchange)) for exchange in exchanges)
    require(
        exchanges[-1],
        holds=got == count,
        words=f"the provider was asked {number(got, 'time')}, not {number(count, 'time')}",
        expected=f"the provider to be asked {number(count, 'time')}",
        got=number(got, "time"),
    )


def request_is(exchange: Exchange, path: str, expected: object) -> None:
    """Require the value at a path of the body that the provider was asked with."""
    got = at(_body(exchange), path)
    require(
        exchange,
        holds=same(got, expected),
        words=f"{path} of the provider's request is {brief(got)}, not {brief(expected)}",
        expected=f"{path} of the provider's request to be {show(expected)}",
        got=show(got),
    )


def request_has_header(exchange: Exchange, name: str, value: str) -> None:
    """Require a header of the request as the provider's journal shows it."""
    found = {key.lower(): each for key, each in last_entry(exchange).headers}
    got = found.get(name.lower())
    shown = "no such header" if got is None else quoted(got)
    require(
        exchange,
        holds=got == value,
        words=f"the provider's journal has the header {name} as {shown}, not {quoted(value)}",
        expected=f"the header {name} {quoted(value)} in the provider's journal",
        got=shown,
    )


def request_is_json(exchange: Exchange, path: str, text: str) -> None:
    """Require the value at a path of the provider's request, which is written out in JSON."""
    try:
        expected = parsed(text)
    except ValueError as error:
        raise SluicegateError(f"expected JSON, got {quoted(text)}: {error}") from None
    request_is(exchange, path, expected)


def bears_token(exchange: Exchange) -> None:
    """Require that the journal says which token the request bore."""
    token = last_entry(exchange).token
    require(
        exchange,
        holds=token is not None,
        words="the provider's journal has no token of the request",
        expected="a token in the provider's journal",
        got="none",
    )


OUTCOMES: Mapping[str, Outcome] = {
    "the answer was finished": "finished",
    "the client went away": "client went away",
    "the provider reset the connection": "reset",
    "the provider ended the connection": "cut",
}
"""How an exchange can have ended, in the words of a scenario."""

_TOLD: Mapping[Outcome, str] = {outcome: words for words, outcome in OUTCOMES.items()} | {
    "open": "the exchange has not ended",
    "server stopped": "the provider was stopped",
    "failed": "the provider failed, which is a bug in it",
}


def ended(exchange: Exchange, outcome: str) -> None:
    """Require how the exchange ended for the provider, in the words of `OUTCOMES`."""
    got = last_entry(exchange).outcome
    told = _TOLD[got]
    require(
        exchange,
        holds=got == OUTCOMES[outcome],
        words=f"the provider's journal says that {told}, not that {outcome}",
        expected=f"the provider's journal to say that {outcome}",
        got=told,
    )


def ended_after(exchange: Exchange, outcome: str, seconds: float, clock: Clock) -> None:
    """Require how and when the exchange ended for the provider, since the client's request."""
    ended(exchange, outcome)
    provider_ended_after(exchange, seconds, last_entry(exchange).ended, clock)


def wrote(exchange: Exchange, count: int) -> None:
    """Require the number of writes, however the client read them."""
    got = len(last_entry(exchange).writes)
    require(
        exchange,
        holds=got == count,
        words=f"the provider wrote {number(got, 'time')}, not {number(count, 'time')}",
        expected=f"{number(count, 'write')} of the provider",
        got=number(got, "write"),
    )


def reads_are_writes(exchange: Exchange, clock: Clock) -> None:
    """Require that the client read the body in the very pieces in which the provider wrote it.

    Skips the scenario on the wall clock, where pieces may be joined on their way.
    """
    if clock.name == "wall":
        pytest.skip("not judged: on the wall clock pieces may be joined on their way")
    writes = [write.data for write in last_entry(exchange).writes]
    reads = [read.data for read in exchange.reads]
    require(
        exchange,
        holds=bool(writes) and reads == writes,
        words=f"the provider wrote {number(len(writes), 'piece')}, and the client read "
        f"{number(len(reads), 'piece')}" + ("" if len(reads) != len(writes) else " of other bytes"),
        expected=f"the client to read the {number(len(writes), 'piece')} that were written",
        got=number(len(reads), "piece"),
    )


def entries_of(exchange: Exchange) -> tuple[Entry, ...]:
    """Return what the provider noted; skips the scenario where nobody can know it."""
    if exchange.provided is None:
        pytest.skip("not claimed: the journal of the provider that the profile names is not read")
    return tuple(provided.entry for provided in exchange.provided)


def last_entry(exchange: Exchange) -> Entry:
    """Return what the provider noted of its last request; there is one."""
    entries = entries_of(exchange)
    if not entries:
        _unasked(exchange)
    return entries[-1]


def _unasked(exchange: Exchange) -> NoReturn:
    expected = "a request in the provider's journal"
    violated(exchange, "the provider was not asked", expected=expected, got="none")


def request_follows(exchange: Exchange, schema: str) -> None:
    """Require that the provider was asked by a schema of `schemas/`, with no member beyond it."""
    require_schema(schema)
    found = violations(_body(exchange), schema, profile="strict")
    require(
        exchange,
        holds=not found,
        words=f"the provider's request does not follow the schema {quoted(schema)}",
        expected=f"a request by the schema {quoted(schema)}",
        got=explain(found) if found else "",
    )


def _body(exchange: Exchange) -> object:
    """Return the request as the client would know it: the mark in its prompt is the harness's."""
    try:
        return parsed(_MARK.sub("", last_entry(exchange).body.decode()))
    except ValueError:
        return MISSING
