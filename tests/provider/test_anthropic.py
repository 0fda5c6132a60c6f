import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.provider import anthropic, framing, openai
from sluicegate.provider.encoding import encode
from sluicegate.provider.frames import Format, Frame, Identity
from sluicegate.provider.refusal import RefusedError
from sluicegate.provider.repetition import Repetition
from sluicegate.provider.request import Asked
from sluicegate.provider.respond import Responder
from sluicegate.provider.script import Script, ToolCall
from sluicegate.wire import sse
from sluicegate.wire.schema import violations

FORMAT: Format = anthropic
NAMED = Identity("mock-7", 1_699_000_000, "claude-sonnet-4-5")
PARIS = ToolCall("get_weather", '{"city": "Paris", "days": [1, 2]}')
NOW = ToolCall("get_time", "{}")
EVERYTHING = Script(
    text=("It", " rains"),
    reasoning=("A", " tool"),
    tool_calls=(PARIS, NOW),
    prompt_tokens=100,
    cached_tokens=60,
    cache_write_tokens=7,
    reasoning_tokens=3,
)
STOP_REASONS = (
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
)

# Lone surrogates are valid in JSON's escapes.
TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=4)
PIECES = st.lists(TEXT, max_size=2).map(tuple)
TOKENS = st.integers(0, 1_000_000)
INPUTS = st.dictionaries(TEXT, st.recursive(TEXT | st.integers() | st.none(), st.lists), max_size=3)
CALLS = st.builds(
    ToolCall, st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), INPUTS.map(json.dumps)
)
SCRIPTS = st.builds(
    Script,
    text=PIECES,
    reasoning=PIECES,
    tool_calls=st.lists(CALLS, max_size=2).map(tuple),
    finish_reason=st.none() | st.sampled_from(STOP_REASONS),
    prompt_tokens=TOKENS,
    completion_tokens=TOKENS,
    cached_tokens=TOKENS,
    cache_write_tokens=TOKENS,
    reasoning_tokens=TOKENS,
    padding=st.integers(0, 20),
)


def streamed(script: Script, identity: Identity = NAMED) -> list[dict[str, Any]]:
    frames = FORMAT.frames(identity, script, usage=False)
    return [json.loads(frame.data) for frame in frames]


def told(*quirks: str) -> Script:
    return Script(
        text=("It", " rains"), tool_calls=(PARIS,), quirks=frozenset(quirks), cached_tokens=4
    )


def folded(events: Iterable[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {}
    inputs: dict[int, str] = {}
    for event in events:
        match event:
            case {"type": "message_start"}:
                message = event["message"]
            case {"type": "content_block_start", "index": index}:
                assert index == len(message["content"])
                message["content"].append(event["content_block"])
            case {"type": "content_block_delta", "index": index, "delta": {"partial_json": piece}}:
                inputs[index] = inputs.get(index, "") + piece
            case {"type": "content_block_delta", "index": index, "delta": {"type": _, **members}}:
                for name, piece in members.items():
                    message["content"][index][name] += piece
            case {"type": "content_block_stop", "index": index} if index in inputs:
                message["content"][index]["input"] = json.loads(inputs[index])
            case {"type": "message_delta", "delta": delta, "usage": usage}:
                message |= delta
                message["usage"] |= usage
    return message


def test_the_plain_message_to_the_byte() -> None:
    assert encode(FORMAT.completion(NAMED, Script())) == (
        b'{"id":"msg_mock_7","type":"message","role":"assistant","model":"claude-sonnet-4-5",'
        b'"content":[{"type":"text",'
        b'"text":"Hello! I\'m a mock LLM response. How can I help you today?"}],'
        b'"stop_reason":"end_turn","stop_sequence":null,'
        b'"usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,'
        b'"output_tokens":15}}'
    )


def test_the_stream_to_the_byte() -> None:
    script = Script(text=("Hi",))
    frames = FORMAT.frames(NAMED, script, usage=False)
    assert b"".join(framing.event(frame, script) for frame in frames).decode() == (
        "event: message_start\n"
        'data: {"type":"message_start","message":{"id":"msg_mock_7","type":"message",'
        '"role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,'
        '"stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":0,'
        '"cache_read_input_tokens":0,"output_tokens":1}}}\n\n'
        "event: content_block_start\n"
        'data: {"type":"content_block_start","index":0,'
        '"content_block":{"type":"text","text":""}}\n\n'
        "event: content_block_delta\n"
        'data: {"type":"content_block_delta","index":0,'
        '"delta":{"type":"text_delta","text":"Hi"}}\n\n'
        "event: content_block_stop\n"
        'data: {"type":"content_block_stop","index":0}\n\n'
        "event: message_delta\n"
        'data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        '"usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,'
        '"output_tokens":15}}\n\n'
        "event: message_stop\n"
        'data: {"type":"message_stop"}\n\n'
    )


def test_a_stream_that_is_told_nothing_sends_the_words_of_the_other_format() -> None:
    (block,) = folded(streamed(Script()))["content"]
    assert block["text"] == "".join(openai.WORDS)


def test_thinking_comes_first_and_the_calls_of_tools_last() -> None:
    steps = [
        (event["index"], event.get("delta", event.get("content_block", {})).get("type"))
        for event in streamed(EVERYTHING)
        if "index" in event
    ]
    assert steps == [
        (0, "thinking"),
        (0, "thinking_delta"),
        (0, "thinking_delta"),
        (0, "signature_delta"),
        (0, None),
        (1, "text"),
        (1, "text_delta"),
        (1, "text_delta"),
        (1, None),
        (2, "tool_use"),
        *[(2, "input_json_delta")] * 5,
        (2, None),
        (3, "tool_use"),
        *[(3, "input_json_delta")] * 2,
        (3, None),
    ]


def test_a_call_starts_with_an_empty_input_and_an_empty_piece() -> None:
    events = [event for event in streamed(EVERYTHING) if event.get("index") == 2]
    assert events[0]["content_block"] == {
        "type": "tool_use",
        "id": "toolu_mock1",
        "name": "get_weather",
        "input": {},
    }
    pieces = [event["delta"]["partial_json"] for event in events[1:-1]]
    assert pieces == ["", '{"city": "', 'Paris", "d', 'ays": [1, ', "2]}"]


def test_each_frame_is_named_after_its_type() -> None:
    frames = FORMAT.frames(NAMED, EVERYTHING, usage=True)
    decoder = sse.Decoder()
    events = decoder.feed(b"".join(framing.event(frame, EVERYTHING) for frame in frames))
    assert len(events) == len(frames)
    assert all(event.event == json.loads(event.data)["type"] for event in events)


def test_content_is_what_carries_words_and_pieces() -> None:
    frames = FORMAT.frames(NAMED, EVERYTHING, usage=False)
    content = [json.loads(frame.data)["delta"] for frame in frames if frame.kind == "content"]
    assert [delta["type"] for delta in content] == [
        *["thinking_delta"] * 2,
        *["text_delta"] * 2,
        *["input_json_delta"] * 7,
    ]
    assert [frame.kind for frame in frames[-2:]] == ["finish", "done"]
    assert {frame.kind for frame in frames[:-2]} == {"start", "content"}


def test_content_is_counted_as_in_the_other_format() -> None:
    for script in (Script(), EVERYTHING):
        ours, theirs = (
            [
                frame
                for frame in format_.frames(NAMED, script, usage=False)
                if frame.kind == "content"
            ]
            for format_ in (FORMAT, openai)
        )
        assert len(ours) == len(theirs)


def test_input_tokens_leave_out_the_cached_ones() -> None:
    usage = FORMAT.completion(NAMED, EVERYTHING)["usage"]
    assert usage == {
        "input_tokens": 33,
        "cache_creation_input_tokens": 7,
        "cache_read_input_tokens": 60,
        "output_tokens": 15,
        "output_tokens_details": {"thinking_tokens": 3},
    }


def test_input_tokens_are_never_negative() -> None:
    script = Script(prompt_tokens=10, cached_tokens=11)
    assert FORMAT.completion(NAMED, script)["usage"]["input_tokens"] == 0


@pytest.mark.parametrize(("completion_tokens", "first"), [(15, 1), (1, 1), (0, 0)])
def test_the_output_tokens_of_a_stream_never_shrink(completion_tokens: int, first: int) -> None:
    start, *_, delta, _ = streamed(Script(completion_tokens=completion_tokens))
    assert start["message"]["usage"]["output_tokens"] == first
    assert delta["usage"]["output_tokens"] == completion_tokens


@pytest.mark.parametrize(
    ("script", "reason", "sequence"),
    [
        (Script(), "end_turn", None),
        (Script(tool_calls=(NOW,)), "tool_use", None),
        (Script(finish_reason="max_tokens", tool_calls=(NOW,)), "max_tokens", None),
        (Script(finish_reason="stop_sequence"), "stop_sequence", "END"),
        (Script(finish_reason="no_such_reason"), "no_such_reason", None),
    ],
)
def test_an_answer_says_why_it_ends(script: Script, reason: str, sequence: str | None) -> None:
    expected = {"stop_reason": reason, "stop_sequence": sequence}
    assert streamed(script)[-2]["delta"] == expected
    assert FORMAT.completion(NAMED, script).items() >= expected.items()


def test_an_answer_that_says_nothing_has_no_content() -> None:
    assert FORMAT.completion(NAMED, Script(text=()))["content"] == []
    assert len(streamed(Script(text=()))) == 3


def test_padding_makes_each_event_longer() -> None:
    plain, padded = streamed(Script()), streamed(Script(padding=9))
    assert padded == [event | {"obfuscation": "x" * 9} for event in plain]


@pytest.mark.parametrize("model", ["gpt-4", "modèle", "\ud800", "\x00", '"', "x" * 10_000])
def test_another_identity_takes_the_place_of_a_head(model: str) -> None:
    other = Identity("mock-12", 0, model)
    ours, theirs = FORMAT.head(NAMED), FORMAT.head(other)
    frames = FORMAT.frames(NAMED, EVERYTHING, usage=False)
    replaced = [json.loads(frame.data.replace(ours, theirs)) for frame in frames]
    assert replaced == streamed(EVERYTHING, other)
    assert replaced[0]["message"].items() >= {"id": "msg_mock_12", "model": model}.items()


@settings(max_examples=20)
@given(SCRIPTS)
def test_any_stream_keeps_to_the_schema_and_folds_into_the_plain_message(script: Script) -> None:
    plain = FORMAT.completion(NAMED, script)
    events = streamed(script)
    assert not violations(plain, "anthropic/message", profile="strict")
    for event in events:
        assert not violations(event, "anthropic/event", profile="strict")
    assert folded(events) == plain


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (400, "invalid_request_error", "Invalid request"),
        (401, "authentication_error", "Authentication error"),
        (402, "billing_error", "Billing error"),
        (403, "permission_error", "Permission denied"),
        (404, "not_found_error", "Not found"),
        (409, "conflict_error", "Conflict"),
        (413, "request_too_large", "Request exceeds the maximum size"),
        (418, "invalid_request_error", "I'm a teapot"),
        (429, "rate_limit_error", "Rate limited"),
        (499, "invalid_request_error", "Client error"),
        (500, "api_error", "Internal server error"),
        (502, "api_error", "Bad gateway"),
        (504, "timeout_error", "Request timeout"),
        (529, "overloaded_error", "Overloaded"),
        (599, "api_error", "Server error"),
    ],
)
def test_an_error_fits_its_status(status: int, kind: str, message: str) -> None:
    error = {"type": kind, "message": message}
    assert FORMAT.failure(status) == {"type": "error", "error": error, "request_id": "req_mock"}


def test_each_status_has_an_error_that_keeps_to_the_schema() -> None:
    for status in range(400, 600):
        assert not violations(FORMAT.failure(status), "anthropic/error", profile="strict")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (404, "not_found_error"), (503, "api_error")],
)
def test_a_refusal_says_what_is_wrong(status: int, kind: str) -> None:
    body = FORMAT.refusal(RefusedError("max_tokens: is missing", status=status))
    assert body["error"] == {"type": kind, "message": "max_tokens: is missing"}
    assert not violations(body, "anthropic/error", profile="strict")


def test_the_error_event_says_that_the_provider_is_overloaded() -> None:
    error = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    assert FORMAT.stream_error() == Frame("start", error, "error")
    assert not violations(json.loads(error), "anthropic/event", profile="strict")


def test_the_ping_keeps_to_the_schema() -> None:
    assert not violations(json.loads(anthropic.PING.data), "anthropic/event", profile="strict")
    assert anthropic.PING.event == "ping"


def test_the_rate_limit_has_three_headers_for_each_of_four_limits() -> None:
    headers = dict(FORMAT.rate_limit(is_over=False))
    for of in ("requests", "tokens", "input-tokens", "output-tokens"):
        prefix = f"anthropic-ratelimit-{of}"
        assert int(headers.pop(f"{prefix}-limit")) >= int(headers.pop(f"{prefix}-remaining"))
        reset = datetime.fromisoformat(headers.pop(f"{prefix}-reset"))
        assert reset > datetime(2020, 1, 1, tzinfo=UTC)
    assert not headers


def test_a_request_is_named_in_the_header_of_the_real_provider() -> None:
    assert FORMAT.request_id("req_1") == (("request-id", "req_1"),)


def types(script: Script) -> list[str]:
    return [event["type"] for event in streamed(script)]


def test_pings_come_between_all_events() -> None:
    ordinary = types(told())
    assert types(told("pings"))[::2] == ordinary
    assert types(told("pings"))[1::2] == ["ping"] * (len(ordinary) - 1)


def test_an_unknown_event_follows_the_start() -> None:
    first, unknown, *others = types(told("unknown_event"))
    assert [first, *others] == types(told())
    assert unknown == "message_progress"


def test_a_first_message_delta_may_not_say_why_the_answer_ends() -> None:
    *_, first, last, _ = streamed(told("two_message_deltas"))
    assert first["delta"]["stop_reason"] is None
    assert last["delta"]["stop_reason"] == "tool_use"


def test_the_marker_of_the_other_format_may_follow_the_end() -> None:
    *frames, done = FORMAT.frames(NAMED, told("done_marker"), usage=False)
    assert tuple(frames) == FORMAT.frames(NAMED, told(), usage=False)
    assert done == Frame("done", b"[DONE]")


def test_events_may_have_no_names() -> None:
    frames = FORMAT.frames(NAMED, told("no_event_names"), usage=False)
    assert {frame.event for frame in frames} == {None}
    assert [json.loads(frame.data) for frame in frames] == streamed(told())


def test_the_usage_at_the_end_may_have_output_tokens_alone() -> None:
    assert streamed(told("output_tokens_only"))[-2]["usage"] == {"output_tokens": 15}
    assert folded(streamed(told("output_tokens_only"))) == FORMAT.completion(NAMED, told())


def test_the_counts_of_cached_tokens_may_be_null() -> None:
    usage = FORMAT.completion(NAMED, told("null_cache_tokens"))["usage"]
    assert usage["cache_read_input_tokens"] is usage["cache_creation_input_tokens"] is None
    assert usage["input_tokens"] == 6


def test_redacted_thinking_comes_first_and_whole() -> None:
    first, *others = FORMAT.completion(NAMED, told("redacted_thinking"))["content"]
    assert first.keys() == {"type", "data"}
    assert others == FORMAT.completion(NAMED, told())["content"]
    assert folded(streamed(told("redacted_thinking")))["content"] == [first, *others]


@pytest.mark.parametrize(
    ("quirk", "pieces"),
    [
        ("tool_call_whole", [PARIS.arguments]),
        ("tool_arguments_broken", ["", '{"city": "', 'Paris", "d', 'ays": [1, ', "2]"]),
    ],
)
def test_the_input_of_a_tool_may_come_otherwise(quirk: str, pieces: list[str]) -> None:
    _, *deltas, _ = [event for event in streamed(told(quirk)) if event.get("index") == 1]
    assert [event["delta"]["partial_json"] for event in deltas] == pieces


def test_an_answer_with_calls_may_claim_to_end_its_turn() -> None:
    assert FORMAT.completion(NAMED, told("end_turn_after_tools"))["stop_reason"] == "end_turn"
    assert streamed(told("end_turn_after_tools"))[-2]["delta"]["stop_reason"] == "end_turn"


@pytest.mark.parametrize("quirk", anthropic.QUIRKS)
def test_each_quirk_changes_a_stream(quirk: str) -> None:
    ordinary = FORMAT.frames(NAMED, told(), usage=False)
    assert FORMAT.frames(NAMED, told(quirk), usage=False) != ordinary


@pytest.mark.parametrize("quirk", sorted(anthropic.QUIRKS.keys() - anthropic.QUIRKS_OF_TOOLS))
def test_each_quirk_that_is_not_about_tools_needs_none(quirk: str) -> None:
    quirky = Script(text=(), quirks=frozenset({quirk}))
    ordinary = FORMAT.frames(NAMED, Script(text=()), usage=False)
    assert FORMAT.frames(NAMED, quirky, usage=False) != ordinary


def test_a_quirk_of_both_formats_means_the_same_in_both() -> None:
    shared = anthropic.QUIRKS.keys() & openai.QUIRKS.keys()
    assert {name: anthropic.QUIRKS[name] for name in shared} == {
        name: openai.QUIRKS[name] for name in shared
    }


def test_all_quirks_at_once_make_a_stream() -> None:
    assert FORMAT.frames(NAMED, told(*anthropic.QUIRKS), usage=False)


ASKED = {"role": "user", "content": "What time is it?"}
THOUGHT = {"type": "thinking", "thinking": "A tool.", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "c2ln"}
SAID = {"type": "text", "text": "I look."}
USED = {"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "12"}
RESULTS = {"role": "user", "content": [RESULT]}
ENABLED = {"type": "enabled", "budget_tokens": 1024}


def answered(*content: Any) -> dict[str, Any]:  # noqa: ANN401 - any block
    return {"role": "assistant", "content": list(content)}


def conversation(*messages: Any, thinking: Any = ENABLED) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    document = {"model": "m", "max_tokens": 2048, "messages": [*messages], "thinking": thinking}
    assert not violations(document, FORMAT.REQUEST)
    return document


@pytest.mark.parametrize(
    "document",
    [
        conversation(ASKED),
        conversation(ASKED, answered(SAID), ASKED),
        conversation(ASKED, {"role": "assistant", "content": "I look."}, ASKED),
        conversation(ASKED, answered(), ASKED),
        conversation(ASKED, answered(THOUGHT, USED), RESULTS),
        conversation(ASKED, answered(REDACTED, USED), RESULTS),
        # After the results of tools, the model need not think again.
        conversation(ASKED, answered(THOUGHT, USED), RESULTS, answered(USED), RESULTS),
        # Of earlier turns no thought is demanded.
        conversation(ASKED, answered(USED), RESULTS, answered(SAID), ASKED),
        conversation(ASKED, answered(USED), RESULTS, thinking={"type": "disabled"}),
        conversation(ASKED, answered(USED), RESULTS, thinking={"type": "adaptive"}),
        conversation(ASKED, answered(USED), RESULTS, thinking=None),
    ],
)
def test_a_turn_with_its_thoughts_or_without_thinking_goes_on(document: dict[str, Any]) -> None:
    FORMAT.check(document)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            conversation(ASKED, answered(SAID, USED), RESULTS),
            "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tex",
        ),
        (
            conversation(answered(USED), RESULTS),
            "messages.0.content.0.type: Expected `thinking` or `redacted_thinking`, but found `too",
        ),
        (
            conversation(ASKED, answered(USED), RESULTS, answered(THOUGHT, USED), RESULTS),
            "messages.1.content.0.type: Expected",
        ),
        (
            conversation(ASKED, answered(THOUGHT, USED), ASKED, answered(USED), RESULTS),
            "messages.3.content.0.type: Expected",
        ),
        (
            conversation(ASKED, answered(THOUGHT | {"signature": ""}, USED), RESULTS),
            "messages.1.content.0.thinking.signature: Field required",
        ),
    ],
)
def test_a_turn_that_lost_its_thoughts_is_refused(document: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError) as caught:
        FORMAT.check(document)
    assert caught.value.message.startswith(words)
    assert caught.value.status == 400


def test_the_refusal_is_an_answer_that_comes_where_those_of_the_body_come() -> None:
    document = conversation(ASKED, answered(USED), RESULTS)
    responder = Responder(lambda _: NAMED, lambda: 0.0, Repetition())
    refused = responder.respond(FORMAT, Asked(b"delay=1000", document=document), {}, None)
    error = json.loads(refused.parts[0].data)["error"]
    assert (refused.status, refused.delay, error["type"]) == (400, 1.0, "invalid_request_error")
    assert error["message"].startswith("messages.1.content.0.type: Expected `thinking`")
