"""The world of one scenario: what its sentences prepare, what its client does, what came of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Self, cast, get_args

from sluicegate.errors import SluicegateError
from sluicegate.provider.token import mark
from sluicegate.runtime.clock import Clock

from .chat import AgentRequest, Asking, Chat, marked, renamed
from .checks.provider import THE_PROVIDER
from .checks.values import number, quoted
from .client import Kind, ask
from .command import Command
from .exchange import Exchange, Request
from .library import LIBRARY, Library
from .logs import Log
from .planning import Planning
from .profile import DEFAULT_VARIANT
from .session import Ask, Session, called
from .systems import AGENTS, PROVIDER, PROXY
from .target import Targets

LONGEST_PROMPT = 1024**3

MOST_CLIENTS = 1000

_JSON = (("content-type", "application/json"),)


class World:
    """Everything that one scenario works with; steps call it, and nothing else.

    `needs` are the capabilities that the scenario needs. A context manager: at the end of the
    scenario its connections are closed, then its servers.
    """

    def __init__(self, targets: Targets, needs: frozenset[str] = frozenset()) -> None:
        self.command = Command(is_judged=not targets.is_external(PROVIDER))
        self.asking: Asking = Chat()
        self._plans: dict[str, Planning] = {}
        self.library = Library()
        self._system, self._variant = PROVIDER, DEFAULT_VARIANT
        self._targets = targets
        self._kind: Kind = "raw"
        self._exchanges: list[Exchange] = []
        self._filed: dict[str, dict[str, Any]] = {}
        self._together = 1
        self._token = targets.token()
        self._needs = needs
        self._hidden: set[str] = set()

    @property
    def clock(self) -> Clock:
        """The clock that the scenario runs on."""
        return self._targets.clock

    @property
    def agent(self) -> AgentRequest:
        """The request of the proxy's client."""
        if not isinstance(self.asking, AgentRequest):
            raise SluicegateError(
                "this sentence is about the proxy's client: put \"Given the client talks to the "
                'proxy" above it, or into the Background'
            )
        return self.asking

    @property
    def exchange(self) -> Exchange:
        """The client's last exchange."""
        return self._nth(-1)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges of the client, at least one."""
        self._nth(-1)
        return tuple(self._exchanges)

    @property
    def at_once(self) -> tuple[Exchange, ...]:
        """The exchanges of the clients that asked at the same time, or else the last one."""
        return self.exchanges[-self._together :]

    @property
    def seen(self) -> tuple[Exchange, ...]:
        """All exchanges of the client so far, even if there is none."""
        return tuple(self._exchanges)

    def output(self) -> list[str]:
        """Return the last lines that the system has printed, where the harness started it."""
        return self.clock.run(self._session.instance()).output() if self._session.is_open else []

    @property
    def exchange_before(self) -> Exchange:
        """The exchange before the last one."""
        return self._nth(-2)

    @property
    def log(self) -> Log | None:
        """The system's log, None where the profile does not say where it is."""
        found = self.clock.run(self._session.instance()).log
        if found is None and not self._targets.is_external(self._system):
            raise SluicegateError(
                f"the variant {quoted(self._variant)} of the {self._system} logs nothing: choose "
                "one that does"
            )
        return found

    @property
    def plan(self) -> Planning:
        """What the only provider is to answer."""
        return self.planning(THE_PROVIDER)

    def planning(self, who: str) -> Planning:
        """Return what a provider is to answer, by what the scenario calls it.

        Raises SluicegateError for one that the client's system does not ask.
        """
        known = [called(agent) for agent in AGENTS[self._system]]
        if who not in known:
            raise SluicegateError(
                f"the {self._system} knows no provider that is called {quoted(who)}: write "
                f"{' or '.join(known)}"
            )
        return self._plans.setdefault(AGENTS[self._system][known.index(who)], Planning())

    @property
    def _is_planned(self) -> bool:
        return any(self._plans.values())

    def talk_to(self, system: str) -> None:
        """Let the client ask the proxy or the gateway; it comes before all else."""
        self._refuse_late(f"the {system}")
        if self.asking != Chat() or self._plans:
            raise SluicegateError(
                f'"Given the client talks to the {system}" comes before all that is said of the '
                "client and of the provider; put it into the Background"
            )
        self._system, self._variant = system, DEFAULT_VARIANT
        self.asking = AgentRequest() if system == PROXY else Chat()

    def choose(self, system: str, variant: str) -> None:
        """Choose the variant of the system, before the client has asked it anything.

        Raises SluicegateError for a variant that nobody knows, and when it is too late.
        """
        self._targets.known(system, variant)
        if system != self._system:
            raise SluicegateError(f"the client talks to the {self._system}, not to the {system}")
        self._refuse_late(f"the variant {quoted(variant)}")
        self._variant = variant

    def say(self, size: int) -> None:
        """Let the prompt be a text of that many bytes, at most 1 GiB."""
        if size > LONGEST_PROMPT:
            raise SluicegateError(f"expected a prompt of at most 1 GiB, got {size} bytes")
        self.asking.prompt = "x" * size

    def be(self, kind: str) -> None:
        """Choose the client: one of `Kind`; the judge reads the bytes of the raw one."""
        known = get_args(Kind)
        if kind not in known:
            wanted = " or ".join(map(quoted, known))
            raise SluicegateError(f"expected a client of {wanted}, got {quoted(kind)}")
        self._kind = cast("Kind", kind)

    def speak(self, dialect: str) -> None:
        """Choose the wire format that the client speaks, one of `Dialect`."""
        if not isinstance(self.asking, Chat):
            raise SluicegateError("the proxy's client speaks in AssistantMessage events alone")
        self.asking.dialect = dialect  # type: ignore[assignment] # the sentence accepts no other

    def bear(self, name: str, value: str) -> None:
        """Let the client's requests bear a header."""
        self.asking.headers += ((name, value),)

    def show(self, token: str) -> None:
        """Let the proxy's client show a token."""
        self.agent.token = token
        self.bear("Authorization", f"Bearer {token}")

    def show_no_key(self) -> None:
        """Let the client show no key, whatever the profile says."""
        self._hidden.add("authorization")

    def ask(self, parameters: str = "", *, leave: float | None = None, **options: object) -> None:
        """Let the client send its request, with query parameters and further members.

        It goes away after `leave` seconds, if that is given. Raises SluicegateError for a client
        that goes away before anything can come.
        """
        if leave == 0:
            raise SluicegateError("a client that goes away after 0 ms sees nothing: give it time")
        if self._is_planned or self._targets.is_shared(self._system):
            self.asking.mark = mark(self._token)
        asking = self.asking
        target = f"{asking.path}?{parameters}" if parameters else asking.path
        request = self._request("POST", target, asking.body(**options))
        if self._kind == LIBRARY:
            self._send(self.library.asks(self.agent, request, leave))
        else:
            self.library.refuse_unread()
            self._send(partial(ask, request=request, kind=self._kind, leave=leave))

    def ask_and_cancel(self, seconds: float) -> None:
        """Let the client library ask for a stream, and cancel it after so many seconds."""
        if self._kind != LIBRARY:
            raise SluicegateError(
                f"only the client library can cancel: write `Given the client is {quoted(LIBRARY)}`"
            )
        self.library.cancel = seconds
        self.ask(stream=True)

    def ask_at_once(self, count: int) -> None:
        """Let so many clients send the request at the same time."""
        if not 1 <= count <= MOST_CLIENTS:
            raise SluicegateError(f"expected from 1 to {MOST_CLIENTS} clients, got {count}")
        if self._is_planned or self._targets.is_shared(self._system):
            self.asking.mark = mark(self._token)
        request = self._request("POST", self.asking.path, self.asking.body(stream=True))
        one = partial(ask, request=request, kind=self._kind)
        self._exchanges += self.clock.run(self._exchanged_at_once([one] * count))
        self._together = count
        self._number()

    def begin(self) -> None:
        """Let another client send the request; whatever comes of it, nobody waits for it."""
        if self._is_planned or self._targets.is_shared(self._system):
            self.asking.mark = mark(self._token)
        request = self._request("POST", self.asking.path, self.asking.body())
        self.clock.run(self._begin(partial(ask, request=request)))

    def ask_often(self, times: int, *, stream: bool, leave: float | None = None) -> None:
        """Let the client send its request so many times, one after the other."""
        members: dict[str, Any] = {"stream": True} if stream else {}
        for _ in range(times):
            self.ask(leave=leave, **members)

    def wait(self, seconds: float) -> None:
        """Let time pass on the clock."""
        self.clock.run(asyncio.sleep(seconds))

    def send(self, line: str, body: str | None = None) -> None:
        """Let the client send a request such as "GET /v1/models", with a body that is JSON.

        Where the provider has a plan, its mark is added to the prompt. Raises SluicegateError for a
        line that is no method and path, and for a body without a prompt that could bear the mark.
        """
        method, _, target = line.partition(" ")
        if body is None:
            if self._system == PROVIDER:
                self._refuse_a_plan()
            request = self._request(method, target)
        else:
            request = self._request(method, target, self._marked(body).encode())
        self._send(partial(ask, request=request, kind=self._kind))

    def _request(self, method: str, target: str, body: bytes | None = None) -> Request:
        """Return a request with the headers and the names of models that the profile asks for."""
        own = {name.lower() for name, _ in self.asking.headers} | self._hidden
        headers = self._targets.headers(self._system, self._variant, self._needs)
        added = tuple(each for each in headers if each[0].lower() not in own)
        shown = added + self.asking.headers
        if body is None:
            return Request(method, target, shown)
        named = renamed(body, self._targets.models(self._system))
        return Request(method, target, _JSON + shown, named)

    def _marked(self, body: str) -> str:
        if not self._is_planned and not self._targets.is_shared(self._system):
            return body
        found = marked(body, mark(self._token))
        if found is None:
            self._refuse_a_plan()
            return body
        self.asking.mark = mark(self._token)
        return found

    def _refuse_a_plan(self) -> None:
        if self._is_planned:
            raise SluicegateError(
                "the provider's answer was planned for a request whose prompt bears the token that "
                'the plan is filed under, and this one has no prompt: write "When the client asks '
                'for a stream"'
            )

    def _refuse_late(self, choice: str) -> None:
        if self._exchanges:
            raise SluicegateError(
                f"{choice} comes too late: the client has asked the variant "
                f"{quoted(self._variant)} of the {self._system} already; put this sentence before "
                "the first request"
            )

    @cached_property
    def _session(self) -> Session:
        return Session(self._targets, self._system, self._variant, self._token, self._needs)

    def _send(self, ask: Ask) -> None:
        self._exchanges.append(self.clock.run(self._exchanged(ask)))
        self._together = 1
        self._number()

    def _number(self) -> None:
        self._exchanges = [
            replace(exchange, number=place, total=len(self._exchanges))
            for place, exchange in enumerate(self._exchanges, 1)
        ]

    async def _exchanged(self, ask: Ask) -> Exchange:
        await self._file()
        return await self._session.exchange(ask, is_marked=bool(self.asking.mark))

    async def _begin(self, ask: Ask) -> None:
        await self._file()
        await self._session.begin(ask)

    async def _exchanged_at_once(self, asks: Sequence[Ask]) -> Sequence[Exchange]:
        await self._file()
        return await self._session.exchanges(asks, is_marked=bool(self.asking.mark))

    async def _file(self) -> None:
        for agent, planning in self._plans.items():
            if not planning.healthy:
                await self._session.fall_ill(agent)
        plans = {
            agent: planning.document(self.asking.dialect)
            for agent, planning in self._plans.items()
            if planning
        }
        if not plans or plans == self._filed:
            return
        if self._filed:
            raise SluicegateError(
                "a sentence about the provider's answers comes too late: the client has asked for "
                "them already; put it above the request that meets them first"
            )
        await self._session.file(plans)
        self._filed = plans

    def _nth(self, place: int) -> Exchange:
        if len(self._exchanges) < abs(place):
            raise SluicegateError(
                f"this sentence needs {number(abs(place), 'answer')}, and the client has asked "
                f"{number(len(self._exchanges), 'time')} so far; a sentence such as "
                '"When the client asks for a stream" comes first'
            )
        return self._exchanges[place]

    def __enter__(self) -> Self:
        self.clock.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.command.close()
        self.clock.run(self._session.aclose())
