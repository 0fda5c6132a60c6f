from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import SluicegateError
from sluicegate.settings.expansion import UnsetVariableError, expand, expanded

ENVIRON = {"KEY": "sk-1", "_A9": "nine", "EMPTY": "", "NESTED": "${KEY}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${KEY}", "sk-1"),
        ("Bearer ${KEY}, ${_A9}${KEY}", "Bearer sk-1, ninesk-1"),
        ("${EMPTY}", ""),
        ("$${KEY}", "${KEY}"),
        ("$$$$", "$$"),
        ("$$${KEY}", "$sk-1"),
        ("a$b $ c$", "a$b $ c$"),
        ("a$KEY", "a$KEY"),
        ("$KEY.", "$KEY."),
        ("$$KEY", "$KEY"),
        ("$9", "$9"),
        ("{KEY}", "{KEY}"),
        ("${NESTED}", "${KEY}"),
        ("", ""),
    ],
)
def test_references_become_values(text: str, expected: str) -> None:
    assert expanded(text, ENVIRON) == expected


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(UnsetVariableError) as unset:
        expanded("sk-${NOWHERE}", ENVIRON)
    assert unset.value.variable == "NOWHERE"
    assert str(unset.value) == (
        "the environment variable NOWHERE is not set; export it, or write the value itself"
    )


@pytest.mark.parametrize(
    "text", ["${", "${}", "${9A}", "${A B}", "${KEY", "${KEY:-s3cret}", "${é}"]
)
def test_a_reference_that_is_none_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SluicegateError) as refused:
        expanded(f"s3cret{text}", ENVIRON)
    assert str(refused.value) == (
        "expected ${NAME}, with letters, digits and _ in its name; to mean ${ write $${"
    )


@pytest.mark.parametrize(
    ("text", "name"), [("$KEY", "KEY"), ("$PROXY_TOKEN", "PROXY_TOKEN"), ("$s3cret", "NAME")]
)
def test_a_reference_without_braces_is_refused_and_no_secret_shown(text: str, name: str) -> None:
    with pytest.raises(SluicegateError) as refused:
        expanded(text, ENVIRON)
    assert str(refused.value) == (
        "expected braces around the name of an environment variable: "
        f"write ${{{name}}}; to mean the text itself, write $${name}"
    )


@given(st.text())
def test_every_text_can_be_written_with_dollars_doubled(text: str) -> None:
    assert expanded(text.replace("$", "$$"), {}) == text


def test_a_document_is_expanded_everywhere_but_in_its_keys() -> None:
    document: dict[str, Any] = {"${KEY}": ["${KEY}", {"a": "${_A9}"}], "b": 1, "c": None, "d": True}
    result = expand(document, ENVIRON)
    assert result.document == {"${KEY}": ["sk-1", {"a": "nine"}], "b": 1, "c": None, "d": True}
    assert result.variables == {("${KEY}", 0): ("KEY",), ("${KEY}", 1, "a"): ("_A9",)}
    assert result.mistakes == {}
    assert document["${KEY}"] == ["${KEY}", {"a": "${_A9}"}]


def test_all_mistakes_are_found_and_the_rest_is_expanded() -> None:
    result = expand({"a": "${ONE}", "b": ["${KEY}", "${TWO}"], "c": {"d": "${"}}, ENVIRON)
    assert {place: type(error) for place, error in result.mistakes.items()} == {
        ("a",): UnsetVariableError,
        ("b", 1): UnsetVariableError,
        ("c", "d"): SluicegateError,
    }
    assert result.document == {"a": "${ONE}", "b": ["sk-1", "${TWO}"], "c": {"d": "${"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${EMPTY}", "the environment variable EMPTY is empty"),
        ("${EMPTY}${NIL}${EMPTY}", "the environment variables EMPTY, NIL are empty"),
        ("${EMPTY}${KEY}", None),
        ("${EMPTY} ", None),
        ("${NOWHERE}", None),
        ("", None),
    ],
)
def test_a_text_that_variables_make_empty_is_known(text: str, words: str | None) -> None:
    result = expand({"a": ["", {"b": text}]}, {**ENVIRON, "NIL": ""})
    assert result.emptied(("a", 1, "b")) == words
    assert result.emptied(("a", 0)) is None


def test_what_was_expanded_is_not_expanded_again() -> None:
    assert expand({"a": "${NESTED}"}, ENVIRON).document == {"a": "${KEY}"}
