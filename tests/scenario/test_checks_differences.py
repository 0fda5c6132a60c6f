import json

import pytest

from sluicegate.scenario.checks.differences import difference

SENT = {
    "id": "a",
    "x": {"kept": [1, True]},
    "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}],
}


def changed(**members: object) -> bytes:
    return json.dumps({**SENT, **members}).encode()


def choice(**members: object) -> bytes:
    return changed(choices=[{**SENT["choices"][0], **members}])  # type: ignore[index] # as above


@pytest.mark.parametrize(
    "got",
    [
        changed(),
        changed(id="b", created=2, model="mine"),
        changed(service_tier=None, more="of the gateway's own"),
        choice(delta={"content": "Hi", "refusal": None, "tool_calls": [], "role": "assistant"}),
        choice(delta={"content": "Hi", "specific": {"refusal": None, "more": [""]}}),
        json.dumps(SENT, indent=2, sort_keys=True).encode(),
        changed(choices=[{"index": 0, "delta": {"content": "Hi"}}]),
    ],
)
def test_what_is_only_written_otherwise_is_no_difference(got: bytes) -> None:
    assert difference(got, changed()) == ""


@pytest.mark.parametrize(
    ("got", "told"),
    [
        (changed(x=None), '$.x is null, and {"kept": [1, true]} was sent'),
        (b'{"choices": []}', '$.x is missing, and {"kept": [1, true]} was sent'),
        (changed(x={"kept": [1, 1]}), "$.x.kept[1] is 1, and true was sent"),
        (changed(x={"kept": [1]}), "$.x.kept is a list of 1 entry, and a list of 2 entries"),
        (choice(delta={"content": "Ho"}), '$.choices[0].delta.content is "Ho", and "Hi" was sent'),
        (choice(finish_reason="stop"), '$.choices[0].finish_reason is "stop", and null was sent'),
        (choice(delta={"content": "Hi", "text": "!"}), 'delta.text is "!", and nothing was sent'),
        (b"[DONE]", 'it is "[DONE]", and'),
        (b'{"broken": ', "and"),
    ],
)
def test_the_first_difference_is_named_by_its_place(got: bytes, told: str) -> None:
    assert told in difference(got, changed())


def test_what_is_no_json_is_compared_byte_for_byte() -> None:
    assert difference(b"[DONE]", b"[DONE]") == ""
    assert difference(b"[DONE] ", b"[DONE]")
