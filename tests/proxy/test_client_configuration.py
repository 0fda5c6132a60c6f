import inspect
import json
import ssl
import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.proxy.client import CODING, Asking, Client, NoTokenWarning
from sluicegate.proxy.client.configuration import Configuration, configuration
from sluicegate.runtime.clock import SimulatedClock

from .proxying import proxying

# As it is documented.
DOCUMENT: Final = """\
provider: proxy
base_url: http://localhost:8080
api_key: ${PROXY_TOKEN}    # optional bearer token
model: claude-sonnet-4-5   # forwarded to upstream
max_tokens: 4096

tools:
  preset: coding
"""
LEAST: Final = "provider: proxy\nbase_url: http://localhost:8080\nmodel: m\n"
SECRET: Final = "opensesame"  # noqa: S105 - of a proxy that lives for a test


def read(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Configuration:
    path = folder / "agent.yaml"
    path.write_text(text, encoding="utf-8")
    return configuration(path, {"PROXY_TOKEN": SECRET} if environ is None else environ)


def test_the_documented_configuration_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, DOCUMENT)
    assert found == Configuration(
        "http://localhost:8080",
        SECRET,
        {"model": "claude-sonnet-4-5", "max_tokens": 4096, "tools": CODING},
    )
    assert SECRET not in repr(found)


def test_the_rest_can_be_said_too(tmp_path: Path) -> None:
    rest = (
        "temperature: 0\nthinking_level: off\ncache_retention: long\nsystem_prompt: $$1\n"
        "upstream: openai\nauthorities: ca.pem\n"
    )
    assert read(tmp_path, LEAST + rest) == Configuration(
        "http://localhost:8080",
        "",
        {
            "model": "m",
            "temperature": 0,
            "thinking_level": "off",
            "cache_retention": "long",
            "system_prompt": "$1",
            "upstream": "openai",
            "tools": (),
        },
        tmp_path / "ca.pem",
    )


@pytest.mark.parametrize("rest", ["", "tools:\n", "tools: {}\n", "tools: {preset: none}\n"])
def test_there_need_not_be_tools(tmp_path: Path, rest: str) -> None:
    assert read(tmp_path, LEAST + rest + "max_tokens:\n").asking == {"model": "m", "tools": ()}


@pytest.mark.parametrize("rest", ["", "api_key:\n", 'api_key: ""\n'])
def test_there_need_not_be_a_token(tmp_path: Path, rest: str) -> None:
    assert read(tmp_path, LEAST + rest, {}).token == ""


@pytest.mark.parametrize(
    ("environ", "words"), [({}, "is not set"), ({"PROXY_TOKEN": ""}, "is empty")]
)
def test_a_token_whose_variable_is_not_set_or_empty_is_none_with_a_warning(
    tmp_path: Path, environ: dict[str, str], words: str
) -> None:
    told = rf"agent\.yaml: api_key: the environment variable PROXY_TOKEN {words}: no token$"
    with pytest.warns(NoTokenWarning, match=told):
        assert read(tmp_path, DOCUMENT, environ).token == ""


MISTAKES: list[tuple[str, str]] = [
    ("provider: openai", "provider: expected proxy, got 'openai'"),
    ("base_url: ${URL}", "base_url: the environment variable URL is not set"),
    ("base_url: 5", "base_url: expected text, got 5"),
    ('model: ""', "model: expected text, got ''"),
    ("model: ${MODEL}-1", "model: the environment variable MODEL is not set"),
    ("base_url: localhost:8080", "expected a base URL such as http://localhost:8080"),
    ("api_key: a b", "expected visible ASCII characters as the token, got 3 others"),
    ("api_key: 12345", "api_key: expected text, got something else"),
    ("api_key: ${", "api_key: expected ${NAME}"),
    ("api_key: $PROXY_TOKEN", "api_key: expected braces around the name of an environment"),
    ("authorities: 5", "authorities: expected text, got 5"),
    ('upstream: ""', "upstream: expected text, got ''"),
    ("max_tokens: many", "max_tokens: expected a whole number above 0, got 'many'"),
    ("max_tokens: 0", "max_tokens: expected a whole number above 0, got 0"),
    ("max_tokens: true", "max_tokens: expected a whole number above 0, got True"),
    ("max_tokens: 1.5", "max_tokens: expected a whole number above 0, got 1.5"),
    ("temperature: .nan", "temperature: expected a number from 0 on, got nan"),
    ("temperature: -1", "temperature: expected a number from 0 on, got -1"),
    (
        "thinking_level: huge",
        "thinking_level: expected off, minimal, low, medium, high or xhigh, got 'huge'",
    ),
    ("cache_retention: [5]", "cache_retention: expected none, short or long, got [5]"),
    ("system_prompt: {}", "system_prompt: expected text, got {}"),
    ("tools: coding", "tools: expected keys with values, got 'coding'"),
    ("tools: {preset: code}", "tools.preset: expected coding or none, got 'code'"),
    ("tools: {list: [bash]}", "tools.list: is no key of this configuration; known are preset"),
    ("apikey: x", "apikey: is no key of this configuration; did you mean api_key?"),
    ("colour: red", "colour: is no key of this configuration; known are provider, base_url"),
]


@pytest.mark.parametrize(("line", "words"), MISTAKES)
def test_a_mistake_says_the_key_and_what_is_accepted(tmp_path: Path, line: str, words: str) -> None:
    key = line.partition(":")[0]
    lines = [each for each in LEAST.splitlines() if not each.startswith(f"{key}:")]
    with pytest.raises(SluicegateError) as caught:
        read(tmp_path, "\n".join([*lines, line]), {})
    assert str(caught.value).startswith(f"{tmp_path}/agent.yaml: {words}")
    assert "12345" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SluicegateError) as caught:
        read(tmp_path, "api_key: x\ntemperature: hot\n")
    assert [line.partition("agent.yaml: ")[2] for line in str(caught.value).splitlines()] == [
        "provider: expected proxy, got nothing",
        "base_url: expected text, got nothing",
        "model: expected text, got nothing",
        "temperature: expected a number from 0 on, got 'hot'",
    ]


def test_a_file_makes_a_client(clock: SimulatedClock, tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(DOCUMENT.replace("http://localhost:8080", "${URL}"), encoding="utf-8")

    async def scenario() -> dict[str, Any]:
        async with proxying(clock, token=SECRET) as proxy:
            environ = {"URL": proxy.server.url, "PROXY_TOKEN": SECRET}
            async with Client.from_file(path, environ=environ) as client:
                message = await client.ask("Hello!")
            assert message.stop_reason == "stop", message.error_message
            body: dict[str, Any] = json.loads(proxy.entry.body)
            return body

    body = clock.run(scenario())
    assert (body["model"], body["max_tokens"]) == ("claude-sonnet-4-5", 4096)
    tools = [tool["function"] for tool in body["tools"]]
    assert [tool["name"] for tool in tools] == ["read", "bash", "edit", "write"]
    assert [tool["parameters"]["required"] for tool in tools] == [
        ["path"],
        ["command"],
        ["path", "old_text", "new_text"],
        ["path", "content"],
    ]


def test_everything_that_a_file_says_reaches_the_upstream(
    clock: SimulatedClock, tmp_path: Path
) -> None:
    (tmp_path / "agent.yaml").write_text(
        "provider: proxy\nbase_url: ${URL}\nmodel: m\nupstream: anthropic\nsystem_prompt: Be.\n"
        "max_tokens: 10\nthinking_level: medium\ncache_retention: long\n",
        encoding="utf-8",
    )
    (tmp_path / "warm.yaml").write_text(
        "provider: proxy\nbase_url: ${URL}/stream/openai\nmodel: m\nupstream: openai\n"
        "temperature: 0.25\n",
        encoding="utf-8",
    )

    async def scenario() -> list[dict[str, Any]]:
        async with proxying(clock) as proxy:
            for name in ("agent.yaml", "warm.yaml"):
                environ = {"URL": proxy.server.url}
                async with Client.from_file(tmp_path / name, environ=environ) as client:
                    await client.ask("Hello!")
            return [json.loads(entry.body) for entry in proxy.journal.entries]

    thinking, warm = clock.run(scenario())
    system = {"type": "text", "text": "Be.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert thinking["system"] == [system]
    assert thinking["thinking"] == {"type": "enabled", "budget_tokens": 8192}
    assert (thinking["model"], thinking["max_tokens"]) == ("m", 8202)
    assert warm["temperature"] == 0.25


def test_a_file_names_one_upstream(tmp_path: Path) -> None:
    text = LEAST.replace(":8080", ":8080/stream/openai") + "upstream: anthropic\n"
    with pytest.raises(SluicegateError, match=r"agent\.yaml: expected one upstream, got two"):
        read(tmp_path, text)


def test_the_authorities_of_a_file_are_beside_it_unless_others_are_given(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(LEAST.replace("http:", "https:") + "authorities: ca.pem\n", encoding="utf-8")
    with pytest.raises(SluicegateError, match=r"authorities: expected a PEM file, got .*/ca\.pem"):
        Client.from_file(path)
    with pytest.raises(SluicegateError, match=r"authorities: expected a PEM file, got '/other"):
        Client.from_file(path, authorities="/other.pem")
    Client.from_file(path, trust=ssl.create_default_context())


def test_the_file_of_the_documentation_string_is_one(tmp_path: Path) -> None:
    lines = (inspect.getdoc(Client.from_file) or "").splitlines()
    text = textwrap.dedent("\n".join(line for line in lines if line.startswith(" " * 4)))
    found = read(tmp_path, text)
    assert found.authorities == tmp_path / "ca.pem"
    assert found.token == SECRET
    assert found.asking.keys() == Asking.__annotations__.keys() - {"framing"}


def test_the_warning_is_about_who_made_the_client(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(DOCUMENT, encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Client.from_file(tmp_path / "agent.yaml", environ={})
    assert [each.filename for each in caught] == [__file__]
