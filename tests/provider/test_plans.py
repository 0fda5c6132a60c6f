import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.plan import Plan
from sluicegate.provider.plans import MOST_TOKENS, Filed, Plans

TWO = Plan(answers=({"fail": 429}, {"fail": 503}))
OTHER = Plan(answers=({"text": ("other",)}, {"text": ("again",)}))


def test_an_agent_without_a_plan_is_an_ordinary_provider() -> None:
    plans = Plans()
    assert plans.plan("droid") == Plan()
    assert plans.answer("droid", None) == plans.answer("droid", "t") == {}


def test_attempts_are_answered_one_after_the_other() -> None:
    plans = Plans()
    plans.file("droid", TWO, "t")
    answers = [plans.answer("droid", "t")["fail"] for _ in range(3)]
    assert answers == [429, 503, 503]
    assert plans.attempts("droid", "t") == 3


def test_each_token_and_each_agent_counts_by_itself() -> None:
    plans = Plans()
    plans.file("droid", TWO, "one")
    plans.file("droid", TWO, "two")
    plans.file("router", TWO, "one")
    pairs = [("droid", "one"), ("droid", "two"), ("droid", "one"), ("router", "one")]
    assert [plans.answer(*pair)["fail"] for pair in pairs] == [429, 429, 503, 429]
    assert [plans.attempts(*pair) for pair in pairs] == [2, 1, 2, 1]


def test_a_plan_of_a_token_leaves_other_requests_alone() -> None:
    plans = Plans({"droid": OTHER})
    plans.file("droid", TWO, "t")
    assert plans.answer("droid", None) == plans.answer("droid", "unknown") == {"text": ("other",)}
    assert plans.answer("droid", "t") == {"fail": 429}


def test_a_token_that_has_a_plan_elsewhere_gets_the_own_plan_of_this_agent() -> None:
    plans = Plans({"router": OTHER})
    plans.file("droid", TWO, "t")
    assert plans.answer("router", "t") == {"text": ("other",)}


def test_unknown_tokens_begin_with_the_first_answer_of_the_own_plan() -> None:
    plans = Plans({"droid": TWO})
    asked = [None, "a", None, "a", "b"]
    assert [plans.answer("droid", token)["fail"] for token in asked] == [429, 429, 503, 503, 429]


@pytest.mark.parametrize("token", [None, "t"])
def test_a_plan_that_is_filed_again_begins_anew(token: str | None) -> None:
    plans = Plans()
    plans.file("droid", TWO, token)
    plans.answer("droid", token)
    plans.file("droid", OTHER, token)
    assert plans.attempts("droid", token) == 0
    assert plans.answer("droid", token) == {"text": ("other",)}


def test_an_own_plan_begins_anew_for_the_tokens_that_it_answers_and_no_others() -> None:
    plans = Plans({"droid": TWO})
    plans.file("droid", TWO, "planned")
    for token in ("planned", "unknown"):
        plans.answer("droid", token)
    plans.file("droid", OTHER)
    assert plans.answer("droid", "unknown") == {"text": ("other",)}
    assert plans.answer("droid", "planned") == {"fail": 503}


def test_a_reset_of_a_token_forgets_its_plans_and_counts_alone() -> None:
    plans = Plans({"droid": OTHER})
    for token in ("one", "two"):
        plans.file("droid", TWO, token)
        plans.answer("droid", token)
    plans.reset("one")
    plans.reset("never heard of")
    assert (plans.attempts("droid", "one"), plans.attempts("droid", "two")) == (0, 1)
    assert plans.answer("droid", "one") == {"text": ("other",)}
    assert plans.answer("droid", "two") == {"fail": 503}


def test_a_reset_brings_back_the_own_plans_of_the_start() -> None:
    plans = Plans({"droid": OTHER})
    plans.answer("droid", None)
    plans.file("droid", Plan(models=("new",), healthy=False))
    plans.file("router", Plan(healthy=False))
    plans.file("droid", TWO, "t")
    plans.reset()
    assert (plans.plan("droid"), plans.plan("router")) == (OTHER, Plan())
    assert plans.attempts("droid") == plans.attempts("droid", "t") == 0
    assert plans.answer("droid", None) == plans.answer("droid", "t") == {"text": ("other",)}


def test_every_plan_is_told_with_its_attempts() -> None:
    plans = Plans({"droid": OTHER})
    plans.file("droid", TWO, "t")
    for token in (None, None, "t", "unknown"):
        plans.answer("droid", token)
    assert list(plans.filed()) == [Filed("droid", None, OTHER, 2), Filed("droid", "t", TWO, 1)]


def test_asking_for_attempts_makes_no_token_known() -> None:
    plans = Plans()
    assert plans.attempts("droid", "t") == 0
    assert not plans._cases


def test_the_token_not_heard_of_for_the_longest_is_forgotten_first() -> None:
    plans = Plans()
    plans.file("droid", TWO, "kept")
    plans.file("droid", TWO, "forgotten")
    for number in range(MOST_TOKENS - 2):
        plans.answer("droid", f"{number}")
    plans.answer("droid", "kept")
    plans.answer("droid", "one too many")
    assert len(plans._cases) == MOST_TOKENS
    assert plans.attempts("droid", "kept") == 1
    assert [filed.token for filed in plans.filed()] == ["kept"]


@pytest.mark.parametrize("token", ["", "a b", "x" * 65, "ä"])
def test_a_plan_for_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(SluicegateError, match="expected a token of 1 to 64 letters"):
        Plans().file("droid", TWO, token)
