"""How pieces of text passed a system: when the provider sent each, and when it came."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from sluicegate.errors import ViolationError
from sluicegate.provider.journal import Entry
from sluicegate.scenario.exchange import Exchange, Read, Request

from .stream import texts


@dataclass(frozen=True, slots=True)
class Passage:
    """One piece of text: when it was sent and when it came, in seconds on the clock.

    `behind` is when the provider sent the next bytes after it. `overtaken` is the number of the
    last piece that had been sent when this one came.
    """

    number: int
    sent: float
    came: float
    behind: float
    overtaken: int

    @property
    def took(self) -> float:
        """The seconds for which it was under way."""
        return self.came - self.sent

    @property
    def is_behind(self) -> bool:
        """Whether it came only after the provider had sent more."""
        return self.came > self.behind

    def __str__(self) -> str:
        more = f"text {self.overtaken}" if self.overtaken > self.number else "more"
        return (
            f"text {self.number} came {self.took:.3f} s after the provider sent it, when {more} "
            "had been sent: it was held back"
        )


def passages(exchange: Exchange) -> list[Passage]:
    """Return how each piece of text passed; nothing where no provider's journal tells."""
    came = texts(exchange)
    for entry in _entries(exchange):
        sent = _sent(exchange, entry)
        if sent and [text for _, text in sent] == [text for _, text in came]:
            return list(_passed(entry, [at for at, _ in sent], [at for at, _ in came]))
    return []


def is_reordered(exchange: Exchange) -> bool:
    """Tell whether the pieces that came are those that were sent, and in another order."""
    came = [text for _, text in texts(exchange)]
    sent = [[text for _, text in _sent(exchange, entry)] for entry in _entries(exchange)]
    return came not in sent and sorted(came) in map(sorted, sent)


def held_back(exchange: Exchange, allowed: Callable[[Passage], float]) -> Passage | None:
    """Return the first piece that came after more was sent, and took longer than is allowed."""
    found = (each for each in passages(exchange) if each.is_behind and each.took > allowed(each))
    return next(found, None)


def _entries(exchange: Exchange) -> Iterator[Entry]:
    for each in reversed(exchange.provided or ()):
        # The clock of a provider on another machine is another one.
        if exchange.started <= each.entry.started <= exchange.ended:
            yield each.entry


def _sent(exchange: Exchange, entry: Entry) -> list[tuple[float, str]]:
    answer = replace(
        exchange,
        request=Request("POST", entry.path),
        headers=entry.response_headers,
        reads=tuple(Read(write.at, write.data) for write in entry.writes),
        heard=None,
        provided=(),
    )
    with suppress(ViolationError):
        return texts(answer)
    return []


def _passed(entry: Entry, sent: list[float], came: list[float]) -> Iterator[Passage]:
    ends = [write.at for write in entry.writes] + [entry.ended or came[-1]]
    for number, (one, other) in enumerate(zip(sent, came, strict=True), 1):
        behind = next((at for at in ends if at > one), ends[-1])
        yield Passage(number, one, other, behind, sum(at < other for at in sent))
