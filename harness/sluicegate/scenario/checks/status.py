"""Statuses: one number, or what a name stands for, and the checks on them."""

from sluicegate.provider.plain import FIRST_ERROR
from sluicegate.scenario.exchange import Exchange
from sluicegate.scenario.sides import end_of

from .violation import require

_FIRST_SERVER_ERROR = 500


class Status(int):
    """An HTTP status; of a named one any that `allowed` has fits.

    `name` is what a sentence calls it, as in `timeout status`; None where it is a bare number. The
    number itself is the first of those allowed.
    """

    name: str | None = None
    allowed: tuple[int, ...] = ()

    @classmethod
    def named(cls, name: str, allowed: tuple[int, ...]) -> "Status":
        """Return a status by its name, and all numbers that fit it, of which there is one."""
        status = cls(allowed[0])
        status.name, status.allowed = name, allowed
        return status


def fits(got: int, status: int) -> bool:
    """Tell whether the status that came is the expected one, or one that its name allows."""
    return got in _allowed(status)


def told(status: int) -> str:
    """Write an expected status: `504`, or `the final-error status (500 or 502)`."""
    numbers = " or ".join(map(str, _allowed(status)))
    name = status.name if isinstance(status, Status) else None
    return f"the {name} ({numbers})" if name else numbers


def _allowed(status: int) -> tuple[int, ...]:
    return (status.allowed if isinstance(status, Status) else ()) or (status,)


def has_status(exchange: Exchange, status: int) -> None:
    """Require the status, or one that its name allows."""
    got = exchange.status
    require(
        exchange,
        holds=fits(got, status),
        words=f"the status is {got}, not {told(status)}"
        if got
        else "no answer came, so there is no status",
        expected=f"status {told(status)}",
        got=f"status {got}" if got else "no answer",
    )


def is_client_error(exchange: Exchange) -> None:
    """Require a status from 400 to 499."""
    got = exchange.status
    require(
        exchange,
        holds=FIRST_ERROR <= got < _FIRST_SERVER_ERROR,
        words=f"the status is {got}, which tells of no mistake in the request"
        if got
        else "no answer came, so there is no status",
        expected="a status from 400 to 499",
        got=f"status {got}" if got else "no answer",
    )


def is_no_success(exchange: Exchange) -> None:
    """Require an error's status, or a body that broke off: what no client takes for an answer."""
    got = exchange.status
    require(
        exchange,
        holds=got >= FIRST_ERROR or (bool(got) and exchange.ending == "broken"),
        words=f"the answer claims success: status {got} and a whole body"
        if got
        else "no answer came",
        expected="an error's status, or a body that breaks off",
        got=f"status {got}, {end_of(exchange)}" if got else "no answer",
    )
