import re
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from sluicegate.errors import NotJudgedError, ViolationError
from sluicegate.runtime.clock import WallClock
from sluicegate.scenario.launch.ports import lease
from sluicegate.scenario.profile import Isolation, Place, Profile, Readiness, Start, System, load
from sluicegate.scenario.systems import Instance
from sluicegate.scenario.target import Targets
from sluicegate.scenario.world import World

T = TypeVar("T")

# It logs what it is asked, and its environment at the start; POST /crash ends it.
TINY = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("started", flush=True)
while True:
    client, _ = listener.accept()
    line = client.recv(65536).decode().partition("\\r")[0]
    if not line:  # a look whether anybody listens
        continue
    print('{"asked": "%s", "by": "%s"}' % (line, os.environ.get("MODE", "")), flush=True)
    if "/crash" in line:
        listener.close()
        client.close()
        sys.exit(3)
    client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\n{}")
    client.close()
"""
READY = Readiness(within=30.0)
COMMAND = (sys.executable, "-S", "-E", "-c", TINY, "{{ port }}")


def tiny(isolation: Isolation = "none", **members: str) -> Place:
    start = Start(COMMAND, Path(), environment={"MODE": members.get("mode", "")})
    return Place(start=start, isolation=isolation, reset=members.get("reset", ""))


@pytest.fixture
def clock() -> Iterator[WallClock]:
    with WallClock() as clock:
        yield clock


def profile(places: Mapping[str, Place], **needing: Place) -> Profile:
    needed = {capability: {"default": place} for capability, place in needing.items()}
    return Profile({"gateway": System(places, ready=READY, needing=needed)})


async def asked(instance: Instance, path: str = "/v1/models") -> list[str]:
    """Ask an instance; return what it has logged since it was leased."""
    async with httpx.AsyncClient() as client:
        await client.post(f"{instance.url}{path}")
    assert instance.log is not None
    return [
        f"{line['asked'].removesuffix(' HTTP/1.1')} {line['by']}" for line in instance.log.lines()
    ]


def leased(
    targets: Targets,
    does: Callable[[Instance], Awaitable[T]],
    variant: str = "default",
    needs: frozenset[str] = frozenset(),
) -> T:
    async def scenario() -> T:
        async with targets.instance("gateway", variant, needs) as instance:
            return await does(instance)

    return targets.clock.run(scenario())


async def itself(instance: Instance) -> Instance:
    assert instance.output() == []
    return instance


def runs(instance: Instance) -> bool:
    """Tell whether anybody listens where the instance did."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", int(instance.url.rpartition(":")[2]))) == 0


def test_without_isolation_scenarios_share_a_process_and_see_their_own_lines(
    clock: WallClock,
) -> None:
    with Targets(clock, profile({"default": tiny()})) as targets:
        assert [leased(targets, asked) for _ in range(2)] == [["POST /v1/models "]] * 2
        one, other = (leased(targets, itself) for _ in range(2))
        assert (one.url, one.agents) == (other.url, other.agents)
    assert not runs(one)


def test_a_process_for_each_scenario_has_a_port_of_its_own_and_the_same_agents(
    clock: WallClock,
) -> None:
    with Targets(clock, profile({"default": tiny("process")})) as targets:
        one, other = (leased(targets, itself) for _ in range(2))
        assert one.url != other.url
        assert not runs(one)
        assert one.agents == other.agents
        assert one.control is other.control


def test_a_reset_comes_before_each_scenario(clock: WallClock) -> None:
    place = tiny("reset", reset="/_reset")
    with Targets(clock, profile({"default": place})) as targets:
        first, second = (leased(targets, asked) for _ in range(2))
    assert first == second == ["POST /v1/models "]


def test_a_reset_that_fails_cannot_be_judged(clock: WallClock) -> None:
    place = tiny("reset", reset="/crash")
    with Targets(clock, profile({"default": place})) as targets:
        with pytest.raises(NotJudgedError, match="by which the profile resets the sys") as caught:
            leased(targets, itself)
        assert caught.value.blame == "the profile"


def test_a_process_that_ends_after_a_scenario_fails_the_next_one_and_is_started_again(
    clock: WallClock,
) -> None:
    with Targets(clock, profile({"default": tiny()})) as targets:
        with pytest.raises(httpx.HTTPError):
            leased(targets, lambda instance: asked(instance, "/crash"))
        with pytest.raises(ViolationError, match="ended with exit status 3 after the scenario bef"):
            leased(targets, asked)
        assert leased(targets, asked) == ["POST /v1/models "]


@pytest.mark.parametrize("isolation", ["none", "process"])
def test_a_process_that_ends_during_a_scenario_fails_it(
    clock: WallClock, isolation: Isolation
) -> None:
    async def crash(instance: Instance) -> None:
        with suppress(httpx.HTTPError):
            await asked(instance, "/crash")

    told = "the gateway ended with exit status 3 during the scenario"
    with Targets(clock, profile({"default": tiny(isolation)})) as targets:
        with pytest.raises(ViolationError, match=f"^{told}\n\nits last") as caught:
            leased(targets, crash)
        assert '"asked": "POST /crash HTTP/1.1"' in caught.value.evidence
        assert leased(targets, asked) == ["POST /v1/models "]


def test_who_puts_itself_out_of_reach_is_found_by_its_port(clock: WallClock) -> None:
    words = ("sh", "-c", 'setsid "$@" >/dev/null 2>&1 & wait', "sh", *COMMAND)
    start = Start(words, Path(), environment={})
    with Targets(clock, profile({"default": Place(start=start)})) as targets:
        gone = leased(targets, itself)
        assert runs(gone)
    assert not runs(gone)


def test_no_more_than_three_instances_are_kept_and_the_one_used_last_stays(
    clock: WallClock,
) -> None:
    variants = ("default", "no-fallback", "sse", "keys")
    with Targets(clock, profile(dict.fromkeys(variants, tiny()))) as targets:
        default, second, _ = (leased(targets, itself, each) for each in variants[:3])
        assert leased(targets, itself, "default").url == default.url
        fourth = leased(targets, itself, "keys")
        assert [runs(each) for each in (default, second, fourth)] == [True, False, True]


def test_scenarios_that_need_a_capability_get_the_place_that_is_for_them(clock: WallClock) -> None:
    places = {"default": tiny(mode="plain")}
    with Targets(clock, profile(places, breaker=tiny(mode="breaker"))) as targets:
        needs = frozenset({"breaker", "fallback"})
        assert leased(targets, asked, needs=needs) == ["POST /v1/models breaker"]
        assert leased(targets, asked, needs=frozenset({"fallback"})) == ["POST /v1/models plain"]


def told(clock: WallClock, place: Place, ready: Readiness = READY) -> str:
    """Return why the only place of a gateway cannot be judged, twice the same."""
    with Targets(clock, Profile({"gateway": System({"default": place}, ready=ready)})) as targets:
        said = []
        for _ in range(2):
            with pytest.raises(NotJudgedError) as caught:
                leased(targets, itself)
            assert caught.value.blame == "the profile"
            said.append(str(caught.value))
    assert said[0] == said[1]
    return said[0]


def command(*words: str, environment: Mapping[str, str] | None = None) -> Place:
    start = Start(words, Path(), environment=environment or {})
    return Place(start=start, isolation="process", headers={"Authorization": "Bearer sk-x"})


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (command("no-such-gateway"), r"'no-such-gateway' cannot be started: No such file"),
        (
            command("sh", "-c", "echo key sk-x; echo no such option >&2; exit 2"),
            r"sh ended with exit status 2 .*its last 2 lines:\n  key \*\*\*\n  no such option$",
        ),
        (command("sh", "-c", "kill -9 $$"), r"was ended by signal 9 .*\nit printed nothing$"),
        (command("x", "{port}"), r"the profile's command: \{port\} is filled in by nobody"),
        (command("x", environment={"A": "{{ b }}"}), r"environment, A, line 1: nothing is called"),
        (Place(start=Start(("x",), Path(), Path("no.yaml"))), r"template no.yaml cannot be read"),
    ],
)
def test_what_keeps_a_command_from_being_ready_is_told(
    clock: WallClock, place: Place, expected: str
) -> None:
    said = told(clock, place)
    assert said.startswith("the gateway is not ready: ")
    assert re.search(expected, said, re.DOTALL)


def test_a_configuration_is_rendered_for_each_instance_in_a_folder_of_its_own(
    clock: WallClock, tmp_path: Path
) -> None:
    (tmp_path / "tiny.py").write_text("import sys\nsys.argv.append('{{ port }}')\n" + TINY)
    start = Start(
        (sys.executable, "-S", "-E", "{{ config }}"),
        tmp_path,
        tmp_path / "tiny.py",
        {"MODE": "{{ config[-15:] }} {{ agents.droid.url }} {{ profile }} {{ variant }}"},
    )
    places = {"sse": Place(start=start, isolation="process"), "default": tiny()}
    with Targets(clock, profile(places)) as targets:
        droid = leased(targets, itself, "sse").agents["droid"]
        (line,) = leased(targets, asked, "sse")
    assert line == f"POST /v1/models /folder/tiny.py {droid} {tmp_path} sse"
    assert list(tmp_path.iterdir()) == [tmp_path / "tiny.py"]


@pytest.fixture
def ports() -> Iterator[list[int]]:
    with ExitStack() as stack:
        yield [stack.enter_context(lease()) for _ in range(3)]


def test_a_system_that_others_run_gets_its_agents_where_it_expects_them(
    clock: WallClock, ports: list[int]
) -> None:
    with Targets(clock, profile({"default": tiny()})) as hosting:
        url = leased(hosting, itself).url
        one, other, third = ports
        places = {
            "default": Place(url, ports={"ccrouter": one, "droid": other}),
            "sse": Place(url, ports={"ccrouter": one, "droid": third}),
            "keys": Place(url, ports={"ccrouter": one, "droid": other}),
        }
        with Targets(clock, profile(places)) as targets:
            first, same, different = (
                leased(targets, itself, each) for each in ("default", "keys", "sse")
            )
    assert first.control is same.control
    assert first.control is not different.control
    assert first.agents["droid"] == f"http://127.0.0.1:{other}"
    assert different.agents == {
        "ccrouter": f"http://127.0.0.1:{one}",
        "droid": f"http://127.0.0.1:{third}",
    }


def test_a_port_of_an_agent_that_is_taken_is_told(clock: WallClock, ports: list[int]) -> None:
    with socket.create_server(("127.0.0.1", ports[0])):
        said = told(clock, Place("http://127.0.0.1:1", ports={"ccrouter": ports[0]}))
    assert f"expects its agents at ccrouter = {ports[0]}" in said
    assert f"127.0.0.1:{ports[0]} is taken by another program" in said


REFERENCE = """
[gateway]
command = [
  "{{ python }}", "-m", "sluicegate", "gateway", "--control", "--log", "--port", "{{ port }}",
  "--config", "{{ features }}/gateway/variants/{{ variant }}.toml",
]
environment = { CCROUTER_URL = "{{ agents.ccrouter.url }}", DROID_URL = "{{ agents.droid.url }}" }
reset = "/_gateway/reset"
ready.within_seconds = 60

[gateway.variants]
no-fallback = { isolation = "process" }
sse = { isolation = "none" }
"""


@pytest.mark.parametrize("variant", ["default", "no-fallback", "sse"])
def test_the_reference_gateway_is_judged_as_a_process(
    clock: WallClock, tmp_path: Path, variant: str
) -> None:
    file = tmp_path / "reference.toml"
    file.write_text(REFERENCE)
    with Targets(clock, load(file)) as targets, World(targets) as world:
        world.talk_to("gateway")
        world.choose("gateway", variant)
        world.planning('the agent "ccrouter"').say(text="Hi")
        world.ask(stream=True)
        world.ask()
        asked = [each.by for each in world.exchange.provided or ()]
        log = world.log
        assert log is not None
        assert log.once(bool)
    assert asked == ['the agent "ccrouter"']
    assert [each.status for each in world.exchanges] == [200, 200]
