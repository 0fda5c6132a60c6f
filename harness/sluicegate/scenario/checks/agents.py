"""Checks on the agents behind a gateway: who was asked, in which order, and what became of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from sluicegate.provider.journal import Entry
from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.sides import DONE, client_side, departure, provider_side

from .answer import rows
from .differences import difference
from .provider import is_probe, last_entry, witnessed
from .status import fits, told
from .values import at, number, parsed, quoted, times
from .violation import require

STREAMED, PLAIN = "streamed", "plain"

_SHOWN = 60
"""Characters of an event's data in a message."""


def were_asked(exchange: Exchange, table: Sequence[Sequence[str]]) -> None:
    """Require the requests of one exchange, from a table with the columns agent and mode."""
    expected = [tuple(row) for row in rows(table, ("agent", "mode"))]
    got = _asked(exchange)
    shown = [f"{agent} {mode}" for agent, mode in got]
    require(
        exchange,
        holds=got == expected,
        words=f"the agents were asked {_folded(got)}; it should be {_folded(expected)}",
        expected=", ".join(f"{agent} {mode}" for agent, mode in expected),
        got=", ".join(shown) or "nobody",
    )


def went_on(exchange: Exchange, first: str, second: str) -> None:
    """Require that the request went to one agent and then to another, each once or more."""
    shown = [f'the agent "{agent}"' for agent, _ in _asked(exchange)]
    got = [agent for agent, _ in groupby(shown)]
    require(
        exchange,
        holds=got == [first, second],
        words=f"the request went to {', then to '.join(got) or 'no agent'}",
        expected=f"a request to {first}, then to {second}",
        got=", ".join(shown) or "nobody",
    )


def were_asked_often(exchange: Exchange, count: int) -> None:
    """Require how often agents were asked for an answer in the last exchange, all together."""
    got = _asked(exchange)
    require(
        exchange,
        holds=len(got) == count,
        words=f"the agents were asked {times(len(got))}, not {times(count)}",
        expected=number(count, "request"),
        got=", ".join(f"{agent} {mode}" for agent, mode in got) or "nobody",
    )


def was_reached(exchange: Exchange) -> None:
    """Require that an agent was asked in the last exchange."""
    came = f"status {exchange.status}" if exchange.status else "no answer"
    require(
        exchange,
        holds=bool(_asked(exchange)),
        words=f"no agent was asked, and the client got {came}",
        expected="a request to an agent",
        got="nobody",
    )


def was_probed(exchanges: Sequence[Exchange], count: int, *, who: str) -> None:
    """Require how often an agent was asked how it is, by GET /health, in the whole scenario."""
    last = exchanges[-1]
    got = sum(
        each.by == who and is_probe(each.entry)
        for exchange in exchanges
        for each in witnessed(exchange)
    )
    require(
        last,
        holds=got == count,
        words=f"{who} was asked how it is {times(got)}, not {times(count)}",
        expected=number(count, "request") + f" of {who}'s health",
        got=number(got, "request"),
    )


def were_not_asked(exchange: Exchange) -> None:
    """Require that no agent was asked in the last exchange."""
    got = [" ".join(each) for each in _asked(exchange)]
    require(
        exchange,
        holds=not got,
        words=f"an agent was asked {_folded(_asked(exchange))}",
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


def _folded(asked: Sequence[Sequence[str]]) -> str:
    """Say how often agents were asked, and who in which order: `2 times: droid plain 2 times`."""
    runs = [(" ".join(each), len(list(run))) for each, run in groupby(asked)]
    told = [name if count == 1 else f"{name} {times(count)}" for name, count in runs]
    return f"{times(len(asked))}: {', '.join(told)}" if told else times(0)


def _mode(entry: Entry) -> str:
    return STREAMED if at(_document(entry), "$.stream") is True else PLAIN


def _document(entry: Entry) -> object:
    try:
        return parsed(entry.body)
    except ValueError:
        return None


def streamed_on(exchange: Exchange, who: str) -> None:
    """Require that the client's events say what the agent's did, one for one.

    A gateway may write them anew, name them anew (`id`, `created`, `model`), and add members.
    """
    sent, _ = provider_side(last_entry(exchange, who), exchange.ended).carried()
    got, _ = client_side(exchange).carried()
    pairs = enumerate(zip(got, sent, strict=False), 1)
    first = next((f"event {n}: {d}" for n, each in pairs if (d := departure(*each))), "")
    counted = number(len(got), "event")
    require(
        exchange,
        holds=bool(got) and not first and len(got) == len(sent),
        words=f"the client's events are not those that {who} sent: {first or _beyond(got, sent)}",
        expected=f"the {number(len(sent), 'event')} that {who} sent",
        got=f"{counted}; {first}" if first else counted,
    )


def _beyond(got: Sequence[bytes], sent: Sequence[bytes]) -> str:
    """Say which event one side has and the other has not."""
    if len(got) == len(sent):
        return "there are none"
    place = min(len(got), len(sent))
    data = max(got, sent, key=len)[place].partition(b"\n")[2]
    shown = DONE if data == DONE.encode() else quoted(data, _SHOWN)
    return f"event {place + 1}, {shown}, {'was not sent' if len(got) > place else 'did not come'}"


def answered_on(exchange: Exchange, who: str) -> None:
    """Require that the client's body says what the agent's did; it may be written anew."""
    _, sent = provider_side(last_entry(exchange, who), exchange.ended).carried()
    _, got = client_side(exchange).carried()
    found = difference(got, sent)
    require(
        exchange,
        holds=bool(sent) and not found,
        words=f"the body is not the one that {who} sent" + (f": {found}" if found else ""),
        expected=quoted(sent),
        got=quoted(got),
    )


def have_ended(exchanges: tuple[Exchange, ...]) -> None:
    """Require that every request to an agent has ended: nothing is held that nobody waits for."""
    witnessed(exchanges[-1])
    for exchange in exchanges:
        noted = exchange.provided or ()
        still = [each.by for each in noted if each.entry.outcome == "open"]
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


def all_have_statuses(exchanges: tuple[Exchange, ...], wanted: Sequence[tuple[int, int]]) -> None:
    """Require how often each status came, given with its count; no other came."""
    got = Counter(exchange.status for exchange in exchanges)
    counts = [sum(n for each, n in got.items() if fits(each, status)) for status, _ in wanted]
    expected = ", ".join(f"{told(status)} {times(count)}" for status, count in wanted)
    require(
        exchanges[-1],
        holds=counts == [count for _, count in wanted] and sum(counts) == len(exchanges),
        words=f"the statuses are {_counted(got)}, not {expected}",
        expected=expected,
        got=_counted(got),
    )


def _counted(statuses: Mapping[int, int]) -> str:
    return ", ".join(f"{status} {times(count)}" for status, count in sorted(statuses.items()))


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
