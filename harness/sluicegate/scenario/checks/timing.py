"""Checks on time, in seconds on the scenario's clock and within its tolerance."""

from itertools import pairwise

from sluicegate.errors import NotJudgedError
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange

from .answer import body
from .stream import texts
from .values import at
from .violation import violated


def begins_after(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that status and headers came that long after the request."""
    _took(exchange, clock, "the answer to begin", seconds, exchange.headers_at)


def ends_after(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that the exchange ended that long after the request."""
    _took(exchange, clock, "the answer to end", seconds, exchange.ended)


def first_text_after(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that the first piece of text came that long after the request."""
    first = next((time for time, _ in texts(exchange)), None)
    _took(exchange, clock, "the first chunk", seconds, first)


def texts_apart(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that much time from each piece of text to the next, at least two of them."""
    times = [time for time, _ in texts(exchange)]
    if len(times) < 2:  # noqa: PLR2004 - a distance has two ends
        violated(exchange, "at least two chunks with text", str(len(times)))
    for number, (before, after) in enumerate(pairwise(times), 2):
        _lasts(exchange, clock, f"chunk {number} after the one before", seconds, after - before)


def created_at_request(exchange: Exchange, path: str, clock: Clock) -> None:
    """Require whole Unix seconds, from when the request was sent to when the answer ended."""
    got = at(body(exchange), path)
    now = clock.unix() - clock.time()
    first, last = int(now + exchange.started), int(now + exchange.ended)
    # A bool is an int to Python, and no time to anyone.
    if type(got) is not int or not first <= got <= last:
        violated(exchange, f"{path} from {first} to {last}", repr(got))


def _took(exchange: Exchange, clock: Clock, what: str, seconds: float, until: float | None) -> None:
    if until is None:
        violated(exchange, f"{what} after {seconds:g} s", "nothing")
    _lasts(exchange, clock, what, seconds, until - exchange.started)


def _lasts(exchange: Exchange, clock: Clock, what: str, expected: float, got: float) -> None:
    if abs(got - expected) <= clock.tolerance:
        return
    lag = clock.lag(exchange.started)
    if lag > clock.tolerance:
        raise NotJudgedError(
            f"could not judge {what} after {expected:g} s: the harness itself was {lag:.3f} s "
            f"late, more than the tolerance of {clock.tolerance:g} s; run it on a quieter machine, "
            "or raise tolerance_ms in the profile's [clock]"
        )
    limits = f"(within {clock.tolerance:g} s)"
    violated(exchange, f"{what} after {expected:g} s {limits}", f"{got:.4f} s")
