"""Headers of an agent's answer that the client gets, too."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from sluicegate.upstream.errors import Headers

_NAMES: Final = frozenset({"retry-after", "x-request-id"})
_PREFIX: Final = "x-ratelimit-"
_VALUE: Final = re.compile(r"[ -~]{1,200}")
_VALUES: Final[Mapping[str, re.Pattern[str]]] = {
    # Seconds, of which some send fractions, or a date.
    "retry-after": re.compile(r"[0-9]{1,10}(\.[0-9]{1,6})?|[A-Za-z]{3,9}, [0-9A-Za-z :-]{1,40}"),
}


def passed_on(headers: Iterable[tuple[str, str]], conceal: Callable[[str], str] = str) -> Headers:
    """Return those about limits and the name of the request; of the attempt that is answered.

    Of each there is one, the first that can be right. Left out is what `conceal` would change.
    """
    found: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        if _is_passed_on(name.lower(), value) and conceal(value) == value:
            found.setdefault(name.lower(), (name, value))
    return tuple(found.values())


def _is_passed_on(name: str, value: str) -> bool:
    is_known = name in _NAMES or name.startswith(_PREFIX)
    return is_known and _VALUES.get(name, _VALUE).fullmatch(value) is not None
