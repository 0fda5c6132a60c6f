"""Headers of an agent's answer that the client gets, too."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from sluicegate.upstream.errors import Headers

_NAMES: Final = frozenset({"retry-after", "x-request-id"})
_PREFIX: Final = "x-ratelimit-"
_VALUE: Final = re.compile(r"[ -~]{1,200}")


def passed_on(headers: Iterable[tuple[str, str]], conceal: Callable[[str], str] = str) -> Headers:
    """Return those about limits and the name of the request; of the attempt that is answered.

    Left out is what `conceal` would change.
    """
    return tuple(
        (name, value)
        for name, value in headers
        if _is_passed_on(name.lower()) and _VALUE.fullmatch(value) and conceal(value) == value
    )


def _is_passed_on(name: str) -> bool:
    return name in _NAMES or name.startswith(_PREFIX)
