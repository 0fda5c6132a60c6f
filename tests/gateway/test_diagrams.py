from pathlib import Path

from sluicegate.gateway.breaker import Numbers
from sluicegate.gateway.diagrams import PICTURES, circuit, redrawn

PAGE = Path(__file__).parents[2] / "docs" / "gateway.md"


def test_the_pictures_of_the_page_are_those_of_the_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert redrawn(page) == page, "run: python -m sluicegate.gateway.diagrams docs/gateway.md"
    assert all(draw() in page for draw in PICTURES.values())


def test_a_picture_that_is_not_true_is_drawn_anew() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert redrawn(page.replace("failure, 5 in a row", "failure, 4 in a row")) == page


def test_the_circuit_is_drawn_with_its_numbers() -> None:
    drawn = circuit(Numbers(failures=3, open_seconds=0.5, successes=1))
    assert "closed --> open : failure, 3 in a row" in drawn
    assert "open --> half_open : 0.5 s" in drawn
