import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from sluicegate import shipped
from sluicegate.errors import SluicegateError
from sluicegate.wire import keywords, schema
from sluicegate.wire.schema import Violation, explain, names, violations

WIRE = (
    "anthropic/error",
    "anthropic/event",
    "anthropic/message",
    "anthropic/request",
    "assistant/event",
    "assistant/message",
    "openai/chat.completion",
    "openai/chat.completion.chunk",
    "openai/error",
    "openai/models",
    "openai/request",
    "proxy/error",
    "proxy/request",
)
FILES = [
    pytest.param(path, id=path.relative_to(shipped.SCHEMAS).as_posix())
    for path in sorted(shipped.SCHEMAS.glob("*/*.json"))
]

AddSchema = Callable[[str, dict[str, Any]], str]


@pytest.fixture
def add_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AddSchema:
    monkeypatch.setattr(shipped, "SCHEMAS", tmp_path)
    (tmp_path / "test").mkdir()

    def add(name: str, body: dict[str, Any]) -> str:
        body = {"$schema": Draft202012Validator.META_SCHEMA["$id"], "$id": f"test:{name}"} | body
        (tmp_path / "test" / f"{name}.json").write_text(json.dumps(body))
        return f"test/{name}"

    return add


def subschemas(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from subschemas(child)


def nested(depth: int) -> object:
    document: object = None
    for _ in range(depth):
        document = {"inner": [document]}
    return document


def test_names_are_sorted_and_leave_out_pieces_and_overlays() -> None:
    assert tuple(name for name in names() if not name.startswith("sluicegate/")) == WIRE
    assert list(names()) == sorted(names())


@pytest.mark.parametrize("path", FILES)
def test_every_schema_is_valid_2020_12(path: Path) -> None:
    body = json.loads(path.read_bytes())
    assert body["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(body)


@pytest.mark.parametrize("path", FILES)
def test_every_schema_is_named_after_its_file(path: Path) -> None:
    name = path.relative_to(shipped.SCHEMAS).as_posix()
    assert json.loads(path.read_bytes())["$id"] == f"https://sluicegate.dev/schemas/{name}"


@pytest.mark.parametrize("path", FILES)
def test_every_reference_resolves_offline(path: Path) -> None:
    body = json.loads(path.read_bytes())
    resolver = schema._registry(shipped.SCHEMAS).resolver(body["$id"])
    for part in subschemas(body):
        if "$ref" in part:
            assert resolver.lookup(part["$ref"]).contents


def test_every_keyword_that_refuses_has_plain_words() -> None:
    parts = {"$defs", "$id", "$ref", "$schema", "allOf", "else", "if", "items", "not", "then"}
    words = {"description", "examples", "properties", "title"}
    folders = {name.partition("/")[0] for name in WIRE}
    for path in (file for folder in folders for file in shipped.SCHEMAS.glob(f"{folder}/*.json")):
        for part in keyword_objects(json.loads(path.read_bytes())):
            assert set(part) <= set(keywords.PLAIN_WORDS) | parts | words


def keyword_objects(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield part
    named = [*part.get("$defs", {}).values(), *part.get("properties", {}).values()]
    single = [part[key] for key in ("if", "then", "else", "items", "not") if key in part]
    for inner in [*named, *single, *part.get("allOf", []), *part.get("anyOf", [])]:
        yield from keyword_objects(inner)


def test_an_unknown_schema_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SluicegateError, match=r"got 'openai/chunk'; known are: .*openai/error"):
        violations({}, "openai/chunk")


@pytest.mark.parametrize("name", ["openai/common", "openai/chat.completion.strict"])
def test_pieces_and_overlays_are_no_schemas_of_documents(name: str) -> None:
    with pytest.raises(SluicegateError, match=re.escape(repr(name))):
        violations({}, name)


def test_a_folder_without_schemas_is_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "SCHEMAS", tmp_path)
    with pytest.raises(SluicegateError, match="known are: none"):
        violations({}, "openai/error")


def test_a_missing_reference_is_an_error_and_never_fetched(
    add_schema: AddSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    name = add_schema("broken", {"$ref": "https://sluicegate.dev/schemas/test/missing.json"})
    with pytest.raises(SluicegateError, match=r"'test/broken' refers to '.*missing\.json'"):
        violations({}, name)


def test_the_messages_stay_plain_across_references(add_schema: AddSchema) -> None:
    add_schema("inner", {"type": "string"})
    outer = add_schema("outer", {"properties": {"a": {"$ref": "test:inner"}}})
    assert explain(violations({"a": None}, outer)) == "$.a: expected a string, got null"


def test_strict_without_an_overlay_is_the_same(add_schema: AddSchema) -> None:
    name = add_schema("only", {"type": "string"})
    assert violations(3, name) == violations(3, name, profile="strict")


def test_one_place_has_one_violation(add_schema: AddSchema) -> None:
    name = add_schema("twice", {"type": "string", "enum": ["a"]})
    assert explain(violations(3, name)) == "$: expected a string, got the number 3"


@pytest.mark.parametrize("name", WIRE)
@pytest.mark.parametrize(
    "member",
    ["model", "choices", "messages", "error", "data", "object", "content", "delta", "unknown"],
)
def test_a_deeply_nested_document_is_judged(name: str, member: str) -> None:
    deep = nested(450)
    assert violations(deep, name)
    assert violations({member: deep}, name, profile="strict")
    assert violations({member: [deep]}, name, profile="strict")


def test_a_document_too_deep_for_a_recursive_schema_is_refused(add_schema: AddSchema) -> None:
    name = add_schema("deep", {"properties": {"inner": {"items": {"$ref": "#"}}}})
    assert violations(nested(10), name) == []
    assert explain(violations(nested(2000), name)) == "$: is nested too deeply to be checked"


@pytest.mark.parametrize(
    ("path", "json_path", "param"),
    [
        ((), "$", None),
        (("model",), "$.model", "model"),
        (("messages", 0, "role"), "$.messages[0].role", "messages[0].role"),
        ((3, "id"), "$[3].id", "[3].id"),
        (("x y",), '$["x y"]', '["x y"]'),
        (("a", ""), '$.a[""]', 'a[""]'),
        (("a", 'say "hi"\n'), '$.a["say \\"hi\\"\\n"]', 'a["say \\"hi\\"\\n"]'),
        (("größe",), "$.größe", "größe"),
        (("\ud800",), '$["\\ud800"]', '["\\ud800"]'),
    ],
)
def test_a_path_is_written_in_two_ways(
    path: tuple[str | int, ...], json_path: str, param: str | None
) -> None:
    violation = Violation(path, "is missing")
    assert (violation.json_path, violation.param) == (json_path, param)
    assert str(violation) == f"{json_path}: is missing"


def test_violations_are_explained_one_per_line() -> None:
    found = [Violation(("a",), "is missing"), Violation((), "expected an object, got null")]
    assert explain(found) == "$.a: is missing\n$: expected an object, got null"
    assert explain([]) == ""
