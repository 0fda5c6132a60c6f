import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from tests.provider.sdk_cases import Case
from tests.upstream.test_faults import OUTCOMES, asked_of

from sluicegate.provider.journal import Entry
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.formats import FormatName
from sluicegate.wire.sse import Decoder

from .proxying import KEY, asked, body, checked, stream, text_of

MATRIX = [(format_, case) for format_ in ("openai", "anthropic") for case in asked_of(format_)]
DONE = {"stop", "length", "tool_use"}
# What the upstream says is whole, and its arguments are no JSON.
BROKEN = {"quirks=tool_arguments_broken"}


# What the provider wrote of its answer, read apart from the code that the proxy reads it with: the
# text, and whether its own terminal marker came.
def written(entry: Entry) -> tuple[str, bool]:
    text, has_reason = "", False
    for event in _events(entry):
        if event == "[DONE]" or (isinstance(event, dict) and event.get("type") == "message_stop"):
            return text, has_reason
        for piece in _pieces(event):
            text += piece.get("content") or piece.get("text") or ""
            has_reason |= bool(piece.get("finish_reason") or piece.get("stop_reason"))
    return text, False


def _events(entry: Entry) -> Iterator[Any]:
    data = b"".join(write.data for write in entry.writes)
    if data.startswith(b"\x1f\x8b"):
        data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data)
    for event in Decoder().feed(data):
        try:
            yield json.loads(event.data)
        except ValueError:
            yield event.data


def _pieces(event: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    if isinstance(event, dict):
        for choice in event.get("choices") or ():
            yield from (choice, choice["delta"])
        if isinstance(event.get("delta"), dict):
            yield event["delta"]


@pytest.mark.parametrize(("format_", "case"), MATRIX, ids=lambda each: getattr(each, "fault", each))
def test_every_fault_ends_in_one_event_that_says_how_the_upstream_ended(
    clock: SimulatedClock, format_: FormatName, case: Case
) -> None:
    seen, proxy = asked(clock, stream(format_, content=body(case.query)))
    (*_, last), (text, outcome, at) = checked(seen), OUTCOMES[case.fault]
    is_done = outcome in DONE and case.fault not in BROKEN
    sent, is_marked = written(proxy.entry)
    assert text_of(last) == text == sent
    assert last["type"] == ("done" if is_done else "error")
    assert last["partial"]["stop_reason"] == (outcome if is_done else "error")
    assert is_marked == (outcome in DONE)
    # Nobody waits for what an upstream sends after its last event.
    assert seen.ended <= at if outcome in DONE else seen.ended == at
    assert seen.reads[0][0] == 0.0
    assert proxy.served.outcome == last["type"]
    assert KEY.encode() not in seen.data
    assert b"127.0.0.1" not in seen.data
