# The three measurements of provider.py, as rows of figures.
import asyncio
import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .provider_load import Answer, Load, load, percentile, sample
from .provider_servers import AbsentError, Ask, Contender, Server, running, sampled

CONNECTIONS = (1, 16, 64)

KINDS = {"plain": Ask(), "streamed": Ask(stream=True)}
DELAYED = tuple(Ask(delay=delay) for delay in (0, 10, 100, 500))
PACED = tuple(Ask(stream=True, words=6, pace=pace) for pace in (10, 50, 100))

BUSY = 0.9
"""Share of the time for which a server with many clients is busy, unless something else is."""

PER_CONNECTION = 25
"""Milliseconds of a wait for which there is one connection: the server is idle most of the time."""

MOST_CONNECTIONS = 8

SETTLE = 0.3
"""Seconds of load before anything is measured: Node compiles what it has run often."""

PROFILED_CONNECTIONS = 16

ALL = 0.95
"""Share of the samples from which on a function is just what runs everything."""

OURS = "ours"

Kind = Literal["rate", "time", "excess"]

BETTER: Mapping[Kind, Callable[[float, float], float]] = {
    "rate": lambda ours, theirs: ours / theirs,
    "time": lambda ours, theirs: theirs / ours,
    "excess": lambda ours, theirs: theirs - ours,
}
"""By how much ours is better: as a ratio, but in ms where a figure may be 0 or less."""

Folders = Mapping[Contender, Path]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How often and how long, in seconds, everything is measured."""

    rounds: int
    load: float
    times: float
    profile: float


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of every contender that has it, by name; see `BETTER` for `kind`."""

    what: str
    unit: str
    figures: Mapping[str, float]
    kind: Kind
    marked: frozenset[str] = frozenset()

    def better(self, name: str) -> float | None:
        """Return by how much ours is better, None where one of the two has no figure."""
        ours, theirs = self.figures.get(OURS), self.figures.get(name)
        return None if ours is None or theirs is None else BETTER[self.kind](ours, theirs)


@dataclass(frozen=True, slots=True)
class Profile:
    """Samples by layer, shares within functions, and microseconds of processor time an answer."""

    layers: Mapping[str, float]
    within: Mapping[str, float]
    microseconds: float
    kernel: float


@contextmanager
def fleet(folders: Folders, say: Say) -> Iterator[list[Server]]:
    """Start every contender, and stop them; what does not start is said, unless it is ours."""
    with ExitStack() as stack:
        servers: list[Server] = []
        for contender, folder in folders.items():
            try:
                servers += [stack.enter_context(each) for each in _starts(contender, folder)]
            except AbsentError as error:
                if contender.is_ours:
                    raise
                say(f"{contender.name} is absent: {error}")
        yield servers


def _starts(contender: Contender, folder: Path) -> Iterator[AbstractContextManager[Server]]:
    asks = (*KINDS.values(), *DELAYED, *PACED)
    paces = (0, *(ask.pace for ask in PACED)) if contender.has_one_pace else (0,)
    return (running(contender, folder, asks, pace) for pace in paces)


def loads(servers: list[Server], plan: Plan, say: Say) -> Iterator[Row]:
    """Load every contender by turns."""
    unpaced = [server for server in servers if server.start.pace == 0]
    for ask in KINDS.values():
        for server in unpaced:
            _load(server, ask, PROFILED_CONNECTIONS, SETTLE)
    for what, ask in KINDS.items():
        for connections in CONNECTIONS:
            say(f"load, {what}, {connections} connections")
            found = _rounds(unpaced, ask, connections, plan)
            slowed = _slowed(found) if connections > 1 else frozenset()
            yield from _load_rows(f"{what}, {connections:2d} conn.", ask, found, slowed)


def _rounds(
    servers: Iterable[Server], ask: Ask, connections: int, plan: Plan
) -> dict[str, list[Load]]:
    found: dict[str, list[Load]] = {}
    for _ in range(plan.rounds):
        for server in servers:
            found.setdefault(server.name, []).append(_load(server, ask, connections, plan.load))
    return found


def _load(server: Server, ask: Ask, connections: int, seconds: float) -> Load:
    return asyncio.run(
        load(server.target(ask), connections=connections, seconds=seconds, server_cpu=server.cpu)
    )


def _slowed(found: Mapping[str, list[Load]]) -> frozenset[str]:
    return frozenset(
        name for name, rounds in found.items() if max(each.busy for each in rounds) < BUSY
    )


def _load_rows(
    what: str, ask: Ask, found: Mapping[str, list[Load]], slowed: frozenset[str]
) -> Iterator[Row]:
    unit, token = ("chunks", "first token") if ask.stream else ("answers", "answer")
    for name, kind, choose, figure in _FIGURES:
        figures = {each: choose(map(figure, rounds)) for each, rounds in found.items()}
        yield Row(what, name.format(unit=unit, token=token), figures, kind, slowed)


_FIGURES: tuple[
    tuple[str, Kind, Callable[[Iterable[float]], float], Callable[[Load], float]], ...
] = (
    ("{unit}/s", "rate", max, lambda each: each.chunks / each.seconds),
    ("{unit}/CPU s", "rate", max, lambda each: each.chunks / each.server_cpu),
    ("ms, {token} p50", "time", min, lambda each: 1000 * percentile(each.first_tokens, 50)),
    ("ms, {token} p99", "time", min, lambda each: 1000 * percentile(each.first_tokens, 99)),
)


def times(servers: list[Server], plan: Plan, say: Say) -> Iterator[Row]:
    """Measure by how many ms what was waited exceeds what was asked."""
    for ask in (*DELAYED, *PACED):
        what = f"pace={ask.pace} ms" if ask.stream else f"delay={ask.delay} ms"
        say(f"times, {what}")
        late = {
            server.name: [1000 * each for each in _late(server, ask, plan.times)]
            for server in servers
            if not server.contender.has_one_pace or server.start.pace == ask.pace
        }
        for percent in (50, 99):
            figures = {name: percentile(each, percent) for name, each in late.items()}
            unit = f"ms over, p{percent}"
            yield Row(what, unit, figures, "excess")


def _late(server: Server, ask: Ask, seconds: float) -> list[float]:
    if ask.stream:
        answers = _sample(server, ask, ask.pace, seconds)
        return [gap - ask.pace / 1000 for each in answers for gap in each.gaps]
    return [each.first_byte - ask.delay / 1000 for each in _sample(server, ask, ask.delay, seconds)]


def _sample(server: Server, ask: Ask, wait: int, seconds: float) -> list[Answer]:
    connections = min(MOST_CONNECTIONS, max(1, wait // PER_CONNECTION))
    return asyncio.run(
        sample(
            server.target(ask),
            connections=connections,
            seconds=seconds,
            stagger=wait / connections / 1000,
        )
    )


def profile(contender: Contender, folder: Path, ask: Ask, plan: Plan) -> Profile:
    """Sample one of ours under a load of `ask`."""
    with tempfile.TemporaryDirectory() as kept:
        samples = Path(kept, "samples.json")
        with running(sampled(contender, samples), folder, ()) as server:
            _load(server, ask, PROFILED_CONNECTIONS, SETTLE)
            os.kill(server.pid, signal.SIGUSR1)  # forgets the samples of the start
            kernel, total = server.kernel_cpu(), server.cpu()
            seconds = plan.profile / plan.rounds
            rounds = [_load(server, ask, PROFILED_CONNECTIONS, seconds) for _ in range(plan.rounds)]
            kernel, total = server.kernel_cpu() - kernel, server.cpu() - total
        cost = min(each.server_cpu / each.chunks for each in rounds) * server.target(ask).chunks
        return Profile(*_shares(json.loads(samples.read_text())), 1e6 * cost, kernel / total)


def _shares(samples: list[dict[str, int]]) -> tuple[dict[str, float], dict[str, float]]:
    total = sum(samples[0].values())
    layers, within = ({name: count / total for name, count in kind.items()} for kind in samples)
    return layers, {name: share for name, share in within.items() if share < ALL}
