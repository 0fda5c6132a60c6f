"""Checks on time, in seconds on the scenario's clock and within its tolerance."""

from dataclasses import dataclass

from sluicegate.errors import NotJudgedError
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange

from .answer import body
from .stream import chunks, texts
from .values import at, show
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
    """Require that much time from each piece of text to the next, at least two of them.

    On the wall clock a piece may be late, as long as it arrives before the next one is due: that
    it was not held back shows in the order of events, and not in milliseconds.
    """
    times = [time for time, _ in texts(exchange)]
    if len(times) < 2:  # noqa: PLR2004 - a distance has two ends
        violated(exchange, "at least two chunks with text", str(len(times)))
    late = seconds if clock.name == "wall" else clock.tolerance
    for number, time in enumerate(times):
        due = _Due(f"chunk {number + 1} to follow the first", number * seconds, late)
        _judge(exchange, clock, due, time - times[0])


def created_at_request(exchange: Exchange, path: str, clock: Clock) -> None:
    """Require whole Unix seconds, from when the request was sent to when the answer ended."""
    _is_now(exchange, path, body(exchange), clock)


def each_created_at_request(exchange: Exchange, path: str, clock: Clock) -> None:
    """Require the same of every chunk, of which there is at least one."""
    found = chunks(exchange)
    for chunk in found or [None]:
        _is_now(exchange, path, chunk, clock)


def _is_now(exchange: Exchange, path: str, document: object, clock: Clock) -> None:
    got = at(document, path)
    now = clock.unix() - clock.time()
    first, last = int(now + exchange.started), int(now + exchange.ended)
    # A bool is an int to Python, and no time to anyone.
    if type(got) is not int or not first <= got <= last:
        violated(exchange, f"{path} from {first} to {last}", show(got))


@dataclass(frozen=True, slots=True)
class _Due:
    """What is due `after` so many seconds, and how many seconds `late` it may be."""

    what: str
    after: float
    late: float

    def __str__(self) -> str:
        return f"{self.what} after {self.after:g} s"


def _took(exchange: Exchange, clock: Clock, what: str, seconds: float, until: float | None) -> None:
    due = _Due(what, seconds, clock.tolerance)
    if until is None:
        violated(exchange, str(due), "nothing")
    _judge(exchange, clock, due, until - exchange.started)


def _judge(exchange: Exchange, clock: Clock, due: _Due, got: float) -> None:
    if -clock.tolerance <= got - due.after <= due.late:
        return
    lag = clock.lag(exchange.started)
    if lag > clock.tolerance:
        raise NotJudgedError(
            f"could not judge {due}: the harness itself was {lag:.3f} s late, more than the "
            f"tolerance of {clock.tolerance:g} s; run it on a quieter machine, or raise "
            "tolerance_ms in the profile's [clock]"
        )
    violated(exchange, f"{due} (at most {due.late:g} s late)", f"{got:.4f} s")
