# What the proxy adds to the events of a stream: the same answers asked of our mock provider
# directly, and through a proxy in front of it, by turns, on the wall clock.
#
#     python tests/benchmarks/proxy.py            # in under three minutes
#     python tests/benchmarks/proxy.py --quick    # in under 40 seconds
#
#   Latency: from the provider's write of an event, by its journal, to the event's arrival; with so
#   many streams at once, whose events are spread evenly. "Added" is the difference. Streams that
#   begin together wait for one another, which is what p99 shows: provider and proxy share a core.
#   Cost: streams without pauses of so many deltas, one at a time: the time, and the processor time
#   of the proxy, for each event. Each event of the proxy holds the whole message so far, so the
#   bytes of an event grow with the message, and nothing else does.
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click
import httpx

if not __package__:  # run as a script, whose own folder is what can be imported from
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.provider_load import Answer, Connection, percentile
from tests.benchmarks.provider_machine import cores, cpu_seconds
from tests.benchmarks.provider_servers import STOP_LIMIT, _await_listening, _free_port

CONNECTIONS: Final = (1, 16, 64)
DELTAS: Final = (100, 1_000, 10_000)
PACE: Final = 0.1
"""Seconds between two events of one stream."""

EVENTS: Final = 20
"""Events of each stream whose lateness is measured."""

WORD: Final = "tick "
ANSWER_LIMIT: Final = 60.0
"""Seconds that an answer may take."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the same answers: the port, and how events with text are told on the wire."""

    name: str
    port: int
    path: str
    event: re.Pattern[bytes]
    end: bytes

    def request(self, token: str) -> bytes:
        """Build a request for the answer that is planned under a token."""
        prompt = f"[sluicegate:{token}]"
        message = {"role": "user", "content": prompt}
        body: dict[str, object] = {"model": "gpt-4", "stream": True, "messages": [message]}
        if self.path == "/stream":
            shown = {"role": "user", "content": [{"type": "text", "text": prompt}]}
            body = {"model": "gpt-4", "context": {"messages": [shown]}}
        content = json.dumps(body).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content

    def arrivals(self, answer: Answer, expected: int) -> list[float]:
        """Return when each event with text had come."""
        ends = [found.end() for found in self.event.finditer(answer.raw)]
        if len(ends) != expected or self.end not in answer.raw[-4096 - len(WORD) * expected :]:
            raise ValueError(f"expected {expected} events, got {len(ends)} by {self.name}")
        sizes = [size for _, size in answer.reads]
        return [answer.reads[bisect_left(sizes, end)][0] for end in ends]


@dataclass(frozen=True, slots=True)
class Fleet:
    """The two ways, the process of the proxy, and what the provider is told its plans by."""

    direct: Way
    through: Way
    proxy: int
    control: httpx.Client

    def plan(self, tokens: Iterable[str], events: int, pace: float) -> None:
        """Say what is answered to requests with one of the tokens, and forget what was before."""
        answer = {"text": [WORD] * events, "pace": round(pace * 1000)}
        self._post("reset", {})
        for token in tokens:
            self._post("plans", {"token": token, "plans": {"provider": {"answers": [answer]}}})

    def written(self, token: str) -> list[list[float]]:
        """Return when each event with text was written, of each answer to requests with a token."""
        answer = self.control.get("journal", params={"token": token}).raise_for_status()
        entries = answer.json()["entries"]
        return [
            [each["at"] for each in entry["writes"] if '"tick ' in each["data"]]
            for entry in entries
        ]

    def _post(self, path: str, document: object) -> None:
        self.control.post(path, json=document).raise_for_status()


@contextmanager
def fleet() -> Iterator[Fleet]:
    """Start a provider, and a proxy in front of it, on the servers' core."""
    first, second = _free_port(), _free_port()
    upstream = {
        "OPENAI_API_KEY": "sk-a-key-that-nobody-says",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{first}/v1",
    }
    url = f"http://127.0.0.1:{first}/_provider/"
    with (
        _running("provider", first, {}),
        _running("proxy", second, upstream) as proxy,
        httpx.Client(base_url=url, trust_env=False) as control,
    ):
        yield Fleet(
            Way(
                "direct",
                first,
                "/v1/chat/completions",
                re.compile(rb'"content": ?"tick '),
                b"data: [DONE]",
            ),
            Way(
                "through",
                second,
                "/stream",
                re.compile(rb'data: \{"type":"text_delta"[^\n]*\n'),
                b'data: {"type":"done"',
            ),
            proxy,
            control,
        )


@contextmanager
def _running(command: str, port: int, environment: dict[str, str]) -> Iterator[int]:
    server_core, client_core = cores()
    with tempfile.TemporaryFile() as said:
        # A child inherits the affinity, and so do its threads.
        os.sched_setaffinity(0, {server_core})
        process = subprocess.Popen(
            [sys.executable, "-m", "sluicegate", command, "--port", str(port)],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        os.sched_setaffinity(0, {client_core})
        try:
            _await_listening(process, port, said)
            yield process.pid
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_LIMIT)
            process.kill()
            process.wait()


async def ask(way: Way, tokens: Sequence[str], seconds: float) -> list[list[Answer]]:
    """Ask with each token for so long, again as soon as it is answered; return the answers."""
    loop, everyone = asyncio.get_running_loop(), []
    answers: list[list[Answer]] = [[] for _ in tokens]
    for token, own in zip(tokens, answers, strict=True):
        make = partial(Connection, way.request(token), own.append)
        everyone.append((await loop.create_connection(make, "127.0.0.1", way.port))[1])
        await asyncio.sleep(PACE / len(tokens))
    await asyncio.sleep(seconds)
    for connection in everyone:
        connection.stop()
    async with asyncio.timeout(ANSWER_LIMIT):
        await asyncio.gather(*(connection.closed for connection in everyone))
    return answers


def latencies_of(servers: Fleet, way: Way, connections: int, seconds: float) -> Iterator[float]:
    """Yield how many ms each event was on its way."""
    tokens = [f"paced-{number}" for number in range(connections)]
    servers.plan(tokens, EVENTS, PACE)
    for token, answers in zip(tokens, asyncio.run(ask(way, tokens, seconds)), strict=True):
        for answer, written in zip(answers, servers.written(token), strict=True):
            arrived = way.arrivals(answer, EVENTS)
            # The loop of the provider and the client's counter are the same clock.
            yield from (1000 * (at - by) for at, by in zip(arrived, written, strict=True))


@dataclass(frozen=True, slots=True)
class Cost:
    """What each event of one answer has taken, in microseconds, and its bytes."""

    time: float
    cpu: float
    size: float


def cost(way: Way, deltas: int, rounds: int, pid: int) -> Cost:
    """Return the least that an answer of so many deltas has taken."""
    found = []
    for _ in range(rounds):
        cpu = sum(cpu_seconds(pid))
        ((answer, *_),) = answers = asyncio.run(ask(way, ["fast"], 0.0))
        took = way.arrivals(answer, deltas)[-1] - answer.asked
        used = sum(cpu_seconds(pid)) - cpu
        each = 1e6 / deltas
        cost_of = Cost(each * took, each * used / len(answers[0]), len(answer.raw) / deltas)
        found.append(cost_of)
    return min(found, key=lambda each: each.time)


def latencies(servers: Fleet, rounds: int, seconds: float) -> None:
    """Print how late events are."""
    for way in (servers.direct, servers.through):
        # What is made on first use is made now.
        list(latencies_of(servers, way, 1, 0.0))
    _row("latency", "direct", "through", "added", "ratio")
    for connections in CONNECTIONS:
        ways = (servers.direct, servers.through)
        late: dict[str, list[float]] = {way.name: [] for way in ways}
        for _ in range(rounds):
            for way in ways:
                late[way.name] += latencies_of(servers, way, connections, seconds)
        for percent in (50, 99):
            one, other = (percentile(late[way.name], percent) for way in ways)
            figures = (f"{one:.2f} ms", f"{other:.2f} ms", f"{other - one:.2f} ms")
            _row(f"{connections:>2} streams, p{percent}", *figures, f"{other / one:.1f}x")


def costs(servers: Fleet, rounds: int, most: int) -> None:
    """Print what events cost."""
    _row("cost of an event", "direct", "through", "ratio", "proxy's CPU", "bytes")
    for deltas in filter(most.__ge__, DELTAS):
        servers.plan(["fast"], deltas, 0.0)
        one = cost(servers.direct, deltas, rounds, servers.proxy)
        other = cost(servers.through, deltas, rounds, servers.proxy)
        figures = (f"{one.time:.0f} us", f"{other.time:.0f} us", f"{other.time / one.time:.1f}x")
        _row(f"{deltas} deltas", *figures, f"{other.cpu:.0f} us", f"{other.size:.0f}")


def _row(label: str, *cells: str) -> None:
    click.echo(f"{label:<20}" + "".join(f"{cell:>13}" for cell in cells))


@click.command()
@click.option("--quick", is_flag=True, help="Measure in under 40 seconds.")
def main(*, quick: bool) -> None:
    """Measure what the proxy adds."""
    rounds, seconds = (1, 0.5) if quick else (4, 4.0)
    click.echo("Servers on core {}, client on core {}.\n".format(*cores()))
    began = time.monotonic()
    with fleet() as servers:
        latencies(servers, rounds, seconds)
        click.echo()
        costs(servers, 1 if quick else 3, max(DELTAS))
    click.echo(f"\nMeasured in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
