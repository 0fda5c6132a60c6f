import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.wire.assistant.invariants import Breach, Invariants

Events = list[Any]
Cases = dict[str, tuple[Events, str | tuple[str, ...]]]

USAGE: dict[str, Any] = {
    "input": 10,
    "output": 5,
    "cache_read": 2,
    "cache_write": 1,
    "total_tokens": 18,
    "cost": {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0, "total": 0},
}


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def thinking(value: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": value}


def image(data: str) -> dict[str, Any]:
    return {"type": "image", "data": data, "mime_type": "image/png"}


def call(arguments: object, name: str = "bash", call_id: object = "c1") -> dict[str, Any]:
    return {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}


def event(kind: str, content: list[Any] | None, delta: object = None) -> dict[str, Any]:
    partial = {
        "role": "assistant",
        "content": content,
        "model": "m",
        "provider": "p",
        "usage": USAGE,
        "stop_reason": {"done": "stop", "error": "error"}.get(kind, ""),
        "timestamp": 5,
    }
    if kind == "error":
        partial["error_message"] = "cut off"
    added = {} if delta is None else {"delta": delta}
    return {"type": kind, **added, "partial": partial}


def spoken() -> Events:
    return [
        event("start", None),
        event("thinking_delta", [thinking("Hm.")], "Hm."),
        event("text_delta", [thinking("Hm."), text("Hello")], "Hello"),
        event("text_delta", [thinking("Hm."), text("Hello, world!")], ", world!"),
        event("done", [thinking("Hm."), text("Hello, world!")]),
    ]


def called() -> Events:
    ended = [text("I look."), call({"n": [1, True]})]
    return [
        event("start", []),
        event("text_delta", [text("I look.")], "I look."),
        event("tool_call_start", [text("I look."), call({})], "bash"),
        event("tool_call_delta", [text("I look."), call({})], '{"n": '),
        event("tool_call_delta", [text("I look."), call(None)], "[1, true]}"),
        event("tool_call_end", ended),
        event("tool_call_start", [*ended, call({}, "now", "c2")], "now"),
        event("tool_call_end", [*ended, call({}, "now", "c2")]),
        event("done", [*ended, call({}, "now", "c2")]),
    ]


def failed() -> Events:
    return [*called()[:4], event("error", [text("I look."), call({})])]


def framed() -> Events:
    return [
        event("start", []),
        event("thinking_start", []),
        event("thinking_delta", [thinking("Hm.")], "Hm."),
        event("thinking_end", [thinking("Hm.")]),
        event("text_start", [thinking("Hm."), text("")]),
        event("text_delta", [thinking("Hm."), text("Hi")], "Hi"),
        event("text_end", [thinking("Hm."), text("Hi")]),
        event("text_start", [thinking("Hm."), text("Hi"), text("")]),
        event("text_delta", [thinking("Hm."), text("Hi"), text("!")], "!"),
        event("text_end", [thinking("Hm."), text("Hi"), text("!")]),
        event("done", [thinking("Hm."), text("Hi"), text("!")]),
    ]


def judged(events: Events) -> list[Breach]:
    judge = Invariants()
    return [breach for each in events for breach in judge.feed(each)] + judge.finish()


def said(events: Events) -> list[str]:
    return [str(breach) for breach in judged(events)]


def within(events: Events, number: int, **members: object) -> Events:
    """The events with other members in the snapshot of one of them."""
    events = copy.deepcopy(events)
    events[number - 1]["partial"].update(members)
    return events


def instead(events: Events, number: int, other: object) -> Events:
    return [*events[: number - 1], other, *events[number:]]


def usage(**members: object) -> dict[str, Any]:
    return {**USAGE, **members}


def costing(**members: object) -> dict[str, Any]:
    return usage(cost={**USAGE["cost"], **members})


@pytest.mark.parametrize("events", [spoken, called, failed, framed])
def test_an_honest_stream_breaks_nothing(events: Callable[[], Events]) -> None:
    assert said(events()) == []


def test_an_error_may_be_all_that_is_said() -> None:
    aborted = within([event("error", None)], 1, stop_reason="aborted")
    assert said([event("start", None), *aborted]) == []


def test_a_character_that_was_cut_in_two_is_no_breach() -> None:
    halves = [
        event("start", []),
        event("text_delta", [text("\ud83d")], "\ud83d"),
        event("text_delta", [text("😀")], "\ude00"),
        event("text_delta", [text("😀.")], "."),
        event("done", [text("😀.")]),
    ]
    assert said(halves) == []


def test_members_of_blocks_that_are_unknown_may_come_and_go() -> None:
    signed = [{**thinking("Hm."), "signature": "s"}, text("Hello")]
    assert said(within(spoken(), 3, content=signed)) == []


@pytest.mark.parametrize("content", [[], [text("")]])
def test_an_empty_delta_may_begin_a_block_or_not(content: list[Any]) -> None:
    events = [event("start", []), event("text_delta", content, ""), event("done", content)]
    assert said(events) == []


def test_integers_and_floats_are_the_same_numbers() -> None:
    ended = [text("I look."), call({"n": [1.0, True]})]
    assert said([*called()[:5], event("tool_call_end", ended), event("done", ended)]) == []


ORDER: Cases = {
    "nothing": ([], "expected done or error as the last event, got no event at all"),
    "no start": (
        spoken()[1:],
        "event 1: expected start as the first event, got thinking_delta",
    ),
    "two starts": (
        [event("start", None), *spoken()],
        "event 2: expected one start, got start",
    ),
    "start again": (
        instead(spoken(), 5, event("start", [])),
        (
            "event 5: expected one start, got start",
            "event 5: expected done or error as the last event, got start",
        ),
    ),
    "no end": (
        spoken()[:4],
        "event 4: expected done or error as the last event, got text_delta",
    ),
    "two ends": (
        [*spoken(), spoken()[-1]],
        "event 6: expected nothing after done, got done",
    ),
    "an error after the end": (
        [*spoken(), event("error", spoken()[-1]["partial"]["content"])],
        "event 6: expected nothing after done, got error",
    ),
    "text after an error": (
        [*failed(), "[DONE]"],
        "event 6: expected nothing after error, got '[DONE]'",
    ),
    "no JSON object": (
        [*spoken()[:4], "[DONE]", spoken()[4]],
        (
            "event 5: expected an event of a documented type, got '[DONE]'",
            "event 5: expected the message so far as partial, got null",
        ),
    ),
    "an unknown type": (
        instead(spoken(), 5, {**event("message_end", []), "type": "message_end"}),
        (
            'event 5: expected an event of a documented type, got {"type": "message_end", ',
            "event 5: expected done or error as the last event, got",
        ),
    ),
}
SNAPSHOT: Cases = {
    "a snapshot is missing": (
        instead(spoken(), 3, {"type": "text_delta", "delta": "Hello"}),
        "event 3: expected the message so far as partial, got null",
    ),
    "text before any delta": (
        within(spoken(), 1, content=[thinking("Hm.")]),
        (
            "event 1: expected no content yet, got 1 block",
            "event 2: block 1: thinking: expected 'Hm.Hm.', got 'Hm.'",
        ),
    ),
    "the delta alone": (
        within(spoken(), 4, content=[thinking("Hm."), text(", world!")]),
        (
            "event 4: block 2: text: expected 'Hello, world!', got ', world!'",
            "event 5: block 2: text: expected ', world!', got 'Hello, world!'",
        ),
    ),
    "the snapshot before the delta": (
        within(spoken(), 4, content=[thinking("Hm."), text("Hello")]),
        (
            "event 4: block 2: text: expected 'Hello, world!', got 'Hello'",
            "event 5: block 2: text: expected 'Hello', got 'Hello, world!'",
        ),
    ),
    "a block is lost": (
        within(spoken(), 5, content=[thinking("Hm.")]),
        "event 5: expected 2 blocks, got 1 block",
    ),
    "content is lost": (
        within(spoken(), 5, content=None),
        "event 5: expected 2 blocks, got no blocks",
    ),
    "an earlier block changes": (
        within(spoken(), 5, content=[thinking("Hum."), text("Hello, world!")]),
        "event 5: block 1: thinking: expected 'Hm.', got 'Hum.'",
    ),
    "a block becomes another": (
        within(spoken(), 5, content=[text("Hm."), text("Hello, world!")]),
        "event 5: block 1: type: expected 'thinking', got 'text'",
    ),
    "text in the end that no delta brought": (
        within(spoken(), 5, content=[thinking("Hm."), text("Hello, world!!")]),
        "event 5: block 2: text: expected 'Hello, world!', got 'Hello, world!!'",
    ),
    "thinking told as text": (
        within(spoken(), 2, content=[text("Hm.")]),
        (
            "event 2: block 1: type: expected 'thinking', got 'text'",
            "event 3: block 1: type: expected 'text', got 'thinking'",
        ),
    ),
    "an error without the text so far": (
        within(failed(), 5, content=[call({})]),
        "event 5: expected 2 blocks, got 1 block",
    ),
    "a tool call begins without a snapshot": (
        instead(called(), 7, {"type": "tool_call_start", "delta": "now"}),
        "event 7: expected the message so far as partial, got null",
    ),
    "a delta that is no string": (
        instead(spoken(), 2, event("thinking_delta", [thinking("Hm.")], 3)),
        "event 2: expected a string as the delta, got 3",
    ),
    "text_end with text": (
        within(framed(), 7, content=[thinking("Hm."), text("Hi!")]),
        (
            "event 7: block 2: text: expected 'Hi', got 'Hi!'",
            "event 8: block 2: text: expected 'Hi!', got 'Hi'",
        ),
    ),
    "thinking_start with thinking": (
        within(framed()[:2], 2, content=[thinking("Hm.")]),
        (
            "event 2: block 1: thinking: expected '', got 'Hm.'",
            "event 2: expected done or error as the last event, got thinking_start",
        ),
    ),
    "thinking_end with thinking": (
        within(framed()[:4], 4, content=[thinking("Hm, hm.")]),
        (
            "event 4: block 1: thinking: expected 'Hm.', got 'Hm, hm.'",
            "event 4: expected done or error as the last event, got thinking_end",
        ),
    ),
    "an image changes": (
        [
            event("start", []),
            event("text_delta", [image("aGk=")], ""),
            event("done", [image("aGkh")]),
        ],
        (
            "event 2: block 1: type: expected 'text', got 'image'",
            "event 3: block 1: data: expected 'aGk=', got 'aGkh'",
        ),
    ),
    "text_start with text": (
        within(framed(), 5, content=[thinking("Hm."), text("Hi")]),
        (
            "event 5: block 2: text: expected '', got 'Hi'",
            "event 6: block 2: text: expected 'HiHi', got 'Hi'",
        ),
    ),
    "the model changes": (
        within(spoken(), 5, model="n"),
        "event 5: expected the model to stay 'm', got 'n'",
    ),
    "the provider is forgotten": (
        within(spoken(), 5, provider=None),
        "event 5: expected the provider to stay 'p', got null",
    ),
    "the role changes once": (
        within(spoken(), 4, role="user"),
        (
            "event 4: expected the role to stay 'assistant', got 'user'",
            "event 5: expected the role to stay 'user', got 'assistant'",
        ),
    ),
    "the time goes on": (
        within(spoken(), 5, timestamp=6),
        "event 5: expected the timestamp to stay 5, got 6",
    ),
    "blocks that are none": (
        within(spoken(), 5, content=[thinking("Hm."), "Hello, world!"]),
        'event 5: block 2: expected {"type": "text", "text": "Hello, world!"}, got',
    ),
    "an unknown block": (
        within(spoken(), 5, content=[thinking("Hm."), {"type": "video"}]),
        "event 5: block 2: type: expected 'text', got 'video'",
    ),
}
TOOL_CALL: Cases = {
    "another name": (
        within(called()[:3], 3, content=[text("I look."), call({}, "read")]),
        "event 3: block 2: name: expected 'bash', got 'read'",
    ),
    "a start without the name": (
        instead(called()[:3], 3, event("tool_call_start", [text("I look."), call({})])),
        "event 3: block 2: name: expected null, got 'bash'",
    ),
    "no block": (
        within(called()[:3], 3, content=[text("I look.")]),
        "event 3: expected 2 blocks, got 1 block",
    ),
    "no id": (
        within(called()[:3], 3, content=[text("I look."), call({}, call_id="")]),
        "event 3: expected an id of the tool call, got ''",
    ),
    "an id that is taken": (
        within(called()[:7], 7, content=[*called()[5]["partial"]["content"], call({}, "now")]),
        "event 7: expected an id of its own, got 'c1' again",
    ),
    "arguments at the start": (
        within(called()[:3], 3, content=[text("I look."), call({"n": 1})]),
        'event 3: block 2: arguments: expected {}, got {"n": 1}',
    ),
    "arguments before the end": (
        within(called()[:5], 5, content=[text("I look."), call({"n": [1, True]})]),
        'event 5: block 2: arguments: expected {}, got {"n": [1, true]}',
    ),
    "an id that changes": (
        within(called()[:6], 6, content=[text("I look."), call({"n": [1, True]}, call_id="c9")]),
        "event 6: block 2: id: expected 'c1', got 'c9'",
    ),
    "arguments that are empty in the end": (
        within(called()[:6], 6, content=[text("I look."), call({})]),
        'event 6: block 2: arguments: expected {"n": [1, true]}, got {}',
    ),
    "an array as no arguments": (
        within(called()[:3], 3, content=[text("I look."), call([])]),
        "event 3: block 2: arguments: expected {}, got []",
    ),
    "more than the pieces brought": (
        within(called()[:6], 6, content=[text("I look."), call({"n": [1, True, 2]})]),
        'event 6: block 2: arguments: expected {"n": [1, true]}, got {"n": [1, true, 2]}',
    ),
    "true for 1": (
        within(called()[:6], 6, content=[text("I look."), call({"n": [True, True]})]),
        'event 6: block 2: arguments: expected {"n": [1, true]}, got {"n": [true, true]}',
    ),
    "arguments that no piece brought": (
        within(
            called()[:8],
            8,
            content=[*called()[5]["partial"]["content"], call({"a": 1}, "now", "c2")],
        ),
        'event 8: block 3: arguments: expected {}, got {"a": 1}',
    ),
    "pieces that are no JSON": (
        [*called()[:4], event("tool_call_end", [text("I look."), call({})])],
        """event 5: expected pieces that make up a JSON object, got '{"n": '""",
    ),
    "pieces that are NaN": (
        [
            *called()[:3],
            event("tool_call_delta", [text("I look."), call({})], '{"n": NaN}'),
            event("tool_call_end", [text("I look."), call({"n": None})]),
        ],
        """event 5: expected pieces that make up a JSON object, got '{"n": NaN}'""",
    ),
    "a piece that is no string": (
        instead(called()[:4], 4, event("tool_call_delta", [text("I look."), call({})], {"n": 1})),
        'event 4: expected a string as the delta, got {"n": 1}',
    ),
    "a piece outside": (
        [*called()[:2], event("tool_call_delta", [text("I look.")], "{}")],
        "event 3: expected tool_call_delta after a tool_call_start only",
    ),
    "an end outside": (
        [*called()[:2], event("tool_call_end", [text("I look.")])],
        "event 3: expected tool_call_end after a tool_call_start only",
    ),
    "a call within a call": (
        [
            *called()[:3],
            event("tool_call_start", [text("I look."), call({}), call({}, "now", "c2")], "now"),
        ],
        "event 4: expected the end of the tool call, got tool_call_start",
    ),
    "text within a call": (
        [*called()[:3], event("text_delta", [text("I look."), call({}), text("!")], "!")],
        "event 4: expected the end of the tool call, got text_delta",
    ),
    "done within a call": (
        [*called()[:3], event("done", [text("I look."), call({})])],
        "event 4: expected the end of the tool call, got done",
    ),
}
ENDING: Cases = {
    "done without a reason": (
        within(spoken(), 5, stop_reason=""),
        "event 5: expected one of stop, length, tool_use as the stop_reason of done, got ''",
    ),
    "done with the reason of an error": (
        within(spoken(), 5, stop_reason="error"),
        "event 5: expected one of stop, length, tool_use as the stop_reason of done, got 'error'",
    ),
    "the reason of an upstream": (
        within(spoken(), 5, stop_reason="sensitive"),
        "event 5: expected one of stop, length, tool_use as the stop_reason of done, got 'sens",
    ),
    "an error that stopped": (
        within(failed(), 5, stop_reason="stop"),
        "event 5: expected one of error, aborted as the stop_reason of error, got 'stop'",
    ),
    "an error with an empty message": (
        within(failed(), 5, error_message=""),
        "event 5: expected an error_message that says what went wrong, got ''",
    ),
    "an error without a message": (
        within(failed(), 5, error_message=None),
        "event 5: expected an error_message that says what went wrong, got null",
    ),
}
TOKENS: Cases = {
    "no usage": (
        within(spoken(), 5, usage=None),
        "event 5: expected the usage in the last event, got null",
    ),
    "no usage in an error": (
        within(failed(), 5, usage={}),
        (
            "event 5: expected a number of tokens as input, got null",
            "event 5: expected a number of tokens as output, got null",
            "event 5: expected a number of tokens as cache_read, got null",
            "event 5: expected a number of tokens as cache_write, got null",
            "event 5: expected a number of tokens as total_tokens, got null",
            "event 5: expected the cost, got null",
        ),
    ),
    "a wrong sum": (
        within(spoken(), 5, usage=usage(total_tokens=15)),
        "event 5: expected 10 + 5 + 2 + 1 = 18 as total_tokens, got 15",
    ),
    "true is no number": (
        within(spoken(), 5, usage=usage(cache_read=True)),
        "event 5: expected a number of tokens as cache_read, got true",
    ),
    "half a token": (
        within(spoken(), 5, usage=usage(input=9.5)),
        "event 5: expected a number of tokens as input, got 9.5",
    ),
    "less than nothing": (
        within(spoken(), 5, usage=usage(output=-5)),
        "event 5: expected a number of tokens as output, got -5",
    ),
    "more than any number": (
        within(spoken(), 5, usage=usage(output=float("inf"))),
        "event 5: expected a number of tokens as output, got Infinity",
    ),
    "no cost": (
        within(spoken(), 5, usage=usage(cost=None)),
        "event 5: expected the cost, got null",
    ),
    "an incomplete cost": (
        within(spoken(), 5, usage=costing(total=None)),
        "event 5: expected a number as the cost's total, got null",
    ),
    "an infinite cost": (
        within(spoken(), 5, usage=costing(input=float("inf"))),
        "event 5: expected a number as the cost's input, got Infinity",
    ),
}
RULES = {
    "order": ORDER,
    "snapshot": SNAPSHOT,
    "tool_call": TOOL_CALL,
    "ending": ENDING,
    "usage": TOKENS,
}
CASES = [
    pytest.param(rule, events, words, id=f"{rule}-{name}")
    for rule, cases in RULES.items()
    for name, (events, words) in cases.items()
]


@pytest.mark.parametrize(("rule", "events", "words"), CASES)
def test_a_breach_is_told_with_its_event_and_its_rule(
    rule: str, events: Events, words: str | tuple[str, ...]
) -> None:
    expected = (words,) if isinstance(words, str) else words
    found = judged(events)
    if rule == "tool_call":  # their streams stop where it happened
        found = [breach for breach in found if breach.rule != "order"]
    told = list(zip(expected, map(str, found), strict=True))
    assert [one for one, other in told if not other.startswith(one)] == []
    assert rule in {breach.rule for breach in found}


def test_a_long_text_is_shown_from_where_it_departs() -> None:
    before, after = "word " * 20, "word " * 20 + "goes on"
    events = [
        event("start", []),
        event("text_delta", [text(before)], before),
        event("text_delta", [text(after + "!")], "goes on"),
    ]
    assert said(events)[0] == ("event 3: block 1: text: expected '' from character 108 on, got '!'")


def test_too_deep_a_snapshot_is_a_breach_and_the_stream_is_judged_on() -> None:
    deep: Any = {}
    for _ in range(2000):
        deep = {"n": deep}
    events = [*called()[:8], event("done", [text("I look."), call(deep)])]
    for number in (6, 7, 8):
        events[number - 1]["partial"]["content"] = [text("I look."), call(deep)]
    assert [(each.number, each.rule) for each in judged(events)] == [
        (6, "tool_call"),
        (7, "tool_call"),
        (8, "tool_call"),
        (9, "snapshot"),
    ]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "id", "input"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=60)
@given(st.sampled_from([spoken, called, failed]), st.data())
def test_nothing_that_a_server_sends_raises(
    events: Callable[[], Events], data: st.DataObject
) -> None:
    sent = events()
    for _ in range(3):
        node: Any = sent
        while isinstance(node, dict | list) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(node[key], dict | list) or data.draw(st.integers(0, 3)) == 0:
                node[key] = data.draw(ANYTHING)
                break
            node = node[key]
    for breach in judged(sent):
        assert str(breach)
