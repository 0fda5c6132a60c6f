# What the gateway adds to chunks and to requests: the same answers asked of our mock provider
# directly, and through gateways in front of it with fallbacks on and off, by turns, on the wall
# clock.
#
#     python tests/benchmarks/gateway.py            # in under three minutes
#     python tests/benchmarks/gateway.py --quick    # in under 40 seconds
#
#   Chunks: from the provider's write of a chunk, by its journal, to its arrival; with so many
#   streams at once, whose chunks are spread evenly. Streams that begin together wait for one
#   another, which is what p99 shows: provider and gateways share a core.
#   Requests: from a request to the whole of a plain answer, and to the first chunk of a streamed
#   one, one at a time.
#   "Added" is what a gateway adds to the direct way at the same percentile.
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click
import httpx

if not __package__:  # run as a script, whose own folder is what can be imported from
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.provider_load import Answer, Target, percentile, sample
from tests.benchmarks.provider_machine import cores
from tests.benchmarks.provider_servers import STOP_LIMIT, _await_listening, _free_port

CONNECTIONS: Final = (1, 16, 64)
PACE: Final = 0.1
"""Seconds between two chunks of one stream."""

CHUNKS: Final = 20
"""Chunks of each stream whose lateness is measured."""

PATH: Final = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Fleet:
    """The ways to the same answers, by their ports, and what the provider is told its plans by."""

    ways: dict[str, int]
    control: httpx.Client

    def plan(self, token: str, answer: dict[str, object]) -> None:
        """Say what is answered to requests with a token, and forget what was before."""
        self._post("reset", {})
        self._post("plans", {"token": token, "plans": {"provider": {"answers": [answer]}}})

    def written(self) -> list[list[float]]:
        """Return when each chunk with text was written, of each answer since the last plan."""
        entries = self.control.get("journal").raise_for_status().json()["entries"]
        return [
            [each["at"] for each in entry["writes"] if '"tick ' in each["data"]]
            for entry in entries
        ]

    def _post(self, path: str, document: object) -> None:
        self.control.post(path, json=document).raise_for_status()


@contextmanager
def fleet() -> Iterator[Fleet]:
    """Start a provider, and two gateways in front of it, on the servers' core."""
    port, ports = _free_port(), {}
    with ExitStack() as stack:
        stack.enter_context(_running(["provider"], port, {}))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = folder / "gateway.toml"
        file.write_text(f'[agents.only]\nbase_url = "http://127.0.0.1:{port}/v1"\n')
        for name, switch in (("fallback on", "true"), ("fallback off", "false")):
            ports[name] = _free_port()
            environment = {"AGENT_FALLBACK_ENABLED": switch}
            command = ["gateway", "--config", f"{file}"]
            stack.enter_context(_running(command, ports[name], environment))
        url = f"http://127.0.0.1:{port}/_provider/"
        control = stack.enter_context(httpx.Client(base_url=url, trust_env=False))
        yield Fleet({"direct": port, **ports}, control)


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    server_core, client_core = cores()
    with tempfile.TemporaryFile() as said:
        # A child inherits the affinity, and so do its threads.
        os.sched_setaffinity(0, {server_core})
        process = subprocess.Popen(
            [sys.executable, "-m", "sluicegate", *command, "--port", str(port)],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        os.sched_setaffinity(0, {client_core})
        try:
            _await_listening(process, port, said)
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_LIMIT)
            process.kill()
            process.wait()


def target(port: int, token: str, chunks: int, *, stream: bool) -> Target:
    """Build a request for the answer that is planned under a token."""
    messages = [{"role": "user", "content": f"[sluicegate:{token}]"}]
    content = json.dumps({"model": "gpt-4", "stream": stream, "messages": messages}).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return Target(port, head.encode() + content, chunks)


def chunks(servers: Fleet, port: int, connections: int, seconds: float) -> Iterator[float]:
    """Yield how many ms each chunk was on its way."""
    servers.plan("paced", {"text": ["tick "] * CHUNKS, "pace": round(PACE * 1000)})
    asked = target(port, "paced", CHUNKS, stream=True)
    stagger = PACE / connections
    answers = asyncio.run(sample(asked, connections=connections, seconds=seconds, stagger=stagger))
    # The loop of the provider and the client's counter are the same clock.
    written = sorted(servers.written())
    for answer, by in zip(sorted(answers, key=lambda each: each.tokens), written, strict=True):
        yield from (1000 * (at - then) for at, then in zip(answer.tokens, by, strict=True))


def requests(
    servers: Fleet, port: int, seconds: float, took: Callable[[Answer], float], *, stream: bool
) -> Iterator[float]:
    """Yield how many ms each request took, one at a time."""
    servers.plan("fast", {"text": ["tick "], "pace": 0})
    asked = target(port, "fast", 1, stream=stream)
    answers = asyncio.run(sample(asked, connections=1, seconds=seconds, stagger=0.0))
    yield from (1000 * took(answer) for answer in answers)


def _whole(answer: Answer) -> float:
    return answer.reads[-1][0] - answer.asked


def _first_chunk(answer: Answer) -> float:
    return answer.tokens[0] - answer.asked


def measured(
    servers: Fleet, label: str, rounds: int, measure: Callable[[int], Iterable[float]]
) -> None:
    """Print percentiles of what is measured at each port, by turns."""
    late: dict[str, list[float]] = {way: [] for way in servers.ways}
    for _ in range(rounds):
        for way, port in servers.ways.items():
            late[way] += measure(port)
    for percent in (50, 99):
        direct, *others = (percentile(values, percent) for values in late.values())
        figures = [f"{direct:.2f} ms"]
        for other in others:
            figures += [f"{other:.2f} ms", f"{other - direct:+.2f} ms"]
        _row(f"{label}, p{percent}", *figures)


def _row(label: str, *cells: str) -> None:
    click.echo(f"{label:<24}" + "".join(f"{cell:>14}" for cell in cells))


@click.command()
@click.option("--quick", is_flag=True, help="Measure in under 40 seconds.")
def main(*, quick: bool) -> None:
    """Measure what the gateway adds."""
    rounds, seconds = (1, 0.5) if quick else (4, 3.0)
    click.echo("Servers on core {}, client on core {}.\n".format(*cores()))
    began = time.monotonic()
    with fleet() as servers:
        _row("", "direct", "fallback on", "added", "fallback off", "added")
        for port in servers.ways.values():
            # What is made on first use is made now.
            list(chunks(servers, port, 1, 0.0))
        for connections in CONNECTIONS:
            at = partial(chunks, servers, connections=connections, seconds=seconds)
            measured(servers, f"chunk, {connections} streams", rounds, at)
        for label, took, stream in (
            ("plain request", _whole, False),
            ("first chunk", _first_chunk, True),
        ):
            asked = partial(requests, servers, seconds=seconds, took=took, stream=stream)
            measured(servers, label, rounds, asked)
    click.echo(f"\nMeasured in {time.monotonic() - began:.0f} s on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
