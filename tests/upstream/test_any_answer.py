import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.upstream.deltas import (
    Delta,
    Finished,
    TextDelta,
    ThinkingDelta,
    ThinkingSignature,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.formats import FORMATS, FormatName
from sluicegate.upstream.masking import Mask
from sluicegate.wire.assistant.builder import ArgumentsError, Builder
from sluicegate.wire.sse import Event

Document = dict[str, Any]
Shape = st.SearchStrategy[Document]

JUNK = st.sampled_from([None, "", "x", 0, -1, 1.5, True, [], ["x"], {}, {"x": [1]}])
TEXT = st.sampled_from(["", "a", "\ud800", "{}", '{"x":', "1}", "}"])
NAME = st.sampled_from(["", "now", "f"])
PLACE = st.sampled_from([None, 0, 1, 2])
REASON = st.sampled_from(["", "stop", "tool_calls", "end_turn", "tool_use", "other"])

PARTS = ["text", "thinking", "redacted_thinking", "tool_use", "text_delta", "thinking_delta"]
PARTS += ["signature_delta", "input_json_delta"]
EVENTS = ["message_start", "message_delta", "message_stop", "ping", "error"]
BLOCKS = ["content_block_start", "content_block_delta", "content_block_stop"]

LAST: Mapping[FormatName, Document] = {
    "openai": {"choices": [{"finish_reason": "stop"}]},
    "anthropic": {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
}


# Objects of which each member may be missing, or be junk if there is any.
def objects(junk: st.SearchStrategy[Any], **members: st.SearchStrategy[Any]) -> Shape:
    optional = {name: each | junk for name, each in members.items()}
    return st.fixed_dictionaries({}, optional=optional)


def chunks(junk: st.SearchStrategy[Any]) -> Shape:
    function = objects(junk, name=NAME, arguments=TEXT)
    call = objects(junk, index=PLACE, id=NAME, function=function)
    calls = st.lists(call, max_size=3)
    delta = objects(junk, content=TEXT, reasoning=TEXT, tool_calls=calls, function_call=function)
    choice = objects(junk, delta=delta, message=delta, finish_reason=REASON)
    usage = objects(junk, prompt_tokens=PLACE, prompt_tokens_details=objects(junk, x=PLACE))
    return objects(junk, id=NAME, choices=st.lists(choice, max_size=1), usage=usage)


def parts(junk: st.SearchStrategy[Any]) -> Shape:
    kind = st.sampled_from(PARTS)
    texts = dict.fromkeys(("text", "thinking", "signature", "data", "partial_json"), TEXT)
    return objects(junk, type=kind, id=NAME, name=NAME, input=objects(junk, x=PLACE), **texts)


def events(junk: st.SearchStrategy[Any]) -> Shape:
    message = objects(junk, id=NAME, usage=objects(junk, input_tokens=PLACE))
    usage = objects(junk, output_tokens=PLACE)
    block = objects(junk, index=PLACE, content_block=parts(junk), delta=parts(junk))
    kinds = st.sampled_from(EVENTS)
    other = objects(
        junk, type=kinds, message=message, usage=usage, delta=objects(junk, stop_reason=REASON)
    )
    named = st.tuples(st.sampled_from(BLOCKS), block).map(lambda each: {"type": each[0], **each[1]})
    return named | named | other


def either(shape: Callable[[st.SearchStrategy[Any]], Shape]) -> st.SearchStrategy[list[Document]]:
    return st.lists(shape(st.nothing()), max_size=10) | st.lists(shape(JUNK), max_size=3)


SAY: Mapping[type, Callable[[Builder, Any], tuple[bytes, ...]]] = {
    TextDelta: lambda builder, delta: builder.text(delta.text),
    ThinkingDelta: lambda builder, delta: builder.thinking(delta.text),
    ThinkingSignature: lambda builder, delta: builder.thinking_signature(
        delta.signature, redacted=delta.redacted
    ),
    ToolCallStart: lambda builder, delta: builder.tool_call_start(delta.id, delta.name),
    ToolCallDelta: lambda builder, delta: builder.tool_call_delta(delta.arguments),
    ToolCallEnd: lambda builder, _: builder.tool_call_end(),
}


def say(builder: Builder, delta: Delta) -> tuple[bytes, ...]:
    return SAY[type(delta)](builder, delta)


# A builder takes nothing that is out of place, apart from arguments that are no object.
def build(deltas: Iterable[Delta]) -> None:
    with suppress(ArgumentsError):
        _build(deltas)


def _build(deltas: Iterable[Delta]) -> None:
    builder = Builder("m", "p", 0)
    builder.start()
    for delta in deltas:
        assert not isinstance(delta, TextDelta | ThinkingDelta) or delta.text
        if isinstance(delta, Finished):
            assert bool(delta.error_message) == (delta.stop_reason == "error")
        else:
            say(builder, delta)


def read(format_: FormatName, documents: list[Document]) -> None:
    reader = FORMATS[format_].reader(Mask(), takes_unmarked_end=True)
    deltas: list[Delta] = []
    try:
        for document in [*documents, LAST[format_]]:
            deltas.extend(reader.feed(Event(data=json.dumps(document))))
        deltas.extend(reader.end())
        assert [type(delta) for delta in deltas].index(Finished) == len(deltas) - 1
    except UpstreamError:
        assert Finished not in map(type, deltas)
    build(deltas)


@given(either(chunks))
def test_whatever_an_openai_upstream_says_is_read_or_refused(said: list[Document]) -> None:
    read("openai", said)


@given(either(events))
def test_whatever_an_anthropic_upstream_says_is_read_or_refused(said: list[Document]) -> None:
    read("anthropic", said)


@given(chunks(JUNK) | st.fixed_dictionaries({"content": st.lists(parts(JUNK), max_size=3)}))
def test_whatever_document_comes_in_its_place_is_read_or_refused(document: Document) -> None:
    for format_ in FORMATS.values():
        try:
            deltas = list(format_.reader(Mask()).whole({"type": "message"} | document))
        except UpstreamError:
            continue
        build(deltas)
        assert isinstance(deltas[-1], Finished)
