"""Checks on time, in seconds on the scenario's clock and within its tolerance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from itertools import pairwise
from typing import Final, Literal

from sluicegate.errors import NotJudgedError
from sluicegate.runtime.clock import Clock
from sluicegate.scenario.exchange import Exchange

from . import passage
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
    exchange: Exchange, seconds: float, ended: float | None, clock: Clock, which: str = ""
) -> None:
    """Require that the exchange ended for the provider that long after the client's request.

    `which` is added to what is said, where the provider was asked several times.
    """
    verbs = ("end for the provider", "ended for the provider")
    due = _Due("the exchange", *verbs, seconds, clock.tolerance)
    _took(exchange, clock, due, ended, which)


def ended_before(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that the whole exchange took less than so many seconds."""
    took = exchange.ended - exchange.started
    if took < seconds:
        return
    excused = waited(exchange, clock, exchange.started, exchange.ended)
    if took - excused < seconds:
        return
    due = f"an answer that has ended before {_seconds(seconds)}"
    _refuse_late(clock, exchange, due)
    violated(
        exchange,
        f"the answer took {_seconds(took)}",
        expected=f"{due}{_allowed(excused)}",
        got=_seconds(took),
    )


def is_in_time(exchange: Exchange, got: float, seconds: float, clock: Clock) -> bool:
    """Tell whether something that a system measured in an exchange took as long as it should."""
    off = got - seconds
    late = clock.tolerance
    if off > late:
        late += waited(exchange, clock, exchange.started, exchange.ended)
    return -clock.tolerance <= off <= late


def first_text_after(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that the first piece of text came that long after the request."""
    _require_order(exchange)
    first = next((time for time, _ in texts(exchange)), None)
    due = _Due("the first text", "come", "came", seconds, clock.tolerance)
    held = passage.held_back(exchange, lambda each: _passes_within(exchange, each, clock))
    _took(exchange, clock, due, first, f"; {held}" if held else "")


def texts_apart(exchange: Exchange, seconds: float, clock: Clock) -> None:
    """Require that much time from each piece of text to the next, at least two of them.

    On the wall clock a piece may be late, as long as it arrives before the next one is due. Where
    a provider's journal tells when each was sent, none may arrive after the next one was: that it
    was not held back shows in the order of events, and not in milliseconds. A piece that is in
    time is not early because the first one was late.
    """
    times = [time for time, _ in texts(exchange)]
    if len(times) < 2:  # noqa: PLR2004 - a distance has two ends
        words = "the stream has fewer than two texts, so there is no distance"
        got = str(len(times))
        violated(exchange, words, expected="at least two chunks with text", got=got)
    _require_order(exchange)
    _require_passage(exchange, clock)
    late, early = _apart_within(exchange, seconds, times[0], clock)
    for number, time in enumerate(times):
        each = (f"text {number + 1}", "come", "came")
        due = _Due(*each, number * seconds, late, "the first text", early)
        _judge(exchange, clock, due, (times[0], time))


def _apart_within(
    exchange: Exchange, seconds: float, first: float, clock: Clock
) -> tuple[float, float]:
    """Return by how many seconds a text may be late, and early, since the first one came."""
    if clock.name == "simulated":
        return clock.tolerance, clock.tolerance
    sent = min(first, next((each.sent for each in passage.passages(exchange)), first))
    held = first - sent + waited(exchange, clock, exchange.started, sent)
    return max(seconds, clock.tolerance), clock.tolerance + held


def _require_order(exchange: Exchange) -> None:
    if passage.is_reordered(exchange):
        words = "the texts came in another order than they were sent"
        said = brief([text for _, text in texts(exchange)])
        violated(exchange, words, expected="the order in which they were sent", got=said)


def _require_passage(exchange: Exchange, clock: Clock) -> None:
    held = passage.held_back(exchange, lambda each: _passes_within(exchange, each, clock))
    if held is None:
        return
    _refuse_late(clock, exchange, f"text {held.number} to come before the next one is sent")
    allowed = _passes_within(exchange, held, clock)
    violated(
        exchange,
        str(held),
        expected="each text to come before the next one is sent, or at most "
        f"{_seconds(allowed)} after it was{_allowed(allowed - clock.tolerance)}",
        got=f"{_seconds(held.took)} after",
    )


def _passes_within(exchange: Exchange, each: passage.Passage, clock: Clock) -> float:
    return clock.tolerance + waited(exchange, clock, each.sent, each.came)


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

    `begin` and `began` are its verb. It may be `early` by as many seconds, by default by the
    tolerance.
    """

    what: str
    begin: str
    began: str
    after: float
    late: float
    since: str = "the request"
    early: float | None = None

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


def _took(exchange: Exchange, clock: Clock, due: _Due, until: float | None, more: str = "") -> None:
    if until is None:
        violated(exchange, f"{due.what} never {due.began}", expected=str(due), got="nothing")
    _judge(exchange, clock, due, (exchange.started, until), more)


def _judge(
    exchange: Exchange, clock: Clock, due: _Due, window: tuple[float, float], more: str = ""
) -> None:
    """Judge what was to come at the end of the window, and is due after a part of it."""
    begin, end = window
    off = end - begin - due.after
    early = clock.tolerance if due.early is None else due.early
    if -early <= off <= due.late:
        return
    allowed = due.late + waited(exchange, clock, begin, end, begin + due.after)
    if 0 < off <= allowed:
        return
    _refuse_late(clock, exchange, str(due))
    violated(
        exchange,
        due.told(end - begin) + more,
        expected=f"{due}, at most {_seconds(allowed)} late{_allowed(allowed - due.late)}",
        got=_seconds(end - begin),
    )


def _allowed(excused: float) -> str:
    if excused < _MILLISECOND:
        return ""
    return (
        f" ({_seconds(excused)} of it as processes waited for a processor, or the harness worked)"
    )


def _refuse_late(clock: Clock, exchange: Exchange, what: str) -> None:
    """Raise NotJudgedError where the harness itself was so late that nothing can be told."""
    lag = clock.lag(exchange.started)
    if lag > clock.lag_limit:
        raise NotJudgedError(
            f"could not judge {what}: the harness itself was {_seconds(lag)} late, more than the "
            f"{_LIMITS[clock.lag_limit > clock.tolerance]} of {_seconds(clock.lag_limit)}; run it "
            "on a quieter machine, or raise tolerance_ms in the profile's [clock]"
        )


_LIMITS = {False: "tolerance", True: "limit"}


def waited(exchange: Exchange, clock: Clock, since: float, until: float, *further: float) -> float:
    """Return the seconds of waiting for a processor that can have held up what came at `until`.

    The window is divided where either side of the exchange saw something happen, and at `further`
    instants: waits count before these, and not while nothing was to do.
    """
    seen = (at for at in (*_instants(exchange), *further) if since < at < until)
    return sum(clock.waited(*pair) for pair in pairwise(sorted({since, *seen, until})))


def _instants(exchange: Exchange) -> Iterator[float]:
    ends = [exchange.headers_at, exchange.ended]
    for each in exchange.provided or ():
        ends += [each.entry.started, each.entry.headers_at, each.entry.ended]
        yield from (write.at for write in each.entry.writes)
    yield from (read.at for read in exchange.reads)
    yield from (at for at in ends if at is not None)
