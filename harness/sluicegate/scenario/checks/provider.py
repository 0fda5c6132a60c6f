"""Checks on the provider's side: what it was asked, what it sent, and how it saw the end."""

import re
from collections.abc import Mapping
from typing import NoReturn

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.journal import Entry, Outcome
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange, Provided
from sluicegate.wire.schema import explain, violations

from .timing import provider_ended_after
from .values import MISSING, at, brief, number, parsed, quoted, require_schema, same, show, times
from .violation import require, violated

THE_PROVIDER = "the provider"
"""How a scenario calls the only provider that there is."""

_MARK = re.compile(r" ?\[sluicegate:[A-Za-z0-9_-]+\]")


def was_asked(exchanges: tuple[Exchange, ...], count: int, *, who: str = THE_PROVIDER) -> None:
    """Require how often a provider was asked, in all exchanges of the scenario."""
    got = sum(len(entries_of(exchange, who)) for exchange in exchanges)
    require(
        exchanges[-1],
        holds=got == count,
        words=f"{who} was asked {times(got)}, not {times(count)}",
        expected=f"{who} to be asked {times(count)}",
        got=times(got),
    )


def request_is(exchange: Exchange, path: str, expected: object, *, who: str = THE_PROVIDER) -> None:
    """Require the value at a path of the body that the provider was asked with."""
    got = at(_body(exchange, who), path)
    require(
        exchange,
        holds=same(got, expected),
        words=f"{path} of {who}'s request is {brief(got)}, not {brief(expected)}",
        expected=f"{path} of {who}'s request to be {show(expected)}",
        got=show(got),
    )


def request_has_header(
    exchange: Exchange, name: str, value: str, *, who: str = THE_PROVIDER
) -> None:
    """Require a header of the request as the provider's journal shows it."""
    found = {key.lower(): each for key, each in last_entry(exchange, who).headers}
    got = found.get(name.lower())
    shown = "no such header" if got is None else quoted(got)
    require(
        exchange,
        holds=got == value,
        words=f"{who}'s journal has the header {name} as {shown}, not {quoted(value)}",
        expected=f"the header {name} {quoted(value)} in {who}'s journal",
        got=shown,
    )


def request_is_json(exchange: Exchange, path: str, text: str, *, who: str = THE_PROVIDER) -> None:
    """Require the value at a path of the provider's request, which is written out in JSON."""
    try:
        expected = parsed(text)
    except ValueError as error:
        raise SluicegateError(f"expected JSON, got {quoted(text)}: {error}") from None
    request_is(exchange, path, expected, who=who)


def bears_token(exchange: Exchange, *, who: str = THE_PROVIDER) -> None:
    """Require that the journal says which token the request bore."""
    token = last_entry(exchange, who).token
    require(
        exchange,
        holds=token is not None,
        words=f"{who}'s journal has no token of the request",
        expected=f"a token in {who}'s journal",
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


def ended(exchange: Exchange, outcome: str, *, who: str = THE_PROVIDER) -> None:
    """Require how the exchange ended for the provider, in the words of `OUTCOMES`."""
    got = last_entry(exchange, who).outcome
    told = _TOLD[got]
    require(
        exchange,
        holds=got == OUTCOMES[outcome],
        words=f"{who}'s journal says that {told}, not that {outcome}",
        expected=f"{who}'s journal to say that {outcome}",
        got=told,
    )


def ended_after(
    exchange: Exchange, outcome: str, seconds: float, clock: Clock, *, who: str = THE_PROVIDER
) -> None:
    """Require how and when the exchange ended for the provider, since the client's request."""
    ended(exchange, outcome, who=who)
    count = len(entries_of(exchange, who))
    which = f"; this is request {count} of {count} to {who}" if count > 1 else ""
    provider_ended_after(exchange, seconds, last_entry(exchange, who).ended, clock, which)


def wrote(exchange: Exchange, count: int, *, who: str = THE_PROVIDER) -> None:
    """Require the number of writes, however the client read them."""
    got = len(last_entry(exchange, who).writes)
    require(
        exchange,
        holds=got == count,
        words=f"{who} wrote {times(got)}, not {times(count)}",
        expected=f"{number(count, 'write')} of {who}",
        got=number(got, "write"),
    )


def reads_are_writes(exchange: Exchange, clock: Clock, *, who: str = THE_PROVIDER) -> None:
    """Require that the client read the body in the very pieces in which the provider wrote it.

    Skips the scenario on the wall clock, where pieces may be joined on their way.
    """
    if clock.name == "wall":
        pytest.skip("not judged: on the wall clock pieces may be joined on their way")
    writes = [write.data for write in last_entry(exchange, who).writes]
    reads = [read.data for read in exchange.reads]
    require(
        exchange,
        holds=bool(writes) and reads == writes,
        words=f"{who} wrote {number(len(writes), 'piece')}, and the client read "
        f"{number(len(reads), 'piece')}" + ("" if len(reads) != len(writes) else " of other bytes"),
        expected=f"the client to read the {number(len(writes), 'piece')} that were written",
        got=number(len(reads), "piece"),
    )


def witnessed(exchange: Exchange) -> tuple[Provided, ...]:
    """Return what all providers noted; skips the scenario where nobody can know it."""
    if exchange.provided is None:
        pytest.skip("not claimed: the journal of the provider that the profile names is not read")
    return exchange.provided


def entries_of(exchange: Exchange, who: str = THE_PROVIDER) -> tuple[Entry, ...]:
    """Return what a provider noted; for an agent, not that it was asked how it is."""
    noted = (each.entry for each in witnessed(exchange) if each.by == who)
    return tuple(entry for entry in noted if who == THE_PROVIDER or not is_probe(entry))


def is_probe(entry: Entry) -> bool:
    """Tell whether a request asks how a provider is."""
    return entry.method == "GET" and entry.path.endswith("/health")


def last_entry(exchange: Exchange, who: str = THE_PROVIDER) -> Entry:
    """Return what the provider noted of its last request; there is one."""
    entries = entries_of(exchange, who)
    if not entries:
        _unasked(exchange, who)
    return entries[-1]


def _unasked(exchange: Exchange, who: str) -> NoReturn:
    expected = f"a request in {who}'s journal"
    violated(exchange, f"{who} was not asked", expected=expected, got="none")


def request_follows(exchange: Exchange, schema: str, *, who: str = THE_PROVIDER) -> None:
    """Require that the provider was asked by a schema of `schemas/`, with no member beyond it."""
    require_schema(schema)
    found = violations(_body(exchange, who), schema, profile="strict")
    require(
        exchange,
        holds=not found,
        words=f"{who}'s request does not follow the schema {quoted(schema)}",
        expected=f"a request by the schema {quoted(schema)}",
        got=explain(found) if found else "",
    )


def _body(exchange: Exchange, who: str) -> object:
    """Return the request as the client would know it: the mark in its prompt is the harness's."""
    try:
        return parsed(_MARK.sub("", last_entry(exchange, who).body.decode()))
    except ValueError:
        return MISSING
