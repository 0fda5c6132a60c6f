import json
from collections.abc import Mapping
from itertools import combinations, permutations, product
from types import ModuleType
from urllib.parse import urlencode

import pytest

from sluicegate.provider import anthropic, openai
from sluicegate.provider.answer import Answer
from sluicegate.provider.frames import Identity
from sluicegate.provider.parameters import PARAMETERS
from sluicegate.provider.plan import read_plan
from sluicegate.provider.plans import Plans
from sluicegate.provider.refusal import RefusedError
from sluicegate.provider.repetition import Repetition
from sluicegate.provider.request import read
from sluicegate.provider.respond import Responder
from sluicegate.provider.selection import HEADER
from sluicegate.provider.token import find, mark
from sluicegate.runtime.clock import SimulatedClock

from .openai_cases import BREAKS
from .parameter_values import NOT_ACCEPTED, Given, beside, values
from .wire_client import CHAT, Seen, ask, body, post, serving

# From the strongest to the weakest.
WAYS = ("plan", "query", "header", "model")
PLACES = {"query": "", "header": f" in the header {HEADER}", "model": " in the model"}
TOKEN = "ways-1"  # noqa: S105 - names a request, and is no secret
AGENT = "provider"


def identity(_: str) -> Identity:
    return Identity("mock-1", 1_699_000_000, "gpt-4")


# What is answered where each of these ways asks for these parameters.
def answered(ways: Mapping[str, Given], format_: ModuleType = openai) -> Answer:
    query, header, suffix = (urlencode(ways.get(way, {})) for way in WAYS[1:])
    model = f"gpt-4?{suffix}" if suffix else "gpt-4"
    content = body(f"Hello {mark(TOKEN)}", model=model, stream_options={"include_usage": True})
    asked = read(query.encode(), header or None, content)
    plans = Plans()
    plans.file(AGENT, read_plan({"answers": [dict(ways.get("plan", {}))]}), TOKEN)
    token = find(asked.document or {})
    responder = Responder(identity, lambda: 1_699_000_000.0, Repetition())
    return responder.respond(format_, asked, plans.answer(AGENT, token), token)


@pytest.mark.parametrize("name", PARAMETERS)
def test_two_values_of_a_parameter_make_different_answers(name: str) -> None:
    first, second, *_ = ({**beside(name, each), name: each} for each in values(name))
    assert answered({"query": first}) != answered({"query": second})


@pytest.mark.parametrize("format_", [openai, anthropic], ids=["openai", "anthropic"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_means_the_same_whichever_way_it_comes(name: str, format_: ModuleType) -> None:
    for value in values(name, format_):
        given = {**beside(name, value), name: value}
        answers = [answered({way: given}, format_) for way in WAYS]
        assert answers == answers[:1] * len(WAYS)
        assert answers[0].status != 400


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_counts_where_the_strongest_way_names_it(name: str) -> None:
    for (strong, weak), (one, other) in product(
        combinations(WAYS, 2), permutations(values(name)[:2])
    ):
        needs = {**beside(name, other), **beside(name, one)}
        stronger, weaker = {**needs, name: one}, {**needs, name: other}
        assert answered({strong: stronger, weak: weaker}) == answered({"query": stronger})


TOGETHER = {"delay": "100", "fail": "429", "retry_after": "7", "request_id": "req-1"}


@pytest.mark.parametrize("ways", list(permutations(WAYS)))
def test_parameters_that_come_in_several_ways_combine(ways: tuple[str, ...]) -> None:
    given = {way: {name: value} for way, (name, value) in zip(ways, TOGETHER.items(), strict=True)}
    assert answered(given) == answered({"query": TOGETHER})


def test_a_parameter_may_come_another_way_than_the_one_that_it_needs() -> None:
    whole = {"stream": "true", "fail_chunk": "2", "fail_chunk_mode": "cut"}
    ways = zip(("model", "query", "header"), whole.items(), strict=True)
    assert answered({way: dict([given]) for way, given in ways}) == answered({"query": whole})


def refusal(answer: Answer) -> dict[str, str]:
    assert (answer.status, answer.delay, answer.ending) == (400, 0.0, "complete")
    error: dict[str, str] = json.loads(answer.parts[0].data)["error"]
    return error


def bad(name: str) -> Given:
    return {"delay": "500", name: NOT_ACCEPTED.get(name, "\N{LATIN SMALL LETTER E WITH ACUTE}")}


@pytest.mark.parametrize("way", PLACES)
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_bad_value_is_refused_with_its_name_and_place(name: str, way: str) -> None:
    value = values(name)[0]
    good: dict[str, Given] = {each: {**beside(name, value), name: value} for each in WAYS}
    error = refusal(answered({**good, way: bad(name)}))
    assert error["param"] == name
    assert error["message"].startswith(f"Parameter '{name}'{PLACES[way]}: expected ")


@pytest.mark.parametrize("way", PLACES)
def test_in_the_anthropic_format_the_message_tells_the_name_and_the_place(way: str) -> None:
    error = refusal(answered({way: bad("fail")}, anthropic))
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith(f"Parameter 'fail'{PLACES[way]}: expected ")


@pytest.mark.parametrize("way", PLACES)
def test_a_misspelt_name_is_refused_with_its_place(way: str) -> None:
    error = refusal(answered({way: {"fial": "429"}}))
    assert error["param"] == "fial"
    assert error["message"].startswith(f"Unknown parameter 'fial'{PLACES[way]}: did you mean")


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_bad_value_in_a_plan_is_refused_when_it_is_read(name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_plan({"answers": [{"fail": 429}, dict(bad(name))]})
    assert caught.value.param == f"answers[1].{name}"
    assert f"Parameter '{name}': expected " in caught.value.message


QUERY = "stream=true&text=Hi+you&fail_chunk=2&fail_chunk_mode=cut"
PLAN = {"stream": True, "text": "Hi you", "fail_chunk": 2, "fail_chunk_mode": "cut"}
REQUESTS = {
    "plan": post(CHAT, content=body(f"Hello {mark(TOKEN)}")),
    "query": post(CHAT, QUERY),
    "header": post(CHAT, headers={HEADER: QUERY}),
    "model": post(CHAT, content=body(model=f"gpt-4?{QUERY}")),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_makes_the_same_answer_on_the_wire(clock: SimulatedClock, way: str) -> None:
    async def scenario() -> Seen:
        plans = Plans()
        plans.file(AGENT, read_plan({"answers": [PLAN]}), TOKEN)
        async with serving(clock, plans) as server:
            return await ask(clock, server, REQUESTS[way])

    seen = clock.run(scenario())
    (case,) = (case for case in BREAKS if case.query == QUERY)
    # The model is told as it was asked for.
    reads = tuple((at, data.replace(f"?{QUERY}".encode(), b"")) for at, data in seen.reads)
    assert (reads, seen.ending, seen.ended) == (case.reads, case.ending, case.last)
