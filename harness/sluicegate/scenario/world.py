"""The world of one scenario: what its sentences prepare, what its client does, what came of it."""

import asyncio
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Self, cast, get_args

from sluicegate.errors import SluicegateError
from sluicegate.provider.token import mark
from sluicegate.runtime.clock import Clock

from .chat import AgentRequest, Asking, Chat, marked
from .checks.values import number, quoted
from .client import Kind, ask
from .command import Command
from .exchange import Exchange, Request
from .library import LIBRARY, Library
from .planning import Planning
from .profile import DEFAULT_VARIANT
from .session import Ask, Session
from .systems import PROVIDER, PROXY, Lines
from .target import Targets

LONGEST_PROMPT = 1024**3

_JSON = (("content-type", "application/json"),)


class World:
    """Everything that one scenario works with; steps call it, and nothing else.

    A context manager: at the end of the scenario its connections are closed, then its servers.
    """

    def __init__(self, targets: Targets) -> None:
        self.command = Command(is_judged=not targets.is_external(PROVIDER))
        self.asking: Asking = Chat()
        self.plan = Planning()
        self.library = Library()
        self._system, self._variant = PROVIDER, DEFAULT_VARIANT
        self._targets = targets
        self._kind: Kind = "raw"
        self._exchanges: list[Exchange] = []
        self._filed: dict[str, Any] | None = None
        self._token = targets.token()

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
    def exchange_before(self) -> Exchange:
        """The exchange before the last one."""
        return self._nth(-2)

    @property
    def log(self) -> Lines | None:
        """What reads the system's log, if it can be read."""
        return self.clock.run(self._session.instance()).log

    def talk_to_the_proxy(self) -> None:
        """Let the client ask the proxy in place of the provider; it comes before all else."""
        self._refuse_late("the proxy")
        self._system, self._variant = PROXY, DEFAULT_VARIANT
        self.asking = AgentRequest()

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

    def ask(self, parameters: str = "", *, leave: float | None = None, **options: object) -> None:
        """Let the client send its request, with query parameters and further members.

        It goes away after `leave` seconds, if that is given. Raises SluicegateError for a client
        that goes away before anything can come.
        """
        if leave == 0:
            raise SluicegateError("a client that goes away after 0 ms sees nothing: give it time")
        if self.plan or self._targets.is_external(PROVIDER):
            self.asking.mark = mark(self._token)
        asking = self.asking
        target = f"{asking.path}?{parameters}" if parameters else asking.path
        request = Request("POST", target, _JSON + asking.headers, asking.body(**options))
        if self._kind == LIBRARY:
            self._send(self.library.asks(self.agent, request, leave))
        else:
            self._send(partial(ask, request=request, kind=self._kind, leave=leave))

    def ask_and_cancel(self, seconds: float) -> None:
        """Let the client library ask for a stream, and cancel it after so many seconds."""
        if self._kind != LIBRARY:
            raise SluicegateError(
                f"only the client library can cancel: write `Given the client is {quoted(LIBRARY)}`"
            )
        self.library.cancel = seconds
        self.ask(stream=True)

    def ask_often(self, times: int, *, stream: bool) -> None:
        """Let the client send its request so many times, one after the other."""
        members: dict[str, Any] = {"stream": True} if stream else {}
        for _ in range(times):
            self.ask(**members)

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
            request = Request(method, target, self.asking.headers)
        else:
            headers = _JSON + self.asking.headers
            request = Request(method, target, headers, self._marked(body).encode())
        self._send(partial(ask, request=request, kind=self._kind))

    def _marked(self, body: str) -> str:
        if not self.plan and not self._targets.is_external(PROVIDER):
            return body
        found = marked(body, mark(self._token))
        if found is None:
            self._refuse_a_plan()
            return body
        self.asking.mark = mark(self._token)
        return found

    def _refuse_a_plan(self) -> None:
        if self.plan:
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
        return Session(self._targets, self._system, self._variant, self._token)

    def _send(self, ask: Ask) -> None:
        exchanges = [*self._exchanges, self.clock.run(self._exchanged(ask))]
        self._exchanges = [
            replace(exchange, number=place, total=len(exchanges))
            for place, exchange in enumerate(exchanges, 1)
        ]

    async def _exchanged(self, ask: Ask) -> Exchange:
        await self._file()
        return await self._session.exchange(ask, is_marked=bool(self.asking.mark))

    async def _file(self) -> None:
        plan = self.plan.document(self.asking.dialect) if self.plan else None
        if plan is None or plan == self._filed:
            return
        if self._filed is not None:
            raise SluicegateError(
                "a sentence about the provider's answers comes too late: the client has asked for "
                "them already; put it above the request that meets them first"
            )
        await self._session.file(plan)
        self._filed = plan

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
