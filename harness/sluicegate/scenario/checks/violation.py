"""How a violation of the contract is told: in words, as facts, and by what crossed the wire."""

from typing import NoReturn

from sluicegate.errors import ViolationError
from sluicegate.scenario.account import facts, sentence
from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.wire_view import wire

_BRIEF = 100
"""Characters of what was expected, and of what was got, in the one line that says both."""


def violated(exchange: Exchange, words: str, *, expected: str, got: str) -> NoReturn:
    """Raise ViolationError: `words` say what is wrong, and the exchange shows it."""
    __tracebackhide__ = True
    raise ViolationError(
        f"{words}\n{sentence(exchange)}",
        f"{facts(exchange, expected, got)}\n\n{wire(exchange)}",
        f"expected {_line(expected)}, got {_line(got)}",
    )


def require(exchange: Exchange, *, holds: bool, words: str, expected: str, got: str) -> None:
    """Raise ViolationError unless the condition holds."""
    __tracebackhide__ = True
    if not holds:
        violated(exchange, words, expected=expected, got=got)


def _line(text: str) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= _BRIEF else f"{first[: _BRIEF - 3]}..."
