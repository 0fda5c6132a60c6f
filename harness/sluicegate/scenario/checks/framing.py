"""Checks on the bytes of a stream: how its lines and its events are written."""

import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Final

from sluicegate.scenario.exchange import Exchange

from .answer import is_stream
from .values import number, quoted
from .violation import require, violated

_LINE_END = re.compile(rb"\r\n|\r|\n")
_NAMES: Final[Mapping[bytes, str]] = {b"\n": "LF", b"\r\n": "CRLF", b"\r": "CR"}

_SHOWN = 12
"""Bytes of a beginning in a message."""


def has_line_ends(exchange: Exchange, expected: str) -> None:
    """Require that all lines end alike: with lf, crlf or cr."""
    is_stream(exchange)
    found = sorted({_NAMES[end] for end in _LINE_END.findall(exchange.body)})
    got, wanted = " and ".join(found) or "nothing", expected.upper()
    require(
        exchange,
        holds=found == [wanted],
        words=f"the lines of the stream end with {got}, not with {wanted}",
        expected=f"lines that end with {wanted}",
        got=got,
    )


def has_comments(exchange: Exchange, count: int) -> None:
    """Require the number of comments: lines that begin with a colon."""
    is_stream(exchange)
    lines = _LINE_END.split(exchange.body.removeprefix(BOM_UTF8))
    got = number(sum(line.startswith(b":") for line in lines), "comment")
    wanted = number(count, "comment")
    words = f"the stream has {got}, not {count}"
    require(exchange, holds=got == wanted, words=words, expected=wanted, got=got)


def begins_with_mark(exchange: Exchange) -> None:
    """Require the byte order mark of UTF-8 before anything else, once."""
    is_stream(exchange)
    require(
        exchange,
        holds=exchange.body.startswith(BOM_UTF8) and exchange.body.count(BOM_UTF8) == 1,
        words="the stream does not begin with one byte order mark",
        expected="one byte order mark, as the first of all",
        got=f"{number(exchange.body.count(BOM_UTF8), 'byte order mark')}; the stream begins with "
        f"{quoted(exchange.body[:_SHOWN])}",
    )


def each_is_larger(exchange: Exchange, size: int) -> None:
    """Require that the data of every event but the last has more than so many bytes."""
    found = [len(heard.event.data.encode()) for heard in exchange.events][:-1]
    expected = f"every event but the last to be larger than {number(size, 'byte')}"
    if not found:
        violated(exchange, "the stream has fewer than two events", expected=expected, got="fewer")
    for place, got in enumerate(found, 1):
        words = f"event {place} has {number(got, 'byte')}, and should have more than {size}"
        holds = got > size
        require(exchange, holds=holds, words=words, expected=expected, got=number(got, "byte"))
