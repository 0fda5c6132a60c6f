# The providers that are compared: how each is installed, started and asked for the same thing.
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

import httpx

from .provider_load import Target
from .provider_machine import cores, cpu_seconds

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "benchmarks"
LAUNCH = Path(__file__).with_name("provider_launch.py")

AIMOCK = "@copilotkit/aimock@1.43.0"
LLMOCK = "llmock==0.2.2"
UVLOOP = "uvloop==0.23.0"

WORD = "tick "
"""All words are as long, so that a tool which cuts by characters cuts between words."""

START_LIMIT = 20.0
"""Seconds that a server gets to listen."""

STOP_LIMIT = 5.0
"""Seconds that a server gets to end after SIGTERM."""

INSTALL_LIMIT = 180.0
"""Seconds that the installation of one tool may take."""

POLL = 0.05
"""Seconds between two looks at a server that starts."""


class AbsentError(Exception):
    """A provider that cannot be installed, or does not start, here."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What one request asks for: so many words, times in ms."""

    stream: bool = False
    words: int = 50
    delay: int = 0
    pace: int = 0

    @property
    def model(self) -> str:
        """Return the name of a model by which the others tell what is asked for."""
        return f"words{self.words}delay{self.delay}pace{self.pace}"

    @property
    def text(self) -> str:
        """Return the words of the answer."""
        return (WORD * self.words).strip()


@dataclass(frozen=True, slots=True)
class Start:
    """What a server is started with; `pace`, in ms, for one that cannot be asked for it."""

    folder: Path
    port: int
    asks: tuple[Ask, ...]
    pace: int = 0


@dataclass(frozen=True, slots=True)
class Contender:
    """One provider: how it is installed and started, and how it is asked for something."""

    name: str
    install: Callable[[], Path]
    command: Callable[[Start], list[str]]
    query: Callable[[Ask], dict[str, str | int]] = lambda _ask: {}
    headers: Callable[[Ask], dict[str, str | int]] = lambda _ask: {}
    prepare: Callable[[Start], None] = lambda _start: None
    has_one_pace: bool = False
    is_extra: bool = False

    @property
    def is_ours(self) -> bool:
        """Tell whether it is this project's, in one way of running it or another."""
        return self.query is _query

    def request(self, ask: Ask) -> bytes:
        """Build the bytes of a request."""
        message = {"role": "user", "content": "Hello"}
        body = json.dumps({"model": ask.model, "messages": [message], "stream": ask.stream})
        query = urlencode(self.query(ask))
        headers = {
            "Host": "127.0.0.1",
            "Authorization": "Bearer none",
            "Content-Type": "application/json",
            "Content-Length": len(body),
            **self.headers(ask),
        }
        target = "/v1/chat/completions" + (f"?{query}" if query else "")
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
        return "\r\n".join([*lines, "", body]).encode()


@dataclass(frozen=True, slots=True)
class Server:
    """A provider that listens."""

    contender: Contender
    start: Start
    pid: int

    @property
    def name(self) -> str:
        """Return the contender's name."""
        return self.contender.name

    def cpu(self) -> float:
        """Return its seconds of processor time so far, those of its children included."""
        return sum(cpu_seconds(self.pid))

    def kernel_cpu(self) -> float:
        """Return the part of it that was spent in the kernel."""
        return cpu_seconds(self.pid)[1]

    def target(self, ask: Ask) -> Target:
        """Return what the client needs to know to ask for this."""
        chunks = ask.words if ask.stream else 1
        return Target(self.start.port, self.contender.request(ask), chunks)


@contextmanager
def running(
    contender: Contender, folder: Path, asks: tuple[Ask, ...], pace: int = 0
) -> Iterator[Server]:
    """Start a provider on the servers' core, and stop it."""
    start = Start(folder, _free_port(), asks, pace)
    with tempfile.TemporaryFile() as said:
        process = _started(contender.command(start), folder, said)
        try:
            _await_listening(process, start.port, said)
            contender.prepare(start)
            yield Server(contender, start, process.pid)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_LIMIT)
            process.kill()
            process.wait()


def _started(command: list[str], folder: Path, said: IO[bytes]) -> subprocess.Popen[bytes]:
    server_core, client_core = cores()
    path = os.pathsep.join(map(str, (ROOT / "harness", folder)))
    # A child inherits the affinity, and so do its threads.
    os.sched_setaffinity(0, {server_core})
    try:
        return subprocess.Popen(
            command,
            cwd=TOOLS,
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
    finally:
        os.sched_setaffinity(0, {client_core})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_listening(process: subprocess.Popen[bytes], port: int, said: IO[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(POLL)
    said.seek(0)
    raise AbsentError(f"it does not start: {said.read().decode(errors='replace')[-2000:]}")


def _install(name: str, program: str, *commands: list[str]) -> Path:
    folder = TOOLS / name
    stamp, wanted = folder / "installed", json.dumps(commands)
    if stamp.exists() and stamp.read_text() == wanted:
        return folder
    if shutil.which(program) is None:
        raise AbsentError(f"{program} is not installed")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for command in commands:
        _run(command, folder)
    stamp.write_text(wanted)
    return folder


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_LIMIT)
    except (subprocess.SubprocessError, OSError) as error:
        said: bytes = getattr(error, "stderr", None) or b""
        raise AbsentError(f"{error} {said.decode(errors='replace')[-500:]}") from error


def _python(name: str) -> str:
    return f"{name}-python{sys.version_info.major}.{sys.version_info.minor}"


def _install_ours() -> Path:
    TOOLS.mkdir(parents=True, exist_ok=True)
    return TOOLS


def _install_aimock() -> Path:
    options = ["--no-audit", "--no-fund", "--prefix", "."]
    return _install("aimock", "npm", ["npm", "install", *options, AIMOCK])


def _install_llmock() -> Path:
    make = [sys.executable, "-m", "venv", "."]
    return _install(_python("llmock"), sys.executable, make, ["bin/pip", "install", LLMOCK])


def _install_uvloop() -> Path:
    command = [sys.executable, "-m", "pip", "install", "--target", ".", UVLOOP]
    return _install(_python("uvloop"), sys.executable, command)


def _ours(start: Start) -> list[str]:
    return [*_ours_on_uvloop(start), "--asyncio"]


def _ours_on_uvloop(start: Start) -> list[str]:
    return [sys.executable, str(LAUNCH), "--port", str(start.port)]


def sampled(contender: Contender, samples: Path) -> Contender:
    """Return one of ours that samples where its processor time goes, into a file."""
    return replace(
        contender,
        command=lambda start: [*contender.command(start), "--samples", str(samples)],
    )


def _aimock(start: Start) -> list[str]:
    fixtures = start.folder / "fixtures.json"
    answers = [
        {"match": {"model": ask.model}, "response": {"content": ask.text}, "latency": ask.pace}
        for ask in start.asks
    ]
    fixtures.write_text(json.dumps({"fixtures": answers}))
    program = start.folder / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    options = {
        "--port": start.port,
        "--fixtures": fixtures,
        "--log-level": "silent",
        "--chunk-size": len(WORD),
    }
    return ["node", str(program), *_words(options)]


def _llmock(start: Start) -> list[str]:
    options = {
        "--port": start.port,
        "--log-level": "error",
        "--stream-chunk-delay-ms": start.pace,
    }
    return [str(start.folder / "bin" / "llmock"), "serve", *_words(options)]


def _words(options: Mapping[str, object]) -> list[str]:
    return [str(word) for pair in options.items() for word in pair]


def _script_llmock(start: Start) -> None:
    behaviors: list[dict[str, object]] = []
    for ask in start.asks:
        always = {"times": None, "match": {"model": ask.model}}
        behaviors.append({"type": "reply", "text": ask.text, **always})
        behaviors += [{"type": "delay", "seconds": ask.delay / 1000, **always}] * bool(ask.delay)
    url = f"http://127.0.0.1:{start.port}/_llmock/scenario"
    httpx.post(url, json={"behaviors": behaviors}).raise_for_status()


def _query(ask: Ask) -> dict[str, str | int]:
    delay = {"delay": ask.delay} if ask.delay else {}
    pace = {"pace": ask.pace} if ask.stream else {}
    return {"text": ask.text, **delay, **pace}


CONTENDERS = (
    Contender("ours", _install_ours, _ours, query=_query),
    Contender("ours, uvloop", _install_uvloop, _ours_on_uvloop, query=_query, is_extra=True),
    Contender(
        "aimock",
        _install_aimock,
        _aimock,
        headers=lambda ask: {"x-aimock-chaos-latency": ask.delay} if ask.delay else {},
    ),
    Contender("llmock", _install_llmock, _llmock, prepare=_script_llmock, has_one_pace=True),
)
