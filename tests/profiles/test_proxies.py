import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pytest_bdd.parser import ScenarioTemplate

from sluicegate import profiles, shipped
from sluicegate.gherkin.document import read
from sluicegate.gherkin.judging import EXTENDED
from sluicegate.gherkin.register import requirements
from sluicegate.scenario.claims import KnownFailure
from sluicegate.scenario.launch.instance import Recipe, configuration, names_of, rendered
from sluicegate.scenario.profile import System, load

HAPROXY = "status 401 default-errorfiles if"
# How each proxy refuses a client.
REFUSAL = {
    "envoy": "direct_response: {status: 401}",
    "haproxy": HAPROXY,
    "haproxy-defaults": HAPROXY,
    "nginx": "return 401;",
    "nginx-defaults": "return 401;",
}
PROXIES = tuple(REFUSAL)
PORT = re.compile(r"127\.0\.0\.1(?::|, port_value: )(\d+)")
AGENTS = {"ccrouter": "http://127.0.0.1:9101", "droid": "http://127.0.0.1:9102"}


def gateway(name: str) -> System:
    return load(profiles.path(name)).systems["gateway"]


@cache
def scenarios() -> list[tuple[frozenset[str], str]]:
    # The tags of each scenario of the gateway's, and its name with the row of Examples filled in.
    paths = (shipped.FEATURES / "gateway").glob("*.feature")
    templates = (each for path in paths for each in read(path).feature.scenarios.values())
    return [(tags(each), name) for each in templates for name in names(each)]


def tags(template: ScenarioTemplate) -> frozenset[str]:
    of_rule = template.rule.tags if template.rule else ()
    return frozenset({*template.feature.tags, *of_rule, *template.tags})


def names(template: ScenarioTemplate) -> Iterator[str]:
    rows = [row for table in template.examples for row in table.as_contexts()]
    return (template.render(row).name for row in rows or [{}])


def covered(failure: KnownFailure) -> list[str]:
    wanted = f"req:{failure.requirement}"
    known = frozenset({failure.requirement})
    return [name for tags, name in scenarios() if wanted in tags and failure.covers(known, name)]


def configurations(name: str) -> dict[str, str]:
    system = gateway(name)
    return {variant: configured(system, variant) for variant in system.places}


def configured(system: System, variant: str) -> str:
    start = system.places[variant].start
    assert start
    recipe = Recipe(start, system.ready, variant, AGENTS, {})
    found = names_of(recipe, 20123, Path("/instance"))
    rendered(start, found)
    return configuration(start, found)


@pytest.mark.parametrize("name", profiles.names())
def test_a_profile_that_ships_names_only_capabilities_that_some_scenario_needs(name: str) -> None:
    needs = {need for entry in requirements().values() for need in entry.needs}
    tagged = {tag.removeprefix("needs:") for tags, _ in scenarios() for tag in tags}
    assert gateway(name).claims.capabilities.keys() <= needs | tagged | {EXTENDED}


@pytest.mark.parametrize("name", profiles.names())
def test_each_known_failure_of_a_profile_that_ships_covers_a_scenario(name: str) -> None:
    known = gateway(name).claims.known
    assert [failure for failure in known if not covered(failure)] == []


@pytest.mark.parametrize("name", profiles.names())
def test_each_pattern_of_a_known_failure_fits_a_scenario(name: str) -> None:
    known = gateway(name).claims.known
    single = [
        KnownFailure(each.requirement, each.reason, each.expires, (pattern,))
        for each in known
        for pattern in each.scenarios
    ]
    assert [failure for failure in single if not covered(failure)] == []


@pytest.mark.parametrize("name", profiles.names())
def test_what_a_profile_does_not_claim_has_a_reason(name: str) -> None:
    capabilities = gateway(name).claims.capabilities
    silent = [
        key for key, said in capabilities.items() if said.claim is not True and not said.reason
    ]
    assert silent == []


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_listens_on_its_own_port_and_asks_the_agent_on_the_agents_port(name: str) -> None:
    for text in configurations(name).values():
        assert {"20123", "9101"} <= set(PORT.findall(text)) <= {"20123", "9101", "9102"}


@pytest.mark.parametrize("name", PROXIES)
def test_only_the_variant_with_keys_refuses_clients_without_one(name: str) -> None:
    refusing = [v for v, text in configurations(name).items() if REFUSAL[name] in text]
    assert refusing == ["keys"]


def test_haproxy_and_its_defaults_differ_in_one_variable_alone() -> None:
    good, defaults = (gateway(name).places["default"] for name in ("haproxy", "haproxy-defaults"))
    assert good.start
    assert defaults.start
    assert good.start.template == defaults.start.template
    assert good.start.environment == {"FOR_STREAMS": "1"}
    assert not defaults.start.environment
