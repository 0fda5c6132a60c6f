import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sluicegate.wire.schema import Profile, Violation, violations

GOLDEN = Path(__file__).parent / "golden" / "openai"
FILES = sorted(GOLDEN.glob("*/*/*.json"))
SCHEMAS = ("chat.completion", "chat.completion.chunk", "error", "models", "request")

# The members that a document of each kind must have, wherever their parents are there.
REQUIRED = {
    "chat.completion": """
        id object created model choices choices[].index choices[].message choices[].finish_reason
        choices[].message.role choices[].message.content
        choices[].message.tool_calls[].id choices[].message.tool_calls[].type
        choices[].message.tool_calls[].function.name
        choices[].message.tool_calls[].function.arguments
        choices[].message.tool_calls[].custom.name choices[].message.tool_calls[].custom.input
        choices[].logprobs.content[].token choices[].logprobs.content[].logprob
        usage.prompt_tokens usage.completion_tokens usage.total_tokens
    """,
    "chat.completion.chunk": """
        id object created model choices choices[].index choices[].delta
        choices[].delta.tool_calls[].index
        usage.prompt_tokens usage.completion_tokens usage.total_tokens
    """,
    "error": "error error.message error.type error.param error.code",
    "models": "object data data[].id data[].object data[].created data[].owned_by",
    "request": """
        model messages messages[].role messages[].content[].type
        messages[].tool_calls[].id messages[].tool_calls[].function
        messages[].tool_calls[].function.name messages[].tool_calls[].function.arguments
        tools[].type tools[].function.name response_format.type
    """,
}
REQUIRED_BY_STRICT = {
    "chat.completion": """
        choices[].logprobs choices[].message.refusal choices[].logprobs.content
        choices[].logprobs.refusal choices[].logprobs.content[].bytes
        choices[].logprobs.content[].top_logprobs
        choices[].logprobs.content[].top_logprobs[].bytes
    """,
    "chat.completion.chunk": "choices[].finish_reason",
    "error": "",
    "models": "",
    "request": """
        tools[].custom response_format.json_schema
        response_format.json_schema.name tool_choice.type
    """,
}


def read(path: Path) -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return golden


def judged(path: Path, document: object, profile: Profile) -> list[Violation]:
    return violations(document, f"openai/{path.parent.name}", profile=profile)


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
        golden, schema = read(path), path.parent.name
        if path.parts[-3] == "bad" or (profile == "strict" and "strict_adds" in golden):
            continue
        members = REQUIRED[schema] + REQUIRED_BY_STRICT[schema] * (profile == "strict")
        for member in members.split():
            for place in places(golden["document"], re.findall(r"\w+|\[]", member)):
                named = f"{schema}-{path.stem}-{Violation(place, '').param}"
                yield pytest.param(path, place, id=named)


@pytest.mark.parametrize("path", FILES, ids=lambda p: "-".join(p.parts[-3:]))
def test_a_golden_document_has_exactly_its_violations(path: Path) -> None:
    golden = read(path)
    expected = golden.get("violations", [])
    strict = expected + golden.get("strict_adds", [])
    assert [str(v) for v in judged(path, golden["document"], "compatible")] == expected
    assert [str(v) for v in judged(path, golden["document"], "strict")] == strict


def test_only_bad_documents_expect_violations() -> None:
    assert all(("violations" in read(path)) == (path.parts[-3] == "bad") for path in FILES)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_schema_has_golden_documents_of_both_kinds(schema: str) -> None:
    assert len(list((GOLDEN / "good" / schema).iterdir())) >= 6
    assert len(list((GOLDEN / "bad" / schema).iterdir())) >= 10


@pytest.mark.parametrize(("path", "place"), list(removals("compatible")))
def test_a_required_member_is_missed_where_it_was(path: Path, place: tuple[str | int]) -> None:
    document = without(read(path)["document"], place)
    assert judged(path, document, "compatible") == [Violation(place, "is missing")]


@pytest.mark.parametrize(("path", "place"), list(removals("strict")))
def test_strict_misses_its_required_members_too(path: Path, place: tuple[str | int]) -> None:
    document = without(read(path)["document"], place)
    assert judged(path, document, "strict") == [Violation(place, "is missing")]
