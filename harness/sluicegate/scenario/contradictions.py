"""What sentences about one provider's answer cannot say together."""

from collections.abc import Mapping
from typing import Any, Final

from sluicegate.errors import SluicegateError

from .checks.values import number, show

Parameters = dict[str, Any]
"""The parameters of answers, as JSON has them."""

AFTER: Final = "after"
"""In place of `fail_chunk`, which counts the chunk that fails: how many chunks come before it."""

_LISTS: Final = frozenset({"quirks", "tool_calls"})
"""What several sentences may say, one part each, written with commas between."""

_OF_STREAMS: Final = frozenset(
    {AFTER, "end", "line_end", "space", "bom", "comments", "padding", "cut", "quirks"}
)
"""What shows in an answer that is whole, or in its stream, and in no other."""


def refuse_twice(said: Parameters, new: Parameters, *, may_add: bool = True) -> None:
    """Raise SluicegateError for what is said already, and of which there is only one.

    `may_add` tells whether quirks and calls of tools may follow those that are there.
    """
    renamed = {AFTER if name == "fail_chunk" else name: value for name, value in new.items()}
    for name in [each for each in said if each in renamed]:
        one, other = said[name], renamed[name]
        if may_add and name in _LISTS and (name != "quirks" or other not in one.split(", ")):
            continue
        raise SluicegateError(
            f"two sentences say {_told(name)}: {show(one)} and {show(other)}; leave one of them out"
        )


def refuse_later_failure(common: Parameters, times: int) -> None:
    """Raise SluicegateError where an answer that is to succeed after `times` others fails, too."""
    for name in ("fail", AFTER):
        if name in common:
            raise SluicegateError(
                f"the provider is to succeed after its first {number(times, 'answer')}, and another"
                f" sentence says {_told(name)}: {show(common[name])}; leave one of them out"
            )


def refuse_idle(common: Parameters) -> None:
    """Raise SluicegateError for a fault of a stream that never begins."""
    fails = "fail" if common.get("fail", "none") != "none" else "body"
    idle = sorted(common.keys() & _OF_STREAMS)
    if fails in common and idle:
        raise SluicegateError(
            f"a sentence says {_told(fails)}: {show(common[fails])}; another one, that says "
            f"{_told(idle[0])}, would do nothing: leave one of them out"
        )


def _told(name: str) -> str:
    return _TOLD.get(name, f"the provider's {name.replace('_', ' ')}")


_TOLD: Final[Mapping[str, str]] = {
    AFTER: "after which chunk the stream fails",
    "fail": "how the provider fails",
    "body": "what the provider answers in place of the answer",
    "end": "how the stream ends",
    "bom": "that the stream begins with a byte order mark",
    "space": 'whether a space follows "data:"',
    "cut": "how the stream is cut",
}
"""What a parameter says in the words of a scenario, where its name does not."""
