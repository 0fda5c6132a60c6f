from collections.abc import Iterator, Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sluicegate import profiles
from sluicegate.scenario.launch.instance import Recipe, configuration, names_of, rendered
from sluicegate.scenario.profile import Place, System, load

AGENTS = {"ccrouter": "http://127.0.0.1:9101", "droid": "http://127.0.0.1:9102"}
VARIANTS = ("default", "keys", "no-fallback", "quick-circuit", "routes", "short-limits")


@cache
def litellm() -> System:
    return load(profiles.path("litellm")).systems["gateway"]


def place(variant: str, *needs: str) -> Place:
    found = litellm().place(variant, frozenset(needs))
    assert found
    return found


def texts(variant: str, *needs: str) -> tuple[str, tuple[str, ...], Mapping[str, str]]:
    start = place(variant, *needs).start
    assert start
    recipe = Recipe(start, litellm().ready, variant, AGENTS, {})
    found = names_of(recipe, 20123, Path("/instance"))
    command, environ = rendered(start, found)
    return configuration(start, found), tuple(command), environ


def configured(variant: str, *needs: str) -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load(StringIO(texts(variant, *needs)[0]))
    return read


def asked(variant: str, *needs: str) -> Iterator[tuple[str, str, str]]:
    """Each group of models, with the model and the agent that it asks."""
    for each in configured(variant, *needs)["model_list"]:
        said = each["litellm_params"]
        yield each["model_name"], said["model"], said["api_base"]


def test_each_variant_is_started_on_its_own_port() -> None:
    assert tuple(sorted(litellm().places)) == VARIANTS
    for variant in VARIANTS:
        _, command, _ = texts(variant)
        assert command[-2:] == ("--port", "20123")


@pytest.mark.parametrize("needs", [(), ("breaker",)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_each_deployment_asks_an_agent_once_with_its_key(
    variant: str, needs: tuple[str, ...]
) -> None:
    keys = {f"{url}/v1": f"sk-{agent}-0123456789" for agent, url in AGENTS.items()}
    for each in configured(variant, *needs)["model_list"]:
        said = each["litellm_params"]
        assert keys[said["api_base"]] == said["api_key"]
        assert said["max_retries"] == 0


@pytest.mark.parametrize("needs", [(), ("breaker",)])
def test_what_stands_in_asks_the_other_agent_for_the_same_model(needs: tuple[str, ...]) -> None:
    models = {group: (model, url) for group, model, url in asked("default", *needs)}
    assert models["gpt-4"] == ("openai/gpt-4", "http://127.0.0.1:9101/v1")
    assert models["stand-in"] == ("openai/gpt-4", "http://127.0.0.1:9102/v1")


@pytest.mark.parametrize(
    ("variant", "model", "agent"),
    [
        ("default", "gpt-4*", "ccrouter"),
        ("default", "gemini*", "ccrouter"),
        ("default", "claude*", "droid"),
        ("default", "*", "ccrouter"),
        ("routes", "gpt-4o*", "droid"),
        ("routes", "gpt-4*", "ccrouter"),
    ],
)
def test_a_pattern_of_models_asks_its_agent(variant: str, model: str, agent: str) -> None:
    urls = {group: url for group, _, url in asked(variant)}
    assert urls[model] == f"{AGENTS[agent]}/v1"


def test_only_the_variant_without_fallback_has_none() -> None:
    without = [name for name in VARIANTS if "fallbacks" not in configured(name)["router_settings"]]
    assert without == ["no-fallback"]


def test_only_the_variant_with_keys_has_a_key_for_clients() -> None:
    keys = {
        name: configured(name)["general_settings"]["master_key"]
        for name in VARIANTS
        if "master_key" in configured(name)["general_settings"]
    }
    assert keys == {"keys": "gateway-key-0123456789"}


def test_only_the_variant_with_short_limits_ends_a_stream_after_three_seconds() -> None:
    limits = {name: texts(name)[2]["LITELLM_MAX_STREAMING_DURATION_SECONDS"] for name in VARIANTS}
    assert {name for name, limit in limits.items() if limit == "3"} == {"short-limits"}
    assert limits["default"] == "60"


@pytest.mark.parametrize(("variant", "seconds"), [("default", 30), ("quick-circuit", 5)])
def test_scenarios_about_the_breaker_get_a_process_with_cooldowns(
    variant: str, seconds: int
) -> None:
    settings = configured(variant, "breaker")["router_settings"]
    assert (settings["allowed_fails"], settings["cooldown_time"]) == (4, seconds)
    assert place(variant, "breaker").isolation == "process"


def test_other_scenarios_share_a_process_without_cooldowns() -> None:
    assert configured("default")["router_settings"]["disable_cooldowns"] is True
    assert place("default").isolation == "none"
