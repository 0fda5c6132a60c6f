"""Pictures of the gateway's tables, in Mermaid.

    python -m sluicegate.gateway.diagrams docs/gateway.md

draws those of a page anew.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from .breaker import TABLE, Numbers, Transition
from .fallback import ATTEMPTS, OUTCOMES, STAGES, Mode

_PICTURE: Final = re.compile(r"(<!-- picture: (\w+) -->\n```mermaid\n).*?(?=```)", re.DOTALL)


def circuit(numbers: Numbers) -> str:
    """Draw the states of a circuit."""
    return _drawn("stateDiagram-v2", _circuit(numbers))


def course() -> str:
    """Draw the stages of a request, and what its ends are to the circuit."""
    return _drawn("stateDiagram-v2", _course())


def attempts(mode: Mode) -> str:
    """Draw the attempts of a request that the client wants in a mode."""
    return _drawn("flowchart LR", _attempts(mode))


PICTURES: Final[Mapping[str, Callable[[], str]]] = {
    "circuit": lambda: circuit(Numbers()),
    "course": course,
    "streamed": lambda: attempts("streamed"),
    "plain": lambda: attempts("plain"),
}


def redrawn(page: str) -> str:
    """Return a page with its pictures as they are now."""
    return _PICTURE.sub(lambda found: found[1] + PICTURES[found[2]](), page)


def _circuit(numbers: Numbers) -> Iterator[str]:
    yield 'state "half-open" as half_open'
    yield "[*] --> closed"
    for (state, event), entry in TABLE.items():
        words = f"{numbers.open_seconds:g} s" if event == "open time over" else event
        if isinstance(entry, Transition):
            yield f"{_id(state)} --> {_id(entry.to)} : {words}{_times(entry, numbers)}"
        else:
            yield f"{_id(state)} --> {_id(state)} : {words}, and the count begins anew"


def _times(entry: Transition, numbers: Numbers) -> str:
    return f", {getattr(numbers, entry.after)} in a row" if entry.after else ""


def _course() -> Iterator[str]:
    yield "[*] --> asking"
    for (stage, happening), to in STAGES.items():
        yield f"{stage} --> {to} : {happening}"
    for stage, outcome in OUTCOMES.items():
        yield f"{stage} --> [*] : {outcome}"


def _attempts(mode: Mode) -> Iterator[str]:
    asked = ATTEMPTS[mode]
    for number, (role, how) in enumerate(asked, 1):
        yield f'{number}["{role} agent, {how}"]'
    for number in range(1, len(asked)):
        yield f"{number} -->|fails| {number + 1}"


def _drawn(kind: str, lines: Iterable[str]) -> str:
    return "".join([f"{kind}\n", *(f"    {line}\n" for line in lines)])


def _id(state: str) -> str:
    return state.replace("-", "_")


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(redrawn(path.read_text(encoding="utf-8")), encoding="utf-8")
