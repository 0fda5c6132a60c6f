"""Checks on calls of tools: that they are what the provider called, as its own writes show."""

from collections.abc import Iterator
from typing import Any

from sluicegate.scenario.exchange import Exchange
from sluicegate.wire.sse import Decoder

from .message import message_of
from .provider import THE_PROVIDER, last_entry
from .values import at, number, parsed, show
from .violation import require, violated


def ids_are_given(exchange: Exchange, *, who: str = THE_PROVIDER) -> None:
    """Require that the calls in the message have the ids that a provider gave them; there is one.

    The provider streams, in either format.
    """
    content = at(message_of(exchange), "$.content")
    blocks = content if isinstance(content, list) else []
    got = [at(block, "$.id") for block in blocks if at(block, "$.type") == "tool_call"]
    given = list(dict.fromkeys(_given(exchange, who)))
    if not given:
        words = f"{who} called no tool in a stream"
        violated(exchange, words, expected="a call of a tool", got="none")
    require(
        exchange,
        holds=list(map(show, got)) == list(map(show, given)),
        words="the calls of tools do not have the ids that the provider gave them",
        expected=f"{number(len(given), 'call')}: {', '.join(map(show, given))}",
        got=f"{number(len(got), 'call')}: {', '.join(map(show, got))}",
    )


def _given(exchange: Exchange, who: str) -> Iterator[str]:
    for data in _sent(exchange, who):
        yield from _ids(at(data, "$.choices[0].delta.tool_calls"))
        if at(data, "$.content_block.type") == "tool_use":
            yield from _ids([at(data, "$.content_block")])


def _ids(calls: object) -> Iterator[str]:
    found = (at(call, "$.id") for call in (calls if isinstance(calls, list) else []))
    yield from (each for each in found if isinstance(each, str))


def _sent(exchange: Exchange, who: str) -> Iterator[Any]:
    decoder = Decoder()
    for write in last_entry(exchange, who).writes:
        for event in decoder.feed(write.data):
            try:
                yield parsed(event.data)
            except ValueError:
                continue
