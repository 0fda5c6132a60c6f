import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.provider import openai
from sluicegate.provider.encoding import encode
from sluicegate.provider.frames import Format, Identity
from sluicegate.provider.refusal import RefusedError
from sluicegate.provider.script import Script, ToolCall
from sluicegate.wire.schema import violations

from .openai_wire import (
    DONE,
    END,
    HEAD,
    NAMED,
    NOTHING,
    NOTHING_HEAD,
    PARIS,
    PARIS_HEAD,
    ROLE,
    TOOLS_END,
    USAGE,
    chunk,
    finish,
    flat,
    fold,
    message,
    told,
    tool,
)

SPOKEN: Format = openai


def test_the_documented_body_to_the_byte() -> None:
    assert encode(openai.completion(NAMED, Script())) == (
        b'{"id":"mock-7","object":"chat.completion","created":1699000000,"model":"gpt-4",'
        b'"choices":[{"index":0,"message":{"role":"assistant",'
        b'"content":"Hello! I\'m a mock LLM response. How can I help you today?"},'
        b'"finish_reason":"stop"}],' + USAGE + b"}"
    )


def test_the_documented_stream_to_the_byte() -> None:
    assert told(Script()) == [
        chunk(b'"role":"assistant","content":"Hello"'),
        chunk(b'"content":" from"'),
        chunk(b'"content":" streaming"'),
        chunk(b'"content":" mock"'),
        chunk(b'"content":" provider"'),
        chunk(b'"content":"!"'),
        *END,
    ]


def test_each_frame_says_what_it_is_for() -> None:
    frames = openai.frames(NAMED, Script(text=("a", "b")), usage=True)
    assert [frame.kind for frame in frames] == ["content", "content", "finish", "usage", "done"]
    assert not any(frame.event for frame in frames)


def test_a_text_is_said_piece_by_piece_and_as_a_whole() -> None:
    script = Script(text=("Bon", "jour,", " ça", " va ?"))
    assert told(script) == [
        chunk(b'"role":"assistant","content":"Bon"'),
        chunk(b'"content":"jour,"'),
        chunk(b'"content":" \xc3\xa7a"'),
        chunk(b'"content":" va ?"'),
        *END,
    ]
    assert message(script) == {"role": "assistant", "content": "Bonjour, ça va ?"}


def test_an_answer_that_says_nothing_has_a_role_and_an_empty_text() -> None:
    script = Script(text=())
    assert told(script) == [chunk(b'"role":"assistant","content":""'), *END]
    assert openai.frames(NAMED, script, usage=False)[0].kind == "start"
    assert message(script) == {"role": "assistant", "content": ""}


def test_reasoning_comes_before_the_text() -> None:
    script = Script(reasoning=("Let me", " think."), text=("42",))
    assert told(script) == [
        chunk(b'"role":"assistant","reasoning_content":"Let me"'),
        chunk(b'"reasoning_content":" think."'),
        chunk(b'"content":"42"'),
        *END,
    ]
    assert message(script) == {
        "role": "assistant",
        "content": "42",
        "reasoning_content": "Let me think.",
    }


def test_a_call_comes_with_its_name_and_then_10_characters_of_arguments_at_a_time() -> None:
    script = Script(tool_calls=(PARIS, NOTHING))
    assert told(script) == [
        chunk(ROLE + tool(b'"index":0,' + PARIS_HEAD + b'""}')),
        chunk(tool(b'"index":0,"function":{"arguments":"{\\"city\\":\\"P"}')),
        chunk(tool(b'"index":0,"function":{"arguments":"aris\\"}"}')),
        chunk(tool(b'"index":1,' + NOTHING_HEAD + b'""}')),
        chunk(tool(b'"index":1,"function":{"arguments":"{}"}')),
        *TOOLS_END,
    ]


def test_a_plain_answer_with_calls_has_no_text() -> None:
    script = Script(tool_calls=(PARIS,))
    assert encode(message(script)) == (
        b'{"role":"assistant","content":null,"tool_calls":[{'
        + PARIS_HEAD
        + b'"{\\"city\\":\\"Paris\\"}"}}]}'
    )
    assert openai.completion(NAMED, script)["choices"][0]["finish_reason"] == "tool_calls"


def test_calls_come_after_a_text() -> None:
    script = Script(text=("Well",), tool_calls=(NOTHING,))
    head = NOTHING_HEAD.replace(b"_2", b"_1")
    assert told(script) == [
        chunk(b'"role":"assistant","content":"Well"'),
        chunk(tool(b'"index":0,' + head + b'""}')),
        chunk(tool(b'"index":0,"function":{"arguments":"{}"}')),
        *TOOLS_END,
    ]
    assert message(script)["content"] == "Well"


@pytest.mark.parametrize("reason", ["length", "content_filter", "eos"])
def test_an_answer_ends_for_the_reason_it_is_told(reason: str) -> None:
    script = Script(text=("a",), tool_calls=(PARIS,), finish_reason=reason)
    assert told(script)[-2] == finish(reason.encode())
    assert openai.completion(NAMED, script)["choices"][0]["finish_reason"] == reason


def test_a_usage_that_was_asked_for_has_a_chunk_of_its_own_and_is_null_in_the_others() -> None:
    null = b',"usage":null'
    assert told(Script(text=("a", "b")), usage=True) == [
        chunk(b'"role":"assistant","content":"a"', rest=null),
        chunk(b'"content":"b"', rest=null),
        finish(b"stop", rest=null),
        b'{%s,"choices":[],%s}' % (HEAD, USAGE),
        DONE,
    ]


@pytest.mark.parametrize(
    ("script", "usage"),
    [
        (Script(prompt_tokens=3, completion_tokens=4), (3, 4, 7)),
        (Script(prompt_tokens=3, completion_tokens=4, total_tokens=0), (3, 4, 0)),
    ],
)
def test_the_total_is_the_sum_unless_told_otherwise(
    script: Script, usage: tuple[int, int, int]
) -> None:
    assert tuple(openai.completion(NAMED, script)["usage"].values()) == usage


def test_only_tokens_that_are_there_have_details() -> None:
    script = Script(cached_tokens=4, cache_write_tokens=3, reasoning_tokens=2)
    assert openai.completion(NAMED, script)["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 15,
        "total_tokens": 25,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    usage = openai.completion(NAMED, Script(cache_write_tokens=1))["usage"]
    assert usage["prompt_tokens_details"] == {"cache_write_tokens": 1}
    assert "completion_tokens_details" not in usage


def test_padding_makes_every_chunk_longer() -> None:
    padding = b',"obfuscation":"xxx"'
    assert told(Script(text=("a",), padding=3), usage=True) == [
        chunk(b'"role":"assistant","content":"a"', rest=b',"usage":null' + padding),
        finish(b"stop", rest=b',"usage":null' + padding),
        b'{%s,"choices":[],%s%s}' % (HEAD, USAGE, padding),
        DONE,
    ]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
PIECES_OF_TEXT = st.lists(TEXTS, max_size=3).map(tuple)
ARGUMENTS = st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=2)
TOOL_CALLS = st.builds(
    ToolCall, st.from_regex("[A-Za-z0-9_-]{1,8}", fullmatch=True), ARGUMENTS.map(json.dumps)
)
TOKENS = st.integers(0, 1_000_000)
SCRIPTS = st.builds(
    Script,
    text=st.none() | PIECES_OF_TEXT,
    reasoning=PIECES_OF_TEXT,
    tool_calls=st.lists(TOOL_CALLS, max_size=2).map(tuple),
    finish_reason=st.sampled_from([None, "stop", "length", "tool_calls", "content_filter"]),
    prompt_tokens=TOKENS,
    total_tokens=st.none() | TOKENS,
    cached_tokens=TOKENS,
    reasoning_tokens=TOKENS,
    padding=st.integers(0, 20),
)


@settings(max_examples=40)
@given(SCRIPTS, st.booleans())
def test_any_answer_keeps_to_the_schemas_and_a_stream_says_what_a_plain_one_says(
    script: Script,
    usage: bool,  # noqa: FBT001 - Hypothesis fills it in
) -> None:
    *data, done = told(script, usage=usage)
    chunks = [json.loads(each) for each in data]
    assert done == DONE
    for each in chunks:
        assert not violations(each, "openai/chat.completion.chunk", profile="strict")
    plain = openai.completion(NAMED, script)
    assert not violations(plain, "openai/chat.completion")
    if script.text is not None or script.tool_calls:
        assert fold(chunks) == flat(plain["choices"][0]["message"])
    assert chunks[-1].get("usage") == (plain["usage"] if usage else None)


@settings(max_examples=40)
@given(SCRIPTS, st.builds(Identity, TEXTS, TOKENS, st.text(st.characters())))
def test_the_head_of_a_stream_can_be_replaced(script: Script, identity: Identity) -> None:
    ours, theirs = openai.head(NAMED), openai.head(identity)
    frames = openai.frames(identity, script, usage=True)
    for frame, again in zip(openai.frames(NAMED, script, usage=True), frames, strict=True):
        assert frame.data.count(ours) == (frame.kind != "done")
        if frame.kind != "done":
            assert json.loads(frame.data.replace(ours, theirs)) == json.loads(again.data)


def test_the_head_to_the_byte() -> None:
    assert openai.head(NAMED) == HEAD


@pytest.mark.parametrize("model", ["gpt-4", "modèle", "\ud800", "\x00", '"', "x" * 10_000])
def test_any_name_of_a_model_can_be_echoed(model: str) -> None:
    encoded = encode(openai.completion(Identity("mock-1", 0, model), Script()))
    assert json.loads(encoded)["model"] == model


@pytest.mark.parametrize(
    ("text", "json_text"),
    [
        ("é\u2028😀", b'"\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80"'),
        ("\x00\x7f\n", b'"\\u0000\x7f\\n"'),
        ("é\ud800", b'"\\u00e9\\ud800"'),
    ],
)
def test_json_is_raw_utf_8_where_that_can_be(text: str, json_text: bytes) -> None:
    assert encode({"a": [text, 1, None]}) == b'{"a":[' + json_text + b",1,null]}"


def test_the_list_of_models_to_the_byte() -> None:
    models = openai.models(["gpt-4"], 1_699_000_000)
    assert encode(models) == (
        b'{"object":"list","data":[{"id":"gpt-4","object":"model","created":1699000000,'
        b'"owned_by":"sluicegate"}]}'
    )
    assert not violations(models, "openai/models")


@pytest.mark.parametrize(
    ("status", "message", "kind", "code"),
    [
        (400, "Bad request", "invalid_request_error", None),
        (401, "Incorrect API key provided", "invalid_request_error", "invalid_api_key"),
        (404, "The model does not exist", "invalid_request_error", "model_not_found"),
        (413, "Request too large", "invalid_request_error", "request_too_large"),
        (418, "I'm a teapot", "invalid_request_error", None),
        (429, "Rate limit exceeded", "rate_limit_error", "rate_limit_exceeded"),
        (499, "Client error", "invalid_request_error", None),
        (500, "Internal server error", "server_error", "internal_error"),
        (502, "Bad gateway", "server_error", None),
        (503, "The server is overloaded, try again later", "server_error", "overloaded"),
        (504, "Gateway timeout", "timeout_error", None),
        (599, "Server error", "server_error", None),
    ],
)
def test_an_error_fits_its_status(status: int, message: str, kind: str, code: str | None) -> None:
    assert openai.failure(status) == {
        "error": {"message": message, "type": kind, "param": None, "code": code}
    }


def test_each_status_has_an_error_that_keeps_to_the_schema() -> None:
    for status in range(400, 600):
        assert not violations(openai.failure(status), "openai/error", profile="strict")


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "invalid_request_error"), (503, "server_error")]
)
def test_a_refusal_says_what_is_wrong_and_where(status: int, kind: str) -> None:
    refused = RefusedError("No.", status=status, param="model", code="unhealthy")
    assert openai.refusal(refused) == {
        "error": {"message": "No.", "type": kind, "param": "model", "code": "unhealthy"}
    }


def test_an_error_in_mid_stream_to_the_byte() -> None:
    frame = openai.stream_error()
    assert frame.data == (
        b'{"error":{"message":"The server had an error while processing your request",'
        b'"type":"server_error","param":null,"code":null}}'
    )
    assert frame.event is None


def test_the_headers_of_a_rate_limit_say_what_is_left() -> None:
    assert openai.rate_limit(is_over=False) == (
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-limit-tokens", "150000"),
        ("x-ratelimit-remaining-requests", "59"),
        ("x-ratelimit-remaining-tokens", "149984"),
        ("x-ratelimit-reset-requests", "1s"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    )


def test_a_request_is_named_in_its_header() -> None:
    assert openai.request_id("req-1") == (("x-request-id", "req-1"),)
