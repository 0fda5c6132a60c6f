"""Checks on secrets: what a client may never see, and what may never reach a provider."""

from collections.abc import Iterator

from sluicegate.provider.journal import Entry, fingerprint
from sluicegate.scenario.exchange import Exchange

from .provider import entries_of, last_entry
from .values import quoted, sought
from .violation import require, violated


def never_received(exchanges: tuple[Exchange, ...], text: str) -> None:
    """Require that no answer of the scenario has the text: no header, no byte of a body."""
    for exchange in exchanges:
        where = next((place for place, said in _received(exchange) if sought(text) in said), "")
        require(
            exchange,
            holds=not where,
            words=f"the client received {quoted(text)}, in {where}",
            expected=f"no answer with {quoted(text)}",
            got=f"it stands in {where}",
        )


def _received(exchange: Exchange) -> Iterator[tuple[str, str]]:
    for name, value in exchange.headers:
        yield f"the header {name}", f"{name}: {value}"
    yield "what the client reports", exchange.trouble
    for place, heard in enumerate(exchange.events, 1):
        yield f"event {place}", heard.event.data
    if exchange.heard is None:
        yield "the body", exchange.body.decode(errors="backslashreplace")


def was_shown(exchange: Exchange, key: str) -> None:
    """Require that the last request to the provider bore the key."""
    require(
        exchange,
        holds=fingerprint(sought(key)) in last_entry(exchange).fingerprints,
        words=f"the provider was not shown the key {quoted(key)}",
        expected=f"a request with the key {quoted(key)}",
        got="another key, or none",
    )


def was_never_shown(exchanges: tuple[Exchange, ...], text: str) -> None:
    """Require that no request to the provider had the text, nor a header that is a secret so."""
    for exchange in exchanges:
        for entry in entries_of(exchange):
            if _has(entry, sought(text)):
                words = f"the provider was shown {quoted(text)}"
                expected = f"no request with {quoted(text)}"
                violated(exchange, words, expected=expected, got="a request that has it")


def _has(entry: Entry, text: str) -> bool:
    headers = "\n".join(f"{name}: {value}" for name, value in entry.headers)
    said = (entry.path, entry.query, headers, entry.body.decode(errors="backslashreplace"))
    return any(text in each for each in said) or fingerprint(text) in entry.fingerprints
