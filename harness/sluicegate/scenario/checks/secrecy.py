"""Checks on secrets: what a client may never see, and what may never reach a provider."""

from collections.abc import Iterator

from sluicegate.provider.journal import Entry, fingerprint
from sluicegate.scenario.exchange import Exchange

from .provider import THE_PROVIDER, entries_of, last_entry
from .values import forms, quoted, sought
from .violation import require, violated


def never_received(exchanges: tuple[Exchange, ...], text: str) -> None:
    """Require that no answer of the scenario has the text: no header, no byte of a body."""
    for exchange in exchanges:
        where = next((place for place, said in _received(exchange) if _stands_in(said, text)), "")
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


def was_shown(exchange: Exchange, key: str, *, who: str = THE_PROVIDER) -> None:
    """Require that the last request to the provider bore the key."""
    require(
        exchange,
        holds=fingerprint(sought(key)) in last_entry(exchange, who).fingerprints,
        words=f"{who} was not shown the key {quoted(key)}",
        expected=f"a request with the key {quoted(key)}",
        got="another key, or none",
    )


def was_never_shown(exchanges: tuple[Exchange, ...], text: str, *, who: str = THE_PROVIDER) -> None:
    """Require that no request to the provider had the text, nor a header that is a secret so.

    There is a request: who was not asked was not shown anything.
    """
    expected, asked = f"requests without {quoted(text)}", False
    for exchange in exchanges:
        for entry in entries_of(exchange, who):
            asked = True
            if _has(entry, text):
                words = f"{who} was shown {quoted(text)}"
                violated(exchange, words, expected=expected, got="a request that has it")
    if not asked:
        words = f"nobody asked {who}, so nothing could be shown"
        violated(exchanges[-1], words, expected=expected, got="no request")


def _has(entry: Entry, text: str) -> bool:
    headers = "\n".join(f"{name}: {value}" for name, value in entry.headers)
    said = (entry.path, entry.query, headers, entry.body.decode(errors="backslashreplace"))
    return any(_stands_in(each, text) for each in said) or fingerprint(text) in entry.fingerprints


def _stands_in(said: str, text: str) -> bool:
    return any(form in said for form in forms(text))
