import json
import re
import zlib
from collections import ChainMap
from collections.abc import Iterator, Mapping
from itertools import accumulate, islice
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.provider import anthropic, openai
from sluicegate.provider.answer import Answer
from sluicegate.provider.frames import Identity
from sluicegate.provider.parameters import FAULTY, PARAMETERS
from sluicegate.provider.plan import read_plan
from sluicegate.provider.refusal import RefusedError
from sluicegate.provider.repetition import Repetition
from sluicegate.provider.request import read
from sluicegate.provider.respond import Responder
from sluicegate.provider.selection import HEADER
from sluicegate.runtime.clock import SIMULATED_EPOCH, SimulatedClock
from sluicegate.wire.schema import violations
from sluicegate.wire.sse import Decoder

from .parameter_values import NOT_ACCEPTED, Given, beside, values
from .wire_client import CHAT, MESSAGES, Read, Seen, ask, body, post, serving

Ways = Mapping[str, Given]

# From the weakest to the strongest.
WAYS = ("model", "header", "query", "plan")
PATHS = {openai: CHAT, anthropic: MESSAGES}
SCHEMAS = {
    openai: ("openai/chat.completion", "openai/chat.completion.chunk", "openai/error"),
    anthropic: ("anthropic/message", "anthropic/event", "anthropic/error"),
}


def answered(format_: ModuleType, ways: Ways, *, stream: bool) -> Answer:
    query, header, content = written(ways, stream=stream)
    planned = read_plan({"answers": [dict(ways.get("plan", {}))]}).answer(1)
    responder = Responder(
        lambda model: Identity("mock-1", SIMULATED_EPOCH, model),
        lambda: SIMULATED_EPOCH,
        Repetition(),
    )
    return responder.respond(format_, read(query.encode(), header, content), planned, None)


def written(ways: Ways, *, stream: bool) -> tuple[str, str, bytes]:
    suffix, header, query = (urlencode(ways.get(way, {})) for way in WAYS[:-1])
    return query, header, body(model=f"gpt-4?{suffix}", stream=stream)


# The answer, or the parameter whose refusal it is.
def outcome(format_: ModuleType, ways: Ways, *, stream: bool) -> Answer | str:
    try:
        answer = answered(format_, ways, stream=stream)
    except RefusedError as refused:  # a plan is, when it is read
        return (refused.param or "").removeprefix("answers[0].")
    return (named_in(answer) if answer.status == 400 else None) or answer


def named_in(answer: Answer) -> str | None:
    message = json.loads(data_of(answer))["error"]["message"]
    named = re.match(r"(?:Unknown parameter|Parameter) '(.*?)'", message)
    return named.group(1) if named else None


# The parameters as they count: where nothing is to fail, those of faults do not.
def counted(ways: Ways) -> dict[str, str]:
    merged = {name: value for way in WAYS for name, value in ways.get(way, {}).items()}
    spares = float(merged.get("fail_times", 1)) == 0 or float(merged.get("fail_rate", 1)) == 0
    return {
        name: value
        for name, value in merged.items()
        if not (spares and PARAMETERS[name].group in FAULTY)
    }


def status_of(parameters: Given) -> int | None:
    fail = parameters.get("fail", "none")
    special = {"timeout": 504, "hang": None, "reset": None, "close": None}
    return int(fail) if fail.isdigit() else special.get(fail, 200)


# What makes a body differ from what its schema says, unless it has this value.
HARMLESS = {"body": "whole", "content_length": "right", "fail_chunk": "0", "end": "complete"}
DEPARTING = {*HARMLESS, "quirks", "finish_reason"}


def is_whole(answer: Answer, parameters: Given) -> bool:
    departing = (name for name in DEPARTING & parameters.keys())
    is_faulty = any(parameters[name] != HARMLESS.get(name) for name in departing)
    return answer.status is not None and answer.ending == "complete" and not is_faulty


def data_of(answer: Answer) -> bytes:
    data = b"".join(part.data for part in answer.parts)
    is_zipped = ("Content-Encoding", "gzip") in answer.headers
    return zlib.decompress(data, 16 + zlib.MAX_WBITS) if is_zipped else data


def documents(answer: Answer, *, streamed: bool) -> Iterator[Any]:
    if not streamed:
        yield json.loads(data_of(answer))
        return
    for event in Decoder().feed(data_of(answer)):
        if event.data != "[DONE]":
            yield json.loads(event.data)


def check_schema(format_: ModuleType, answer: Answer, *, streamed: bool) -> None:
    plain, chunk, error = SCHEMAS[format_]
    is_ok = answer.status == 200
    schema = error if not is_ok else chunk if streamed else plain
    for document in documents(answer, streamed=streamed and is_ok):
        assert violations(document, schema) == []


def check(format_: ModuleType, ways: Ways, *, stream: bool) -> None:
    answer = outcome(format_, ways, stream=stream)
    if isinstance(answer, str):
        assert any(answer in given for given in ways.values())
        return
    parameters = counted(ways)
    assert answer.status == status_of(parameters)
    if is_whole(answer, parameters):
        streamed = parameters.get("stream", str(stream).lower()) == "true"
        check_schema(format_, answer, streamed=streamed)


names = st.sampled_from(sorted(PARAMETERS))
formats = st.sampled_from([openai, anthropic])


# Each value of each parameter, with what it needs.
valued = st.sampled_from(
    [
        {**beside(name, value), name: value}
        for name in PARAMETERS
        for value in dict.fromkeys((*values(name), *values(name, anthropic)))
    ]
)


def some(each: st.SearchStrategy[Given]) -> st.SearchStrategy[Ways]:
    together = st.lists(each, max_size=3).map(lambda several: dict(ChainMap(*map(dict, several))))
    return st.fixed_dictionaries({}, optional=dict.fromkeys(WAYS, together))


@settings(max_examples=200)
@given(format_=formats, ways=some(valued), stream=st.booleans())
def test_any_combination_is_answered_as_asked_or_refused_by_name(
    *, format_: ModuleType, ways: Ways, stream: bool
) -> None:
    check(format_, ways, stream=stream)


JUNK = ("", "true", "none", "NaN", "1e400", "[1]", "{", "a{}", "a{}b", "\x00", "5" * 5000)
junk = st.one_of(st.text(max_size=6), st.integers(-10, 700).map(str), st.sampled_from(JUNK))


@given(
    format_=formats,
    ways=some(st.dictionaries(names, junk, max_size=2)),
    stream=st.booleans(),
)
def test_any_values_are_answered_as_asked_or_refused_by_name(
    *, format_: ModuleType, ways: Ways, stream: bool
) -> None:
    check(format_, ways, stream=stream)


@given(formats, names, st.sampled_from(WAYS), some(valued))
def test_one_bad_value_is_refused_whatever_the_others_are(
    format_: ModuleType, name: str, way: str, ways: Ways
) -> None:
    bad = {name: NOT_ACCEPTED.get(name, "\N{SNOWMAN}")}
    others = {**ways, "plan": {}} if way != "plan" else ways
    assert outcome(format_, {**others, way: bad}, stream=False) == name


ENDINGS = {"reset": "RST", "cut": "FIN", "silence": "open"}


def seen_by_a_client(format_: ModuleType, ways: Ways, *, stream: bool) -> Seen:
    async def scenario() -> Seen:
        query, header, content = written(ways, stream=stream)
        request = post(PATHS[format_], query, content, {HEADER: header})
        async with serving(clock) as server:
            return await ask(clock, server, request, longest=60.0)

    with SimulatedClock() as clock:
        return clock.run(scenario())


def reads_of(answer: Answer) -> Iterator[Read]:
    times = accumulate((part.after for part in answer.parts), initial=answer.delay)
    for at, part in zip(islice(times, 1, None), answer.parts, strict=True):
        if part.data:
            yield round(at, 6), part.data


@settings(max_examples=60)
@given(format_=formats, ways=some(valued), stream=st.booleans())
def test_any_answer_is_what_the_client_sees(
    *, format_: ModuleType, ways: Ways, stream: bool
) -> None:
    ways = {way: given for way, given in ways.items() if way != "plan"}
    answer = answered(format_, ways, stream=stream)
    seen, expected = seen_by_a_client(format_, ways, stream=stream), tuple(reads_of(answer))
    assert (seen.status, seen.surplus) == (answer.status, answer.surplus)
    assert seen.reads[: len(expected)] == expected
    beats = {data for _, data in seen.reads[len(expected) :]}
    assert beats == (set() if answer.heartbeat is None else {answer.heartbeat.data})
    assert seen.ending.split(",")[0] == ENDINGS.get(answer.ending, answer.ending)
