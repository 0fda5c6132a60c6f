import socket
import tempfile
from pathlib import Path

import pytest

from sluicegate.errors import NotJudgedError, SluicegateError
from sluicegate.scenario.launch import ports
from sluicegate.scenario.launch.environment import environment
from sluicegate.scenario.launch.home import last_lines, secrets_of
from sluicegate.scenario.launch.template import render, render_argument

NAMES = {"port": 20001, "nobody": {}, "agents": {"ccrouter": {"port": 1}, "droid": {"port": 2}}}


def test_two_leases_are_of_two_ports_and_a_port_comes_free_with_its_lease() -> None:
    with ports.lease() as one:
        assert ports.is_free(one)
        assert one in ports.RANGE
        with ports.lease() as other:
            assert other != one
        with pytest.raises(SluicegateError, match=f"all ports from {one} to {one} are taken"):
            lease_only(one)
    lease_only(one)


def lease_only(port: int) -> None:
    with ports.lease([port]):
        pass


def test_a_port_on_which_somebody_listens_is_not_leased() -> None:
    with ports.lease() as port, ports.lease() as other:
        pass
    with socket.create_server(("127.0.0.1", port)), ports.lease([port, other]) as found:
        assert found == other


def test_a_folder_of_locks_that_others_may_write_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lease_only(20_000)
    (folder,) = tmp_path.iterdir()
    folder.chmod(0o777)
    with pytest.raises(SluicegateError, match="is open to others: remove it"):
        lease_only(20_000)


def test_a_template_names_what_there_is_of_an_instance() -> None:
    text = "listen: {{ port }}\n{% for name in agents %}{{ name }} {% endfor %}\n"
    assert render(text, NAMES, "x") == "listen: 20001\nccrouter droid \n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n\n{{ prot }}", 'line 3: nothing is called "prot"; did you mean "port"?'),
        ("{{ agents.driod.port }}", 'line 1: there is no "driod" among them; did you mean "droid"'),
        ("{{ agents.droid.prt }}", 'line 1: there is no "prt" among them; did you mean "port"'),
        ("{{ nobody.droid }}", 'line 1: there is no "droid": the harness serves no agents beside'),
        ("{{ config }}", "line 1: there is no config without a `template` in the profile"),
        ("{{ port.x }}", 'line 1: 20001 has no "x"'),
        ("a\n{{ port", "line 2: unexpected end of template"),
        ("{{ port | nofilter }}", "line 1: No filter named 'nofilter'"),
        ("a\n{{ port / 0 }}", "line 2: division by zero"),
        ("{{ ''.__class__ }}", "line 1: access to attribute '__class__' of 'str' object is unsafe"),
    ],
)
def test_a_mistake_in_a_template_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(NotJudgedError) as caught:
        render(text, NAMES, "x.yaml")
    assert str(caught.value).startswith(f"x.yaml, {told}")
    assert caught.value.blame == "the profile"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("--port={port}", "port"),
        ("{ config }", "config"),
        ("{agents.droid.port}/v1", "agents.droid.port"),
    ],
)
def test_single_braces_in_a_command_are_told(text: str, name: str) -> None:
    with pytest.raises(NotJudgedError, match=rf"is filled in by nobody: write {{{{ {name} }}}}"):
        render_argument(text, NAMES, "x")


@pytest.mark.parametrize("text", ['{"port": 1}', "${port}", "{other}", "{}"])
def test_other_braces_in_a_command_mean_themselves(text: str) -> None:
    assert render_argument(text, NAMES, "x") == text


def test_a_command_gets_no_secrets_of_ours_and_asks_its_agents_directly() -> None:
    ours = {"PATH": "/bin", "OPENAI_API_KEY": "sk-real", "NO_PROXY": "intranet"}
    assert environment(ours, {"MODE": "x", "PATH": "/opt"}) == {
        "PATH": "/opt",
        "NO_PROXY": "intranet,127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
        "MODE": "x",
    }


def test_the_last_lines_of_an_output_have_no_secrets(tmp_path: Path) -> None:
    path = tmp_path / "output"
    assert last_lines(path) == []
    path.write_text("old\n" + "".join(f"line {n} sk-1\n" for n in range(50)))
    secrets = secrets_of({"Authorization": "Bearer sk-1", "X-Tenant": "line"})
    assert secrets == ("sk-1",)
    lines = last_lines(path, begin=4, secrets=secrets)
    assert (len(lines), lines[0], lines[-1]) == (40, "line 10 ***", "line 49 ***")
