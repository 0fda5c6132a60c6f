import pytest
from referencing import Registry

from sluicegate.wire.keywords import described, plain_validator, shown

TEXT_PART = {"required": ["type"], "properties": {"type": {"const": "text"}}}
IMAGE_PART = {
    "required": ["url"],
    "properties": {"type": {"enum": ["image", "photo"]}, "url": {"type": "string"}},
}
PARTS = {"anyOf": [{"type": "object", **TEXT_PART}, {"type": "object", **IMAGE_PART}]}


def found(schema: object, document: object) -> list[tuple[list[str | int], str]]:
    errors = plain_validator(schema, Registry()).iter_errors(document)
    return [(list(error.absolute_path), error.message) for error in errors]


@pytest.mark.parametrize(
    ("schema", "document", "message"),
    [
        ({"type": "boolean"}, 1, "expected true or false, got the number 1"),
        ({"type": "integer"}, True, "expected an integer, got true"),
        ({"type": ["array", "null"]}, {}, "expected an array or null, got the object {}"),
        ({"type": "number"}, None, "expected a number, got null"),
        ({"const": True}, 1, "expected true, got 1"),
        ({"const": "list"}, [1], "expected 'list', got [1]"),
        ({"enum": ["a", "b", None, 0]}, False, "expected one of a, b, null, 0, got false"),
        ({"minItems": 1}, [], "expected at least 1 item, got 0"),
        ({"maxItems": 4}, [1] * 5, "expected at most 4 items, got 5"),
        ({"minLength": 1}, "", "expected at least 1 character, got 0"),
        ({"maxLength": 2}, "abc", "expected at most 2 characters, got 3"),
        ({"minProperties": 2}, {}, "expected at least 2 members, got 0"),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, "expected at most 1 member, got 2"),
        ({"minimum": 0}, -0.5, "expected a number of at least 0, got -0.5"),
        ({"maximum": 2}, float("inf"), "expected a number of at most 2, got Infinity"),
        ({"minimum": 0}, float("nan"), "expected a number of at least 0, got NaN"),
        ({"exclusiveMinimum": 0}, 0, "expected a number above 0, got 0"),
        ({"exclusiveMaximum": 1}, 1, "expected a number below 1, got 1"),
        ({"pattern": "^/"}, "x", "expected a string that matches ^/, got 'x'"),
        ({"multipleOf": 2}, 3, "3 is not a multiple of 2"),
    ],
)  # fmt: skip
def test_a_keyword_says_what_was_expected(schema: object, document: object, message: str) -> None:
    assert found(schema, document) == [([], message)]


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ({"type": "integer"}, 1.0),
        ({"type": "number"}, float("nan")),
        ({"enum": [1]}, 1.0),
        ({"minItems": 1, "minLength": 1, "minProperties": 1, "minimum": 1, "pattern": "a"}, None),
        ({"minimum": 2}, True),
        ({"required": ["a"]}, ["a"]),
        ({"additionalProperties": False}, [1]),
        ({"additionalProperties": False, "patternProperties": {"^x-": {}}}, {"x-a": 1}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, None),
        (PARTS, {"type": "text"}),
    ],
)
def test_a_keyword_leaves_alone_what_it_does_not_speak_of(schema: object, document: object) -> None:
    assert found(schema, document) == []


def test_each_missing_member_is_reported_at_its_own_place() -> None:
    schema = {"required": ["a", "b", "c"]}
    assert found(schema, {"b": 1}) == [(["a"], "is missing"), (["c"], "is missing")]


def test_unknown_members_are_reported_in_the_order_of_the_document() -> None:
    schema = {"properties": {"a": {}, "b": {}}, "additionalProperties": False}
    assert found(schema, {"z": 1, "a": 1, "y": 1}) == [
        (["z"], "is unknown; known are a, b"),
        (["y"], "is unknown; known are a, b"),
    ]


def test_additional_members_are_checked_in_the_order_of_the_document() -> None:
    document = dict.fromkeys("zyxwvu", 1)
    expected = [([letter], "expected a string, got the number 1") for letter in "zyxwvu"]
    assert found({"additionalProperties": {"type": "string"}}, document) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (3, [([], "expected an object, got the number 3")]),
        ({"type": "image"}, [(["url"], "is missing")]),
        ({"type": "photo", "url": 3}, [(["url"], "expected a string, got the number 3")]),
        ({"type": "video"}, [(["type"], "expected one of text, image, photo, got 'video'")]),
        ({}, [(["type"], "is missing")]),
    ],
)
def test_alternatives_report_the_one_that_was_meant(
    document: object, expected: list[tuple[list[str | int], str]]
) -> None:
    assert found(PARTS, document) == expected


def test_alternatives_of_other_types_are_named_together() -> None:
    schema = {"oneOf": [{"type": "string"}, {"type": ["array", "null"], "items": PARTS}]}
    assert found(schema, 3) == [([], "expected a string, an array or null, got the number 3")]
    assert found(schema, [{"type": "image"}]) == [([0, "url"], "is missing")]


def test_a_value_that_fits_two_exclusive_forms_is_refused() -> None:
    schema = {"oneOf": [{"type": "number"}, {"type": "integer"}]}
    assert found(schema, 3) == [([], "fits several forms that exclude each other: the number 3")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (0.5, "the number 0.5"),
        ("it's\n", 'the string "it\'s\\n"'),
        ("x" * 60, f"the string '{'x' * 60}'"),
        ("x" * 61, f"the string '{'x' * 60}'…"),
        ([None, False], "the array [null, false]"),
        ({"a": "é"}, 'the object {"a": "\\u00e9"}'),
        ([1] * 1000, "the array [" + "1, " * 19 + "1,…"),
    ],
)
def test_a_value_is_shown_in_the_words_of_json(value: object, text: str) -> None:
    assert described(value) == text


def test_a_shown_value_stays_on_one_line() -> None:
    assert len(shown("a\r\n\u2028\x85b").splitlines()) == 1
    assert len(shown({"a\r\n\u2028\x85b": "\n"}).splitlines()) == 1
