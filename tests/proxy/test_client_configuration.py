import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.proxy.client import CODING, Client, NoTokenWarning
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
    rest = "temperature: 0\nthinking_level: off\ncache_retention: long\nsystem_prompt: $$1\n"
    assert read(tmp_path, LEAST + rest) == Configuration(
        "http://localhost:8080",
        "",
        {
            "model": "m",
            "temperature": 0,
            "thinking_level": "off",
            "cache_retention": "long",
            "system_prompt": "$1",
            "tools": (),
        },
    )


@pytest.mark.parametrize("rest", ["", "tools:\n", "tools: {}\n", "tools: {preset: none}\n"])
def test_there_need_not_be_tools(tmp_path: Path, rest: str) -> None:
    assert read(tmp_path, LEAST + rest + "max_tokens:\n").asking == {"model": "m", "tools": ()}


@pytest.mark.parametrize("rest", ["", "api_key:\n", 'api_key: ""\n', "api_key: ${EMPTY}\n"])
def test_there_need_not_be_a_token(tmp_path: Path, rest: str) -> None:
    assert read(tmp_path, LEAST + rest, {"EMPTY": ""}).token == ""


def test_a_token_whose_variable_is_not_set_is_none_with_a_warning(tmp_path: Path) -> None:
    words = r"agent\.yaml: api_key: the environment variable PROXY_TOKEN is not set: no token"
    with pytest.warns(NoTokenWarning, match=words):
        assert read(tmp_path, DOCUMENT, {}).token == ""


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


def test_the_warning_is_about_who_made_the_client(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(DOCUMENT, encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Client.from_file(tmp_path / "agent.yaml", environ={})
    assert [each.filename for each in caught] == [__file__]
