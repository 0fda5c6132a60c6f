"""Checks on time, in seconds on the scenario's clock and within its tolerance."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final, Literal

from sluicegate.errors import NotJudgedError
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange

from .answer import body
from .stream import chunks, texts
from .values import at, brief, quoted, show
from .violation import violated

Unit = Literal["seconds", "milliseconds"]
"""What a time since 1970 is counted in."""

# In each unit a second, and what binary floating point may take from such a number.
_UNITS: Final[Mapping[Unit, tuple[int, int]]] = {"seconds": (1, 0), "milliseconds": (1000, 1)}


def begins_after(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that status and headers came that long after the request."""
    due = _Due("the answer", "begin", "began", seconds, clock.tolerance)
    _took(exchange, clock, due, exchange.headers_at)


def ends_after(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that the exchange ended that long after the request, and not by a client's leave."""
    due = _Due("the answer", "end", "ended", seconds, clock.tolerance)
    _took(exchange, clock, due, exchange.ended if exchange.ending in _ENDS else None)


_ENDS = ("complete", "broken", "refused")
"""The endings that are the answer's own, and not the client's leave."""


def provider_ended_after(
    exchange: Exchange, seconds: float, ended: float | None, clock: Clock
) -> None:
    """Require that the exchange ended for the provider that long after the client's request."""
    verbs = ("end for the provider", "ended for the provider")
    due = _Due("the exchange", *verbs, seconds, clock.tolerance)
    _took(exchange, clock, due, ended)


def first_text_after(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that the first piece of text came that long after the request."""
    first = next((time for time, _ in texts(exchange)), None)
    due = _Due("the first text", "come", "came", seconds, clock.tolerance)
    _took(exchange, clock, due, first)


def texts_apart(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that much time from each piece of text to the next, at least two of them.

    On the wall clock a piece may be late, as long as it arrives before the next one is due: that
    it was not held back shows in the order of events, and not in milliseconds.
    """
    times = [time for time, _ in texts(exchange)]
    if len(times) < 2:  # noqa: PLR2004 - a distance has two ends
        words = "the stream has fewer than two texts, so there is no distance"
        got = str(len(times))
        violated(exchange, words, expected="at least two chunks with text", got=got)
    late = seconds if clock.name == "wall" else clock.tolerance
    for number, time in enumerate(times):
        due = _Due(f"text {number + 1}", "come", "came", number * seconds, late, "the first text")
        _judge(exchange, clock, due, time - times[0])


def created_at_request(exchange: Exchange, path: str, clock: Clock) -> None:
    """Require whole Unix seconds, from when the request was sent to when the answer ended."""
    _is_now(exchange, path, body(exchange), clock)


def each_created_at_request(
    exchange: Exchange, path: str, clock: Clock, unit: Unit = "seconds"
) -> None:
    """Require the same of every chunk, of which there is at least one, in that unit."""
    found = chunks(exchange)
    for chunk in found or [None]:
        _is_now(exchange, path, chunk, clock, unit)


def is_date_after(exchange: Exchange, name: str, seconds: float, clock: Clock) -> None:
    """Require the date in a header, so many seconds after the request, to the second."""
    now = clock.unix() - clock.time() + seconds
    first, last = int(now + exchange.started), int(now + exchange.ended)
    got = exchange.header(name)
    wanted = " to ".join(dict.fromkeys(formatdate(each, usegmt=True) for each in (first, last)))
    if got not in {formatdate(each, usegmt=True) for each in range(first, last + 1)}:
        shown = "no such header" if got is None else quoted(got)
        violated(
            exchange,
            f"the header {name} is {shown}, which is not {_seconds(seconds)} after the request",
            expected=f"the header {name} to be {wanted}",
            got=shown,
        )


def _is_now(
    exchange: Exchange, path: str, document: object, clock: Clock, unit: Unit = "seconds"
) -> None:
    got = at(document, path)
    now, (each, slack) = clock.unix() - clock.time(), _UNITS[unit]
    first = int((now + exchange.started) * each) - slack
    last = int((now + exchange.ended) * each)
    # A bool is an int to Python, and no time to anyone.
    if type(got) is not int or not first <= got <= last:
        violated(
            exchange,
            f"{path} is {brief(got)}, which is not the time of the request in Unix {unit}",
            expected=f"{path} from {first} to {last}" if last > first else f"{path} to be {first}",
            got=show(got),
        )


@dataclass(frozen=True, slots=True)
class _Due:
    """What is due `after` so many seconds `since` something, and how many seconds `late` it may be.

    `begin` and `began` are its verb.
    """

    what: str
    begin: str
    began: str
    after: float
    late: float
    since: str = "the request"

    def __str__(self) -> str:
        return f"{self.what} to {self.begin} {_seconds(self.after)} after {self.since}"

    def told(self, got: float) -> str:
        """Say when it really came, and how far off that is."""
        off = got - self.after
        judged = f"{_seconds(abs(off))} too {'late' if off > 0 else 'early'}"
        return f"{self.what} {self.began} {_seconds(got)} after {self.since}, {judged}"


def _seconds(number: float) -> str:
    # To the millisecond, unless nothing would be left.
    digits = 3 if not number or abs(number) >= _MILLISECOND else 6
    text = f"{number:.{digits}f}".rstrip("0").rstrip(".")
    return f"{text.removeprefix('-') if float(text) == 0 else text} s"


_MILLISECOND = 0.001


def _took(exchange: Exchange, clock: Clock, due: _Due, until: float | None) -> None:
    if until is None:
        violated(exchange, f"{due.what} never {due.began}", expected=str(due), got="nothing")
    _judge(exchange, clock, due, until - exchange.started)


def _judge(exchange: Exchange, clock: Clock, due: _Due, got: float) -> None:
    if -clock.tolerance <= got - due.after <= due.late:
        return
    lag = clock.lag(exchange.started)
    if lag > clock.tolerance:
        raise NotJudgedError(
            f"could not judge {due}: the harness itself was {_seconds(lag)} late, more than the "
            f"tolerance of {_seconds(clock.tolerance)}; run it on a quieter machine, or raise "
            "tolerance_ms in the profile's [clock]"
        )
    violated(
        exchange,
        due.told(got),
        expected=f"{due}, at most {_seconds(due.late)} late",
        got=_seconds(got),
    )
