"""Calls of tools whose pieces come in any order, passed on one call after the other."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from .deltas import Delta, ToolCallDelta, ToolCallEnd, ToolCallStart
from .errors import UpstreamError


@dataclass(slots=True)
class _Call:
    """One call: its pieces, how many of them were passed on, and whether its end was told."""

    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    passed: int = 0
    ended: bool = False
    closed: bool = False

    def take(self, call_id: str, name: str, piece: str) -> None:
        self.id = self.id or call_id
        self.name = self.name or name
        if piece:
            self.pieces.append(piece)

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are complete, as far as JSON can tell."""
        arguments = "".join(self.pieces)
        if not arguments.rstrip().endswith("}"):
            return False
        try:
            json.loads(arguments)
        except (ValueError, RecursionError):
            return False
        return True


class Calls:
    """Passes the pieces of calls on, of which one is open at a time.

    The open one is passed on as it comes. What belongs to others, and what is said between them,
    is held back until its arguments are complete; the lowest place comes next. An id that is
    missing or taken becomes a new one, made with `answer_id`.
    """

    def __init__(self) -> None:
        self.answer_id = ""
        self._calls: dict[int, _Call] = {}
        self._waiting: list[int] = []
        self._open: _Call | None = None
        self._held: list[Delta] = []
        self._ids: set[str] = set()

    @property
    def any(self) -> bool:
        """Whether there was a call."""
        return bool(self._calls)

    def piece(self, place: int, call_id: str, name: str, arguments: str) -> Iterator[Delta]:
        """Take a piece of the call at a place; the first one begins it."""
        if place not in self._calls:
            self._calls[place] = _Call()
            self._waiting.append(place)
        call = self._calls[place]
        if call.closed and arguments.strip():
            raise UpstreamError(
                "malformed", "the arguments of the call of a tool go on after their end"
            )
        call.take(call_id, name, arguments)
        return self._go_on()

    def end(self, place: int) -> Iterator[Delta]:
        """Take the end of the call at a place; what is no call's has none."""
        if place in self._calls:
            self._calls[place].ended = True
        return self._go_on()

    def aside(self, delta: Delta) -> Iterator[Delta]:
        """Take what is said beside calls."""
        self._held.append(delta)
        return self._go_on()

    def finish(self) -> Iterator[Delta]:
        """End all calls; raises UpstreamError for one that has no name."""
        for call in self._calls.values():
            call.ended = True
        yield from self._go_on()
        if self._waiting:
            raise UpstreamError("malformed", "the upstream called a tool without a name")

    def _go_on(self) -> Iterator[Delta]:
        while True:
            if self._open is None:
                yield from self._held
                self._held.clear()
                self._open = self._next()
                if self._open is None:
                    return
                yield ToolCallStart(self._unique(self._open.id), self._open.name)
            yield from self._passed_on(self._open)
            if not self._is_over(self._open):
                return
            self._open.closed, self._open = True, None
            yield ToolCallEnd()

    def _next(self) -> _Call | None:
        named = [place for place in self._waiting if self._calls[place].name]
        if not named:
            return None
        self._waiting.remove(min(named))
        return self._calls[min(named)]

    def _passed_on(self, call: _Call) -> Iterator[Delta]:
        new, call.passed = call.pieces[call.passed :], len(call.pieces)
        return map(ToolCallDelta, new)

    def _is_over(self, call: _Call) -> bool:
        return call.ended or (bool(self._waiting or self._held) and call.is_whole)

    def _unique(self, call_id: str) -> str:
        stem = call_id or f"{self.answer_id or 'call'}_{len(self._ids) + 1}"
        number, unique = 1, stem
        while unique in self._ids:
            number, unique = number + 1, f"{stem}_{number + 1}"
        self._ids.add(unique)
        return unique
