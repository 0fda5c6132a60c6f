import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.provider.refusal import RefusedError
from sluicegate.provider.request import ChatRequest, read

MESSAGES = [{"role": "user", "content": "Hello"}]


def body(**fields: object) -> bytes:
    return json.dumps({"model": "gpt-4", "messages": MESSAGES} | fields).encode()


def read_request(data: bytes) -> ChatRequest:
    return read(b"", None, data).request("openai/request")


def refusal(data: bytes) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        read_request(data)
    assert caught.value.status == 400
    return caught.value


def test_the_documented_request_is_read() -> None:
    assert read_request(body(stream=False)) == ChatRequest(
        "gpt-4", stream=False, include_usage=False
    )


@pytest.mark.parametrize(
    ("stream", "asked"), [(True, True), (False, False), (None, False), ("absent", False)]
)
def test_a_stream_is_asked_for_by_true(*, stream: object, asked: bool) -> None:
    fields = {} if stream == "absent" else {"stream": stream}
    assert read_request(body(**fields)).stream is asked


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"include_usage": True}, True),
        ({"include_usage": False}, False),
        ({}, False),
        (None, False),
    ],
)
def test_usage_is_asked_for_by_true(*, options: object, asked: bool) -> None:
    assert read_request(body(stream=True, stream_options=options)).include_usage is asked


def test_unknown_fields_are_kept() -> None:
    asked = read(b"", None, body(x_vendor={"a": [1]}))
    assert asked.document is not None
    assert asked.document["x_vendor"] == {"a": [1]}


def test_of_a_key_given_twice_the_last_counts() -> None:
    data = b'{"model":"first","model":"last","messages":[{"role":"user","content":"Hello"}]}'
    assert read_request(data).model == "last"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got no body"),
        (b"[]", "got an array"),
        (b'"text"', "got a string"),
        (b"null", "got null"),
        (b"true", "got a boolean"),
        (b"1", "got a number"),
        (b"1.5", "got a number"),
        (b"{", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b"model=gpt-4", "not valid JSON"),
        (b'{"model": NaN}', "NaN is no JSON number"),
        (b'{"model": -Infinity}', "-Infinity is no JSON number"),
        (b'\xef\xbb\xbf{"model": "gpt-4"}', "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"model": ' + b"9" * 5_000 + b"}", "not valid JSON"),
        (b'{"model": "\xff"}', "not UTF-8: invalid start byte at byte 11"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"\x1f\x8b\x08\x00", "not UTF-8"),
    ],
)
def test_what_is_no_json_object_is_refused(data: bytes, message: str) -> None:
    refused = refusal(data)
    assert message in refused.message
    assert refused.param is None


def test_a_value_nested_too_deeply_for_the_schema_is_refused_or_kept() -> None:
    nested: object = "Hello"
    for _ in range(800):
        nested = [nested]
    assert refusal(body(messages=[{"role": "user", "content": nested}])).message


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 4}, "model"),
        ({"model": ["gpt-4"]}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [*MESSAGES, {"role": "user", "content": 1}]}, "messages[1].content"),
        ({"messages": [{"role": "robot", "content": "Hello"}]}, "messages[0].role"),
        ({"messages": [{"content": "Hello"}]}, "messages[0].role"),
        ({"stream": "true"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": []}, "stream_options"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
        ({"temperature": "hot"}, "temperature"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(fields: dict[str, object], param: str) -> None:
    refused = refusal(body(**fields))
    assert refused.param == param
    assert refused.message.startswith(param)


@pytest.mark.parametrize("field", ["model", "messages"])
def test_a_missing_field_is_refused_by_its_name(field: str) -> None:
    document = json.loads(body())
    del document[field]
    assert refusal(json.dumps(document).encode()).param == field


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(["model", "messages", "stream", "stream_options"], json_values),
    )
)
def test_any_document_is_read_or_refused(document: dict[str, object]) -> None:
    try:
        read_request(json.dumps(document).encode())
    except RefusedError as refused:
        status = refused.status
        assert status == 400


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    refusal(data)
