import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.proxy.client import ProtocolError, reading
from sluicegate.proxy.client.place import proxy_at
from sluicegate.wire.assistant.builder import Builder
from sluicegate.wire.assistant.document import DocumentError
from sluicegate.wire.assistant.event import Event, read_event
from sluicegate.wire.assistant.message import Usage

PLACE = proxy_at("http://127.0.0.1:8080", "")

TEXT = st.sampled_from(["", "Hi"])
COUNT = st.sampled_from([0, 5, 2.0])
COST = dict.fromkeys(("input", "output", "cache_read", "cache_write", "total"), COUNT)
TOKENS = dict.fromkeys(("input", "output", "cache_read", "cache_write", "total_tokens"), COUNT)


BLOCKS: list[dict[str, st.SearchStrategy[Any]]] = [
    {"type": st.just("text"), "text": TEXT},
    {"type": st.just("thinking"), "thinking": TEXT, "signature": TEXT},
    {"type": st.just("image"), "data": TEXT, "mime_type": TEXT},
    {"type": st.just("tool_call"), "id": TEXT, "name": TEXT, "arguments": st.just({"x": 1})},
]
MESSAGE = {
    "role": st.just("assistant"),
    "content": st.lists(st.one_of([st.fixed_dictionaries(each) for each in BLOCKS]), max_size=2),
    "model": TEXT,
    "provider": TEXT,
    "timestamp": COUNT,
    "usage": st.fixed_dictionaries({**TOKENS, "cost": st.fixed_dictionaries(COST)}),
    "stop_reason": st.sampled_from(["", "stop", "error"]),
    "error_message": TEXT | st.none(),
}
KINDS = st.sampled_from(["start", "text_delta", "tool_call_end", "done", "error", "text_end"])
PARTIAL = st.fixed_dictionaries(MESSAGE)
EVENTS = st.fixed_dictionaries({"type": KINDS, "delta": TEXT, "partial": PARTIAL})
OTHERS: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "x", 0, -1, 1.5, True, [], ["x"], {}, {"type": []}]
)


def containers(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict | list) and value:
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from containers(each)


def judged(document: object) -> Event | None:
    try:
        return read_event(document)
    except DocumentError:
        return None


def read(document: object) -> Event | None:
    try:
        return reading.event_of(json.dumps(document), PLACE)
    except ProtocolError:
        return None


@given(EVENTS)
def test_an_event_is_read_as_the_schema_has_it(document: dict[str, Any]) -> None:
    assert read(document) == judged(document)


@given(EVENTS, st.data())
def test_a_wrong_event_is_judged_as_the_schema_does(
    document: dict[str, Any], data: st.DataObject
) -> None:
    container = data.draw(st.sampled_from(list(containers(document))))
    places = list(container) if isinstance(container, dict) else range(len(container))
    place = data.draw(st.sampled_from(places))
    if data.draw(st.booleans()):
        container[place] = data.draw(OTHERS)
    else:
        del container[place]
    assert read(document) == judged(document)


@pytest.mark.parametrize("document", [None, [], "x", 5, {}, {"type": None}, {"type": ["start"]}])
def test_what_is_no_event_is_refused(document: object) -> None:
    with pytest.raises(ProtocolError):
        reading.event_of(json.dumps(document), PLACE)


def test_events_of_other_types_are_passed_over() -> None:
    assert reading.event_of('{"type": "new"}', PLACE) is None


def test_the_usual_events_are_not_judged_by_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    judgements: list[str] = []

    def counting(document: Any) -> Event:  # noqa: ANN401 - any JSON
        judgements.append(document["type"])
        return read_event(document)

    monkeypatch.setattr(reading, "read_event", counting)
    builder = Builder("m", "p", 0, framing=True)
    said = [
        *builder.start(),
        *builder.thinking("Hm"),
        *builder.text("Hi"),
        *builder.tool_call_start("c", "now"),
        *builder.tool_call_delta("{}"),
        *builder.tool_call_end(),
        *builder.done("stop", Usage(1, 2, 3, 4, 10)),
    ]
    read_events = [reading.event_of(data.decode(), PLACE) for data in said]
    assert judgements == ["done"]
    assert read_events == [read_event(json.loads(data)) for data in said]
