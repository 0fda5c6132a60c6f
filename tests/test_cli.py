import itertools
import json
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import click
import httpx
import pytest
import trustme
from click.testing import CliRunner

import sluicegate
from sluicegate.cli import main, serve
from sluicegate.cli.faults import faults_text
from sluicegate.provider.parameters import PARAMETERS

COMMAND = [sys.executable, "-m", "sluicegate"]
PATIENCE = 30.0
CHAT = "/v1/chat/completions"
MODELS = "/v1/models"
HELLO = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}


class Running:
    """A command in a process of its own, and the first lines it printed."""

    def __init__(self, *arguments: str, lines: int = 2) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.greeting = "".join(self.process.stdout.readline() for _ in range(lines))

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

        def start(*arguments: str, lines: int = 2) -> Running:
            port = () if "--agent" in arguments else ("--port", "0")
            running = Running("provider", *port, *arguments, lines=lines)
            closing.callback(running.kill)
            return running

        yield start


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    running = Running("provider", "--port", "0")
    yield running
    running.kill()


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


def help_text() -> str:
    return CliRunner().invoke(main, ["provider", "--help"]).stdout


@pytest.mark.parametrize("parameter", ["delay", "fail", "stream", "fail_chunk"])
def test_help_teaches_the_documented_parameters(parameter: str) -> None:
    assert f"\n    {parameter}=" in help_text()


def test_help_stays_short_and_says_where_the_rest_is() -> None:
    text = help_text()
    assert len(text.splitlines()) < 80
    assert "provider --faults" in text
    assert "X-Sluicegate-Faults" in text
    assert "gpt-4?fail=429" in text


@pytest.mark.parametrize("columns", [80, 100])
def test_the_list_of_faults_fits_the_terminal(columns: int) -> None:
    assert max(map(len, faults_text(columns).splitlines())) <= columns


def test_the_list_of_faults_names_every_parameter_with_every_value() -> None:
    listed = faults_text(100)
    for name, parameter in PARAMETERS.items():
        assert re.search(rf"^  {name} ", listed, re.MULTILINE), name
        for value in parameter.values:
            assert re.search(rf"^      {re.escape(value)} ", listed, re.MULTILINE), value


def test_the_list_of_faults_is_an_option() -> None:
    done = CliRunner().invoke(main, ["provider", "--faults", "--port", "1"])
    assert (done.exit_code, done.stdout) == (0, click.unstyle(faults_text()) + "\n")


def test_the_commands_in_the_help_work(shared: Running) -> None:
    text = help_text().partition("Try it:\n")[2]
    commands = re.findall(r"curl (?:.*\\\n)*.*", text)
    assert len(commands) == 7
    for command in commands:
        assert curl(command, shared.url).startswith("HTTP/1.1 200")


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


def test_a_reset_lets_faults_that_were_used_up_take_place_again(shared: Running) -> None:
    url = f"{shared.url}{CHAT}?fail=503&fail_times=1"
    statuses = [httpx.post(url, json=HELLO).status_code for _ in range(2)]
    httpx.post(shared.url + "/_provider/reset").raise_for_status()
    assert [*statuses, httpx.post(url, json=HELLO).status_code] == [503, 200, 503]


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
    shared: Running, command: str, status: int, expected: str
) -> None:
    began = time.monotonic()
    answer = curl(command + ASK, shared.url)
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
    running = start("--log")
    httpx.post(running.url + "/v1/chat/completions?fail=429&api_key=secret", json=HELLO)
    httpx.get(running.url + "/nowhere")
    _, _, err = running.end(signal.SIGINT)
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d POST /v1/chat/completions\?fail=429&api_key=\*\*\* -> 429, finished after"
        r" \d+\.\d{3} s\n"
        r"\d\d:\d\d:\d\d GET /nowhere -> 404, finished after \d+\.\d{3} s\n",
        err,
    )


def test_no_request_is_logged_unless_asked_for(start: Callable[..., Running]) -> None:
    running = start()
    httpx.get(running.url + "/health")
    assert running.end(signal.SIGINT) == (0, "", "")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, list[str]]:
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    leaf.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    leaf.private_key_pem.write_to_path(tmp_path / "key.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    arguments = ["--certfile", f"{tmp_path / 'cert.pem'}", "--keyfile", f"{tmp_path / 'key.pem'}"]
    return trust, arguments


def test_several_agents_have_ports_plans_and_journals_of_their_own(
    start: Callable[..., Running], tmp_path: Path, certificate: tuple[ssl.SSLContext, list[str]]
) -> None:
    (tmp_path / "plan.json").write_text('{"answers": [{"fail": 418}, {"text": "Tea"}]}')
    trust, tls = certificate
    running = start(
        *("--agent", "router=0", "--agent", "droid=0", "--control-port", "0", "--log", *tls),
        *("--plan", f"droid={tmp_path / 'plan.json'}", "--model", "one"),
        lines=4,
    )
    found = re.fullmatch(
        r"Sluicegate provider router on (\S+)\nSluicegate provider droid on (\S+)\n"
        r"Sluicegate control API on (\S+)\nPress Ctrl-C to stop\.\n",
        running.greeting,
    )
    assert found
    router, droid, control = found.groups()
    with httpx.Client(verify=trust) as client:
        asked = [client.post(url + CHAT, json=HELLO).status_code for url in (droid, router, droid)]
        assert asked == [418, 200, 200]
        assert [model["id"] for model in client.get(droid + MODELS).json()["data"]] == ["one"]
        assert client.get(droid + "/_provider/journal").status_code == 404
        told = client.get(control + "/_provider/journal?agent=droid").json()["entries"]
    assert [(entry["path"], entry["status"]) for entry in told[:2]] == [(CHAT, 418), (CHAT, 200)]
    code, _, err = running.end(signal.SIGINT)
    logged = [line.split(maxsplit=1)[1].partition(",")[0] for line in err.splitlines()]
    assert (code, logged[:2]) == (0, [f"droid: POST {CHAT} -> 418", f"router: POST {CHAT} -> 200"])


def test_the_control_token_comes_from_the_environment_and_is_not_shown(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUICEGATE_CONTROL_TOKEN", "s3cret")
    running = start("--log")
    url = running.url + "/_provider/plans"
    assert httpx.get(url).status_code == 401
    told = httpx.get(url, headers={"Authorization": "Bearer s3cret"})
    assert told.json()["plans"][0]["agent"] == "provider"
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
    assert start().end(number) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_a_stream_end(start: Callable[..., Running], number: signal.Signals) -> None:
    running = start()
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
    running = start()
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


def refused(*arguments: str) -> tuple[int, str]:
    """Run the command in this process; return its exit status and what it says."""
    done = CliRunner().invoke(main, ["provider", *arguments])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.stdout == ""
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--port", "65536"], 2, "65536 is not in the range"),
        (["--port", "-1"], 2, "-1 is not in the range"),
        (["--port", "http"], 2, "'http' is not a valid integer"),
        (["--host", ""], 2, "expected an address or a host name"),
        (["--port", "0", "--host", "a..b"], 1, "cannot listen on a..b:0"),
        (["--port", "0", "--host", "192.0.2.1"], 1, "cannot listen on 192.0.2.1:0"),
        (["--model", ""], 1, "expected the name of a model, got ''"),
        (["--model", "a", "--model", "a"], 1, "each model once"),
        (["--nonsense"], 2, "No such option"),
        (["--quiet"], 2, "No such option"),
        (["--agent", "droid"], 2, "expected NAME=PORT, such as ccrouter=9101, got 'droid'"),
        (["--agent", "=9101"], 2, "expected NAME=PORT"),
        (["--agent", "a b=9101"], 2, "expected NAME=PORT"),
        (["--agent", "a=65536"], 2, "expected NAME=PORT"),
        (["--agent", "a=0", "--agent", "a=0"], 2, "expected each agent once, got a twice"),
        (["--agent", "a=9101", "--agent", "b=9101"], 2, "a port for each agent, got 9101 twice"),
        (["--agent", "a=0", "--port", "9101"], 2, "--port is for a single provider"),
        (["--agent", "a=9101", "--control-port", "9101"], 2, "9101 is an agent's port"),
        (["--port", "9101", "--control-port", "9101"], 2, "9101 is an agent's port"),
        (["--plan", "nowhere.json"], 1, "cannot read nowhere.json: No such file"),
        (["--plan", "drod=nowhere.json"], 2, "there is no agent 'drod'; there are provider"),
        (["--plan", "a.json", "--plan", "b.json"], 2, "provider has one already, a.json"),
        (["--certfile", __file__], 2, "both, --certfile and --keyfile"),
        (["--keyfile", __file__], 2, "both, --certfile and --keyfile"),
        (["--certfile", __file__, "--keyfile", __file__], 1, "cannot use --certfile and --keyfile"),
        (["--certfile", "nowhere.pem", "--keyfile", __file__], 2, "'nowhere.pem' does not exist"),
        (["--control-token", "a s3cret"], 1, "a control token of visible ASCII characters"),
    ],
)
def test_bad_arguments_are_refused_in_plain_words(
    arguments: list[str], status: int, message: str
) -> None:
    code, said = refused(*arguments)
    assert (code, "s3cret" in said) == (status, False)
    assert message in " ".join(said.split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "plan.json is not JSON: "),
        (b"\xff", "plan.json is not JSON: "),
        (b"[" * 100_000, "plan.json is not JSON: "),
        (b"[]", "plan.json: expected an object such as"),
        (b'{"answers": [{"fail": 42}]}', "plan.json: answers[0].fail: Parameter 'fail': expected"),
        (b'{"models": [""]}', "plan.json: models: expected the name of a model, got ''"),
    ],
)
def test_a_plan_that_is_none_is_refused_with_its_file_and_place(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    code, said = refused("--plan", f"{tmp_path / 'plan.json'}")
    assert code == 1
    assert message in said


@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        (["--agent", "a=0", "--agent", "b={port}"], "b: "),
        (["--port", "0", "--control-port", "{port}"], "control API: "),
    ],
)
def test_a_port_that_is_taken_is_named_with_whose_it_is(
    taken: int, arguments: list[str], label: str
) -> None:
    code, said = refused(*(each.format(port=taken) for each in arguments))
    assert (code, said.startswith(f"Error: {label}127.0.0.1:{taken} is taken")) == (1, True)


def test_uvloop_is_used_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uvloop.py").write_text("def new_event_loop(): return 'fast'")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "uvloop", raising=False)
    factory = serve._loop_factory()
    assert factory
    assert str(factory()) == "fast"
    del sys.modules["uvloop"]


def test_an_address_that_others_can_reach_is_warned_about(start: Callable[..., Running]) -> None:
    _, _, err = start("--host", "0.0.0.0").end(signal.SIGINT)  # noqa: S104 - on purpose
    assert err == "Warning: other machines may reach 0.0.0.0, and nobody is asked for a key.\n"


@pytest.mark.parametrize("host", ["127.0.0.2", "localhost"])
def test_a_loopback_address_is_not_warned_about(start: Callable[..., Running], host: str) -> None:
    running = start("--host", host)
    assert running.url.startswith(f"http://{host}:")
    assert running.end(signal.SIGINT) == (0, "", "")
