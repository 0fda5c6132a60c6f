import json
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import trustme
from click.testing import CliRunner
from tests.proxy.test_command import PATIENCE, Running, found_url, trusting, write_certificate

from sluicegate.cli import main
from sluicegate.gateway.configuration import KEYS, SWITCH, configuration

KEY = "k3y-of-an-agent"
ASKED = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello!"}]}
CHAT = "/v1/chat/completions"
TLS = '[agents.a]\nbase_url = "http://a/v1"\n[tls]\n'


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as closing:
        yield closing


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


def write_file(folder: Path, text: str) -> str:
    (folder / "gateway.toml").write_text(text)
    return f"{folder / 'gateway.toml'}"


def test_a_gateway_serves_what_its_file_says_over_tls_and_logs_it(
    closing: ExitStack, tmp_path: Path, authority: trustme.CA
) -> None:
    provider = Running("provider", environ={})
    closing.callback(provider.kill)
    url = found_url(provider.started())
    write_certificate(authority, tmp_path)
    file = write_file(
        tmp_path,
        f'[agents.ccrouter]\nbase_url = "{url}/v1"\nkey = "${{AGENT_KEY}}"\n'
        '[tls]\ncertfile = "cert.pem"\nkeyfile = "key.pem"\n',
    )
    running = Running(
        *("gateway", "--config", file, "--log", "--control"),
        environ={"AGENT_KEY": KEY, KEYS: "one,two", SWITCH: "false"},
    )
    closing.callback(running.kill)
    said = running.started()
    assert said == (
        f"Sluicegate gateway on {found_url(said)}\n  ccrouter is {url}/v1\nPress Ctrl-C to stop.\n"
    )
    headers = {"Authorization": "Bearer two"}
    with httpx.Client(
        base_url=found_url(said), headers=headers, verify=trusting(authority), timeout=PATIENCE
    ) as client:
        answer = client.post(CHAT, json={**ASKED, "model": "gpt-4?pace=1", "stream": True})
        assert answer.text.endswith("data: [DONE]\n\n")
        assert client.post(CHAT, json={**ASKED, "model": "gpt-4?fail=503"}).status_code == 500
        assert client.post("/_gateway/reset").status_code == 200
        assert client.get("/health", headers={"Authorization": ""}).json() == {"status": "ok"}
        with client.stream(
            "POST", CHAT, json={**ASKED, "model": "gpt-4?pace=50", "stream": True}
        ) as last:
            running.process.send_signal(signal.SIGTERM)
            assert last.read().endswith(b"data: [DONE]\n\n")
    code, out, err = running.wait()
    told = [json.loads(line) for line in err.splitlines()]
    assert (code, out) == (0, "")
    served = [each for each in told if each["event"] == "request"]
    assert [(each["outcome"], each["attempts"]) for each in served] == [
        ("answered", 1),
        ("failed", 1),
        ("answered", 1),
    ]
    assert KEY not in err
    assert "Hello" not in err


def invoked(*arguments: str, **environ: str) -> tuple[int, str, str]:
    """Run the command in this process; return its exit status, and what it says where."""
    # Click takes variables away whose value is None.
    done = CliRunner().invoke(
        main, ["gateway", *arguments], env={**dict.fromkeys((KEYS, SWITCH)), **environ}
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_without_a_file_the_documented_agents_are_on_this_machine() -> None:
    assert invoked("--check") == (
        0,
        textwrap.dedent(
            """\
            listens on http://127.0.0.1:8081
            keys of clients: none
            agent ccrouter
              base URL: http://127.0.0.1:9101/v1
              key: none
              health: not checked
              fallback: droid
              models: none
            agent droid
              base URL: http://127.0.0.1:9102/v1
              key: none
              health: not checked
              fallback: none
              models: none
            models
              gpt-4* go to ccrouter
              gemini* go to ccrouter
              claude* go to droid
              others go to ccrouter
            fallbacks: enabled, json for streams
            limits: connect 10 s, first content 20 s, gap 20 s, whole stream 60 s, plain 15 s
            circuits: open after 5 failures, for 30 s, closed after 2 successes
            requests: not logged
            """
        ),
        "",
    )


def test_check_says_what_a_file_and_the_environment_make(tmp_path: Path) -> None:
    file = write_file(
        tmp_path,
        """
        primary = "b"
        log.requests = true
        limits = { plain = inf }
        fallback.format = "sse"
        [agents.a]
        base_url = "http://[::1]:1/v1"
        key = "${AGENT_KEY}"
        health_url = "http://[::1]:1/health"
        models.m1 = {}
        models.m2 = {}
        [agents.b]
        base_url = "http://[::1]:2/v1"
        """,
    )
    arguments = ("--config", file, "--check", "--host", "::1", "--port", "9")
    code, said, err = invoked(
        *arguments, **{"AGENT_KEY": KEY, KEYS: "one-key,other-key", SWITCH: "off"}
    )
    lines = said.splitlines()
    assert (code, err) == (0, "")
    assert lines[:2] == ["listens on http://[::1]:9", "keys of clients: 2"]
    assert "  key: ***" in lines
    assert "  models: m1, m2" in lines
    assert "fallbacks: disabled, sse for streams" in lines
    assert lines[-3].endswith("plain none")
    assert lines[-1] == "requests: logged"
    assert not [secret for secret in (KEY, "one-key", "other-key") if secret in said]


@pytest.mark.parametrize(
    ("host", "keys", "warnings"),
    [
        ("127.0.0.1", "", []),
        ("0.0.0.0", "a-key", []),  # noqa: S104 - on purpose
        (
            "::",
            "",
            [f"Warning: other machines may reach ::, and nobody is asked for a key: set {KEYS}."],
        ),
    ],
)
def test_what_others_can_reach_is_warned_about_unless_it_is_guarded(
    host: str, keys: str, warnings: list[str]
) -> None:
    code, _, err = invoked("--host", host, "--check", **{KEYS: keys})
    assert (code, err.splitlines()) == (0, warnings)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('port = "x"', "port: expected an integer"),
        ("[agents.a", "gateway.toml: is not TOML"),
        (
            '[agents.a]\nbase_url = "http://a/v1"\nkey = "${NOWHERE}"',
            "the environment variable NOWHERE is not set",
        ),
        ('[agents.a]\nbase_url = "http://a/v1"\n[tls]\nkeyfile = "x"', "tls.certfile"),
        (f'{TLS}certfile = "x.pem"\nkeyfile = "key.pem"', "tls.certfile: there is no file 'x.pem'"),
        (
            f'{TLS}certfile = "cert.pem"\nkeyfile = "gateway.toml"',
            "tls: 'cert.pem' with 'gateway.toml' cannot be used: ",
        ),
        (f'{TLS}certfile = "key.pem"\nkeyfile = "key.pem"', "tls: 'key.pem' with 'key.pem' cannot"),
    ],
)
def test_a_file_with_mistakes_is_refused(
    tmp_path: Path, authority: trustme.CA, content: str, message: str
) -> None:
    write_certificate(authority, tmp_path)
    code, out, err = invoked("--config", write_file(tmp_path, content), "--check")
    assert (code, out) == (1, "")
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--port", "65536"], 2, "65536 is not in the range"),
        (["--host", ""], 2, "expected an address or a host name"),
        (["--port", "0", "--host", "a..b"], 1, "cannot listen on a..b:0"),
        (["--config", "nowhere.toml"], 2, "'nowhere.toml' does not exist"),
        (["--certfile", __file__], 2, "both, --certfile and --keyfile"),
        (["--certfile", __file__, "--keyfile", __file__], 1, f"{__file__} with its key {__file__}"),
        (["--certfile", __file__, "--keyfile", __file__, "--check"], 1, "cannot be used: "),
        (["--control", "--host", "0.0.0.0"], 2, "--control is for this machine alone"),  # noqa: S104 - on purpose
    ],
)
def test_bad_arguments_are_refused_in_plain_words(
    arguments: list[str], status: int, message: str
) -> None:
    code, out, err = invoked(*arguments)
    assert (code, out) == (status, "")
    assert message in " ".join(err.split())


def help_text() -> str:
    return CliRunner().invoke(main, ["gateway", "--help"], terminal_width=100).stdout


def test_the_documented_file_is_one(tmp_path: Path, authority: trustme.CA) -> None:
    write_certificate(authority, tmp_path)
    text = help_text().partition("may be left out:\n")[2].partition("\n\n  Options")[0]
    file = write_file(tmp_path, textwrap.dedent(text))
    found = configuration(Path(file), {"GATEWAY_KEY": "one", "CCROUTER_KEY": "two"})
    assert [agent.name for agent in found.settings.agents] == ["ccrouter", "droid"]
    assert found.certificate
    assert found.certificate.certfile == tmp_path / "cert.pem"
    assert found.log_requests


def test_help_names_every_variable() -> None:
    assert not [name for name in (KEYS, SWITCH) if not re.search(rf"\b{name}\b", help_text())]


def test_help_needs_nothing_heavy() -> None:
    heavy = ("quart", "httpx", "hypercorn", "jsonschema", "ruamel", "pythonjsonlogger")
    code = (
        "import sys\nfrom sluicegate.cli import main\n"
        f"try: main(['gateway', '--help'])\nfinally: assert not sys.modules.keys() & {set(heavy)}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage: " in done.stdout
