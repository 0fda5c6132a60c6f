import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.plan import Plan


def test_a_provider_lists_gpt_4_and_is_healthy_by_default() -> None:
    assert Plan() == Plan(models=("gpt-4",), healthy=True)


@pytest.mark.parametrize("name", ["", " ", "\n"])
def test_a_model_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(SluicegateError, match="expected the name of a model"):
        Plan(models=("gpt-4", name))


def test_a_model_named_twice_is_refused() -> None:
    with pytest.raises(SluicegateError, match="each model once, got a, b, a"):
        Plan(models=("a", "b", "a"))
