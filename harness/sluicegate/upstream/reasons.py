"""Why an answer ended: each format's own word for it, as the agents' dialect puts it."""

from collections.abc import Mapping
from typing import Final

from sluicegate.wire.assistant.message import Usage

from .deltas import Finished, StopReason

_MEANINGS: Final = {
    "content_filter": "the upstream's content filter ended the answer",
    "refusal": "the model refused to answer",
}
_UNKNOWN: Final = "the upstream ended the answer for a reason that is not known"


def finished(
    known: Mapping[str, StopReason], reason: str, usage: Usage, *, has_calls: bool
) -> Finished:
    """Return the end of an answer; a reason that is not known is an error, and is not shown."""
    meant = known.get(reason, "error")
    # Some servers say so after calls, too, and a client would then never answer them.
    if meant == "stop" and has_calls:
        meant = "tool_use"
    return Finished(meant, usage, _MEANINGS.get(reason, _UNKNOWN) if meant == "error" else "")
