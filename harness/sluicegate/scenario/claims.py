"""Claims: what a profile says that a system can do, where it differs, and where it fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from sluicegate.errors import SluicegateError

Claim = Literal[True, False, "unknown"]
"""Whether a system has a capability; what is unknown is tried for information only."""

DEFAULTS: Final[Mapping[str, Any]] = {
    "timeout_status": 504,
    "circuit_open_status": 503,
    "auth_status": 401,
    "final_error_status": 500,
    "error_when_both_fail": "last",
    "attempts_streamed": 3,
    "attempts_plain": 2,
    "open_seconds": 30,
    "failures_to_open": 5,
    "successes_to_close": 2,
    "whole_stream_seconds": 60,
    "first_content_seconds": 20,
    "gap_seconds": 20,
    "plain_seconds": 15,
}
"""The values in which gateways may differ, and what the contract says where a profile is silent."""


class ClaimError(SluicegateError):
    """A claim that cannot be read."""


@dataclass(frozen=True, slots=True)
class Capability:
    """What is claimed of a capability, and why."""

    claim: Claim
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """Scenarios of a requirement that are known to fail, until the end of a day.

    `scenarios` are patterns of their names, such as "The agent resets *"; none stands for all.
    """

    requirement: str
    reason: str
    expires: date
    scenarios: tuple[str, ...] = ()

    def covers(self, requirements: frozenset[str], name: str) -> bool:
        """Tell whether a scenario of these requirements and that name is known to fail."""
        if self.requirement not in requirements:
            return False
        return not self.scenarios or any(fnmatchcase(name, each) for each in self.scenarios)

    def has_expired(self, today: date) -> bool:
        """Tell whether its last day has passed."""
        return today > self.expires


_CLAIMED: Final = Capability(claim=True)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a profile says of a system; a capability that it does not name is claimed.

    `values` has every name of `DEFAULTS`; a status is a number, or several in a tuple.
    """

    capabilities: Mapping[str, Capability] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=lambda: DEFAULTS)
    known: tuple[KnownFailure, ...] = ()

    def of(self, capability: str) -> Capability:
        """Return what is claimed of a capability."""
        return self.capabilities.get(capability, _CLAIMED)


def claims(table: Mapping[str, Any]) -> Claims:
    """Read the claims in a system's table of a profile that follows its schema."""
    return Claims(
        capabilities={n: _capability(said) for n, said in table.get("capabilities", {}).items()},
        values={**DEFAULTS, **{n: _value(said) for n, said in table.get("values", {}).items()}},
        known=tuple(map(_known, table.get("known_failures", ()))),
    )


def _capability(said: Any) -> Capability:  # noqa: ANN401 - a claim, or a table with one
    if isinstance(said, Mapping):
        return Capability(said["claim"], said.get("reason", ""))
    return Capability(said)


def _value(said: Any) -> Any:  # noqa: ANN401 - a number, a word, or a list of numbers
    return tuple(said) if isinstance(said, list) else said


def _known(said: Mapping[str, Any]) -> KnownFailure:
    try:
        expires = date.fromisoformat(said["expires"])
    except ValueError as error:
        raise ClaimError(f"expires = {said['expires']!r} is no day: {error}") from None
    patterns = tuple(said.get("scenarios", ()))
    return KnownFailure(said["requirement"], said["reason"], expires, patterns)
