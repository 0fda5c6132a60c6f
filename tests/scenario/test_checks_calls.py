import json
from dataclasses import replace
from typing import Any

import pytest

from sluicegate.errors import ViolationError
from sluicegate.provider.journal import Entry, Write
from sluicegate.scenario.checks import calls
from sluicegate.scenario.exchange import Exchange, Provided

from .exchanges import BEGUN, BROKEN, DONE, SPOKEN, agents, chunk, named, proxied

ENTRY = Entry(1, 1.0, "POST", "/v1/messages", "", ())


def told(*ids: object) -> Exchange:
    """Return a stream to an agent whose message calls a tool with each of these ids."""
    called = [{"type": "tool_call", "id": each, "name": "ls", "arguments": {}} for each in ids]
    said = {"type": "text", "text": "Hm."}
    return proxied(BEGUN, agents("done", said, *called, stop_reason="tool_use"))


def openai(*pieces: Any) -> list[bytes]:  # noqa: ANN401 - pieces of calls, right or wrong
    return [chunk(json.dumps({"tool_calls": [piece]})) for piece in pieces]


def anthropic(*ids: str) -> list[bytes]:
    block = '"content_block":{{"type":"{kind}","id":"{id}"}}'
    used = [named("content_block_start", block.format(kind="tool_use", id=each)) for each in ids]
    return [named("content_block_start", block.format(kind="text", id="t")), *used]


def given(exchange: Exchange, sent: list[bytes]) -> Exchange:
    entry = replace(ENTRY, writes=tuple(Write(1.0, data) for data in sent))
    return replace(exchange, provided=(Provided("the provider", entry),))


SENT = {
    "OpenAI": openai({"index": 0, "id": "a"}, {"index": 0}, {"index": 1, "id": "b"}),
    "its head in every piece": openai({"id": "a"}, {"id": "a"}, {"id": "b"}, {"id": "a"}),
    "Anthropic": anthropic("a", "b"),
    "what is no JSON between": [*anthropic("a"), BROKEN, *anthropic("b"), DONE],
    "byte by byte": [bytes([each]) for each in b"".join(anthropic("a", "b"))],
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_calls_have_the_ids_that_the_provider_gave_them(sent: list[bytes]) -> None:
    calls.ids_are_given(given(told("a", "b"), sent))


@pytest.mark.parametrize("ids", [(), ("a",), ("b", "a"), ("A", "b"), ("a", "b", "c"), ("a", None)])
@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_other_ids_than_the_providers_are_a_violation(
    ids: tuple[object, ...], sent: list[bytes]
) -> None:
    with pytest.raises(ViolationError, match="do not have the ids that the provider gave") as found:
        calls.ids_are_given(given(told(*ids), sent))
    assert found.value.brief.startswith('expected 2 calls: "a", "b", got ')


@pytest.mark.parametrize("sent", [[], anthropic(), openai({}, 5), [chunk('{"content":"a"}')]])
def test_a_provider_that_calls_no_tool_is_a_violation(sent: list[bytes]) -> None:
    with pytest.raises(ViolationError, match="the provider called no tool in a stream"):
        calls.ids_are_given(given(SPOKEN, sent))
