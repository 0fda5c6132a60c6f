"""Headers of an agent's answer that the client gets, too."""

from collections.abc import Iterable
from typing import Final

Headers = tuple[tuple[str, str], ...]

_NAMES: Final = frozenset({"retry-after", "x-request-id"})
_PREFIX: Final = "x-ratelimit-"


def passed_on(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return those about limits and the name of the request; of the attempt that is answered."""
    return tuple((name, value) for name, value in headers if _is_passed_on(name.lower()))


def _is_passed_on(name: str) -> bool:
    return name in _NAMES or name.startswith(_PREFIX)
