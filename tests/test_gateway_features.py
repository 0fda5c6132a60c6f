import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from sluicegate import shipped
from sluicegate.gherkin.document import read
from sluicegate.gherkin.register import requirements

NEEDED: Final = {
    "STREAM": {"streaming"},
    "PARTIAL": {"streaming"},
    "PARTIAL-003": {"streaming", "error_event"},
    "PARTIAL-004": {"streaming", "logs"},
    "FRAMING": {"streaming"},
    "CONCURRENCY": {"streaming"},
    "FALLBACK": {"fallback"},
    "FALLBACK-001": {"stream_to_plain"},
    "FALLBACK-002": {"stream_to_plain"},
    "FALLBACK-003": {"stream_to_plain"},
    "FALLBACK-004": {"fallback_switch"},
    "FALLBACK-007": {"routing"},
    "FALLBACK-008": {"health"},
    "BREAKER": {"breaker"},
    "BREAKER-003": {"half_open"},
    "BREAKER-004": {"half_open"},
    "BREAKER-006": {"breaker_streaming"},
    "BREAKER-008": {"half_open"},
    "TIMEOUT": {"timeouts"},
    "TIMEOUT-001": {"timeouts", "stream_gap_timeout"},
    "TIMEOUT-006": {"timeouts", "whole_stream_timeout"},
    "TIMEOUT-004": {"timeouts", "logs"},
    "CANCEL": {"cancellation"},
    "AUTH": {"auth"},
    "MODELS": {"models"},
    "REPAIR": {"repair"},
}
"""What each requirement needs, by its ID or by what its ID begins with; others need nothing."""

OWED: Final = ("HONESTY", "FRAMING", "ERROR", "SECRET", "CANCEL", "STREAM", "PARTIAL-00[12]")
"""What every gateway owes, be it without a fallback."""

IMPLIED: Final = (
    (r"asks?(ed)? for a stream|\"stream\": true", {"streaming"}),
    (r"last event is an error", {"error_event"}),
    (r"\blog\b", {"logs"}),
    (r"variant is \"no-fallback\"", {"fallback_switch"}),
    (r"variant is \"keys\"", {"auth"}),
    (r"variant is \"sse\"", {"stream_to_plain"}),
    (r"variant is \"health\"|is unhealthy", {"health"}),
    (r"variant is \"routes\"|model is \"(?!gpt-4\b)", {"routing"}),
    (r"variant is \"short-limits\"|the whole-stream limit", {"whole_stream_timeout"}),
    (r"falls silent after|(?<!half )the gap limit", {"stream_gap_timeout", "cancellation"}),
    (r"circuit", {"breaker"}),
    (r"then to the agent|^\| droid", {"fallback", "routing", "health"}),
    (r"streamed \|.*\| plain", {"stream_to_plain"}),
    (r"GET /v1/models", {"models"}),
    (r"limit \(|limits of|never answers", {"timeouts"}),
    (r"client went away|has ended$", {"cancellation", "timeouts", "streaming"}),
    (r"has the quirk \"(?!usage|duplicate|role_repeated)", {"repair"}),
    (r"answers 200 with", {"repair", "fallback", "SECRET"}),
    (r"waited the open time|waits the open time", {"half_open"}),
)
"""What a scenario needs, at least one of these, if a step of it has such words."""


@dataclass(frozen=True, slots=True)
class Row:
    """A scenario with the values of one row of its Examples, and what its tags say."""

    name: str
    text: str
    required: tuple[str, ...]
    needs: frozenset[str]


def rows() -> Iterator[Row]:
    for path in sorted((shipped.FEATURES / "gateway").glob("*.feature")):
        for template in read(path).feature.scenarios.values():
            tags = template.tags | template.feature.tags
            tags |= template.rule.tags if template.rule else set()
            required = tuple(sorted(tag[4:] for tag in tags if tag.startswith("req:")))
            needs = frozenset(tag[6:] for tag in tags if tag.startswith("needs:"))
            contexts = [row for table in template.examples for row in table.as_contexts()]
            for row in contexts or [{}]:
                scenario = template.render(row)
                text = "\n".join(said for step in scenario.steps for said in _said(step))
                yield Row(f"{path.stem}: {scenario.name}", text, required, needs)


def _said(step: object) -> Iterator[str]:
    yield str(getattr(step, "name", ""))
    yield str(getattr(step, "docstring", None) or "")
    table = getattr(step, "datatable", None)
    if table is not None:
        yield "".join(f"| {' | '.join(cells)} |" for cells in table.raw())
        yield from (f"| {' | '.join(cells)} |" for cells in table.raw())


ROWS: Final = tuple(rows())


def _needed(requirement: str) -> set[str]:
    return NEEDED.get(requirement, NEEDED.get(requirement.partition("-")[0], set()))


def test_every_requirement_of_the_gateway_needs_what_is_stated_here() -> None:
    used = {each for row in ROWS for each in row.required}
    assert {name: set(requirements()[name].needs) for name in used} == {
        name: _needed(name) for name in used
    }


def test_every_scenario_has_the_tags_of_what_its_requirements_need() -> None:
    missing = {
        row.name: lacking
        for row in ROWS
        if (lacking := {need for name in row.required for need in _needed(name)} - row.needs)
    }
    assert missing == {}


@pytest.mark.parametrize(("words", "needs"), IMPLIED, ids=[words for words, _ in IMPLIED])
def test_what_a_step_depends_on_is_among_the_needs_of_its_scenario(
    words: str, needs: set[str]
) -> None:
    found = [row for row in ROWS if re.search(words, row.text, re.MULTILINE)]
    assert found
    assert [row.name for row in found if not needs & {*row.needs, *_families(row)}] == []


def _families(row: Row) -> set[str]:
    return {name.partition("-")[0] for name in row.required}


def test_what_every_gateway_owes_needs_no_fallback() -> None:
    pattern = re.compile("|".join(OWED))
    extra = {"fallback", "stream_to_plain", "fallback_switch", "routing", "breaker", "error_event"}
    owed = [row for row in ROWS if all(map(pattern.match, row.required))]
    assert [row.name for row in owed if row.needs & extra] == []
    for each in OWED:
        assert any(re.match(each, name) for row in owed for name in row.required), each
