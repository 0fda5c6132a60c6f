"""An answer as it goes to the connection: status, headers, timed writes, and how it ends."""

from dataclasses import dataclass
from typing import Literal

from .frames import Headers

Ending = Literal["complete", "reset", "cut", "silence"]
"""How an answer ends.

`complete`: the body's own end. `reset`: the connection is reset. `cut`: the connection ends, and
the body has not. `silence`: nothing more comes until the client goes away.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One write: `data`, `after` seconds of silence. Empty data sends the headers, if anything."""

    after: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer; nothing, headers included, is sent for `delay` seconds.

    Where `status` is None, the answer has no head, and ends before it begins. `surplus` are bytes
    past the body's own end. `is_cut` tells that the borders of the writes are what the answer is
    about. `heartbeat` is written again and again while the silence of such an ending lasts.
    """

    status: int | None
    headers: Headers
    parts: tuple[Part, ...]
    delay: float = 0.0
    ending: Ending = "complete"
    surplus: bytes = b""
    is_cut: bool = False
    heartbeat: Part | None = None
