import math
from textwrap import dedent

import pytest

from sluicegate.gateway import configuration
from sluicegate.gateway.breaker import Numbers
from sluicegate.gateway.configuration import ConfigurationError, configured, read
from sluicegate.gateway.routing import ROUTES, Route
from sluicegate.gateway.settings import Agent, Model, Settings
from sluicegate.upstream.limits import Limits

AGENT = '[agents.ccrouter]\nbase_url = "http://127.0.0.1:9101/v1"\n'
OTHER = '[agents.droid]\nbase_url = "http://127.0.0.1:9102/v1"\n'

NO_URL = "expected a string such as 'http://127.0.0.1:9101/v1'"
NEAR = "expected the name of an agent, got 'droit'; did you mean droid? known are droid"
ITSELF = "an agent cannot be its own fallback"
BEHIND = "/chat/completions is put behind it"


def settings(text: str, **environ: str) -> Settings:
    return read(text, environ)


def wrong(text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(text, environ)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_an_agent_is_enough() -> None:
    agent = Agent("ccrouter", "http://127.0.0.1:9101/v1")
    assert settings(AGENT) == Settings((agent,), "ccrouter", routes=ROUTES[:2])


def test_without_routes_the_documented_ones_count_for_the_agents_that_there_are() -> None:
    assert settings(AGENT + OTHER).routes == ROUTES
    assert settings(OTHER).routes == ROUTES[2:]


def test_everything_can_be_told() -> None:
    told = settings(
        """
        host = "::1"
        port = 0
        largest_body = 1000
        keys = ["one", "two"]
        primary = "droid"

        [agents.ccrouter]
        base_url = "http://127.0.0.1:9101/v1"
        key = "k1"
        health_url = "http://127.0.0.1:9101/health"
        fallback = "droid"
        format = "openai"

        [agents.ccrouter.models."gpt-4o"]
        description = "Large"
        max_tokens = 16384
        input_cost_per_1k = 0.0025
        output_cost_per_1k = 0.01
        owned_by = "openai"

        [agents.droid]
        base_url = "https://[::1]:9102"

        [routes]
        "o*" = "droid"
        "*" = "ccrouter"

        [fallback]
        enabled = false
        format = "sse"

        [limits]
        connect = 1
        first_content = 2
        gap = inf
        whole_stream = 4
        plain = 5.5

        [breaker]
        failures = 1
        open_seconds = 0.5
        successes = 3
        """
    )
    model = Model("gpt-4o", "Large", 16384, 0.0025, 0.01, "openai")
    ccrouter = Agent(
        "ccrouter",
        "http://127.0.0.1:9101/v1",
        "k1",
        (model,),
        "http://127.0.0.1:9101/health",
        "droid",
    )
    assert told == Settings(
        agents=(ccrouter, Agent("droid", "https://[::1]:9102")),
        primary="droid",
        routes=(Route("o*", "droid"), Route("*", "ccrouter")),
        fallback_enabled=False,
        fallback_format="sse",
        limits=Limits(connect=1, first_content=2, gap=math.inf, whole=4),
        plain_limit=5.5,
        breaker=Numbers(1, 0.5, 3),
        keys=("one", "two"),
        host="::1",
        port=0,
        largest_body=1000,
    )


def test_no_key_is_in_the_words_of_settings() -> None:
    told = settings('keys = ["s3cret"]\n' + AGENT + 'key = "s3cret"')
    assert "s3cret" not in repr(told)
    assert told.mask("s3cret at 127.0.0.1:9101") == "*** at ***"


def test_the_names_of_the_hosts_of_agents_are_masked() -> None:
    told = settings('[agents.ccrouter]\nbase_url = "http://router-7:9101/v1"\n' + OTHER)
    assert told.mask("no route to router-7, or router-7:9101") == "no route to ***, or ***"


@pytest.mark.parametrize("word", ["false", "False", "0", "no", "OFF"])
def test_the_environment_switches_fallbacks_off(word: str) -> None:
    told = settings(AGENT + 'fallback = "droid"\n' + OTHER, AGENT_FALLBACK_ENABLED=word)
    assert not told.fallback_enabled
    assert told.fallbacks == {}


@pytest.mark.parametrize("word", ["true", "1", "Yes", "on"])
def test_the_environment_switches_fallbacks_on(word: str) -> None:
    document = "fallback.enabled = false\n" + AGENT + 'fallback = "droid"\n' + OTHER
    told = settings(document, AGENT_FALLBACK_ENABLED=word)
    assert told.fallbacks == {"ccrouter": "droid"}


def test_an_empty_variable_is_none() -> None:
    assert settings(AGENT, AGENT_FALLBACK_ENABLED="", GATEWAY_KEYS="") == settings(AGENT)


@pytest.mark.parametrize("keys", [",", " ", " , ,"])
def test_keys_of_the_environment_that_are_none_do_not_open_the_gateway(keys: str) -> None:
    for text in (AGENT, 'keys = ["one"]\n' + AGENT):
        (line,) = wrong(text, GATEWAY_KEYS=keys)
        assert line.startswith("GATEWAY_KEYS: expected keys with commas between them, got none")


@pytest.mark.parametrize("path", ["", "/v1", "/models", "/v1/chat-completions", "/completions"])
def test_a_base_url_may_end_as_it_likes_else(path: str) -> None:
    agent = f'[agents.a]\nbase_url = "http://a{path}"'
    assert settings(agent).agents[0].base_url == f"http://a{path}"


def test_the_environment_has_the_keys_of_clients() -> None:
    assert settings('keys = ["one"]\n' + AGENT, GATEWAY_KEYS="two, three,").keys == ("two", "three")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "agents: is missing"),
        ("[agents]", "agents: expected one or more, got none"),
        ("[agents.a]", "agents.a.base_url: is missing"),
        ("port = 70000\n" + AGENT, "port: expected a number of at most 65535, got 70000"),
        ("prot = 1\n" + AGENT, "prot: is unknown; known are host, port"),
        (AGENT + 'url = ""', "agents.ccrouter.url: is unknown; known are base_url"),
        (AGENT + 'format = "x"', "agents.ccrouter.format: expected one of openai, got 'x'"),
        ('[agents.a]\nbase_url = "localhost"', f"agents.a.base_url: {NO_URL}, got 'localhost'"),
        (AGENT + 'fallback = "droit"\n' + OTHER, f"agents.ccrouter.fallback: {NEAR}"),
        (AGENT + 'fallback = "ccrouter"', f"agents.ccrouter.fallback: {ITSELF}"),
        (
            '[agents.""]\nbase_url = "http://127.0.0.1:9101/v1"',
            "agents: expected a name for each agent, got ''",
        ),
        (
            '[agents.a]\nbase_url = "http://a/v1/chat/completions/"',
            f"agents.a.base_url: expected one without /chat/completions: {BEHIND}",
        ),
        (
            '[agents.a]\nbase_url = "http://a/v1/models"',
            f"agents.a.base_url: expected one without /models: {BEHIND}",
        ),
        (
            'primary = "x"\n' + AGENT,
            "primary: expected the name of an agent, got 'x'; known are ccrouter",
        ),
        (
            AGENT + '[routes]\n"gpt-4*" = "droid"',
            "routes[\"gpt-4*\"]: expected the name of an agent, got 'droid'; known are ccrouter",
        ),
        (AGENT + "[limits]\ngap = 0", "limits.gap: expected a number above 0, got 0"),
        (AGENT + "[limits]\ngap = nan", "limits.gap: expected a number above 0, got NaN"),
        (
            AGENT + "[breaker]\nopen_seconds = inf",
            "breaker.open_seconds: expected a finite number, got inf",
        ),
        (AGENT + "[breaker]\nfailures = 0", "breaker.failures: expected a number of at least 1"),
        (
            AGENT + '[fallback]\nformat = "xml"',
            "fallback.format: expected one of json, sse, got 'xml'",
        ),
        ("[", "is not TOML: "),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_what_is_accepted(text: str, expected: str) -> None:
    (line,) = wrong(text)
    assert line.startswith(expected)


def test_every_mistake_is_told() -> None:
    lines = wrong("port = -1\n" + AGENT + "format = 1", AGENT_FALLBACK_ENABLED="perhaps")
    assert [line.partition(":")[0] for line in lines] == [
        "port",
        "agents.ccrouter.format",
        "AGENT_FALLBACK_ENABLED",
    ]
    assert lines[-1].endswith("expected one of true, 1, yes, on, false, 0, no, off, got 'perhaps'")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (AGENT + "key = 5", "agents.ccrouter.key"),
        (AGENT + 'key = "s3 cret"', "agents.ccrouter.key"),
        (AGENT + 'key = ["s3cret"]', "agents.ccrouter.key"),
        (AGENT + 'kye = "s3cret"', "agents.ccrouter.kye"),
        ('keys = "s3cret"\n' + AGENT, "keys"),
        ('keys = ["s3cret", "s3\\u00e9cret"]\n' + AGENT, "keys"),
        ('[agents]\na = "s3cret"', "agents.a"),
        ('[agents.a]\nbase_url = "http://me:s3cret@host"', "agents.a.base_url"),
    ],
)
def test_no_mistake_shows_a_secret(text: str, place: str) -> None:
    (line,) = wrong(text)
    assert line.startswith(f"{place}: ")
    assert "s3" not in line
    assert "5" not in line


def test_a_key_of_the_environment_that_cannot_be_one_is_refused_unseen() -> None:
    (line,) = wrong(AGENT, GATEWAY_KEYS="s3cret,with space")
    assert line == "keys: expected visible ASCII characters, without spaces"


def test_a_reference_that_leads_nowhere_is_told_once() -> None:
    document = {"agents": {"a": {"base_url": "${A_URL}", "key": 5}}}
    error = ValueError("the environment variable A_URL is not set")
    with pytest.raises(ConfigurationError) as caught:
        configured(document, {}, {("agents", "a", "base_url"): error})
    assert str(caught.value).splitlines()[1:] == [
        "  agents.a.base_url: the environment variable A_URL is not set",
        "  agents.a.key: expected a string, got something else",
    ]


def test_the_example_is_a_configuration() -> None:
    _, _, example = (configuration.__doc__ or "").partition("\n\n")
    told = settings(dedent(example.partition("\n\n`")[0]))
    assert told.fallbacks == {"ccrouter": "droid"}
    assert told.routes == (ROUTES[0], ROUTES[2])
    assert told.keys
