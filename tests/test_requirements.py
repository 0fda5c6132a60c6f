import re

from sluicegate import shipped
from sluicegate.gherkin.register import requirements, tagged

FEATURES = sorted(shipped.FEATURES.rglob("*.feature"))
COVERED = {name for feature in FEATURES for name in tagged(feature)}


def test_every_requirement_that_is_not_planned_has_a_scenario() -> None:
    due = {name for name, entry in requirements().items() if not entry.planned}
    assert due - COVERED == set(), "write a scenario, or mark the requirement as planned"


def test_a_requirement_with_a_scenario_is_no_longer_planned() -> None:
    planned = {name for name, entry in requirements().items() if entry.planned}
    assert planned & COVERED == set(), "take the mark `planned` off features/requirements.toml"


def test_every_tagged_requirement_is_in_the_register() -> None:
    assert COVERED - requirements().keys() == set()


def test_the_register_is_well_formed() -> None:
    for name, entry in requirements().items():
        assert re.fullmatch(r"[A-Z]+-\d{3}", name)
        assert entry.level in {"core", "extended"}
        assert entry.sentence
        assert entry.source
