"""What a first look at a system saw of one request: the answer, and which agents were asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sluicegate.provider.journal import Entry

from .checks.values import parsed
from .exchange import Exchange

Mode = Literal["plain", "streamed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """How an agent was asked, after so many seconds, and the status that it answered.

    `document` is the request, empty where it is no JSON object.
    """

    agent: str
    path: str
    mode: Mode
    model: str
    status: int | None
    after: float
    headers: Mapping[str, str]
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """An exchange with a system, in the mode in which the client asked; times are in seconds.

    `said` is what the agents were to say.
    """

    mode: Mode
    exchange: Exchange
    said: str

    @property
    def status(self) -> int:
        """The status, 0 where no answer began."""
        return self.exchange.status

    @property
    def is_broken(self) -> bool:
        """Whether there was no answer, though it was waited for."""
        return self.status == 0 and self.exchange.ending == "broken"

    @property
    def content_type(self) -> str:
        """The media type without parameters, "" where there is none."""
        return (self.exchange.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def first(self) -> float | None:
        """When the first byte of the body came, since the request; None where none did."""
        reads = self.exchange.reads
        return reads[0].at - self.exchange.started if reads else None

    @property
    def whole(self) -> float:
        """How long the exchange took."""
        return self.exchange.ended - self.exchange.started

    @property
    def texts(self) -> tuple[tuple[float, str], ...]:
        """The pieces of text that came, each with when it did."""
        began = self.exchange.started
        if self.content_type != "text/event-stream":
            return tuple((self.whole, text) for text in _texts(self.exchange.body, "message"))
        return tuple(
            (heard.at - began, text)
            for heard in self.exchange.events
            for text in _texts(heard.event.data, "delta")
        )

    @property
    def text(self) -> str:
        """All text that came."""
        return "".join(text for _, text in self.texts)

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The requests that reached an agent, in their order."""
        provided = self.exchange.provided or ()
        return tuple(
            _asked(each.by, each.entry, self.exchange.started)
            for each in provided
            if each.entry.method == "POST"
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a system: its answers to a plain request and to one for a stream.

    `failure` says why there are none. `agents` are the URLs at which the harness serves the agents
    that it expects; `is_witnessed` tells whether anybody knows which agents were asked. The clients
    showed a key if `has_key`. Where there was no answer, `printed` has the last lines that it has
    printed meanwhile, `ended` says how its process ended, if that is known, and `listens` whether
    it took connections afterwards. The harness starts it if `is_started`; with `is_by_url` its user
    has given a URL, and no profile that could be corrected.
    """

    url: str = ""
    model: str = ""
    sights: tuple[Sight, ...] = ()
    failure: str = ""
    agents: Mapping[str, str] = field(default_factory=dict)
    is_witnessed: bool = False
    has_key: bool = False
    printed: tuple[str, ...] = ()
    ended: str = ""
    listens: bool = True
    is_started: bool = False
    is_by_url: bool = False

    def of(self, mode: Mode) -> Sight | None:
        """Return what was seen in a mode, None where it was not asked."""
        return next((sight for sight in self.sights if sight.mode == mode), None)


def _asked(by: str, entry: Entry, began: float) -> Asked:
    document = _object(entry.body)
    return Asked(
        agent=by,
        path=entry.path,
        mode="streamed" if document.get("stream") is True else "plain",
        model=str(document.get("model", "")),
        status=entry.status,
        after=entry.started - began,
        headers={name.lower(): value for name, value in entry.headers},
        document=document,
    )


def _texts(data: str | bytes, where: str) -> Iterator[str]:
    """Yield the text in a completion or a chunk, as far as it is one."""
    choices = _object(data).get("choices")
    for choice in choices if isinstance(choices, list) else ():
        said = choice.get(where) if isinstance(choice, dict) else None
        text = said.get("content") if isinstance(said, dict) else None
        if isinstance(text, str) and text:
            yield text


def _object(data: str | bytes) -> Mapping[str, Any]:
    try:
        found = parsed(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
