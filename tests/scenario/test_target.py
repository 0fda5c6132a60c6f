import socket
from collections.abc import Iterator

import httpx
import pytest

from sluicegate.errors import NotJudgedError, SluicegateError
from sluicegate.provider.app import create_app
from sluicegate.provider.journal import Entry
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.runtime.server import Server
from sluicegate.scenario.profile import External, Profile, Readiness
from sluicegate.scenario.target import Instance, Targets


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
    return Profile({"provider": External({"default": url}, Readiness(within=within))})


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
    assert instance == Instance(url, journal=None)


def test_an_embedded_system_keeps_a_journal_of_its_own(clock: Clock) -> None:
    targets = Targets(clock, Profile())

    async def asked() -> tuple[Entry, ...]:
        async with targets.instance("provider", "default") as system:
            async with httpx.AsyncClient() as client:
                await client.get(f"{system.url}/health")
            assert system.journal is not None
            return system.journal.entries

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
    targets = Targets(clock, external(f"http://127.0.0.1:{free_port}", within=100.0))
    for _ in range(3):
        with pytest.raises(NotJudgedError):
            health(targets)
    assert clock.time() == pytest.approx(100.0, abs=0.2)


def test_a_system_that_answers_otherwise_is_not_ready(clock: Clock) -> None:
    async def judged() -> None:
        async with Server(create_app()) as server:
            ready = Readiness("/nowhere", (200, 204), 0.2)
            profile = Profile({"provider": External({"default": server.url}, ready)})
            async with Targets(clock, profile).instance("provider", "default"):
                pass

    with pytest.raises(NotJudgedError, match="answered 404, expected 200 or 204"):
        clock.run(judged())
