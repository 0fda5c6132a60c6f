"""An agent's answer to a streaming request: its bytes, whatever they are, as a client's stream."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Final, Literal

from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.events import LARGEST, Events, TooLargeError
from sluicegate.upstream.masking import Mask

from .conversion import Identity
from .documents import completion
from .repair import Repair, is_ping

_Kind = Literal["events", "document"]

_OBJECT: Final = b"{"
_BLANK: Final = b"\n\n"


class Reading:
    """Reads one answer; what it yields is the data of the client's events, in their order.

    The content type may be wrong, so its beginning tells what the answer is: events, or a complete
    answer as one document. Each method raises UpstreamError. `heard` counts the events so far that
    are no pings; `repair` tells how far the answer is.
    """

    def __init__(self, mask: Mask, otherwise: Identity, *, with_usage: bool = False) -> None:
        self.heard = 0
        self.repair = Repair(mask, otherwise, with_usage=with_usage)
        self._mask = mask
        self._kind: _Kind | None = None
        self._events = Events()
        self._body = bytearray()

    def feed(self, data: bytes) -> Iterator[str]:
        """Take the next bytes; what they complete before a failure is yielded before it raises."""
        if self._kind != "events":
            self._collect(data)
            self._kind = self._kind or _kind(self._body)
            data = bytes(self._body) if self._kind == "events" else b""
        if data:
            self._body.clear()
            yield from self._take_events(data)

    def end(self) -> Iterator[str]:
        """Take the clean end of the answer."""
        if self._kind == "document":
            _, document = completion(bytes(self._body), self._mask)
            yield from self.repair.whole(document)
            return
        if not self._events.any:
            raise UpstreamError("malformed", "expected a stream of events from the upstream")
        if self.repair.ended:
            # All that can be left without its blank line now is [DONE], usage, or a broken event.
            yield from self._take_events(_BLANK)
        yield from self.repair.end()

    def _take_events(self, data: bytes) -> Iterator[str]:
        try:
            for event in self._events.feed(data):
                self.heard += not is_ping(event)
                yield from self.repair.feed(event)
        except TooLargeError:
            raise _too_large() from None

    def _collect(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > LARGEST:
            raise _too_large()


def _kind(beginning: bytes | bytearray) -> _Kind | None:
    """Tell what an answer is by its beginning, once there is enough of it."""
    begun = beginning.removeprefix(BOM_UTF8).lstrip()
    if not begun or BOM_UTF8.startswith(beginning):
        return None
    return "document" if begun.startswith(_OBJECT) else "events"


def _too_large() -> UpstreamError:
    return UpstreamError("malformed", f"the upstream sent more than {LARGEST} bytes at once")
