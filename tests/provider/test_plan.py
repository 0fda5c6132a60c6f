import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.plan import MOST_ANSWERS, Plan, read_plan
from sluicegate.provider.refusal import RefusedError


def test_a_provider_lists_gpt_4_and_is_healthy_by_default() -> None:
    assert Plan() == Plan(models=("gpt-4",), healthy=True, answers=())


@pytest.mark.parametrize("name", ["", " ", "\n"])
def test_a_model_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(SluicegateError, match="expected the name of a model"):
        Plan(models=("gpt-4", name))


def test_a_model_named_twice_is_refused() -> None:
    with pytest.raises(SluicegateError, match="each model once, got a, b, a"):
        Plan(models=("a", "b", "a"))


def test_without_answers_every_attempt_gets_the_ordinary_one() -> None:
    assert [Plan().answer(attempt) for attempt in (1, 2, 1000)] == [{}, {}, {}]


def test_each_attempt_gets_its_answer_and_the_last_repeats() -> None:
    plan = Plan(answers=({"fail": 429}, {"fail": 503}, {}))
    assert [plan.answer(n) for n in range(1, 6)] == [{"fail": 429}, {"fail": 503}, {}, {}, {}]


def test_an_empty_document_is_the_ordinary_plan() -> None:
    assert read_plan({}) == Plan()


def test_a_plan_is_read_from_json() -> None:
    document = {
        "answers": [{"fail": 429}, {"text": "Hello you", "stream": True, "pace": "20"}],
        "models": ["one", "two"],
        "healthy": False,
    }
    assert read_plan(document) == Plan(
        models=("one", "two"),
        healthy=False,
        answers=({"fail": 429}, {"text": ("Hello", " you"), "stream": True, "pace": 0.02}),
    )
    assert read_plan(document).document == document


@pytest.mark.parametrize("times", [3, 3.0])
def test_an_answer_may_be_meant_for_several_attempts(times: float) -> None:
    plan = read_plan({"answers": [{"times": times, "fail": 429}, {}]})
    assert plan.answers == ({"fail": 429}, {"fail": 429}, {"fail": 429}, {})


@pytest.mark.parametrize(
    ("document", "param", "message"),
    [
        ([], None, "The plan: expected an object"),
        ({"answer": []}, "answer", "answer: is unknown; known are answers, models, healthy"),
        ({"answers": {}}, "answers", "expected an array"),
        ({"answers": [{}, 429]}, "answers[1]", "expected an object"),
        ({"answers": [{"fail": 42}]}, "answers[0].fail", "expected a status from 400 to 599"),
        ({"answers": [{}, {"fial": 429}]}, "answers[1].fial", "did you mean 'fail'"),
        ({"answers": [{"text": 3.5, "fail": {}}]}, "answers[0].fail", "expected a status from 400"),
        ({"answers": [{"fail_chunk_mode": "reset"}]}, "answers[0].fail_chunk_mode", "without"),
        ({"answers": [{"times": 0}, {}]}, "answers[0].times", "at least 1"),
        ({"answers": [{"times": True}, {}]}, "answers[0].times", "expected an integer"),
        ({"answers": [{"times": 2, "fail": 429}]}, "answers[0].times", "repeats for ever"),
        ({"answers": [{"times": MOST_ANSWERS}, {}]}, "answers", "at most 10000 attempts"),
        ({"models": "gpt-4"}, "models", "expected an array"),
        ({"models": ["gpt-4", 5]}, "models[1]", "expected a string"),
        ({"models": [""]}, "models", "models: expected the name of a model, got ''"),
        ({"healthy": 1}, "healthy", "expected true or false"),
    ],
)
def test_a_mistake_is_refused_with_its_place(
    document: object, param: str | None, message: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        read_plan(document)
    assert (caught.value.param, caught.value.status) == (param, 400)
    assert message in caught.value.message


def test_the_place_in_a_larger_document_is_part_of_the_mistake() -> None:
    with pytest.raises(RefusedError) as caught:
        read_plan({"answers": [{"fail": 42}]}, ("plans", "open-router"))
    assert caught.value.param == 'plans["open-router"].answers[0].fail'
    assert caught.value.message.startswith(f"{caught.value.param}: Parameter 'fail': expected")


def test_a_document_that_is_nested_without_end_is_refused() -> None:
    document: dict[str, object] = {}
    for _ in range(100_000):
        document = {"answers": [document]}
    with pytest.raises(RefusedError):
        read_plan(document)
