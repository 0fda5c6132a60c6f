"""How long an answer may take."""

from dataclasses import dataclass, fields

from sluicegate.errors import SluicegateError


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds on the loop's clock; `math.inf` is no limit.

    `connect`: for the connection. `first_event`: from the request to the first event. `gap`:
    between two events. `whole`: for all of it, the time between reads included. The defaults are
    looser than a proxy's own towards its upstream, so that its error comes first. Raises
    SluicegateError for what is no such time.
    """

    connect: float = 10.0
    first_event: float = 60.0
    gap: float = 60.0
    whole: float = 600.0

    def __post_init__(self) -> None:
        """Refuse what is no number of seconds."""
        for each in fields(self):
            seconds = getattr(self, each.name)
            is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
            # What is no number at all, NaN, is not above 0 either.
            if not (is_number and seconds > 0):
                raise SluicegateError(
                    f"the limit {each.name}: expected seconds above 0, or math.inf for none, "
                    f"got {seconds!r}"
                )
