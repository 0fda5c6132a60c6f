"""Checks on how a stream ends: what says that the answer is complete, and what comes last."""

from collections.abc import Sequence

from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.sides import DONE, STOP
from sluicegate.wire.sse import Event

from .answer import is_stream
from .stream import chunks, only_in
from .values import MISSING, at, parsed, quoted, show
from .violation import require

_FINISH = "$.choices[0].finish_reason"
_STOP_REASON = "$.delta.stop_reason"

_SHOWN = 60
"""Characters of an event's data in a message."""


def ends_with_done(exchange: Exchange) -> None:
    """Require exactly one [DONE], as the last event."""
    got = [heard.event.data for heard in exchange.events]
    count = got.count(DONE)
    require(
        exchange,
        holds=got[-1:] == [DONE] and count == 1,
        words=_trouble_with_done(got, count),
        expected="one [DONE], as the last event",
        got=f"{count or 'no'} [DONE]; {_last_event(got)}",
    )
    if exchange.heard is None:
        _nothing_follows(exchange)


def _trouble_with_done(got: Sequence[str], count: int) -> str:
    if not got:
        return "the stream has no events"
    if count > 1:
        return f"the stream has [DONE] {count} times"
    return "the stream goes on after [DONE]" if count else "the stream has no [DONE]"


def _last_event(got: Sequence[str]) -> str:
    return f"the last event is {_data(got[-1])}" if got else "there are no events"


def _data(data: str) -> str:
    return DONE if data == DONE else quoted(data, _SHOWN)


def _nothing_follows(exchange: Exchange) -> None:
    # What is no whole event is invisible among the events, and still is sent after the end.
    rest = exchange.body.rpartition(DONE.encode())[2]
    require(
        exchange,
        holds=not rest.strip(b"\r\n"),
        words="something follows after [DONE]",
        expected="nothing after [DONE]",
        got=quoted(rest),
    )


def has_no_done(exchange: Exchange) -> None:
    """Require that the stream has chunks or events, and no [DONE] in whatever it sent."""
    got = [heard.event.data for heard in exchange.events]
    if any(heard.event.event == STOP for heard in exchange.events):
        got = [*got, f"{DONE}, which is {STOP} in this format"]
    require(
        exchange,
        holds=bool(got) and not any(DONE in data for data in got),
        words="the stream has a [DONE]" if got else "the stream has no events",
        expected="events without [DONE]",
        got=next((f"the event {_data(data)}" for data in got if DONE in data), "no events"),
    )


def claims_nothing(exchange: Exchange) -> None:
    """Require that nothing says that the answer is complete: no finish_reason, no [DONE].

    Nor, in the Anthropic format, a stop_reason or message_stop.
    """
    is_stream(exchange)
    claims = [claim for heard in exchange.events if (claim := _claim(heard.event))]
    require(
        exchange,
        holds=not claims,
        words=f"the stream claims to be complete, with {claims[0]}" if claims else "",
        expected="nothing that says that the answer is complete",
        got=claims[0] if claims else "nothing",
    )


def _claim(event: Event) -> str:
    if event.data == DONE:
        return "[DONE]"
    if event.event == STOP:
        return STOP
    try:
        document = parsed(event.data)
    except ValueError:
        return ""
    reasons = {path: at(document, path) for path in (_FINISH, _STOP_REASON)}
    return next((f"{p[2:]} {show(r)}" for p, r in reasons.items() if r not in (None, MISSING)), "")


def ends_with_stop(exchange: Exchange) -> None:
    """Require exactly one message_stop, as the last event."""
    names = [heard.event.event for heard in exchange.events]
    count = names.count(STOP)
    last = f"the last event is {names[-1]}" if names else "there are no events"
    require(
        exchange,
        holds=names[-1:] == [STOP] and count == 1,
        words=f"the stream has {count or 'no'} message_stop, and {last}",
        expected="one message_stop, as the last event",
        got=f"{count or 'no'} message_stop; {last}",
    )


def last_event_is(exchange: Exchange, data: str) -> None:
    """Require the data of the last event, to the letter."""
    got = [heard.event.data for heard in exchange.events]
    require(
        exchange,
        holds=got[-1:] == [data],
        words=f"{_last_event(got)}, not {_data(data)}" if got else "the stream has no events",
        expected=f"the last event to be {_data(data)}",
        got=_data(got[-1]) if got else "no events",
    )


def last_is_error(exchange: Exchange) -> None:
    """Require that the last event, and no other, is an error with a message."""
    found = [at(_document(heard.event), "$.error.message") for heard in exchange.events]
    errors = [message for message in found if isinstance(message, str) and message]
    require(
        exchange,
        holds=len(errors) == 1 and errors == found[-1:],
        words="the last event of the stream is no error"
        if len(errors) < 2  # noqa: PLR2004 - two are too many
        else "the stream has more than one error",
        expected="one event with an error that has a message, as the last one",
        got=_last_event([heard.event.data for heard in exchange.events]),
    )


def _document(event: Event) -> object:
    try:
        return parsed(event.data)
    except ValueError:
        return MISSING


def has_finish_reason(exchange: Exchange, reason: str, place: int = -1) -> None:
    """Require the finish_reason in the chunk at `place`, counted from the end, and in no other."""
    only_in(exchange, _FINISH, reason, place)


def has_no_finish_reason(exchange: Exchange) -> None:
    """Require that no chunk has a finish_reason, nor, in the Anthropic format, a stop_reason.

    A stream of one broken event has no chunk.
    """
    got = [
        (place, f"the {path.rpartition('.')[2]} {show(value)}")
        for place, chunk in enumerate(chunks(exchange), 1)
        for path in (_FINISH, _STOP_REASON)
        if (value := at(chunk, path)) not in (None, MISSING)
    ]
    place, reason = got[0] if got else (0, "no events")
    require(
        exchange,
        holds=bool(exchange.events) and not got,
        words=f"chunk {place} has {reason}" if got else "the stream has no events",
        expected="events without a finish_reason",
        got=reason,
    )
