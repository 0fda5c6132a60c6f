"""What tokens cost by a table of prices, and the account of all that was used."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Final

from sluicegate.wire.assistant.message import Cost, Usage

from .settings import Price

MOST_MODELS: Final = 1000
"""Models that are kept account of one by one: their names are for clients to invent."""

OTHERS: Final = "(others)"
"""The name under which all further models are counted."""

LONGEST_NAME: Final = 200
"""Characters of a model's name that are kept."""

_MILLION: Final = Decimal(1_000_000)
_KINDS: Final = tuple(each.name for each in fields(Price))
_TOKENS: Final = (*_KINDS, "total_tokens")
_COSTS: Final = (*_KINDS, "total")


def priced(usage: Usage, price: Price | None) -> Usage:
    """Return the usage with what it costs, in dollars; without a price, as it came."""
    if price is None:
        return usage
    costs = {kind: _exact(getattr(price, kind)) * getattr(usage, kind) for kind in _KINDS}
    costs["total"] = sum(costs.values(), Decimal(0))
    dollars: dict[str, Any] = {kind: float(cost / _MILLION) for kind, cost in costs.items()}
    return replace(usage, cost=Cost(**dollars))


def _exact(number: float) -> Decimal:
    # As it was written, 0.1, instead of the binary fraction that is nearest to it.
    return Decimal(str(number))


@dataclass(slots=True)
class _Account:
    requests: int = 0
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOKENS, 0))
    cost: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(_COSTS, Decimal(0)))

    def add(self, usage: Usage) -> None:
        self.requests += 1
        for kind in _TOKENS:
            self.tokens[kind] += getattr(usage, kind)
        for kind in _COSTS:
            self.cost[kind] += _exact(getattr(usage.cost, kind))

    def join(self, other: "_Account") -> None:
        self.requests += other.requests
        for kind in _TOKENS:
            self.tokens[kind] += other.tokens[kind]
        for kind in _COSTS:
            self.cost[kind] += other.cost[kind]

    def document(self) -> dict[str, Any]:
        cost = {kind: float(value) for kind, value in self.cost.items()}
        return {"requests": self.requests, "tokens": dict(self.tokens), "cost": cost}


class Totals:
    """The account of what was used since the start, for each upstream and model."""

    def __init__(self) -> None:
        self._accounts: dict[tuple[str, str], _Account] = {}

    def add(self, upstream: str, model: str, usage: Usage) -> None:
        """Count a request, and its usage with what it costs."""
        key = upstream, model[:LONGEST_NAME]
        if key not in self._accounts and len(self._accounts) >= MOST_MODELS:
            key = upstream, OTHERS
        self._accounts.setdefault(key, _Account()).add(usage)

    def document(self) -> dict[str, Any]:
        """Return it as JSON: `upstreams`, by their names and those of models, and the `total`."""
        upstreams: dict[str, dict[str, Any]] = {}
        for (upstream, model), account in sorted(self._accounts.items()):
            upstreams.setdefault(upstream, {})[model] = account.document()
        return {"upstreams": upstreams, "total": _joined(self._accounts.values()).document()}


def _joined(accounts: Iterable[_Account]) -> _Account:
    whole = _Account()
    for account in accounts:
        whole.join(account)
    return whole
