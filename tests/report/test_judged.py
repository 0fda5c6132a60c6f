import sys
from pathlib import Path

import pytest

from sluicegate.report import judged
from sluicegate.report.judged import kind_of, system, version_said
from sluicegate.scenario.profile import Place, Profile, Start, System, at_url


@pytest.mark.parametrize(
    ("code", "version"),
    [
        ("print('LiteLLM: Current Version = 1.102.4')", "1.102.4"),
        ("import sys; sys.stderr.write('nginx version: nginx/1.22.1\\n')", "1.22.1"),
        ("print('envoy  version: dfd4a1a/1.36.2/Clean/RELEASE/BoringSSL')", "1.36.2"),
        ("print('HAProxy version 2.6.12-1+deb12u2 2025/04/16')", "2.6.12-1+deb12u2"),
        ("print('v0.1.0rc1, of 2026')", "0.1.0rc1"),
        ("print('none')", ""),
        ("import sys; sys.exit('1.2 failed')", "1.2"),
        ("import time; time.sleep(60)", ""),
    ],
)
def test_the_version_is_the_first_thing_that_looks_like_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, version: str
) -> None:
    limit = 0.05 if "sleep" in code else 30
    monkeypatch.setattr(judged, "VERSION_LIMIT", limit)
    assert version_said(("{{ python }}", "-c", code), tmp_path) == version


@pytest.mark.parametrize("command", [(), ("no-such-command",), ("{{ nothing }}",)])
def test_without_a_command_that_runs_there_is_no_version(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert version_said(command, tmp_path) == ""


def started(*command: str, **headers: str) -> System:
    return System({"default": Place(start=Start(command, Path()), headers=headers)}, name="X")


def test_a_system_has_a_name_a_version_and_a_place(tmp_path: Path) -> None:
    there = Profile({"gateway": at_url("http://127.0.0.1:1", name="X", version="1")})
    assert system(there, "gateway", tmp_path) == {
        "kind": "gateway",
        "name": "X",
        "version": "1",
        "where": "at http://127.0.0.1:1",
    }


def test_a_started_system_is_where_its_command_is_without_its_key(tmp_path: Path) -> None:
    headers = {"Authorization": "Bearer sk-1"}
    profile = Profile({"gateway": started("gate", "--key", "sk-1", **headers)})
    assert system(profile, "gateway", tmp_path)["where"] == "started by gate --key ***"


@pytest.mark.parametrize("kind", ["gateway", "proxy", "provider", "systems"])
def test_a_system_of_ours_is_embedded(tmp_path: Path, kind: str) -> None:
    assert system(Profile(), kind, tmp_path)["where"] == "embedded in the harness"


@pytest.mark.parametrize(
    ("named", "talked_to", "kind"),
    [
        (["provider", "gateway"], [], "gateway"),
        (["provider", "proxy"], ["proxy"], "proxy"),
        (["provider"], [], "provider"),
        ([], ["gateway", "gateway"], "gateway"),
        ([], ["gateway", "proxy"], "systems"),
        ([], [], "systems"),
    ],
)
def test_the_system_behind_another_is_not_what_is_judged(
    named: list[str], talked_to: list[str], kind: str
) -> None:
    profile = Profile({name: at_url("http://127.0.0.1:1") for name in named})
    assert kind_of(profile, talked_to) == kind


def test_the_python_of_a_command_is_this_one(tmp_path: Path) -> None:
    code = "import sys; print('1.0' if sys.argv[1] == sys.executable else '2.0')"
    assert version_said(("{{ python }}", "-c", code, sys.executable), tmp_path) == "1.0"
