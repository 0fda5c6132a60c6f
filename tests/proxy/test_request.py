import json
from typing import Any

import pytest

from sluicegate.proxy.refusals import RefusedError
from sluicegate.proxy.request import read

SAID = {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}


def body(context: dict[str, Any] | None = None, **options: object) -> bytes:
    document = {"model": "m", "context": {**SAID, **(context or {})}, "options": options}
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("max_token", "max_tokens"),
        ("maxTokens", "max_tokens"),
        ("MAX-TOKENS", "max_tokens"),
        ("max_tokns", "max_tokens"),
        ("temprature", "temperature"),
        ("Temperature", "temperature"),
        ("thinkingLevel", "thinking_level"),
        ("thinking_levels", "thinking_level"),
        ("cacheRetention", "cache_retention"),
    ],
)
def test_an_option_that_is_misspelt_is_refused_with_the_right_name(name: str, meant: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(body(None, **{name: 5}))
    error = refused.value
    field = f'options["{name}"]' if "-" in name else f"options.{name}"
    assert (error.status, error.param) == (400, field)
    assert str(error) == f"{field}: is unknown; did you mean {meant}?"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("systemPrompt", "system_prompt"), ("tool", "tools"), ("Messages", "messages")],
)
def test_a_member_of_the_context_that_is_misspelt_is_refused(name: str, meant: str) -> None:
    with pytest.raises(RefusedError, match=rf"context\.{name}: is unknown; did you mean {meant}"):
        read(body({name: []}))


@pytest.mark.parametrize(
    "name",
    [
        *("top_p", "seed", "metadata", "maxRetries", "max_retry_delay_ms", "sessionId", "apiKey"),
        *("reasoning", "headers", "tool_choice", "stop_sequences", "timeout", "signal", "é", ""),
    ],
)
def test_a_member_that_is_another_is_kept(name: str) -> None:
    asked = read(body({name: 1}, **{name: 2}))
    assert (asked.context.extra, asked.options.extra) == ({name: 1}, {name: 2})


def test_a_misspelt_member_that_says_nothing_counts_as_absent() -> None:
    assert read(body(maxTokens=None)).options.max_tokens is None
