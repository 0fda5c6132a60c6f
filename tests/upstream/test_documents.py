import json

import pytest

from sluicegate.upstream.documents import MOST, amount, count


@pytest.mark.parametrize(
    "told", ["1" + "0" * 400, "1e308", "1e400", "NaN", "-1", "true", '"7"', "[]"]
)
def test_a_number_that_cannot_be_true_counts_as_0(told: str) -> None:
    value = json.loads(told)
    assert count({"tokens": value}, "tokens") == 0
    assert amount(value) == 0


@pytest.mark.parametrize("told", [0, 7, 7.0, MOST])
def test_a_number_of_tokens_is_whole(told: float) -> None:
    assert repr(count({"tokens": told}, "tokens")) == repr(int(told))
    assert amount(told) == told
