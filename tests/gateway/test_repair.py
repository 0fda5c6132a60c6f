import json
import math
from typing import Any

import pytest

from sluicegate.gateway.repair import Repair, is_ping
from sluicegate.upstream.errors import UpstreamError
from sluicegate.upstream.masking import Mask
from sluicegate.wire.sse import Event

from .streams import (
    DONE,
    IDENTITY,
    OTHERWISE,
    USED,
    Document,
    chunk,
    completion,
    event,
    failure,
    got,
    read,
    text_of,
    usage,
)

ROLE = chunk(role="assistant", content="")
HI, THERE = chunk(content="Hi"), chunk(content=" there")
STOP = chunk("stop")
CALL = {"index": 0, "id": "1", "type": "function", "function": {"name": "now", "arguments": ""}}


def deltas(chunks: list[Document]) -> list[Document]:
    return [each["choices"][0]["delta"] for each in chunks]


def test_what_is_right_passes_byte_for_byte() -> None:
    first = (
        '{"id":"c1","object":"chat.completion.chunk","created":5, "model":"m", "x":1.0e2,'
        '"choices":[{"index":0,"delta":{"role":"assistant","content":"\\u00e4"},'
        '"finish_reason":null,"logprobs":null}]}'
    )
    right = [
        first,
        json.dumps(STOP),
        json.dumps({**usage(), "unknown": [1]}),
        DONE,
    ]
    assert read(map(event, right)) == (right, None)


@pytest.mark.parametrize(
    "first",
    [
        chunk(role="assistant", content="Hi"),
        chunk(role="assistant", refusal="No"),
        chunk(role="assistant", tool_calls=[CALL]),
        chunk(role="assistant", function_call={"name": "now"}),
        chunk("stop", role="assistant"),
    ],
)
def test_what_says_something_commits_and_brings_what_was_held_back(first: Document) -> None:
    repair = Repair(Mask(), OTHERWISE)
    assert repair.feed(Event(data=json.dumps(ROLE))) == []
    assert not repair.committed
    assert len(repair.feed(Event(data=json.dumps(first)))) == 2
    assert repair.committed


def test_thoughts_are_held_back_but_said() -> None:
    repair = Repair(Mask(), OTHERWISE)
    assert repair.feed(Event(data=json.dumps(ROLE))) == []
    assert not repair.said
    assert repair.feed(Event(data=json.dumps(chunk(reasoning_content="Hm")))) == []
    assert repair.said
    assert not repair.committed
    assert len(repair.feed(Event(data=json.dumps(HI)))) == 3
    repair.feed(Event(data=json.dumps(STOP)))
    assert repair.said


def test_once_committed_every_chunk_passes_at_once() -> None:
    repair = Repair(Mask(), OTHERWISE)
    passed = [len(repair.feed(Event(data=json.dumps(c)))) for c in (ROLE, HI, THERE, STOP)]
    assert passed == [0, 2, 1, 1]


@pytest.mark.parametrize(
    "role", [{"role": "assistant"}, {"role": "model"}, {"role": ""}, {"role": None}, {}]
)
def test_the_role_comes_once_however_often_the_agent_sends_it(role: Document) -> None:
    chunks = got(*(chunk(**role, content=word) for word in "abc"), STOP, DONE)
    assert [delta.get("role") for delta in deltas(chunks)] == ["assistant", None, None, None]
    assert text_of(chunks) == "abc"


def test_each_choice_has_a_role_and_a_finish_reason_of_its_own() -> None:
    chunks = got(HI, chunk(index=1, content="Ho"), STOP, chunk("length", index=1), DONE)
    assert [each["choices"][0]["finish_reason"] for each in chunks] == [
        None,
        None,
        "stop",
        "length",
    ]


def test_a_choice_that_has_ended_ends_no_other() -> None:
    sent = [HI, chunk(index=1, content="a"), STOP, chunk(index=1, content="b")]
    assert failure(*sent, DONE).kind == "broken"
    assert text_of(got(*sent, chunk("stop", index=1), DONE)) == "Hiab"


def test_members_that_are_null_are_left_out() -> None:
    sent = chunk(content=None, tool_calls=None, function_call=None, refusal=None, more=None)
    chunks = got(sent, HI, STOP, DONE)
    assert deltas(chunks)[0] == {"role": "assistant", "refusal": None, "more": None}


@pytest.mark.parametrize("odd", [{"finish_reason": ""}, {}])
def test_a_finish_reason_that_is_empty_or_absent_is_null(odd: Document) -> None:
    choice = {"index": 0, "delta": {"content": "Hi"}, **odd}
    chunks = got({**HI, "choices": [choice]}, STOP, DONE)
    assert chunks[0]["choices"][0]["finish_reason"] is None


@pytest.mark.parametrize("beside", [{}, {"text": ""}, {"message": None}, {"delta": None}])
def test_a_choice_without_a_delta_that_says_nothing_has_an_empty_one(beside: Document) -> None:
    choice = {"index": 0, "finish_reason": "stop", "content_filter_results": {}, **beside}
    chunks = got(HI, {**HI, "choices": [choice]}, DONE)
    assert deltas(chunks)[1] == {}


def test_a_finish_reason_that_is_repeated_comes_once() -> None:
    assert len(got(HI, STOP, STOP, chunk("length"), DONE)) == 2


def test_an_unknown_finish_reason_is_kept() -> None:
    found, error = read([event(HI), event(chunk("abort")), event(DONE)])
    assert error is None
    assert json.loads(found[1])["choices"][0]["finish_reason"] == "abort"


def test_usage_follows_the_finish_reason_without_choices() -> None:
    # OpenRouter sends an empty delta along with it.
    chunks = got(HI, STOP, {**chunk(role="assistant", content=""), "usage": USED}, DONE)
    assert chunks[-1] == usage()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_usage_anywhere_is_kept(place: int) -> None:
    sent = [HI, THERE, STOP]
    sent[place] = {**sent[place], "usage": USED}
    chunks = got(*sent, DONE)
    assert [each.get("usage") for each in chunks].index(USED) == place


def test_what_says_nothing_after_the_finish_reason_is_cut() -> None:
    filtered = {**chunk(), "choices": [], "prompt_filter_results": [1]}
    assert len(got(HI, STOP, chunk(content=""), filtered, DONE)) == 2


@pytest.mark.parametrize("more", [HI, chunk(tool_calls=[CALL]), chunk(reasoning="Hm")])
def test_an_answer_that_goes_on_after_its_finish_reason_fails(more: Document) -> None:
    assert failure(HI, STOP, more, DONE).kind == "malformed"


def test_a_stream_has_one_identity_the_first_that_is_there() -> None:
    azure = {**chunk(), "id": "", "model": "", "created": 0, "object": "", "choices": []}
    azure["prompt_filter_results"] = [{"prompt_index": 0}]
    second = {**azure, "prompt_filter_results": None, "x": 1}
    other = {**THERE, "id": "c2", "created": 6, "model": "m2"}
    bare = {"choices": STOP["choices"]}
    chunks = got({**azure, "y": 2}, second, {**azure}, HI, other, bare, DONE)
    assert [{name: each[name] for name in IDENTITY} for each in chunks] == [IDENTITY] * 3
    assert chunks[0]["prompt_filter_results"] == [{"prompt_index": 0}]
    assert (chunks[0]["x"], chunks[0]["y"]) == (1, 2)


def test_the_identity_is_that_of_what_was_held_back() -> None:
    chunks = got(ROLE, {**HI, "id": "c2"}, {**STOP, "id": "c3"}, DONE)
    assert [each["id"] for each in chunks] == ["c1"] * 3


@pytest.mark.parametrize("junk", [None, 0, 7.5, True, [1], {"x": 1}])
def test_an_identity_of_a_wrong_type_is_none(junk: Any) -> None:  # noqa: ANN401 - any JSON
    chunks = got({**HI, **dict.fromkeys(IDENTITY, junk)}, STOP, DONE)
    assert {(c["id"], c["created"], c["model"]) for c in chunks} == {("made-up", 9, "asked")}


def test_a_stream_without_an_identity_is_given_one() -> None:
    chunks = got({"choices": HI["choices"]}, {"choices": STOP["choices"]}, DONE)
    assert {(c["id"], c["created"], c["model"]) for c in chunks} == {("made-up", 9, "asked")}


@pytest.mark.parametrize(
    "empty",
    [
        {**chunk(), "choices": []},
        {**chunk(), "choices": None, "usage": None},
        {name: value for name, value in chunk().items() if name != "choices"},
    ],
)
def test_a_chunk_without_choices_that_says_nothing_is_left_out(empty: Document) -> None:
    assert got(HI, empty, STOP, DONE) == got(HI, STOP, DONE)


def test_a_chunk_without_choices_that_says_something_is_kept() -> None:
    chunks = got(HI, {"usage": USED, "x": 1}, STOP, DONE)
    assert chunks[1] == {**usage(), "x": 1}


def test_a_missing_done_after_the_finish_reason_is_added() -> None:
    assert got(HI, STOP) == got(HI, STOP, DONE)


@pytest.mark.parametrize("more", [DONE, HI, "no JSON"])
def test_whatever_follows_done_is_cut(more: Document | str) -> None:
    assert got(HI, STOP, DONE, more) == got(HI, STOP, DONE)


@pytest.mark.parametrize(
    "sent", [(), (HI,), (ROLE,), (HI, chunk("stop", index=1)), (usage(),), (ROLE, usage())]
)
@pytest.mark.parametrize("ending", [(), (DONE,)])
def test_an_end_without_a_finish_reason_fails(
    sent: tuple[Document, ...], ending: tuple[str, ...]
) -> None:
    assert failure(*sent, *ending).kind in ("broken", "malformed")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('{"broken": ', "malformed"),
        ('{"choices": [], "x": NaN}', "malformed"),
        (json.dumps({**chunk(role="assistant", content="Hi"), "x": -math.inf}), "malformed"),
        ("[]", "malformed"),
        ('{"unknown": 1}', "malformed"),
        ('{"choices": {}}', "malformed"),
        ('{"choices": [1]}', "malformed"),
        ('{"choices": [{"delta": {"content": 1}}]}', "malformed"),
        ('{"choices": [{"finish_reason": 1}]}', "malformed"),
        ('{"choices": [], "usage": 1}', "malformed"),
        ('{"choices": [{"text": "a", "index": 0, "finish_reason": "stop"}]}', "malformed"),
        ('{"choices": [{"text": "a", "delta": null}]}', "malformed"),
        ('{"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}', "malformed"),
        ('{"error": {"message": "overloaded by s3cret", "code": 529}}', "error"),
        ('{"error": "overloaded"}', "error"),
        ('{"object": "error", "message": "overloaded"}', "error"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_no_chunk_fails_the_answer(data: str, kind: str, place: int) -> None:
    sent: list[Document | str] = [ROLE, HI, STOP, DONE]
    error = failure(*sent[:place], data, *sent[place:])
    assert error.kind == kind
    assert "s3cret" not in str(error)


def test_an_event_named_error_fails_the_answer() -> None:
    found, error = read([event(HI), b'event: error\ndata: {"message": "overloaded"}\n\n'])
    assert len(found) == 1
    assert error is not None
    assert (error.kind, error.said) == ("error", "overloaded")


def test_an_infinite_number_in_what_is_to_be_repaired_fails_the_answer() -> None:
    assert failure('{"choices": [{"delta": {"content": "Hi"}}], "x": 1e999}').kind == "malformed"


def test_what_cannot_be_passed_on_commits_nothing() -> None:
    for sent in ({**HI, "x": 0}, completion(content="Hi")):
        repair = Repair(Mask(), OTHERWISE)
        with pytest.raises(UpstreamError):
            repair.feed(Event(data=json.dumps({**sent, "x": 0}).replace('"x": 0', '"x": 1e999')))
        assert not repair.committed


def test_what_came_before_a_failure_in_the_same_read_arrives() -> None:
    found, error = read([event(ROLE) + event(HI) + event('{"broken": ')])
    assert len(found) == 2
    assert error is not None


@pytest.mark.parametrize(
    "ping", ["", "  ", '{"type": "ping"}', '{ "type":"ping" }', '{"type": "ping", "n": 1}']
)
def test_pings_are_never_passed_on(ping: str) -> None:
    assert is_ping(Event(data=ping))
    assert got(ping, HI, ping, STOP, DONE) == got(HI, STOP, DONE)


def test_an_event_named_ping_is_one() -> None:
    assert is_ping(Event("ping", "x"))


def test_data_on_several_lines_comes_on_one() -> None:
    lines = json.dumps(chunk(role="assistant", content="Hi"), indent=1).split("\n")
    found, _ = read(["".join(f"data: {line}\n" for line in lines).encode() + b"\n"], ends=False)
    assert json.loads(found[0])["choices"][0]["delta"]["content"] == "Hi"
    assert "\n" not in found[0]


@pytest.mark.parametrize("with_usage", [False, True])
def test_a_complete_answer_becomes_a_stream(with_usage: bool) -> None:  # noqa: FBT001 - parametrised
    call = {"id": "1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    answer = completion("tool_calls", content=None, tool_calls=[call, call], reasoning="Hm")
    chunks = got({**answer, "citations": ["x"]}, with_usage=with_usage)
    assert chunks[0]["citations"] == ["x"]
    assert deltas(chunks[:2]) == [
        {
            "role": "assistant",
            "reasoning": "Hm",
            "tool_calls": [{**call, "index": 0}, {**call, "index": 1}],
        },
        {},
    ]
    assert chunks[1]["choices"][0]["finish_reason"] == "tool_calls"
    told = [None, None, USED] if with_usage else [None, USED]
    assert [each.get("usage") for each in chunks] == told
    assert ("usage" in chunks[0]) == with_usage


def test_each_choice_of_a_complete_answer_is_in_the_stream() -> None:
    answer = completion(content="a")
    second = {"message": {"content": "b"}, "finish_reason": "length", "logprobs": None}
    answer["choices"] = [*answer["choices"], second]
    chunks = got({**answer, "citations": ["x"]})
    assert text_of(chunks) == "ab"
    assert [c["choices"][0]["index"] for c in chunks] == [0, 1, 0, 1]
    assert [c.get("citations") for c in chunks] == [["x"], None, None, None]
    assert [c.get("usage") for c in chunks] == [None, None, USED, None]


def test_the_choices_of_a_complete_answer_keep_their_indexes() -> None:
    answer = completion(content="a")
    answer["choices"] = [{**answer["choices"][0], "index": index} for index in (1, 0)]
    assert [c["choices"][0]["index"] for c in got(answer)] == [1, 0, 1, 0]


def test_arguments_that_are_an_object_become_text() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "now", "arguments": {"a": 1}}}
    sent = got(chunk(tool_calls=[{"index": 0, **call}]), chunk("tool_calls"), DONE)
    whole = got(completion("tool_calls", tool_calls=[call]))
    for chunks in (sent, whole):
        assert deltas(chunks)[0]["tool_calls"][0]["function"]["arguments"] == '{"a":1}'


@pytest.mark.parametrize(
    "wrong",
    [
        completion(None, content="Hi"),
        completion("", content="Hi"),
        {**completion(content="Hi"), "choices": []},
        {**completion(content="Hi"), "choices": [{"finish_reason": "stop"}]},
        {**completion(content="Hi"), "usage": 1},
        completion(content=1),
    ],
)
def test_an_answer_that_is_not_complete_fails(wrong: Document) -> None:
    failure(wrong)
    found, error = read([json.dumps(wrong).encode()])
    assert found == []
    assert error is not None


def test_a_complete_answer_within_a_stream_fails_it() -> None:
    assert failure(HI, completion(content="Hi")).kind == "malformed"


@pytest.mark.parametrize("junk", [None, "", 0, True, [], {}, [None], "x", {"x": 1}])
@pytest.mark.parametrize("name", ["id", "object", "created", "model", "choices", "usage"])
def test_no_value_of_a_member_is_a_crash(name: str, junk: Any) -> None:  # noqa: ANN401 - any JSON
    for sent in (HI, completion(content="Hi")):
        repair = Repair(Mask(), OTHERWISE)
        try:
            repair.feed(Event(data=json.dumps({**sent, name: junk})))
        except UpstreamError:
            assert not repair.done
