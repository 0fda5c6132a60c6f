"""What came of an exchange, told to people: in a sentence on both sides, and as short facts."""

import re
import textwrap
from collections.abc import Iterator

from httpx import codes

from sluicegate.provider.journal import mask_headers

from .checks.values import number
from .exchange import Ending, Exchange, Request
from .sides import Side, client_side, legible, parting, provider_side
from .wire_view import WIDTH, labels

_LABEL = 11
_ROOM = WIDTH - _LABEL
_MOST_LINES = 6
# JSON is cut behind a comma or a space, where there is one.
_LINE = re.compile(rf".{{1,{_ROOM}}}\Z|.{{1,{_ROOM - 1}}}[, ]|.{{1,{_ROOM}}}")
_DEFAULT = ("content-type", "application/json")


def sentence(exchange: Exchange) -> str:
    """Say what the client saw, and whether it is what the provider did, as far as that is known."""
    client = client_side(exchange)
    saw = f"the client saw {_seen(exchange, client)}"
    if exchange.provided is None:
        return saw
    if not exchange.provided:
        return f"{saw}, {'although' if client.status else 'as'} no request reached the provider"
    agreeing, others = [], []
    for label, each in zip(labels(exchange.provided), exchange.provided, strict=True):
        side = provider_side(each.entry, exchange.ended)
        if _agree(exchange, client, side):
            agreeing.append(f"{label} sent {'it' if client.status else 'none'}")
        else:
            others.append(f"{label} sent {_sent(side, each.entry.outcome, client)}")
    if not agreeing:
        # A system that translates has its own bytes, which says nothing against it.
        join = "; " if client.marker != side.marker else ", although "
        return f"{saw}{join}{' and '.join(others)}"
    return "; ".join([f"{saw}, as {' and '.join(agreeing)}", *others])


def facts(exchange: Exchange, expected: str, got: str) -> str:
    """Write what was expected and got, the request, and a plain answer's body, line by line."""
    told = [*_fact("expected", _wrapped(expected)), *_fact("got", _wrapped(got))]
    if exchange.total > 1:
        told += _fact("exchange", [f"{exchange.number} of {exchange.total}"])
    told += _fact("request", list(_asked(exchange.request)))
    body = client_side(exchange).carried()[1]
    return "\n".join([*told, *_fact("answer", _cut(body))])


def _asked(request: Request) -> Iterator[str]:
    yield str(request)
    for name, value in mask_headers(request.headers):
        if (name.lower(), value) != _DEFAULT:
            yield f"{name}: {value}"
    yield from _cut(request.body)


def _cut(data: bytes) -> list[str]:
    lines = _LINE.findall(legible(data[: 4 * _MOST_LINES * _ROOM]))
    if len(lines) < _MOST_LINES:
        return lines
    return [*lines[: _MOST_LINES - 1], f"... ({len(data)} bytes)"]


def _wrapped(text: str) -> list[str]:
    lines = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, _ROOM, break_on_hyphens=False, replace_whitespace=False)
    ]
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "..."]


def _fact(label: str, lines: list[str]) -> list[str]:
    margins = [label, *[""] * len(lines)]
    return [f"{name:<{_LABEL}}{line}" for name, line in zip(margins, lines, strict=False)]


def _agree(exchange: Exchange, client: Side, provider: Side) -> bool:
    if exchange.ending == "refused":
        return client.status == provider.status
    # An ordinary client does not tell what was no event.
    strays = exchange.heard is not None or client.strays() == provider.strays()
    return strays and (client.status, client.is_whole, client.carried()) == (
        provider.status,
        provider.is_whole,
        provider.carried(),
    )


def _seen(exchange: Exchange, client: Side) -> str:
    if not client.status:
        return f"no answer{_WITHOUT.get(exchange.ending, '').format(exchange.trouble)}"
    if exchange.ending == "refused":
        return f"status {client.status} and an answer that it could not read as a stream"
    return _answer(client, _CUT[exchange.ending])


_WITHOUT: dict[Ending, str] = {"given up": " and gave up {}", "left": " and went away"}


def _sent(side: Side, outcome: str, client: Side) -> str:
    if not side.status:
        return "no answer"
    told = _answer(side, _CUT[outcome])
    is_alike = client.is_whole and told == _answer(client, "")
    return told + _otherwise(side, client) if is_alike else told


def _otherwise(side: Side, client: Side) -> str:
    """Say what sets apart two answers that are told in the same words."""
    sent, got = side.carried()[0], client.carried()[0]
    if sent != got and sorted(sent) == sorted(got):
        return " in another order"
    place = parting(client, side)
    return " with other bytes" if place is None else f", which differs in event {place + 1}"


_CUT = {
    "complete": "",
    "finished": "",
    "broken": "broke off",
    "given up": "had not ended when it gave up,",
    "left": "had not ended when it went away,",
    "open": "had not ended by then,",
    "client went away": "was cut off, as the client went away,",
    "server stopped": "was cut off, as the provider was stopped,",
    "failed": "was cut off by a bug in the provider,",
    "reset": "was reset by the provider,",
    "cut": "was cut off by the provider,",
}
"""How an answer that is not whole ended, by the ending for the client and for the provider."""


def _answer(side: Side, cut: str) -> str:
    """Describe an answer; `cut` is how its transport ended where it is not whole."""
    if side.is_stream:
        prefix = "" if side.status == codes.OK else f"status {side.status} and "
        return prefix + _stream(side, cut)
    if cut:
        size = number(len(side.carried()[1]), "byte")
        return f"status {side.status} and a body that {cut} after {size}"
    return f"status {side.status}"


def _stream(side: Side, cut: str) -> str:
    chunks, done = number(side.count("chunk"), "chunk"), side.count("done")
    if cut:
        return f"a stream that {cut} {_last_chunk(side)}"
    if not done:
        return f"a stream that ended {_last_chunk(side)}, without {side.marker}"
    if side.pieces[-1].kind != "done" or done > 1:
        return f"a stream of {chunks} that went on after {side.marker}"
    broken = side.count("broken")
    if broken:
        return f"a stream of {chunks} and {number(broken, 'event')} without JSON"
    return f"a complete stream of {chunks}"


def _last_chunk(side: Side) -> str:
    chunks = side.count("chunk")
    after = f"after chunk {chunks}" if chunks else "before its first chunk"
    is_broken = side.pieces and side.pieces[-1].kind == "broken"
    join = "and" if chunks else "with"
    return f"{after} {join} an event that is no JSON" if is_broken else after
