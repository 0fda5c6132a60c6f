import gc
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from click.testing import CliRunner

from sluicegate.cli import main
from sluicegate.cli.serve import Service, serve
from sluicegate.proxy.configuration import configuration
from sluicegate.runtime.server import Server

COMMAND = [sys.executable, "-m", "sluicegate"]
PATIENCE = 30.0
VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL")
KEY = "sk-s3cret-of-the-upstream"
TOKEN = "a-long-and-s3cret-t0ken"  # noqa: S105 - of a test
HELLO = {"role": "user", "content": [{"type": "text", "text": "Hello!"}]}
ASKED = {"model": "claude-sonnet-4-5", "context": {"messages": [HELLO]}}


class Running:
    """A command in a process of its own; `url` is where it says that it listens."""

    def __init__(self, *arguments: str, environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**clean(), **environ},
        )

    def started(self) -> str:
        """Return all that it says until it can be asked."""
        assert self.process.stdout is not None
        lines = iter(self.process.stdout.readline, "")
        said = ""
        for line in lines:
            said += line
            if line.startswith("Press Ctrl-C"):
                return said
        raise AssertionError(said + self.process.communicate(timeout=PATIENCE)[1])

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal, and return the exit status and what else was said."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        """Wait for the end, and return the same."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def clean() -> dict[str, str]:
    """Return this process's environment without what the proxy reads."""
    names = (*VARIABLES, "PROXY_TOKEN")
    return {name: value for name, value in os.environ.items() if name not in names}


def found_url(said: str) -> str:
    found = re.search(r"on (https?://\S+)", said)
    assert found, said
    return found[1]


@pytest.fixture(scope="module")
def closing() -> Iterator[ExitStack]:
    with ExitStack() as closing:
        yield closing


@pytest.fixture(scope="module")
def provider(closing: ExitStack) -> str:
    running = Running("provider", environ={})
    closing.callback(running.kill)
    return found_url(running.started())


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return trust


def write_certificate(authority: trustme.CA, folder: Path) -> None:
    leaf = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    leaf.private_key_pem.write_to_path(folder / "key.pem")


def events(response: httpx.Response) -> list[dict[str, Any]]:
    blocks = response.read().decode().removesuffix("\n\n").split("\n\n")
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def test_the_documented_commands_work_with_the_documented_environment(
    provider: str, closing: ExitStack
) -> None:
    running = Running(
        *("proxy", "--log"),
        environ={"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": provider, "PROXY_TOKEN": TOKEN},
    )
    closing.callback(running.kill)
    said = running.started()
    url = found_url(said)
    assert said == (
        f"Sluicegate proxy on {url}\n"
        "  POST /stream asks anthropic\n"
        f"  POST /stream/anthropic asks {provider}\n"
        "Press Ctrl-C to stop.\n"
    )
    ask, health = documented_curls()
    answer = curl(ask, url)
    assert answer.startswith("HTTP/1.1 200")
    assert answer.rstrip().endswith('"stop_reason":"stop"}}')
    assert curl(health, url).rstrip().endswith('{"status":"ok"}')
    assert httpx.post(f"{url}/stream", json=ASKED).status_code == 401
    code, out, err = running.end(signal.SIGINT)
    told = [json.loads(line) for line in err.splitlines()]
    assert (code, out) == (0, "")
    assert [(each["outcome"], each["status"]) for each in told] == [("done", 200), ("refused", 401)]
    assert told[0]["model"] == "claude-sonnet-4-5"
    assert "s3cret" not in err
    assert "Hello" not in err


def documented_curls() -> list[str]:
    """Return the commands of `--help`, each in one line."""
    text = help_text().replace("\\\n", " ")
    return re.findall(r"^ *(curl (?:[^'\n]|'[^']*')*)$", text, re.MULTILINE)


def help_text() -> str:
    return CliRunner().invoke(main, ["proxy", "--help"], terminal_width=100).stdout


def curl(command: str, url: str) -> str:
    text = command.replace("http://localhost:8080", url).replace("$PROXY_TOKEN", TOKEN)
    words = shlex.split(text)
    if shutil.which("curl") is None:
        return like_curl(words)
    done = subprocess.run([*words, "-sS", "-i"], capture_output=True, text=True, check=True)
    return done.stdout


def like_curl(words: list[str]) -> str:
    headers = [words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H"]
    body = words[words.index("-d") + 1] if "-d" in words else None
    url = next(word for word in words if word.startswith("http:"))
    method = "GET" if body is None else "POST"
    response = httpx.request(method, url, content=body, headers=dict(headers), timeout=PATIENCE)
    return f"HTTP/1.1 {response.status_code}\r\n\r\n{response.text}"


def test_a_file_says_what_is_served_and_a_signal_lets_a_stream_end(
    provider: str, closing: ExitStack, tmp_path: Path, authority: trustme.CA
) -> None:
    write_certificate(authority, tmp_path)
    file = tmp_path / "proxy.yaml"
    file.write_text(
        f"upstreams: {{mine: {{format: openai, base_url: '{provider}/v1', key: '${{MY_KEY}}'}}}}\n"
        "token: '${MY_TOKEN}'\n"
        "port: 1\n"
        "tls: {certfile: cert.pem, keyfile: key.pem}\n"
        "prices: {'fast?pace=1': {input: 3.0, output: 15.0}}\n"
    )
    environ = {"MY_KEY": KEY, "MY_TOKEN": TOKEN}
    running = Running("proxy", "--config", f"{file}", environ=environ)
    closing.callback(running.kill)
    url = found_url(running.started())
    assert url.startswith("https://")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(verify=trusting(authority), headers=headers, timeout=PATIENCE) as client:
        answer = client.post(f"{url}/stream/mine", json=ASKED | {"model": "fast?pace=1"})
        *_, done = events(answer)
        assert client.get(f"{url}/costs").json()["total"]["cost"]["total"] == 0.000255
        slow = ASKED | {"model": "slow?pace=50"}
        with client.stream("POST", f"{url}/stream", json=slow) as response:
            running.process.send_signal(signal.SIGTERM)
            *_, last = events(response)
    assert done["partial"]["usage"]["cost"]["total"] == 0.000255
    assert (done["type"], last["type"]) == ("done", "done")
    assert running.wait() == (0, "", "")


def invoked(*arguments: str, **environ: str) -> tuple[int, str, str]:
    """Run the command in this process; return its exit status, and what it says where."""
    # Click takes variables away whose value is None.
    cleaned = dict.fromkeys((*VARIABLES, "PROXY_TOKEN"))
    done = CliRunner().invoke(main, ["proxy", *arguments], env={**cleaned, **environ})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_check_says_what_would_be_served_and_where_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "proxy.toml"
    text = """
        [upstreams.anthropic]
        [upstreams.local]
        format = "openai"
        base_url = "http://[::1]:1/v1?key=s3cret"
        token = "its-s3cret"
        takes_unmarked_end = true
        limits = { whole_seconds = inf }
        [prices.gpt-4]
        [prices.claude]
        [cors]
        origins = ["*"]
        [rate_limit]
        requests_per_minute = 60
    """
    file.write_text(text)
    environ = {"ANTHROPIC_API_KEY": KEY, "PROXY_TOKEN": TOKEN}
    arguments = ("--config", f"{file}", "--check", "--host", "::1", "--port", "9", "--log")
    assert invoked(*arguments, **environ) == (
        0,
        textwrap.dedent(
            """\
            listens on http://[::1]:9
            POST /stream asks anthropic
              token: *** (PROXY_TOKEN)
            POST /stream/anthropic
              format: anthropic (its name)
              base URL: https://api.anthropic.com (the default)
              asks POST https://api.anthropic.com/v1/messages
              key: *** (ANTHROPIC_API_KEY)
              token: the same
              limits: connect 10 s, first content 20 s, gap 20 s, whole 60 s
            POST /stream/local
              format: openai (the file)
              base URL: http://[::1]:1/v1?*** (the file)
              asks POST http://[::1]:1/v1/chat/completions?***
              key: none
              token: *** (the file)
              limits: connect 10 s, first content 20 s, gap 20 s, whole none
              takes an unmarked end
            origins: *
            rate limit: 60 requests per minute and client
            prices: gpt-4, claude
            requests: logged
            """
        ),
        "",
    )


def test_options_come_before_the_file(tmp_path: Path, authority: trustme.CA) -> None:
    write_certificate(authority, tmp_path)
    (tmp_path / "proxy.toml").write_text('host = "::1"\nport = 1\nlog.requests = true\n')
    code, said, _ = invoked(
        *("--config", f"{tmp_path / 'proxy.toml'}", "--port", "2", "--check"),
        *("--certfile", f"{tmp_path / 'cert.pem'}", "--keyfile", f"{tmp_path / 'key.pem'}"),
        OPENAI_API_KEY=KEY,
    )
    lines = said.splitlines()
    assert (code, lines[0], lines[-1]) == (0, "listens on https://[::1]:2", "requests: logged")


@pytest.mark.parametrize(
    ("host", "token", "warnings"),
    [
        ("127.0.0.1", "", []),
        ("localhost", "short", []),
        ("0.0.0.0", TOKEN, []),  # noqa: S104 - on purpose
        (
            "0.0.0.0",  # noqa: S104 - on purpose
            "",
            [
                (
                    "nobody is asked for a token at /stream, /stream/openai: set PROXY_TOKEN, or"
                    " token in the file"
                )
            ],
        ),
        (
            "::",
            "fifteen-letters",
            ["a token has fewer than 16 characters: `openssl rand -hex 32` makes a good one"],
        ),
    ],
)
def test_what_others_can_reach_is_warned_about_unless_it_is_guarded(
    host: str, token: str, warnings: list[str]
) -> None:
    code, _, err = invoked("--host", host, "--check", OPENAI_API_KEY=KEY, PROXY_TOKEN=token)
    expected = [f"Warning: other machines may reach {host}, and {each}." for each in warnings]
    assert (code, err.splitlines()) == (0, expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('port = "x"', "proxy.toml makes no proxy:\n  port: expected an integer"),
        (
            "[upstreams.anthropic]\nkey = '${NOWHERE}'",
            "the environment variable NOWHERE is not set",
        ),
        ("[upstreams", "proxy.toml: is not TOML: Expected ']'"),
        ('[upstreams.openai]\nky = "s3cret"', "upstreams.openai.ky: is unknown; did you mean key?"),
        ('[upstreams.local]\nkey = "s3cret"', "upstreams.local.format: is missing"),
        ("[tls]\ncertfile = 'a'\nkeyfile = 'b'", "tls.certfile: there is no file 'a'"),
    ],
)
@pytest.mark.parametrize("check", [[], ["--check"]])
def test_a_file_with_mistakes_is_refused_before_anything_is_served(
    tmp_path: Path, check: list[str], content: str, message: str
) -> None:
    (tmp_path / "proxy.toml").write_text(content)
    arguments = ("--config", f"{tmp_path / 'proxy.toml'}", *check)
    code, out, err = invoked(*arguments, OPENAI_API_KEY="x")
    assert (code, out) == (1, "")
    assert message in err
    assert "s3cret" not in err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--port", "65536"], 2, "65536 is not in the range"),
        (["--host", ""], 2, "expected an address or a host name"),
        (["--port", "0", "--host", "a..b"], 1, "cannot listen on a..b:0"),
        (["--config", "nowhere.toml"], 2, "'nowhere.toml' does not exist"),
        (["--config", __file__], 1, "a file that ends in .toml, .yaml, .yml"),
        (["--certfile", __file__], 2, "both, --certfile and --keyfile"),
        (["--certfile", __file__, "--keyfile", __file__], 1, "cannot use the certificate and its"),
    ],
)
def test_bad_arguments_are_refused_in_plain_words(
    arguments: list[str], status: int, message: str
) -> None:
    code, out, err = invoked(*arguments, OPENAI_API_KEY="x")
    assert (code, out) == (status, "")
    assert message in " ".join(err.split())


def test_without_any_upstream_it_is_said_what_to_set() -> None:
    code, _, err = invoked()
    assert code == 1
    assert "set one of ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, OPENAI_API_KEY" in err


def test_a_port_that_is_taken_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        refused = invoked("--port", f"{port}", OPENAI_API_KEY="x")
    assert refused == (
        1,
        "",
        f"Error: 127.0.0.1:{port} is taken by another program: stop it, or choose another port\n",
    )


def test_the_documented_file_is_one(tmp_path: Path, authority: trustme.CA) -> None:
    write_certificate(authority, tmp_path)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    text = help_text().partition("may be left out:\n")[2].partition("\n\n  Options")[0]
    (tmp_path / "proxy.toml").write_text(textwrap.dedent(text))
    environ = {"PROXY_TOKEN": TOKEN, "LOCAL_TOKEN": TOKEN, "ANTHROPIC_API_KEY": KEY}
    found = configuration(tmp_path / "proxy.toml", environ)
    assert [each.name for each in found.settings.upstreams] == ["anthropic", "local"]
    assert found.settings.default == "local"
    assert found.log_requests


class Recorded(Server):
    """A server that records its stop."""

    def __init__(self, record: list[str]) -> None:
        super().__init__(nothing)
        self.record = record

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__()
        self.record.append("stopped")


async def nothing(*_: object) -> None:
    """Be an application that nobody asks."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_a_server_needs_is_closed_after_it(
    capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    record: list[str] = []

    async def close() -> None:
        record.append("closed")

    service = Service("proxy", Recorded(record), lines=["POST /stream asks x"], close=close)
    serve([service], lambda: signal.raise_signal(number))
    gc.unfreeze()
    assert record == ["stopped", "closed"]
    assert "\n  POST /stream asks x\nPress Ctrl-C" in capsys.readouterr().out


def test_help_names_every_variable() -> None:
    text = help_text()
    assert not [name for name in (*VARIABLES, "PROXY_TOKEN") if name not in text]


def test_help_needs_nothing_heavy() -> None:
    heavy = ("quart", "httpx", "hypercorn", "jsonschema", "ruamel", "pythonjsonlogger")
    code = (
        "import sys\nfrom sluicegate.cli import main\n"
        f"try: main(['proxy', '--help'])\nfinally: assert not sys.modules.keys() & {set(heavy)}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage: " in done.stdout
