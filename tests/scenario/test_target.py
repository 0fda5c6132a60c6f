import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from sluicegate.errors import NotJudgedError, SluicegateError
from sluicegate.provider.agents import Agents, AgentSide
from sluicegate.provider.app import create_app
from sluicegate.provider.control import create_control
from sluicegate.provider.guard import VARIABLE, Guard
from sluicegate.provider.journal import Entry, Journal
from sluicegate.provider.plans import Plans
from sluicegate.provider.token import is_token
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.runtime.server import Server
from sluicegate.scenario.control import HttpControl
from sluicegate.scenario.profile import (
    Place,
    Profile,
    ProfileError,
    Readiness,
    Start,
    System,
    at_url,
)
from sluicegate.scenario.systems import Instance
from sluicegate.scenario.target import Targets

WAIT = Readiness(within=0.2)


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock


@pytest.fixture
def free_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def health(targets: Targets, variant: str = "default") -> int:
    async def ask() -> int:
        async with targets.instance("provider", variant) as system, httpx.AsyncClient() as client:
            return (await client.get(f"{system.url}/health")).status_code

    return targets.clock.run(ask())


def external(url: str, within: float = 0.2) -> Profile:
    return Profile({"provider": at_url(url, ready=Readiness(within=within))})


def test_an_embedded_system_is_started_in_the_variant_that_was_asked_for(clock: Clock) -> None:
    targets = Targets(clock, Profile())
    assert health(targets) == 200
    assert health(targets, "unhealthy") == 503


def test_an_unknown_variant_of_an_embedded_system_is_the_authors_mistake(clock: Clock) -> None:
    with pytest.raises(
        SluicegateError, match='no variant "sick"; there are "default", "two-models"'
    ):
        health(Targets(clock, Profile()), "sick")


def test_an_external_system_is_asked_at_its_url() -> None:
    with WallClock() as clock:

        async def judged() -> tuple[Instance, str]:
            async with Server(create_app()) as server:
                targets = Targets(clock, external(server.url))
                async with targets.instance("provider", "default") as instance:
                    return instance, server.url

        instance, url = clock.run(judged())
    assert (instance.url, instance.control) == (url, None)
    assert "no control API" in instance.trouble


def test_scenarios_against_an_external_system_have_tokens_that_no_other_run_has(
    clock: Clock,
) -> None:
    ours, theirs = (Targets(clock, external("http://127.0.0.1:1")) for _ in range(2))
    tokens = [ours.token(), ours.token(), theirs.token(), theirs.token()]
    assert len(set(tokens)) == 4
    assert all(map(is_token, tokens))


def test_an_embedded_system_needs_no_such_token(clock: Clock) -> None:
    targets = Targets(clock, Profile())
    assert targets.token() == targets.token() == "scenario"


@asynccontextmanager
async def controlled(secret: str | None = None) -> AsyncIterator[tuple[str, str]]:
    """Serve a provider, and its control API at another URL."""
    journal, plans = Journal(), Plans()
    agents = Agents({"provider": AgentSide(journal)}, plans)
    app = create_app(agent="provider", plans=plans, journal=journal)
    async with Server(app) as server, Server(create_control(agents, Guard(token=secret))) as other:
        yield server.url, other.url


def test_an_external_system_is_controlled_where_the_profile_says(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "s3cret")

    async def asked() -> list[tuple[int, int]]:
        async with controlled("s3cret") as (url, control):
            targets = Targets(
                clock, Profile({"provider": at_url(url, ready=WAIT, control=control)})
            )
            return [await seen(targets) for _ in range(2)]

    # The first entry is the one that asked whether the system is ready.
    assert clock.run(asked()) == [(1, 2), (2, 3)]


async def seen(targets: Targets) -> tuple[int, int]:
    """Ask once; return the number of the last entry that is older, and that of the new one."""
    async with targets.instance("provider", "default") as instance, httpx.AsyncClient() as client:
        await client.get(f"{instance.url}/v1/models")
        assert instance.control is not None
        (entry,) = await instance.control.entries("provider", since=instance.seen["provider"])
        return instance.seen["provider"], entry.number


def test_a_control_token_that_is_missing_is_told(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    async def asked() -> None:
        async with controlled("s3cret") as (url, control):
            targets = Targets(
                clock, Profile({"provider": at_url(url, ready=WAIT, control=control)})
            )
            await seen(targets)

    with pytest.raises(SluicegateError, match=f"401: set {VARIABLE} to the control token"):
        clock.run(asked())


def test_an_embedded_system_keeps_a_journal_of_its_own(clock: Clock) -> None:
    targets = Targets(clock, Profile())

    async def asked() -> tuple[Entry, ...]:
        async with targets.instance("provider", "default") as system:
            async with httpx.AsyncClient() as client:
                await client.get(f"{system.url}/health")
            assert system.control is not None
            return await system.control.entries()

    for _ in range(2):
        (entry,) = clock.run(asked())
        assert (entry.number, entry.path, entry.status) == (1, "/health", 200)


def test_a_variant_that_the_profile_does_not_name_is_skipped(clock: Clock) -> None:
    with pytest.raises(pytest.skip.Exception, match="not claimed: the profile names no variant"):
        health(Targets(clock, external("http://127.0.0.1:1")), "unhealthy")


def test_a_system_that_is_not_there_cannot_be_judged(clock: Clock, free_port: int) -> None:
    targets = Targets(clock, external(f"http://127.0.0.1:{free_port}"))
    with pytest.raises(NotJudgedError, match=r"not ready: GET http://.*/health failed \(Connect"):
        health(targets)


def test_a_system_that_is_not_there_is_waited_for_once(clock: Clock, free_port: int) -> None:
    targets = Targets(clock, external(f"http://127.0.0.1:{free_port}", within=10.0))
    for _ in range(3):
        with pytest.raises(NotJudgedError):
            health(targets)
    assert clock.time() == pytest.approx(10.0, abs=0.2)


def test_a_system_that_answers_otherwise_is_not_ready(clock: Clock) -> None:
    async def judged() -> None:
        async with Server(create_app()) as server:
            ready = Readiness("/nowhere", (200, 204), 0.2)
            profile = Profile({"provider": at_url(server.url, ready=ready)})
            async with Targets(clock, profile).instance("provider", "default"):
                pass

    with pytest.raises(NotJudgedError, match="answered 404, expected 200 or 204"):
        clock.run(judged())


@asynccontextmanager
async def external_proxy(
    clock: Clock, *, logs: dict[str, Path] | None = None, is_witnessed: bool = False
) -> AsyncIterator[tuple[Targets, str]]:
    """Serve what passes for a proxy that somebody else runs, and the provider that it asks."""
    async with controlled() as (url, control), Server(create_app()) as other:
        proxy = at_url(other.url, ready=WAIT, logs=logs or {})
        provider = {"provider": at_url(url, ready=WAIT, control=control)}
        known = {**(provider if is_witnessed else {}), "proxy": proxy}
        yield Targets(clock, Profile(known)), other.url


def test_a_proxy_whose_provider_the_profile_does_not_name_is_asked_without_witness(
    clock: Clock,
) -> None:
    async def asked() -> None:
        async with (
            external_proxy(clock) as (targets, url),
            targets.instance("proxy", "default") as instance,
        ):
            assert (instance.url, instance.control, instance.log) == (url, None, None)
            assert "the profile names no [provider]" in instance.trouble

    clock.run(asked())


def test_a_proxy_has_the_provider_of_the_profile_as_its_witness(clock: Clock) -> None:
    async def asked() -> None:
        async with (
            external_proxy(clock, is_witnessed=True) as (targets, url),
            targets.instance("proxy", "default") as instance,
        ):
            assert instance.url == url
            assert instance.control is not None
            assert instance.trouble == ""

    clock.run(asked())


def test_a_proxy_that_the_profile_does_not_name_is_embedded_beside_one_of_its_own(
    clock: Clock,
) -> None:
    targets = Targets(clock, Profile())

    async def asked() -> None:
        async with (
            targets.instance("proxy", "default") as instance,
            httpx.AsyncClient() as client,
        ):
            assert (await client.get(f"{instance.url}/health")).status_code == 200
            assert instance.control is not None
            assert await instance.control.entries() == ()

    assert not targets.is_external("proxy")
    clock.run(asked())


def test_the_log_of_an_external_proxy_is_read_from_where_the_scenario_began(
    clock: Clock, tmp_path: Path
) -> None:
    log = tmp_path / "proxy.log"
    log.write_text('{"status": 1}\n')

    async def asked() -> None:
        async with external_proxy(clock, logs={"default": log}) as (targets, _):
            async with targets.instance("proxy", "default") as instance:
                assert instance.log is not None
                assert instance.log.lines() == []
                with log.open("a") as file:
                    file.write('started\n{"status": 2}\n{"status": 3, "note": "ä"}\n')
                assert [line["status"] for line in instance.log.lines()] == [2, 3]
            async with targets.instance("proxy", "default") as instance:
                assert instance.log is not None
                assert instance.log.lines() == []

    clock.run(asked())


def test_a_log_that_is_written_later_is_read_from_its_beginning(
    clock: Clock, tmp_path: Path
) -> None:
    log = tmp_path / "proxy.log"

    async def asked() -> None:
        async with (
            external_proxy(clock, logs={"default": log}) as (targets, _),
            targets.instance("proxy", "default") as instance,
        ):
            log.write_bytes(b'{"status": 1}\n\xff\n')
            assert instance.log is not None
            assert instance.log.lines() == [{"status": 1}]

    clock.run(asked())


def test_a_variant_of_the_proxy_that_the_profile_does_not_name_is_skipped(clock: Clock) -> None:
    async def asked() -> None:
        async with (
            external_proxy(clock) as (targets, _),
            targets.instance("proxy", "logs"),
        ):
            pass

    with pytest.raises(pytest.skip.Exception, match='no variant "logs" of the proxy'):
        clock.run(asked())


def test_a_profile_with_a_variant_that_no_proxy_has_is_refused() -> None:
    places = {"default": Place("http://127.0.0.1:1"), "tokenz": Place("http://127.0.0.1:2")}
    with pytest.raises(
        ProfileError, match='the proxy has no variant "tokenz"; did you mean "tokens"'
    ):
        Targets.check(Profile({"proxy": System(places)}))
    Targets.check(
        Profile({"proxy": System({"default": places["default"], "tokens": Place("http://x")})})
    )


def test_scenarios_against_an_external_proxy_have_tokens_of_their_own(clock: Clock) -> None:
    targets = Targets(clock, Profile({"proxy": at_url("http://127.0.0.1:1")}))
    tokens = [targets.token(), targets.token()]
    assert len(set(tokens)) == 2
    assert all(map(is_token, tokens))


@pytest.mark.parametrize(
    ("systems", "is_shared"),
    [
        ({}, False),
        ({"gateway": at_url("http://127.0.0.1:1")}, False),
        ({"gateway": System({"default": Place("http://x", ports={"droid": 1})})}, True),
        ({"gateway": System({"default": Place(start=Start(("x",), Path()))})}, True),
        ({"provider": at_url("http://127.0.0.1:1")}, True),
    ],
)
def test_providers_that_outlive_a_scenario_are_shared(
    clock: Clock, systems: dict[str, System], *, is_shared: bool
) -> None:
    assert Targets(clock, Profile(systems)).is_shared("gateway") is is_shared


def test_clients_show_what_the_place_wants_that_their_scenario_needs(clock: Clock) -> None:
    usual = {"default": Place("http://x", headers={"Authorization": "Bearer a"})}
    needed = {"breaker": {"default": Place("http://y", headers={"X-Tenant": "b"})}}
    targets = Targets(clock, Profile({"gateway": System(usual, needing=needed)}))
    assert targets.headers("gateway", "default") == (("Authorization", "Bearer a"),)
    assert targets.headers("gateway", "default", frozenset({"breaker"})) == (("X-Tenant", "b"),)
    assert targets.headers("gateway", "sse") == targets.headers("proxy", "default") == ()


def test_a_provider_that_somebody_else_runs_is_the_witness_of_a_system_that_is_served(
    clock: Clock,
) -> None:
    async def asked() -> None:
        async with controlled() as (url, control), Server(create_app()) as other:
            gateway = System({"default": Place(other.url, ports={"droid": 1})}, ready=WAIT)
            provider = at_url(url, ready=WAIT, control=control, agent="provider")
            targets = Targets(clock, Profile({"provider": provider, "proxy": gateway}))
            async with targets.instance("proxy", "default") as instance:
                assert isinstance(instance.control, HttpControl)
                assert instance.agents == {}

    clock.run(asked())
