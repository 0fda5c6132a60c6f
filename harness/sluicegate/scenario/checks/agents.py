"""Checks on the agents behind a gateway: who was asked, in which order, and what became of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from sluicegate.provider.journal import Entry
from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.sides import client_side, provider_side

from .answer import rows
from .provider import last_entry, witnessed
from .values import at, number, parsed, quoted
from .violation import require

STREAMED, PLAIN = "streamed", "plain"


def were_asked(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the requests of one exchange, from a table with the columns agent and mode."""
    expected = [tuple(row) for row in rows(table, ("agent", "mode"))]
    got = _asked(exchange)
    told = [f"{agent} {mode}" for agent, mode in got]
    require(
        exchange,
        holds=got == expected,
        words=f"the agents were asked {number(len(got), 'time')}: {', '.join(told) or 'nobody'}",
        expected=", ".join(f"{agent} {mode}" for agent, mode in expected),
        got=", ".join(told) or "nobody",
    )


def were_not_asked(exchange: Exchange) -> None:
    """Require that no agent was asked in the last exchange."""
    got = [" ".join(each) for each in _asked(exchange)]
    require(
        exchange,
        holds=not got,
        words=f"an agent was asked: {', '.join(got)}",
        expected="no request to an agent",
        got=", ".join(got),
    )


def _asked(exchange: Exchange) -> list[tuple[str, str]]:
    """Return who was asked for an answer, and how; not who was asked how it is."""
    return [
        (each.by.partition('"')[2].removesuffix('"'), _mode(each.entry))
        for each in witnessed(exchange)
        if each.entry.method == "POST"
    ]


def _mode(entry: Entry) -> str:
    return STREAMED if at(_document(entry), "$.stream") is True else PLAIN


def _document(entry: Entry) -> object:
    try:
        return parsed(entry.body)
    except ValueError:
        return None


def streamed_on(exchange: Exchange, who: str) -> None:
    """Require that the client's events are those that the agent sent last, and no others."""
    sent = provider_side(last_entry(exchange, who), exchange.ended)
    got = client_side(exchange)
    alike = [data for data in got.carried()[0] if data in sent.carried()[0]]
    require(
        exchange,
        holds=bool(got.carried()[0]) and got.carried()[0] == sent.carried()[0],
        words=f"the client's events are not those that {who} sent",
        expected=f"the {number(len(sent.carried()[0]), 'event')} that {who} sent",
        got=f"{number(len(got.carried()[0]), 'event')}, of which {len(alike)} were sent so",
    )


def answered_on(exchange: Exchange, who: str) -> None:
    """Require that the client's body is, byte for byte, what the agent sent last."""
    _, sent = provider_side(last_entry(exchange, who), exchange.ended).carried()
    _, got = client_side(exchange).carried()
    require(
        exchange,
        holds=bool(sent) and got == sent,
        words=f"the body is not the one that {who} sent",
        expected=quoted(sent),
        got=quoted(got),
    )


def have_ended(exchanges: tuple[Exchange, ...]) -> None:
    """Require that every request to an agent has ended: nothing is held that nobody waits for."""
    for exchange in exchanges:
        still = [each.by for each in witnessed(exchange) if each.entry.outcome == "open"]
        require(
            exchange,
            holds=not still,
            words=f"a request to {still[0]} has not ended" if still else "",
            expected="requests to agents that have all ended",
            got=", ".join(still),
        )


def each(exchanges: tuple[Exchange, ...], check: Callable[[Exchange], None]) -> None:
    """Require the same of every exchange."""
    for exchange in exchanges:
        check(exchange)


def all_have_statuses(exchanges: tuple[Exchange, ...], wanted: Mapping[int, int]) -> None:
    """Require how often each status came; `wanted` counts them."""
    got = Counter(exchange.status for exchange in exchanges)
    require(
        exchanges[-1],
        holds=got == Counter(wanted),
        words=f"the statuses are {_counted(got)}, not {_counted(wanted)}",
        expected=_counted(wanted),
        got=_counted(got),
    )


def _counted(statuses: Mapping[int, int]) -> str:
    return ", ".join(f"{status} {number(n, 'time')}" for status, n in sorted(statuses.items()))


def are_their_own(exchanges: tuple[Exchange, ...], texts: Sequence[str]) -> None:
    """Require that each client got one answer, whole, and that no two got the same."""
    wanted = Counter(texts)
    got = Counter(_text(exchange) for exchange in exchanges)
    strange = list((got - wanted).elements())
    require(
        exchanges[-1],
        holds=got == wanted,
        words=f"a client got {quoted(strange[0])}, which was for nobody or for another"
        if strange
        else "a client got no answer",
        expected=", ".join(map(quoted, texts)),
        got=", ".join(map(quoted, sorted(got.elements()))),
    )


def _text(exchange: Exchange) -> str:
    documents = (parsed(h.event.data) for h in exchange.events if h.event.data.startswith("{"))
    pieces = (at(each, "$.choices[0].delta.content") for each in documents)
    return "".join(piece for piece in pieces if isinstance(piece, str))
