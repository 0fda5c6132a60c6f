"""How long an answer may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds on the loop's clock; `math.inf` is no limit.

    `connect`: for the connection. `first_event`: from the request to the first event. `gap`:
    between two events. `whole`: for all of it, the time between reads included. The defaults are
    looser than a proxy's own towards its upstream, so that its error comes first.
    """

    connect: float = 10.0
    first_event: float = 60.0
    gap: float = 60.0
    whole: float = 600.0
