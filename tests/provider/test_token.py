from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import SluicegateError
from sluicegate.provider.token import find, is_token, mark

TOKENS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
PLAIN = st.text().filter(lambda text: "[sluicegate:" not in text)


def said(*contents: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content} for content in contents]}


@given(before=PLAIN, token=TOKENS, after=PLAIN)
def test_what_was_marked_is_found_wherever_it_stands(before: str, token: str, after: str) -> None:
    assert find(said(f"{before}{mark(token)}{after}")) == token


@pytest.mark.parametrize("token", ["", "a b", "x" * 65, "ä", "a\n", "a]"])
def test_what_is_no_token_cannot_be_a_mark(token: str) -> None:
    assert not is_token(token)
    with pytest.raises(SluicegateError, match="expected a token of 1 to 64 letters"):
        mark(token)


@pytest.mark.parametrize(
    "document",
    [
        said("[sluicegate:t]"),
        said("Hello", "[sluicegate:t] Hello"),
        said([{"type": "text", "text": "Hello [sluicegate:t]"}]),
        said([{"type": "image_url", "image_url": {"url": "x"}}, {"text": "[sluicegate:t]"}]),
        said([{"type": "tool_result", "content": [{"type": "text", "text": "[sluicegate:t]"}]}]),
        {"system": "[sluicegate:t]", **said("Hello")},
        {"system": [{"type": "text", "text": "[sluicegate:t]"}], **said("Hello")},
        {"instructions": "[sluicegate:t]", "input": "Hello"},
        {"input": "[sluicegate:t]"},
        {"input": [{"role": "user", "content": "[sluicegate:t]"}]},
        {"input": [{"content": [{"type": "input_text", "text": "[sluicegate:t]"}]}]},
        said("[sluicegate:old] Hello", "[sluicegate:older] and [sluicegate:t] Hello"),
        said([{"text": "[sluicegate:old]"}, {"text": "[sluicegate:t]"}]),
        {"system": "[sluicegate:old]", **said("[sluicegate:t]", "Hello")},
        said("[sluicegate:t] [sluicegate:] [sluicegate:a b] [sluicegate:open"),
        said("[sluicegate:[sluicegate:t]]"),
    ],
)
def test_the_last_token_of_a_prompt_is_found(document: dict[str, Any]) -> None:
    assert find(document) == "t"


@pytest.mark.parametrize(
    "document",
    [
        {},
        said("Hello"),
        said(f"[sluicegate:{'x' * 65}]"),
        said("[Sluicegate:t]", "sluicegate:t"),
        said(None, 3, {"text": None}),
        {"messages": None, "model": "[sluicegate:t]", "user": "[sluicegate:t]"},
        {"messages": {"role": "user"}},
        {"messages": ["Hello", 3, [[]]]},
    ],
)
def test_whatever_else_a_document_holds_is_no_token(document: dict[str, Any]) -> None:
    assert find(document) is None


def test_a_document_nested_without_end_does_no_harm() -> None:
    content: object = "[sluicegate:t]"
    for _ in range(100_000):
        content = [content]
    assert find(said(content)) == "t"


def test_a_prompt_full_of_beginnings_is_read_in_no_time() -> None:
    assert find(said("[sluicegate:t]" + "[sluicegate:" * 100_000)) == "t"
