import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sluicegate import shipped
from sluicegate.cli import checking, judging, main
from sluicegate.cli.first_look import FirstLook, profile_text
from sluicegate.scenario import profile
from sluicegate.scenario.launch.ports import lease
from sluicegate.scenario.profile import Place, Profile, System, at_url
from sluicegate.wire.schema import violations

A_FEATURE = """\
Feature: A gateway of any kind
  Background:
    Given the client talks to the gateway

  @core
  Scenario: It answers
    When the client asks for a plain answer
    Then the status is {status}

  @core
  Scenario: It streams
    When the client asks for a stream
    Then the stream ends with one [DONE]
"""
A_LONG_SCENARIO = """\

  @core
  Scenario: It waits
    Given the agent "ccrouter" never answers
    When the client asks for a plain answer
    Then the status is 504
"""
PATIENCE = 120.0
SOME = "features/gateway/models.feature"
CHAT = '{"choices": [{"message": {"content": "Hello"}}]}'


class Answering(BaseHTTPRequestHandler):
    """A gateway that is ready, and answers whatever it is asked in one way."""

    status, media, body = 200, "application/json", CHAT

    def do_GET(self) -> None:
        self._answer(200, "text/plain", "ready")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(self.status, self.media, self.body)

    def _answer(self, status: int, media: str, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


Serve = Callable[[int, str, str], str]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def serve(status: int, media: str, body: str) -> str:
            how = {"status": status, "media": media, "body": body}
            server = stack.enter_context(
                ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Answering,), how))
            )
            thread = threading.Thread(target=server.serve_forever, args=[0.01])
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield serve


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    with lease() as ccrouter, lease() as droid:
        yield ccrouter, droid


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], catch_exceptions=False)


def check_some(*arguments: str) -> Result:
    """Check by a few scenarios: what is wrong is seen before, and all take a second to read."""
    return check(*arguments, SOME)


def written(text: str) -> str:
    Path("gateway.toml").write_text(f"[gateway]\n{text}\nready.within_seconds = 0.3\n")
    return "gateway.toml"


def at(url: str, ports: tuple[int, int]) -> str:
    return written(f'url = "{url}"\nagents = {{ ccrouter = {ports[0]}, droid = {ports[1]} }}')


def unjudged(result: Result) -> str:
    """Return the reason that the report has, of a run in which nothing ran."""
    document = json.loads(Path("sluicegate-report", "conformance.json").read_bytes())
    assert result.exit_code == 2
    assert document["verdict"]["outcome"] == "not judged"
    assert document["scenarios"] == []
    (reason,) = document["verdict"]["reasons"]
    cause, blame = reason.removesuffix(")").split(" (to blame: ")
    assert f"{' '.join(cause.split())} to blame: {blame}" in " ".join(result.stdout.split())
    assert Path("sluicegate-report", "report.html").exists()
    return str(reason)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((200, "text/html", "<!doctype html>"), "correct its url"),
        ((200, "application/json", CHAT), "by the system itself, and none of its agents was asked"),
        ((502, "text/plain", "refused"), "correct the ports in the profile's `agents`"),
    ],
)
def test_a_gateway_that_asks_no_agent_ends_the_run_at_once(
    serve: Serve, ports: tuple[int, int], answer: tuple[int, str, str], told: str
) -> None:
    file = at(serve(*answer), ports)
    assert told in unjudged(check_some("--profile", file))


def test_a_gateway_that_is_not_there_ends_the_run_at_once(ports: tuple[int, int]) -> None:
    with lease() as nobody:
        file = at(f"http://127.0.0.1:{nobody}", ports)
        assert "start it, or correct its url" in unjudged(check_some("--profile", file))


def test_a_gateway_that_hangs_at_its_start_ends_the_run_at_once() -> None:
    file = written('command = ["{{ python }}", "-c", "import time; time.sleep(60)"]')
    assert "was not ready within 0.3 s" in unjudged(check_some("--profile", file))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "say what to judge: a URL for a first look, or --profile"),
        (["http://127.0.0.1:1", "--profile", "reference"], "and not both"),
        (["http://127.0.0.1:1", "http://127.0.0.1:2"], "expected one URL, got"),
        (["--profile", "mine", "--agent", "droid=1"], "--agent, --model and --reset go with a URL"),
        (["--profile", "reference", "no/such"], "there is no no/such here, and none ships"),
        (["--profile", "refrence"], "no profile of that name ships; did you mean reference?"),
        (["--profile", "xyz"], "`sluicegate profile list` names those that ship"),
        (["--profile", "mine.toml"], "`sluicegate profile new mine.toml` writes one"),
        (["--profile", "reference", "--report", "taken"], "'taken' is a file"),
        (["--profile", "reference", "--report", "taken/in"], "cannot write reports into taken/in"),
        (["http://127.0.0.1:1"], "say where the gateway expects its agents, such as --agent"),
        (["127.0.0.1:1", "--agent", "droid=1"], "127.0.0.1:1 lacks its http://; say http://127"),
        (["localhost:1/v1"], "say http://localhost:1/v1"),
        (["--profile", "reference", "-k", "zzz", SOME], f"no scenario in {SOME} is selected by -k"),
        (["http://127.0.0.1:1", "--agent", "other=1"], "expected ccrouter=PORT or droid=PORT"),
        (["http://127.0.0.1:1", "--agent", "droid=70000"], "expected ccrouter=PORT"),
        (
            ["http://127.0.0.1:1", "--agent", "droid=1", "--agent", "ccrouter=1"],
            "a port of its own",
        ),
        (["http://h:1/v1", "--agent", "droid=1"], "leave /v1 out: the gateway's URL is what comes"),
        (["http://u:pw@h", "--agent", "droid=1"], "leave the user and the password before the @"),
        (["http://h?x=1", "--agent", "droid=1"], "leave the query out of the URL"),
        (["http://h:99999", "--agent", "droid=1"], "expected a port from 1 to 65535 after the"),
        (["http://h#x", "--agent", "droid=1"], "leave the fragment out of the URL"),
        (["ftp://h", "--agent", "droid=1"], "expected http:// or https:// at the beginning"),
        (["http://h", "--agent", "droid=1", "--api-key", "pw\u00e9"], "for --api-key (or SLUICEG"),
        (["--profile", "."], ". is a directory: name the profile in it"),
        (["http://127.0.0.1:1", "--model", "gpt-4="], "expected MODEL, or NAME=MODEL"),
        (["--profile", "bad.toml"], "the profile bad.toml is not as it must be:\n  $.gateway.ulr"),
        (["--profile", "own.toml"], "profile own.toml is not right: the gateway has no variant "),
    ],
)
def test_what_cannot_be_judged_is_a_plain_sentence(arguments: list[str], told: str) -> None:
    Path("taken").touch()
    Path("bad.toml").write_text('[gateway]\nulr = "x"\n')
    Path("own.toml").write_text('[gateway]\ncommand = ["x"]\nvariants.own = {}\n')
    result = check(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output
    assert "pw" not in result.output
    assert not Path("sluicegate-report", "first-look.toml").exists()


def test_a_first_look_claims_streaming_and_tries_the_rest() -> None:
    look = FirstLook('http://h:1/"\x7f\n', {"droid": 9102}, {"gpt-4": "my\\model"}, has_key=True)
    text = profile_text(look, ("streaming", "fallback"))
    gateway = tomllib.loads(text)["gateway"]
    assert gateway["url"] == look.url
    assert gateway["agents"] == {"droid": 9102}
    assert gateway["models"] == {"gpt-4": "my\\model"}
    assert gateway["key"] == "${SLUICEGATE_API_KEY}"
    assert gateway["capabilities"]["streaming"] is True
    assert gateway["capabilities"]["fallback"]["claim"] == "unknown"
    assert gateway["values"]["timeout_status"] == [504, 408]


def test_the_profile_of_a_first_look_follows_the_schema() -> None:
    look = FirstLook("http://127.0.0.1:4000", {"ccrouter": 9101}, has_key=True, reset="/reset")
    text = profile_text(look, checking.capabilities())
    assert violations(tomllib.loads(text), "sluicegate/profile") == []
    assert tomllib.loads(text)["gateway"]["reset"] == "/reset"
    claims = tomllib.loads(text)["gateway"]["capabilities"]
    assert claims.keys() == {*checking.capabilities()}
    assert claims["extended"]["claim"] == "unknown"


def test_a_first_look_keeps_its_profile_without_the_key(
    serve: Serve, ports: tuple[int, int]
) -> None:
    url = serve(401, "text/plain", "no")
    agents = [f"--agent=ccrouter={ports[0]}", f"--agent=droid={ports[1]}"]
    reason = unjudged(check_some(url, *agents, "--api-key", "sk-secret", "--model", "mine"))
    assert "was answered 401" in reason
    assert "it does not accept the key: correct --api-key" in reason
    text = Path("sluicegate-report", "first-look.toml").read_text()
    assert "sk-secret" not in text
    assert tomllib.loads(text)["gateway"]["models"] == {"gpt-4": "mine"}


Gate = Callable[..., int]


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Callable[[Gate], None]:
    module = importlib.import_module("sluicegate.cli.check")
    return lambda gate: monkeypatch.setattr(module, "gate", gate)


def test_a_first_look_says_how_to_go_on(gated: Callable[[Gate], None]) -> None:
    gated(lambda *_: 1)
    result = check("http://127.0.0.1:1", "--agent", "droid=9102")
    assert result.exit_code == 1
    assert "\n  cp sluicegate-report/first-look.toml my-gateway.toml\n" in result.stdout


@pytest.mark.parametrize(
    ("options", "marks", "says"),
    [([], "not slow", 1), (["-m", ""], "", 0), (["-m", "core"], "core", 0)],
)
def test_a_first_look_leaves_slow_scenarios_out_unless_others_are_selected(
    gated: Callable[[Gate], None], options: list[str], marks: str, says: int
) -> None:
    asked: list[checking.Manner] = []

    def gate(_file: Path, _report: Path, manner: checking.Manner) -> int:
        asked.append(manner)
        return 0

    gated(gate)
    result = check("http://127.0.0.1:1", "--agent", "droid=9102", *options)
    assert [each.marks for each in asked] == [marks]
    said = 'slow scenarios were left out: -m "" runs them, too'
    assert (result.stderr.count(said), result.stdout.count(said)) == (says, says)


def test_a_profile_is_judged_by_slow_scenarios_too(gated: Callable[[Gate], None]) -> None:
    asked: list[checking.Manner] = []

    def gate(_file: Path, _report: Path, manner: checking.Manner) -> int:
        asked.append(manner)
        return 0

    gated(gate)
    assert check("--profile", "reference").output == ""
    assert [each.marks for each in asked] == [""]


def test_a_port_of_an_agent_that_is_taken_is_told_once(ports: tuple[int, int]) -> None:
    with socket.create_server(("127.0.0.1", ports[1])):
        result = check_some("--profile", at("http://127.0.0.1:1", ports))
    told = f"port {ports[1]}, on which the gateway expects droid, is taken by "
    assert told in unjudged(result)
    assert result.output.count("is taken by") == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("a bug"), "RuntimeError: a bug\n\nError: Sluicegate itself failed"),
        (KeyboardInterrupt(), "Error: interrupted before anything was judged"),
    ],
)
def test_no_failure_of_the_harness_looks_like_one_of_the_gateway(
    gated: Callable[[Gate], None], error: BaseException, told: str
) -> None:
    def fails(*_: object) -> int:
        raise error

    gated(fails)
    result = check("--profile", "reference")
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize(
    ("systems", "folders"),
    [
        ({"gateway": at_url("http://h")}, ["gateway"]),
        ({"provider": at_url("http://h"), "proxy": at_url("http://h")}, ["proxy"]),
        ({"provider": at_url("http://h")}, ["provider"]),
    ],
)
def test_the_contract_of_what_is_judged_is_run(
    systems: dict[str, System], folders: list[str]
) -> None:
    paths = judging.usual_paths(Profile(systems))
    assert [*paths] == [shipped.FEATURES / folder for folder in folders]


@pytest.mark.parametrize(
    ("cores", "workers", "expected"), [(1, None, 4), (2, None, 8), (64, None, 8), (64, 3, 3)]
)
def test_as_many_workers_run_as_cores_bear_and_the_profile_allows(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int | None, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    start = profile.Start(("gateway",), Path())
    system = System({"default": Place(start=start)}, workers=workers)
    assert judging.usual_workers(Profile({"gateway": system})) == expected


def test_one_worker_asks_a_gateway_that_somebody_else_runs() -> None:
    assert judging.usual_workers(Profile({"gateway": at_url("http://h")})) == 1


def test_shipped_features_are_judged_without_the_configuration_of_the_project_here() -> None:
    Path("conftest.py").write_text("raise RuntimeError\n")
    request = judging.Request(Path("p.toml"), Path("r"), (shipped.FEATURES / "gateway",), 2)
    given = judging.arguments(request)
    assert given[given.index("-c") + 1] == os.devnull
    assert given[given.index("--rootdir") + 1] == str(shipped.FEATURES.parent)


def test_features_of_a_project_are_judged_with_its_configuration() -> None:
    given = judging.arguments(
        judging.Request(Path("p.toml"), Path("r"), (Path("mine"),), 2, "word", "tag", True)  # noqa: FBT003 - as it stands
    )
    assert "-c" not in given
    assert given[-6:] == ["-k", "word", "-m", "tag", "-x", "mine"]


def test_the_help_shows_a_first_look_a_profile_and_what_the_exit_code_means() -> None:
    text = check("--help").output
    assert "check http://127.0.0.1:4000 --agent ccrouter=9101 --agent droid=9102\n" in text
    assert "check --profile my-gateway.toml\n" in text
    assert all(outcome in text for outcome in ("conformant", "not conformant", "not judged"))
    assert max(map(len, text.splitlines())) <= 88


def started(feature: str, *arguments: str) -> "subprocess.Popen[str]":
    Path("mine").mkdir()
    Path("mine", "own.feature").write_text(feature)
    command = [sys.executable, "-m", "sluicegate", "check", "--profile", "reference", "mine"]
    return subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_gateway_is_judged_from_its_start_to_the_exit_code() -> None:
    process = started(A_FEATURE.format(status=200), "--workers", "2")
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert "The reference gateway" in out
    assert "is conformant: 2 scenarios passed" in out
    assert "2 scenarios, about" in err
    document = json.loads(Path("sluicegate-report", "conformance.json").read_bytes())
    assert document["counts"]["passed"] == 2
    assert document["run"]["workers"] == 2
    assert Path("sluicegate-report", "junit.xml").exists()


def test_an_interrupted_run_says_so_and_keeps_what_it_has() -> None:
    process = started(A_FEATURE.format(status=418) + A_LONG_SCENARIO, "--workers", "1")
    assert process.stderr is not None
    told = "".join(iter_until(process.stderr, "FAILED"))
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2, told + err
    assert "Interrupted: the reports have what ran until then" in err
    assert "was not judged: interrupted after" in out
    assert "(1 failed so far)" in out
    assert "It answers" in out
    document = json.loads(Path("sluicegate-report", "conformance.json").read_bytes())
    assert (document["verdict"]["outcome"], document["verdict"]["exit_code"]) == ("not judged", 2)


def iter_until(lines: Iterable[str], begin: str) -> Iterator[str]:
    for line in lines:
        yield line
        if line.startswith(begin):
            return
