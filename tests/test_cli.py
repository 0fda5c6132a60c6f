import itertools
import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

import sluicegate

COMMAND = [sys.executable, "-m", "sluicegate"]
PATIENCE = 30.0
HELLO = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}


class Running:
    """A command in a process of its own, and the first lines it printed."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.greeting = self.process.stdout.readline() + self.process.stdout.readline()

    @property
    def url(self) -> str:
        found = re.search(r"http://\S+", self.greeting)
        assert found, self.process.communicate(timeout=PATIENCE)
        return found.group()

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        """Return the exit status and what was printed after the greeting, on stdout and stderr."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    with ExitStack() as closing:

        def start(*arguments: str) -> Running:
            running = Running("provider", "--port", "0", *arguments)
            closing.callback(running.kill)
            return running

        yield start


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_the_version_is_printed() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"sluicegate {sluicegate.__version__}\n")


def test_the_installed_command_is_the_same() -> None:
    command = Path(sys.executable).with_name("sluicegate")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == run("--version").stdout


@pytest.mark.parametrize("arguments", [["--help"], ["provider", "--help"], ["provider", "-h"]])
def test_help_needs_no_web_framework(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom sluicegate.cli import main\n"
        f"try: main({arguments!r})\nfinally: assert 'quart' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage: " in done.stdout


@pytest.mark.parametrize("parameter", ["delay", "fail", "stream", "fail_chunk"])
def test_help_teaches_each_parameter(parameter: str) -> None:
    assert f"\n    {parameter}=" in run("provider", "--help").stdout


def test_the_commands_in_the_help_work(start: Callable[..., Running]) -> None:
    running = start("--quiet")
    text = run("provider", "--help").stdout.partition("Try it:\n")[2].partition("\n\n")[0]
    commands = re.findall(r"curl (?:.*\\\n)*.*", text)
    assert len(commands) == 4
    for command in commands:
        assert curl(command, running.url).startswith("HTTP/1.1 200")


def test_where_the_provider_listens_is_printed_and_nothing_else(
    start: Callable[..., Running],
) -> None:
    running = start()
    assert re.fullmatch(
        r"Sluicegate provider on http://127\.0\.0\.1:\d+\nPress Ctrl-C to stop\.\n",
        running.greeting,
    )
    httpx.get(running.url + "/health").raise_for_status()
    assert running.end(signal.SIGINT)[1] == ""


ASK = (
    ' -H "Content-Type: application/json"'
    ' -d \'{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}\''
)


@pytest.mark.parametrize(
    ("command", "status", "expected"),
    [
        ("curl -X POST http://localhost:8001/v1/chat/completions", 200, "Hello! I'm a mock LLM"),
        ('curl -X POST "http://localhost:8001/v1/chat/completions?delay=2000"', 200, "Hello! I'm"),
        ('curl -X POST "http://localhost:8001/v1/chat/completions?fail=429"', 429, "Rate limit"),
        (
            'curl -X POST "http://localhost:8001/v1/chat/completions?stream=true"',
            200,
            "data: [DONE]",
        ),
        (
            'curl -X POST "http://localhost:8001/v1/chat/completions?stream=true&fail_chunk=3"',
            200,
            'data: {"broken": \n',
        ),
    ],
)
def test_the_documented_commands_work(
    start: Callable[..., Running], command: str, status: int, expected: str
) -> None:
    running = start()
    began = time.monotonic()
    answer = curl(command + ASK, running.url)
    assert answer.startswith(f"HTTP/1.1 {status}")
    assert expected in answer
    assert time.monotonic() - began >= (2 if "delay=2000" in command else 0)


def curl(command: str, url: str) -> str:
    words = shlex.split(command.replace("\\\n", " ").replace("http://localhost:8001", url))
    if shutil.which("curl") is None:
        return like_curl(words)
    done = subprocess.run([*words, "-sS", "-i"], capture_output=True, text=True, check=True)
    return done.stdout


def like_curl(words: list[str]) -> str:
    options = dict(itertools.pairwise(words))
    url = next(word for word in words if word.startswith("http:"))
    method = options.get("-X", "GET")
    with httpx.Client(timeout=PATIENCE) as client:
        response = client.request(method, url, content=options.get("-d"))
    return f"HTTP/1.1 {response.status_code}\r\n\r\n{response.text}"


def test_each_request_is_logged_in_one_line_on_stderr(start: Callable[..., Running]) -> None:
    running = start()
    httpx.post(running.url + "/v1/chat/completions?fail=429&api_key=secret", json=HELLO)
    httpx.get(running.url + "/nowhere")
    _, _, err = running.end(signal.SIGINT)
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d POST /v1/chat/completions\?fail=429&api_key=\*\*\* -> 429, finished after"
        r" \d+\.\d{3} s\n"
        r"\d\d:\d\d:\d\d GET /nowhere -> 404, finished after \d+\.\d{3} s\n",
        err,
    )


def test_quiet_logs_no_requests(start: Callable[..., Running]) -> None:
    running = start("--quiet")
    httpx.get(running.url + "/health")
    assert running.end(signal.SIGINT) == (0, "", "")


def test_the_options_reach_the_provider(start: Callable[..., Running]) -> None:
    running = start("--model", "one", "--model", "two", "--unhealthy")
    models = httpx.get(running.url + "/v1/models").json()
    assert [model["id"] for model in models["data"]] == ["one", "two"]
    assert httpx.get(running.url + "/health").status_code == 503


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_complaint(
    start: Callable[..., Running], number: signal.Signals
) -> None:
    assert start("--quiet").end(number) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_a_stream_end(start: Callable[..., Running], number: signal.Signals) -> None:
    running = start("--quiet")
    with httpx.stream(
        "POST", running.url + "/v1/chat/completions?stream=true", json=HELLO
    ) as response:
        chunks = response.iter_text()
        first = next(chunks)
        running.process.send_signal(number)
        text = first + "".join(chunks)
    assert text.endswith("data: [DONE]\n\n")
    assert running.wait() == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cuts_a_silence_short(
    start: Callable[..., Running], number: signal.Signals
) -> None:
    running = start("--quiet")
    with socket.create_connection(_address(running.url)) as client:
        body = json.dumps(HELLO).encode()
        client.sendall(
            b"POST /v1/chat/completions?fail=timeout HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        # A second exchange shows that the first has begun.
        httpx.get(running.url + "/health").raise_for_status()
        began = time.monotonic()
        assert running.end(number) == (0, "", "")
    assert time.monotonic() - began < 10


def _address(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host, int(port)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_is_refused_in_one_line(taken: int) -> None:
    done = run("provider", "--port", str(taken))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: 127.0.0.1:{taken} is taken by another program: stop it, or choose another port\n"
    )


@pytest.fixture
def occupied_default() -> Iterator[None]:
    with ExitStack() as closing:
        # Where someone else has it, that serves as well; shared, for runs side by side.
        with suppress(OSError):
            closing.enter_context(socket.create_server(("127.0.0.1", 8001), reuse_port=True))
        yield


@pytest.mark.usefixtures("occupied_default")
def test_the_default_is_port_8001_of_the_loopback_address() -> None:
    done = run("provider")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: 127.0.0.1:8001 is taken")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--port", "65536"], 2, "65536 is not in the range"),
        (["--port", "-1"], 2, "-1 is not in the range"),
        (["--port", "http"], 2, "'http' is not a valid integer"),
        (["--host", ""], 2, "expected an address or a host name"),
        (["--host", "a..b"], 1, "cannot listen on a..b:0"),
        (["--host", "192.0.2.1"], 1, "cannot listen on 192.0.2.1:0"),
        (["--model", ""], 1, "expected the name of a model, got ''"),
        (["--model", "a", "--model", "a"], 1, "each model once"),
        (["--nonsense"], 2, "No such option"),
    ],
)
def test_bad_arguments_are_refused_in_plain_words(
    arguments: list[str], status: int, message: str
) -> None:
    done = run("provider", "--port", "0", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_others_can_reach_is_warned_about(start: Callable[..., Running]) -> None:
    _, _, err = start("--quiet", "--host", "0.0.0.0").end(signal.SIGINT)  # noqa: S104 - on purpose
    assert err == "Warning: other machines may reach 0.0.0.0, and nobody is asked for a key.\n"


@pytest.mark.parametrize("host", ["127.0.0.2", "localhost"])
def test_a_loopback_address_is_not_warned_about(start: Callable[..., Running], host: str) -> None:
    running = start("--quiet", "--host", host)
    assert running.url.startswith(f"http://{host}:")
    assert running.end(signal.SIGINT) == (0, "", "")
