"""The judge's side of a stream: what must hold from one event to the next, whoever sent them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from sluicegate.wire.keywords import shown

from .growth import TYPES, blocks, misended, misgrown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Rule = Literal["order", "snapshot", "tool_call", "ending", "usage"]
"""What is broken: the order of the events, the growth of the message, the tool calls, how the
message says that it ended, or the counts of its tokens."""

_Found = tuple[Rule, str]

_IN_A_CALL: Final = frozenset({"tool_call_delta", "tool_call_end"})
_CONSTANT: Final = ("role", "model", "provider", "timestamp")
_REASONS: Final = {"done": ("stop", "length", "tool_use"), "error": ("error", "aborted")}
_SUMMANDS: Final = ("input", "output", "cache_read", "cache_write")
_COSTS: Final = (*_SUMMANDS, "total")


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that is wrong with a stream, at an event; 0 is a stream without any."""

    number: int
    rule: Rule
    words: str

    def __str__(self) -> str:
        return f"event {self.number}: {self.words}" if self.number else self.words


class Invariants:
    """Judge the events of one stream as raw JSON; nothing that a server sends raises.

    After a breach, the snapshot that came is what the next one is judged by.
    """

    __slots__ = ("_call", "_constants", "_content", "_last", "_number", "_pieces")

    def __init__(self) -> None:
        self._number = 0
        self._last = ""
        self._constants: Mapping[str, Any] | None = None
        # None after a snapshot that cannot be read: nothing can be judged by it.
        self._content: list[Any] | None = []
        # The block of the tool call that has begun and not ended; -1 where its snapshot has none.
        self._call: int | None = None
        self._pieces: list[str] = []

    def feed(self, document: object) -> list[Breach]:
        """Judge the next event."""
        self._number += 1
        if self._last in _REASONS:
            return [self._breach("order", f"expected nothing after {self._last}", document)]
        event = document if isinstance(document, dict) else {}
        kind = _known(event.get("type"))
        try:
            found = [Breach(self._number, *each) for each in self._judge(kind, event, document)]
        except RecursionError:
            self._content = None
            found = [self._breach("snapshot", "expected less deeply nested JSON", document)]
        self._remember(kind, event.get("delta"), document)
        return found

    def finish(self) -> list[Breach]:
        """Judge the end of the stream."""
        if self._last in _REASONS:
            return []
        got = self._last or "no event at all"
        return [
            Breach(self._number, "order", f"expected done or error as the last event, got {got}")
        ]

    def _breach(self, rule: Rule, expected: str, document: object) -> Breach:
        return Breach(self._number, rule, f"{expected}, got {_named(document)}")

    def _judge(self, kind: str, event: Mapping[str, Any], document: object) -> Iterator[_Found]:
        yield from self._order(kind, document)
        yield from self._place(kind)
        yield from self._partial(kind, event)

    def _order(self, kind: str, document: object) -> Iterator[_Found]:
        if (kind == "start") != (self._number == 1):
            expected = "start as the first event" if self._number == 1 else "one start"
            yield "order", f"expected {expected}, got {_named(document)}"
        elif not kind:
            yield "order", f"expected an event of a documented type, got {_named(document)}"

    def _place(self, kind: str) -> Iterator[_Found]:
        if self._call is None and kind in _IN_A_CALL:
            yield "tool_call", f"expected {kind} after a tool_call_start only"
        elif self._call is not None and kind not in {*_IN_A_CALL, "error"}:
            yield "tool_call", f"expected the end of the tool call, got {kind or 'something else'}"

    def _partial(self, kind: str, event: Mapping[str, Any]) -> Iterator[_Found]:
        partial = event.get("partial")
        if not isinstance(partial, dict):
            self._content = None
            yield "snapshot", f"expected the message so far as partial, got {shown(partial)}"
            return
        yield from self._constancy(partial)
        yield from self._growth(kind, event.get("delta"), blocks(partial.get("content")))
        if kind in _REASONS:
            yield from _ending(kind, partial)
            yield from _usage(partial.get("usage"))

    def _constancy(self, partial: Mapping[str, Any]) -> Iterator[_Found]:
        now = {name: partial.get(name) for name in _CONSTANT}
        before = now if self._constants is None else self._constants
        for name in _CONSTANT:
            if now[name] != before[name]:
                yield (
                    "snapshot",
                    f"expected the {name} to stay {shown(before[name])}, got {shown(now[name])}",
                )
        self._constants = now

    def _growth(self, kind: str, delta: object, after: list[Any]) -> Iterator[_Found]:
        before, self._content = self._content, after
        if before is None:
            return
        if kind == "tool_call_end" and self._call is not None:
            wrong = misended(before, self._call, "".join(self._pieces), after)
        else:
            wrong = misgrown(kind, before, delta, after)
        if wrong:
            yield "tool_call" if kind.startswith("tool_call") else "snapshot", wrong

    def _remember(self, kind: str, delta: object, document: object) -> None:
        self._last = _named(document)
        if kind == "tool_call_start":
            self._call, self._pieces = len(self._content or ()) - 1, []
        elif kind == "tool_call_delta" and isinstance(delta, str):
            self._pieces.append(delta)
        elif kind == "tool_call_end":
            self._call = None


def _named(document: object) -> str:
    kind = _known(document.get("type")) if isinstance(document, dict) else ""
    return kind or shown(document)


def _known(kind: object) -> str:
    return kind if isinstance(kind, str) and kind in TYPES else ""


def _ending(kind: str, partial: Mapping[str, Any]) -> Iterator[_Found]:
    reason, message = partial.get("stop_reason"), partial.get("error_message")
    if reason not in _REASONS[kind]:
        known = ", ".join(_REASONS[kind])
        yield "ending", f"expected one of {known} as the stop_reason of {kind}, got {shown(reason)}"
    if kind == "error" and not (isinstance(message, str) and message):
        yield "ending", f"expected an error_message that says what went wrong, got {shown(message)}"


def _usage(usage: object) -> Iterator[_Found]:
    if not isinstance(usage, dict):
        yield "usage", f"expected the usage in the last event, got {shown(usage)}"
        return
    wrong = [name for name in (*_SUMMANDS, "total_tokens") if not _is_count(usage.get(name))]
    for name in wrong:
        yield "usage", f"expected a number of tokens as {name}, got {shown(usage.get(name))}"
    yield from () if wrong else _total(usage)
    yield from _cost(usage.get("cost"))


def _total(usage: Mapping[str, Any]) -> Iterator[_Found]:
    total = sum(usage[name] for name in _SUMMANDS)
    if total != usage["total_tokens"]:
        terms = " + ".join(str(usage[name]) for name in _SUMMANDS)
        yield "usage", f"expected {terms} = {total} as total_tokens, got {usage['total_tokens']}"


def _cost(cost: object) -> Iterator[_Found]:
    if not isinstance(cost, dict):
        yield "usage", f"expected the cost, got {shown(cost)}"
        return
    for name in _COSTS:
        if not _is_number(cost.get(name)):
            yield "usage", f"expected a number as the cost's {name}, got {shown(cost.get(name))}"


def _is_number(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value) and value >= 0)


def _is_count(value: object) -> bool:
    # In JSON, 2.0 is an integer.
    return _is_integer(value) or (isinstance(value, float) and value.is_integer() and value >= 0)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
