"""Values by name: what gateways may do differently, and what sentences call it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sluicegate.scenario.checks.status import Status
from sluicegate.scenario.claims import DEFAULTS

Values = Mapping[str, Any]
"""The values of a gateway, as [gateway.values] of its profile has them."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name that sentences use for a value of the `kind`, and how it follows from the values."""

    kind: str
    words: str
    of: Callable[[Values], Any]

    def __str__(self) -> str:
        return f"{self.words} ({self.written(DEFAULTS)})"

    def written(self, values: Values) -> str:
        """Write the value as a sentence does: `504`, `30 seconds`, `5 times`, `"droid"`."""
        return _WRITTEN[self.kind](self.of(values))

    def differs(self, values: Values) -> bool:
        """Tell whether the value is not the contract's."""
        return bool(self.of({**DEFAULTS, **values}) != self.of(DEFAULTS))


@dataclass(frozen=True, slots=True)
class Named:
    """A value that a step gives by name; `under` says what it is for some gateway."""

    names: tuple[Name, ...]
    make: Callable[[Values], object]

    def under(self, values: Values) -> object:
        """Return the value for a gateway with these values, the contract's for those not given."""
        return self.make({**DEFAULTS, **values})

    def differences(self, values: Values) -> Iterator[str]:
        """Yield, in words, each value that is another than the contract's."""
        for name in self.names:
            if name.differs(values):
                got = name.written({**DEFAULTS, **values})
                yield f"{name.words}: {got}, by the profile ({name.written(DEFAULTS)} by default)"


def _several(value: Any) -> tuple[int, ...]:  # noqa: ANN401 - a number, or some
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _agent(agents: Mapping[str, str]) -> Callable[[Values], str]:
    return lambda values: agents[values["error_when_both_fail"]]


NAMES: Final = (
    Name("status", "the timeout status", lambda of: _several(of["timeout_status"])),
    Name("status", "the circuit-open status", lambda of: _several(of["circuit_open_status"])),
    Name("status", "the auth status", lambda of: _several(of["auth_status"])),
    Name("status", "the final-error status", lambda of: _several(of["final_error_status"])),
    Name("count", "as often as opens the circuit", lambda of: of["failures_to_open"]),
    Name("count", "once less than opens the circuit", lambda of: of["failures_to_open"] - 1),
    Name("count", "as often as closes the circuit", lambda of: of["successes_to_close"]),
    Name("count", "once less than closes the circuit", lambda of: of["successes_to_close"] - 1),
    Name("count", "as often as a plain request is tried", lambda of: of["attempts_plain"]),
    Name("count", "as often as a streamed request is tried", lambda of: of["attempts_streamed"]),
    Name("duration", "the open time", lambda of: of["open_seconds"]),
    Name("duration", "half the open time", lambda of: of["open_seconds"] / 2),
    Name("duration", "the first-content limit", lambda of: of["first_content_seconds"]),
    Name("duration", "the gap limit", lambda of: of["gap_seconds"]),
    Name("duration", "half the gap limit", lambda of: of["gap_seconds"] / 2),
    Name("duration", "the whole-stream limit", lambda of: of["whole_stream_seconds"]),
    Name("duration", "the plain limit", lambda of: of["plain_seconds"]),
    Name(
        "duration",
        "the limits of all plain attempts",
        lambda of: of["attempts_plain"] * of["plain_seconds"],
    ),
    Name(
        "duration",
        "the limits of all streamed attempts",
        # Whether the second attempt is plain, and ends sooner, is the gateway's own matter.
        lambda of: of["attempts_streamed"] * max(of["first_content_seconds"], of["plain_seconds"]),
    ),
    Name(
        "provider",
        "the agent whose error counts",
        _agent({"last": "droid", "first": "ccrouter"}),
    ),
    Name(
        "provider",
        "the agent whose error does not count",
        _agent({"last": "ccrouter", "first": "droid"}),
    ),
)
"""Every name, for the kinds of values that have any."""


def _seconds(value: float) -> str:
    return f"{value:g} second{'' if value == 1 else 's'}"


def _times(value: int) -> str:
    return f"{value} time{'' if value == 1 else 's'}"


_WRITTEN: Final[Mapping[str, Callable[[Any], str]]] = {
    "status": lambda value: " or ".join(map(str, value)),
    "count": _times,
    "duration": _seconds,
    "provider": lambda value: f'"{value}"',
}


def names_of(kind: str) -> Mapping[str, Name]:
    """Return the names for a kind of value, by what sentences write."""
    return {str(name): name for name in NAMES if name.kind == kind}


def pattern(kind: str) -> str:
    """Return the regular expression of the names for a kind of value."""
    # Not re.escape: editors read the expression, too, and know no escaped space.
    return "|".join(re.sub(r"([().])", r"\\\1", each) for each in names_of(kind))


def told(kind: str) -> str:
    """Name the names for a kind of value, for the authors of features."""
    return ", ".join(f"`{each}`" for each in names_of(kind))


def status(text: str) -> Named:
    """Read the name of a status."""
    name = names_of("status")[text]
    words = name.words.removeprefix("the ")
    return Named((name,), lambda values: Status.named(words, name.of(values)))


def count(text: str) -> Named:
    """Read the name of a count."""
    name = names_of("count")[text]
    return Named((name,), name.of)


def provider(text: str) -> Named:
    """Read the name of an agent."""
    name = names_of("provider")[text]
    return Named((name,), lambda values: f'the agent "{name.of(values)}"')


def total(known: float, texts: list[str]) -> Named:
    """Read the names of durations, which are added up with one that is known."""
    names = tuple(names_of("duration")[text] for text in texts)
    return Named(names, lambda values: known + sum(float(name.of(values)) for name in names))
