import json
from collections.abc import Mapping

import pytest
from tests.provider.sdk_cases import STATUSES, Case, cases

from sluicegate.provider import anthropic, openai
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.upstream.deltas import ToolCallDelta, ToolCallEnd, ToolCallStart
from sluicegate.upstream.formats import FormatName

from .asking import KEY, Heard, asked, heard

Outcome = tuple[str, str, float]

HELLO = "Hello from streaming mock provider!"
WHOLE: Outcome = (HELLO, "stop", 0.6)
CALLS: Outcome = ("", "tool_use", 0.7)
AT_ONCE: Outcome = ("", "tool_use", 0.2)

# What comes of each fault: the text until then, how it ends (a stop reason, or the kind of the
# failure with its status), and when, in seconds since the request.
OUTCOMES: dict[str, Outcome] = {
    **{f"fail={status}": ("", f"status {status}", 0.0) for status in STATUSES},
    "fail=timeout": ("", "timeout", 20.0),
    "fail=hang": ("", "timeout", 20.0),
    "fail=reset": ("", "connection", 0.0),
    "fail=close": ("", "connection", 0.0),
    "fail=silence": ("", "timeout", 20.0),
    "fail=none": WHOLE,
    "fail_chunk=3": ("Hello from", "malformed", 0.2),
    "fail_chunk=end": (HELLO, "malformed", 0.6),
    "fail_chunk_mode=malformed": ("Hello from", "malformed", 0.2),
    "fail_chunk_mode=unfinished": ("Hello from", "broken", 0.2),
    "fail_chunk_mode=reset": ("Hello from", "broken", 0.2),
    "fail_chunk_mode=cut": ("Hello from", "broken", 0.2),
    "fail_chunk_mode=end": ("Hello from", "broken", 0.2),
    "fail_chunk_mode=error": ("Hello from", "error", 0.2),
    "fail_chunk_mode=silence": ("Hello from", "timeout", 20.1),
    "end=complete": WHOLE,
    "end=no_done": (HELLO, "broken", 0.6),
    "end=no_finish": (HELLO, "broken", 0.6),
    "end=double_done": WHOLE,
    "end=after_done": (HELLO, "stop", 0.7),
    "end=open": (HELLO, "stop", 0.7),
    "body=whole": WHOLE,
    "body=malformed": ("", "malformed", 0.0),
    "body=truncated": ("", "malformed", 0.0),
    "body=empty": ("", "malformed", 0.0),
    "body=html": ("", "malformed", 0.0),
    "body=error": ("", "error", 0.0),
    "body=numeric_error": ("", "error", 0.0),
    # A stream has no Content-Length: these are about documents.
    "content_length=right": WHOLE,
    "content_length=too_long": WHOLE,
    "content_length=too_short": WHOLE,
    "content_type=text/plain": WHOLE,
    "content_type=none": WHOLE,
    "retry_after=1": WHOLE,
    "retry_after_date=1": WHOLE,
    "rate_limit=true": WHOLE,
    "request_id=req_1": WHOLE,
    "encoding=identity": WHOLE,
    "encoding=gzip": WHOLE,
    "line_end=lf": WHOLE,
    "line_end=crlf": WHOLE,
    "line_end=cr": WHOLE,
    "space=false": WHOLE,
    "bom=true": WHOLE,
    "comments=true": WHOLE,
    "padding=100000": WHOLE,
    "cut=events": WHOLE,
    "cut=bytes": ("Hi", "stop", 0.1),
    "cut=nowhere": WHOLE,
    "cut=characters": (
        "Gr\N{LATIN SMALL LETTER U WITH DIAERESIS}\N{LATIN SMALL LETTER SHARP S}e",
        "stop",
        0.1,
    ),
    "cut=line_ends": WHOLE,
    "quirks=role_repeated": WHOLE,
    "quirks=role_missing": WHOLE,
    "quirks=role_alone": WHOLE,
    "quirks=empty_role": WHOLE,
    "quirks=null_content": WHOLE,
    "quirks=empty_finish_reason": WHOLE,
    "quirks=no_finish_reason_key": WHOLE,
    "quirks=usage_on_finish": WHOLE,
    "quirks=usage_everywhere": WHOLE,
    "quirks=duplicate_chunk": ("Hello from from streaming mock provider!", "stop", 0.7),
    "quirks=no_choices": WHOLE,
    "quirks=empty_choices_first": WHOLE,
    "quirks=no_usage": WHOLE,
    "quirks=pings": WHOLE,
    "quirks=unknown_event": WHOLE,
    "quirks=two_message_deltas": WHOLE,
    "quirks=done_marker": WHOLE,
    "quirks=no_event_names": WHOLE,
    "quirks=output_tokens_only": WHOLE,
    "quirks=null_cache_tokens": WHOLE,
    "quirks=redacted_thinking": WHOLE,
    "quirks=tool_call_whole": AT_ONCE,
    "quirks=tool_indexes_swapped": CALLS,
    "quirks=tool_index_missing": CALLS,
    "quirks=tool_head_repeated": CALLS,
    "quirks=tool_arguments_broken": CALLS,
    "quirks=object_arguments": AT_ONCE,
    "quirks=stop_after_tools": CALLS,
    "quirks=end_turn_after_tools": CALLS,
}
QUIRKS: dict[FormatName, Mapping[str, str]] = {
    "openai": openai.QUIRKS,
    "anthropic": anthropic.QUIRKS,
}


def met(case: Case, format_: FormatName) -> bool:
    return case.name != "quirks" or case.value in QUIRKS[format_]


def asked_of(format_: FormatName) -> list[Case]:
    return [case for case in cases() if met(case, format_)]


def outcome(found: Heard) -> Outcome:
    error = found.error
    if error is None:
        return found.text, found.last.stop_reason, found.ended
    status = f" {error.status}" if error.status else ""
    return found.text, f"{error.kind}{status}", found.ended


def check(clock: SimulatedClock, format_: FormatName, case: Case) -> None:
    found = heard(clock, format_, asked(case.query))
    assert outcome(found) == OUTCOMES[case.fault]
    assert KEY not in f"{found.error!r} {found.error}"
    assert "127.0.0.1" not in str(found.error)


@pytest.mark.parametrize("case", asked_of("openai"), ids=lambda case: case.fault)
def test_each_fault_in_the_openai_format_has_its_outcome(clock: SimulatedClock, case: Case) -> None:
    check(clock, "openai", case)


@pytest.mark.parametrize("case", asked_of("anthropic"), ids=lambda case: case.fault)
def test_each_fault_in_the_anthropic_format_has_its_outcome(
    clock: SimulatedClock, case: Case
) -> None:
    check(clock, "anthropic", case)


def test_every_fault_has_an_outcome() -> None:
    assert {case.fault for case in cases()} == OUTCOMES.keys()


# Names and arguments of the calls, and that they come one after the other.
def calls_of(found: Heard) -> list[tuple[str, str]]:
    calls: list[tuple[str, str]] = []
    for _, delta in found.deltas:
        match delta:
            case ToolCallStart(name=name):
                calls.append((name, ""))
            case ToolCallDelta(arguments=piece):
                calls[-1] = (calls[-1][0], calls[-1][1] + piece)
    kinds = [type(delta) for _, delta in found.deltas[:-1] if not isinstance(delta, ToolCallDelta)]
    assert kinds == [ToolCallStart, ToolCallEnd] * len(calls)
    return calls


WEATHER = ("get_weather", {"city": "Paris"})
TIME = ("get_time", {"zone": "Europe/Paris"})
TOOLS = [(format_, case) for format_ in QUIRKS for case in asked_of(format_) if case.is_of_tools]


@pytest.mark.parametrize(("format_", "case"), TOOLS, ids=lambda each: getattr(each, "value", each))
def test_calls_of_tools_survive_what_servers_make_of_them(
    clock: SimulatedClock, format_: FormatName, case: Case
) -> None:
    found = calls_of(heard(clock, format_, asked(case.query)))
    if case.value == "tool_arguments_broken":
        assert found == [
            (name, json.dumps(given, separators=(",", ":"))[:-1]) for name, given in (WEATHER, TIME)
        ]
        return
    expected = [TIME, WEATHER] if case.value == "tool_indexes_swapped" else [WEATHER, TIME]
    assert [(name, json.loads(arguments)) for name, arguments in found] == expected


@pytest.mark.parametrize("format_", ["openai", "anthropic"])
def test_an_end_without_its_marker_may_be_taken(clock: SimulatedClock, format_: FormatName) -> None:
    found = heard(clock, format_, asked("end=no_done"), takes_unmarked_end=True)
    assert outcome(found) == WHOLE
    cut = "fail_chunk=end&fail_chunk_mode=cut"
    found = heard(clock, format_, asked(cut), takes_unmarked_end=True)
    assert outcome(found) == (HELLO, "broken", 0.6)


@pytest.mark.parametrize("format_", ["openai", "anthropic"])
def test_a_document_in_place_of_a_stream_is_the_answer(
    clock: SimulatedClock, format_: FormatName
) -> None:
    found = heard(clock, format_, asked("stream=false&text=Hi+you&reasoning=Hm"))
    assert outcome(found) == ("Hi you", "stop", 0.0)
    assert found.last.usage.total_tokens == 25


@pytest.mark.parametrize(
    ("query", "kind"),
    [("content_length=too_long", "broken"), ("content_length=too_short", "malformed")],
)
def test_a_document_that_is_cut_short_is_no_answer(
    clock: SimulatedClock, query: str, kind: str
) -> None:
    found = heard(clock, "openai", asked(f"stream=false&{query}"))
    assert outcome(found) == ("", kind, 0.0)
