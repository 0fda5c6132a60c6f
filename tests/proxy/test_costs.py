import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.proxy.costs import MOST_MODELS, OTHERS, Totals, priced
from sluicegate.proxy.settings import Price
from sluicegate.wire.assistant.message import Cost, Usage

SONNET = Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75)
USAGE = Usage(input=10, output=15, cache_read=1, cache_write=2, total_tokens=28)


def test_a_usage_costs_what_its_tokens_cost() -> None:
    cost = priced(USAGE, SONNET).cost
    assert cost == Cost(
        input=0.00003, output=0.000225, cache_read=0.0000003, cache_write=0.0000075, total=0.0002628
    )


def test_a_price_is_that_of_a_million_tokens() -> None:
    usage = Usage(input=1_000_000, total_tokens=1_000_000)
    assert priced(usage, SONNET).cost == Cost(input=3.0, total=3.0)


def test_costs_are_decimal_fractions_without_noise() -> None:
    million = 1_000_000
    usage = Usage(input=million, output=million, total_tokens=2 * million)
    cost = priced(usage, Price(input=0.1, output=0.2)).cost
    assert json.dumps([cost.input, cost.output, cost.total]) == "[0.1, 0.2, 0.3]"


def test_a_price_takes_the_place_of_a_cost_that_the_upstream_told() -> None:
    told = Usage(input=1, total_tokens=1, cost=Cost(input=9, total=9))
    assert priced(told, Price(input=1.0)).cost == Cost(input=0.000001, total=0.000001)


@pytest.mark.parametrize("cost", [Cost(), Cost(input=1.5, total=1.5)])
def test_without_a_price_the_usage_stays_as_it_came(cost: Cost) -> None:
    usage = Usage(input=10, total_tokens=10, cost=cost, extra={"service_tier": "standard"})
    assert priced(usage, None) is usage


def test_pricing_keeps_what_else_a_usage_says() -> None:
    usage = Usage(input=10, total_tokens=10, extra={"service_tier": "standard"})
    assert priced(usage, SONNET).extra == {"service_tier": "standard"}


def test_the_account_has_a_table_for_each_upstream_and_model() -> None:
    totals = Totals()
    totals.add("openai", "gpt-4", Usage(input=1, output=2, total_tokens=3))
    totals.add("anthropic", "claude", priced(USAGE, SONNET))
    totals.add("anthropic", "claude", priced(USAGE, SONNET))
    document = totals.document()
    assert {name: list(models) for name, models in document["upstreams"].items()} == {
        "anthropic": ["claude"],
        "openai": ["gpt-4"],
    }
    assert document["upstreams"]["anthropic"]["claude"] == {
        "requests": 2,
        "tokens": {
            "input": 20,
            "output": 30,
            "cache_read": 2,
            "cache_write": 4,
            "total_tokens": 56,
        },
        "cost": {
            "input": 0.00006,
            "output": 0.00045,
            "cache_read": 0.0000006,
            "cache_write": 0.000015,
            "total": 0.0005256,
        },
    }
    assert document["total"]["requests"] == 3
    assert document["total"]["tokens"]["total_tokens"] == 59
    assert document["total"]["cost"]["total"] == 0.0005256


def test_an_account_of_nothing_is_all_zeros() -> None:
    assert Totals().document() == {
        "upstreams": {},
        "total": {
            "requests": 0,
            "tokens": dict.fromkeys([each.name for each in fields(Usage)[1:6]], 0),
            "cost": dict.fromkeys([each.name for each in fields(Cost)[1:]], 0.0),
        },
    }


def test_a_thousand_thousandths_of_a_cent_are_a_cent() -> None:
    totals = Totals()
    for _ in range(1000):
        totals.add("openai", "gpt-4", priced(Usage(input=1), Price(input=10.0)))
    assert totals.document()["total"]["cost"]["total"] == 0.01


@given(st.lists(st.integers(0, 10**9), max_size=50))
def test_the_sum_of_what_was_told_is_the_price_of_all(counts: list[int]) -> None:
    totals = Totals()
    for count in counts:
        totals.add("openai", "gpt-4", priced(Usage(cache_read=count), SONNET))
    whole = priced(Usage(cache_read=sum(counts)), SONNET).cost
    assert totals.document()["total"]["cost"] == {
        each.name: getattr(whole, each.name) for each in fields(Cost)[1:]
    }


def test_models_that_clients_invent_do_not_fill_the_memory() -> None:
    totals = Totals()
    for number in range(MOST_MODELS + 5):
        totals.add("openai", f"{number}-{'x' * 1000}", Usage(input=1, total_tokens=1))
    totals.add("openai", f"0-{'x' * 1000}", Usage(input=1, total_tokens=1))
    document = totals.document()
    models = document["upstreams"]["openai"]
    assert len(models) == MOST_MODELS + 1
    assert (models[OTHERS]["requests"], document["total"]["requests"]) == (5, MOST_MODELS + 6)
    assert max(map(len, models)) <= 200
