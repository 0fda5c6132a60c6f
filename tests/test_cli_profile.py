import json
import os
import re
import socket
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sluicegate import profiles, shipped
from sluicegate.cli import main, ports
from sluicegate.cli.profile_mistakes import mistakes
from sluicegate.scenario import profile
from sluicegate.scenario.claims import DEFAULTS
from sluicegate.scenario.systems import VARIANTS
from sluicegate.wire.schema import violations

MANY_MISTAKES = """\
[gateway]
command = ["no-such-gateway", "{{ prot }}", "{{ port }}"]
template = "mine.yaml"

[gateway.environment]
CCROUTER_URL = "{{ agents.ccroute.url }}"

[gateway.capabilities]
fallback = false

[[gateway.known_failures]]
requirement = "PARTIAL-003"
reason = "x"
expires = 2020-01-01
"""
WRONG_NAMES = """\
[gateway]
command = ["true", "{{ port }}"]
tempalte = "x"

[gateway.capabilities]
streeming = true

[gateway.variants]
no-falback = {}
xyz = {}

[[gateway.known_failures]]
requirement = "PARTIAL-033"
reason = "x"
expires = 2030-01-01
"""

KNOWN_SCENARIOS = """\
[gateway]
command = ["true", "{{ port }}"]

[[gateway.known_failures]]
requirement = "STREAM-001"
scenarios = ["The header Cash-Control", "The kind of *"]
reason = "x"
expires = 2090-01-01
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "*")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["profile", *arguments], catch_exceptions=False)


def told(text: str) -> list[str]:
    Path("mine.toml").write_text(text)
    return mistakes(Path("mine.toml"))


def wrong_with(text: str) -> list[str]:
    """Return how a profile departs from the schema; its days are no dates there."""
    plain = json.loads(json.dumps(tomllib.loads(text), default=str))
    return [str(each) for each in violations(plain, "sluicegate/profile")]


def schema() -> dict[str, Any]:
    text = (shipped.SCHEMAS / "sluicegate" / "profile.json").read_text()
    return dict(json.loads(text)["$defs"])


def test_a_known_failure_names_scenarios_that_there_are() -> None:
    (only,) = told(KNOWN_SCENARIOS)
    assert only.startswith("$.gateway.known_failures[0].scenarios: no scenario of STREAM-001 is ")
    assert only.endswith("'The header Cash-Control'; did you mean The header Cache-Control?")


def test_the_profile_that_teaches_names_every_key() -> None:
    defined, text = schema(), profiles.NEW.read_text()
    keys = [*defined["system"]["properties"], *defined["capability"]["enum"], *DEFAULTS]
    assert [key for key in keys if not re.search(rf"\b{key}\b", text)] == []


def test_the_profile_that_teaches_is_valid_with_and_without_its_comments() -> None:
    text = profiles.NEW.read_text()
    assert profile.load(profiles.NEW).systems["gateway"].places.keys() == {"default"}
    Path("all.toml").write_text(re.sub(r"^# (?=\[|[\w-]+ = )", "", text, flags=re.MULTILINE))
    whole = profile.load(Path("all.toml")).systems["gateway"]
    assert whole.claims.of("half_open").claim == "unknown"
    assert whole.claims.known[0].requirement == "PARTIAL-003"
    assert set(whole.places) < {*VARIANTS["gateway"]}
    assert {**whole.claims.values, "final_error_status": 500} == DEFAULTS


def test_the_other_ways_in_the_profile_that_teaches_are_valid() -> None:
    ways = re.findall(r"^#      (\S+ = .*)", profiles.NEW.read_text(), flags=re.MULTILINE)
    assert len(ways) == 8
    assert wrong_with("\n".join(["[gateway]", *ways])) == []


def test_a_new_profile_is_written_and_what_comes_next_is_said() -> None:
    said = run("new", "deep/mine.toml").output
    assert Path("deep", "mine.toml").read_bytes() == profiles.NEW.read_bytes()
    assert said.startswith("Made:\n  deep/mine.toml\n")
    assert "sluicegate profile check deep/mine.toml " in said


@pytest.mark.parametrize("name", profiles.names())
def test_a_shipped_profile_is_copied_with_its_templates(name: str) -> None:
    assert run("new", "mine.toml", "--from", name).exit_code == 0
    assert [each for each in mistakes(Path("mine.toml")) if "is not there" not in each] == []


def test_nothing_is_overwritten_unless_it_is_wanted() -> None:
    Path("mine.toml").write_text("mine")
    refused = run("new", "mine.toml")
    assert refused.exit_code == 1
    assert "mine.toml is there already" in refused.stderr
    assert Path("mine.toml").read_text() == "mine"
    assert run("new", "mine.toml", "--force").exit_code == 0
    assert Path("mine.toml").read_bytes() == profiles.NEW.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "x.toml", "--from", "nobody"], "no profile nobody ships; there are "),
        (["new", "taken/x.toml"], "cannot write taken"),
        (["check", "nowhere.toml"], "`sluicegate profile new nowhere.toml` writes one"),
    ],
)
def test_what_cannot_be_done_is_a_plain_sentence(arguments: list[str], said: str) -> None:
    Path("taken").touch()
    result = run(*arguments)
    assert result.exit_code != 0
    assert said in result.stderr


def test_the_profiles_that_ship_are_listed_with_their_titles() -> None:
    lines = run("list").output.splitlines()
    assert [line.split()[0] for line in lines] == [*profiles.names()]
    assert all(len(line.split()) > 2 and len(line) <= 100 for line in lines)


def test_every_mistake_is_told_at_once_before_anything_starts() -> None:
    Path("mine.yaml").write_text("port: {{ port }}\nagent: {{ agent.url }}\n")
    said = "\n".join(told(MANY_MISTAKES))
    assert "the known failure of PARTIAL-003 expired on 2020-01-01" in said
    assert 'the profile\'s command, line 1: nothing is called "prot"' in said
    assert 'the template mine.yaml, line 2: nothing is called "agent"' in said
    assert "the command 'no-such-gateway' is not there" in said
    assert 'the profile\'s environment, CCROUTER_URL, line 1: there is no "ccroute"' in said
    assert len(told(MANY_MISTAKES)) == 5


@pytest.mark.parametrize("wrong", ["nmae = 'x'", "ready.path = 5", "url = 5", "variants.sse = 5"])
def test_beside_what_is_no_key_the_rest_is_told_as_well(wrong: str) -> None:
    Path("mine.yaml").write_text("port: {{ port }}\nagent: {{ agent.url }}\n")
    text = MANY_MISTAKES.replace("[gateway]", f"[gateway]\n{wrong}")
    said = "\n".join(told(text))
    assert f"$.gateway.{wrong.partition(' ')[0]}: " in said
    assert "the known failure of PARTIAL-003 expired on 2020-01-01" in said
    assert ("'no-such-gateway' is not there" in said) == (wrong != "url = 5")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'command = ["true"]',
            "[gateway] neither command nor environment nor template has {{ port",
        ),
        ('command = ["true"]\nenvironment = { A = "{{ url }}" }', ""),
        ('command = ["true"]\ntemplate = "has-port.yaml"', ""),
        (
            'command = ["true", "{{ port }}"]\nvariants.sse.command = ["true"]',
            "[gateway.variants.sse] neither command nor",
        ),
        (
            'command = ["{{ profile }}/folder", "{{ port }}"]',
            "/folder' is a directory: name the program in it",
        ),
        (
            'command = ["{{ profile }}/has-port.yaml", "{{ port }}"]',
            "/has-port.yaml' cannot be executed: allow it by chmod +x ",
        ),
        (
            'command = ["./folder/gateway", "{{ port }}"]',
            "is looked for in a folder of the instance's own: begin it with {{ profile }}/",
        ),
        ('command = ["{{ python }}", "{{ port }}"]', ""),
        ('command = ["true", "{{ port }}\\u0000"]', "the profile's command: leave the NUL out"),
        (
            'command = ["true", "{{ port }}"]\nversion_command = ["no-such", "-V"]',
            "the version_command 'no-such' is not there, or cannot be executed: install it, or ",
        ),
        (
            'command = ["true", "{{ port }}"]\nenvironment = { "A=B" = "1" }',
            "expected the name of a variable, without = and NUL, got 'A=B'",
        ),
        (
            'command = ["true", "{{ port }}"]\nenvironment = { A = "\\u0000" }',
            "the profile's environment: leave the NUL out of A, which ends a value",
        ),
        (
            'url = "http://127.0.0.1:1/v1"',
            "$.gateway.url: leave /v1 out: the gateway's URL is what",
        ),
    ],
)
def test_what_cannot_start_is_told_before_anything_starts(text: str, said: str) -> None:
    Path("folder").mkdir()
    Path("has-port.yaml").write_text("port: {{ port }}\n")
    found = told(f"[gateway]\n{text}\n")
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_name_that_nobody_knows_is_told_with_the_nearest() -> None:
    assert [each.rpartition("; ")[2] for each in told(WRONG_NAMES)] == [
        "did you mean template?",
        "did you mean streaming?",
        "did you mean no-fallback?",
        f"there are {', '.join(VARIANTS['gateway'])}",
        "did you mean PARTIAL-003?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gateway", "it is not TOML: "),
        ("", "it names no system: add [gateway] with command"),
        ("[gateway]", "[gateway] has neither a command nor a url"),
    ],
)
def test_a_profile_that_is_none_is_told_as_well(text: str, said: str) -> None:
    (only,) = told(text)
    assert only.startswith(said)


def test_a_profile_that_is_right_has_no_mistakes() -> None:
    assert mistakes(profiles.path("reference")) == []


def test_a_port_of_an_agent_that_somebody_else_listens_on_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (only,) = told(f'[gateway]\nurl = "http://127.0.0.1:1"\nagents = {{ droid = {port} }}\n')
    who = Path("/proc/self/comm").read_text().strip()
    assert only.startswith(
        f"port {port}, on which the gateway expects droid, is taken by {who}, process {os.getpid()}"
    )


def test_a_port_that_somebody_unknown_listens_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "serving", lambda _: set())
    with socket.create_server(("127.0.0.1", 0)) as other:
        agents = f"agents = {{ droid = {other.getsockname()[1]} }}"
        (only,) = told(f'[gateway]\nurl = "http://127.0.0.1:1"\n{agents}\n')
    assert "cannot be listened on: Address already in use; stop what does (`ss" in only


def test_a_check_says_first_why_a_gateway_does_not_start() -> None:
    Path("mine.toml").write_text(
        '[gateway]\ncommand = ["sh", "-c", "echo no config; exit 3", "{{ port }}"]\n'
    )
    result = run("check", "mine.toml")
    assert result.exit_code == 2
    _, said = result.output.split("The gateway:\n")
    assert said.startswith("- the gateway is not ready: sh ended with exit status 3 before it was ")
    assert said.endswith("\n    no config\n")


def test_a_profile_that_teaches_says_what_is_at_the_urls_and_which_keys_are_looked_for() -> None:
    text = profiles.NEW.read_text()
    assert 'CCROUTER_URL = "{{ agents.ccrouter.url }}/v1"' in text
    assert all(f"sk-{agent}-0123456789" in text for agent in ("ccrouter", "droid"))


def test_a_check_of_a_wrong_profile_ends_with_2() -> None:
    Path("mine.toml").write_text(WRONG_NAMES)
    result = run("check", "mine.toml")
    assert result.exit_code == 2
    assert result.output.startswith("The profile mine.toml is not right:\n- $.gateway.tempalte: ")
    assert max(map(len, result.output.splitlines())) <= 100


def test_a_check_asks_the_gateway_and_says_what_it_learns() -> None:
    result = run("check", "reference")
    said = " ".join(result.output.split())
    assert result.exit_code == 0
    assert "A plain request, POST http://127.0.0.1:" in said
    assert "was answered 200 with text/event-stream, the first byte after " in said
    assert 'It asked the agent "ccrouter" after ' in said
    assert 'for "gpt-4", as the client did.' in said
    assert "pieces over " in said
    assert result.output.endswith("  sluicegate check --profile reference\n")
