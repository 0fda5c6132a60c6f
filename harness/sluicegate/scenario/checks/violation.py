"""How a violation of the contract is told: expected, got, where, and what crossed the wire."""

from typing import NoReturn

from sluicegate.errors import ViolationError
from sluicegate.scenario.exchange import Exchange


def violated(exchange: Exchange, expected: str, got: str) -> NoReturn:
    """Raise ViolationError: what was expected, what came, from which request, and the exchange."""
    raise ViolationError(
        f"expected {expected}, got {got} from {exchange.request}\n\n{exchange.transcript()}"
    )


def require(exchange: Exchange, *, holds: bool, expected: str, got: str) -> None:
    """Raise ViolationError unless the condition holds."""
    if not holds:
        violated(exchange, expected, got)
