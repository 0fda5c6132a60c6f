import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sluicegate.wire.schema import Profile, Violation, violations

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*/*/*/*.json"))

# The members that a document of each kind must have, wherever their parents are there.
REQUIRED = {
    "anthropic/error": "type error error.type error.message",
    "anthropic/event": """
        type message message.id message.type message.role message.model message.content
        message.usage message.usage.input_tokens message.usage.output_tokens
        index content_block content_block.type content_block.text content_block.thinking
        content_block.data content_block.id content_block.name content_block.input
        delta delta.text delta.partial_json delta.thinking delta.signature delta.citation
        usage usage.output_tokens error error.type error.message
    """,
    "anthropic/message": """
        id type role model content stop_reason usage usage.input_tokens usage.output_tokens
        content[].type content[].text content[].thinking content[].data
        content[].id content[].name content[].input
    """,
    "anthropic/request": """
        model max_tokens messages messages[].role messages[].content
        messages[].content[].type messages[].content[].text messages[].content[].id
        messages[].content[].name messages[].content[].input messages[].content[].tool_use_id
        messages[].content[].content[].type messages[].content[].content[].text
        system[].type system[].text tools[].input_schema tool_choice.type thinking.type
    """,
    "assistant/event": """
        type delta partial partial.role partial.content partial.model partial.provider
        partial.timestamp partial.content[].type partial.content[].text
        partial.content[].thinking partial.content[].id partial.content[].name
        partial.content[].arguments
    """,
    "assistant/message": """
        role content model provider usage stop_reason timestamp
        content[].type content[].text content[].thinking content[].data content[].mime_type
        content[].id content[].name content[].arguments
        usage.input usage.output usage.cache_read usage.cache_write usage.total_tokens usage.cost
        usage.cost.input usage.cost.output usage.cost.cache_read usage.cost.cache_write
        usage.cost.total
    """,
    "openai/chat.completion": """
        id object created model choices choices[].index choices[].message choices[].finish_reason
        choices[].message.role choices[].message.content
        choices[].message.tool_calls[].id choices[].message.tool_calls[].type
        choices[].message.tool_calls[].function.name
        choices[].message.tool_calls[].function.arguments
        choices[].message.tool_calls[].custom.name choices[].message.tool_calls[].custom.input
        choices[].logprobs.content[].token choices[].logprobs.content[].logprob
        usage.prompt_tokens usage.completion_tokens usage.total_tokens
    """,
    "openai/chat.completion.chunk": """
        id object created model choices choices[].index choices[].delta
        choices[].delta.tool_calls[].index
        usage.prompt_tokens usage.completion_tokens usage.total_tokens
    """,
    "openai/error": "error error.message error.type error.param error.code",
    "openai/models": "object data data[].id data[].object data[].created data[].owned_by",
    "openai/request": """
        model messages messages[].role messages[].content[].type
        messages[].tool_calls[].id messages[].tool_calls[].function
        messages[].tool_calls[].function.name messages[].tool_calls[].function.arguments
        tools[].type tools[].function.name response_format.type
    """,
    "proxy/error": "error error.message error.type error.param error.code",
    "proxy/request": """
        model context context.messages context.messages[].role context.messages[].content
        context.messages[].content[].type context.messages[].content[].text
        context.messages[].content[].thinking context.messages[].content[].data
        context.messages[].content[].mime_type context.messages[].content[].id
        context.messages[].content[].name context.messages[].content[].arguments
        context.messages[].tool_call_id context.messages[].tool_name
        context.tools[].name context.tools[].parameters
    """,
}
REQUIRED_BY_STRICT = {
    "anthropic/error": "request_id",
    "anthropic/event": """
        message.stop_reason message.stop_sequence message.usage.cache_creation_input_tokens
        message.usage.cache_read_input_tokens content_block.signature
        delta.stop_reason delta.stop_sequence
        delta.stop_details.type delta.container.id delta.container.expires_at
        usage.output_tokens_details.thinking_tokens usage.server_tool_use.web_search_requests
    """,
    "anthropic/message": """
        stop_sequence stop_details.type container.id container.expires_at content[].signature
        usage.cache_creation_input_tokens usage.cache_read_input_tokens
        usage.cache_creation.ephemeral_5m_input_tokens
        usage.cache_creation.ephemeral_1h_input_tokens
        usage.output_tokens_details.thinking_tokens usage.server_tool_use.web_search_requests
    """,
    "anthropic/request": """
        cache_control.type system[].cache_control.type tools[].cache_control.type
        messages[].content[].cache_control.type
        messages[].content[].thinking messages[].content[].signature messages[].content[].data
        messages[].content[].source messages[].content[].source.type
        messages[].content[].source.media_type messages[].content[].source.data
        messages[].content[].source.url messages[].content[].source.file_id
        messages[].content[].content[].source
        tools[].input_schema.type tool_choice.name thinking.budget_tokens
        output_config.format.type output_config.format.schema
    """,
    "assistant/event": "partial.usage partial.stop_reason",
    "assistant/message": "",
    "openai/chat.completion": """
        choices[].logprobs choices[].message.refusal choices[].logprobs.content
        choices[].logprobs.refusal choices[].logprobs.content[].bytes
        choices[].logprobs.content[].top_logprobs
        choices[].logprobs.content[].top_logprobs[].bytes
    """,
    "openai/chat.completion.chunk": "choices[].finish_reason",
    "openai/error": "",
    "openai/models": "",
    "openai/request": """
        tools[].custom response_format.json_schema
        response_format.json_schema.name tool_choice.type
    """,
    "proxy/error": "",
    "proxy/request": "",
}


def read(path: Path) -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return golden


def schema_of(path: Path) -> str:
    return f"{path.parts[-4]}/{path.parts[-2]}"


def judged(path: Path, document: object, profile: Profile) -> list[Violation]:
    return violations(document, schema_of(path), profile=profile)


def places(node: object, steps: list[str]) -> Iterator[tuple[str | int, ...]]:
    if not steps:
        yield ()
    elif steps[0] == "[]" and isinstance(node, list):
        for index, item in enumerate(node):
            yield from ((index, *rest) for rest in places(item, steps[1:]))
    elif isinstance(node, dict) and steps[0] in node:
        yield from ((steps[0], *rest) for rest in places(node[steps[0]], steps[1:]))


def without(document: object, path: tuple[str | int, ...]) -> object:
    document = copy.deepcopy(document)
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    del parent[path[-1]]
    return document


def removals(profile: Profile) -> Iterator[Any]:
    for path in FILES:
        golden, schema = read(path), schema_of(path)
        if path.parts[-3] == "bad" or (profile == "strict" and "strict_adds" in golden):
            continue
        members = REQUIRED[schema] + REQUIRED_BY_STRICT[schema] * (profile == "strict")
        for member in members.split():
            for place in places(golden["document"], re.findall(r"\w+|\[]", member)):
                named = f"{schema}-{path.stem}-{Violation(place, '').param}"
                yield pytest.param(path, place, id=named)


@pytest.mark.parametrize("path", FILES, ids=lambda p: "-".join(p.parts[-4:]))
def test_a_golden_document_has_exactly_its_violations(path: Path) -> None:
    golden = read(path)
    expected = golden.get("violations", [])
    strict = expected + golden.get("strict_adds", [])
    assert [str(v) for v in judged(path, golden["document"], "compatible")] == expected
    assert [str(v) for v in judged(path, golden["document"], "strict")] == strict


def test_only_bad_documents_expect_violations() -> None:
    assert all(("violations" in read(path)) == (path.parts[-3] == "bad") for path in FILES)


@pytest.mark.parametrize("schema", REQUIRED)
def test_each_schema_has_golden_documents_of_both_kinds(schema: str) -> None:
    provider, kind = schema.split("/")
    assert len(list((GOLDEN / provider / "good" / kind).iterdir())) >= 6
    assert len(list((GOLDEN / provider / "bad" / kind).iterdir())) >= 10


@pytest.mark.parametrize(("path", "place"), list(removals("compatible")))
def test_a_required_member_is_missed_where_it_was(path: Path, place: tuple[str | int]) -> None:
    document = without(read(path)["document"], place)
    assert judged(path, document, "compatible") == [Violation(place, "is missing")]


@pytest.mark.parametrize(("path", "place"), list(removals("strict")))
def test_strict_misses_its_required_members_too(path: Path, place: tuple[str | int]) -> None:
    document = without(read(path)["document"], place)
    assert judged(path, document, "strict") == [Violation(place, "is missing")]
