"""What a run records of each scenario, as a part of pytest's report: JSON, and no more."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from pytest_bdd.parser import Scenario as Rendered
from pytest_bdd.parser import Step

from sluicegate import shipped
from sluicegate.errors import ViolationError
from sluicegate.gherkin.collection import Scenario
from sluicegate.gherkin.failures import (
    SCENARIO,
    STEP,
    WORLD,
    blame_of,
    block_of,
    message_of,
)
from sluicegate.gherkin.judging import COVERED, TERMS, Terms, rendered

from .lanes import exchange, legible, shortened

RECORD: Final = "sluicegate"
"""The attribute of a report that has the record: an entry of the document's `scenarios`."""

ABOUT: Final = "sluicegate_about"
"""The attribute that has what the record's requirements say, and what its known failures cover."""

MOST_EXCHANGES: Final = 12
MOST_LINES: Final = 40
LONGEST_REASON: Final = 500
"""Characters of a reason, which often ends with what to do."""


class Recording:
    """A plugin of pytest's, in each process that runs scenarios."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the record to the report of a scenario that ran, or that cannot run."""
        report = yield
        terms = item.stash.get(TERMS, None)
        if isinstance(item, Scenario) and terms and (report.when == "call" or not report.passed):
            error = call.excinfo.value if call.excinfo else None
            setattr(report, RECORD, _record(item, terms, report, error))
            setattr(report, ABOUT, _about(item, terms))
        return report


def path_of(item: Scenario) -> str:
    """Return the path of a scenario's file; of a shipped one, wherever it is installed."""
    if item.path.is_relative_to(shipped.FEATURES):
        return Path("features", item.path.relative_to(shipped.FEATURES)).as_posix()
    return Path(item.location[0]).as_posix()


def _record(
    item: Scenario, terms: Terms, report: pytest.TestReport, error: BaseException | None
) -> dict[str, Any]:
    scenario = item.stash.get(SCENARIO, None) or rendered(item)
    path = path_of(item)
    outcome, blame = _outcome(terms, report, error)
    return {
        "id": f"{path}::{item.nodeid.partition('::')[2]}",
        "feature": scenario.feature.name,
        "description": legible(scenario.feature.description),
        "path": path,
        "line": scenario.line_number,
        "rule": scenario.rule.name if scenario.rule else "",
        "name": terms.name,
        "requirements": list(terms.requirements),
        "level": terms.level,
        "needs": list(terms.needs),
        "slow": item.get_closest_marker("slow") is not None,
        "system": terms.system,
        "variant": terms.variant,
        "steps": list(_steps(item, scenario, report)),
        "outcome": outcome,
        "reason": _reason(terms, report, error),
        "message": "" if outcome == "skipped" or report.passed else legible(report.longreprtext),
        "blame": blame,
        "seconds": round(report.duration, 6),
        "exchanges": _exchanges(item),
        "log": [] if report.passed else _log(item),
    }


def _about(item: Scenario, terms: Terms) -> dict[str, Any]:
    covered = item.config.stash[COVERED]
    return {
        "requirements": {name: _entry(terms, name) for name in terms.requirements},
        "known": [covered[terms.system, each] for each in terms.covering],
    }


def _entry(terms: Terms, name: str) -> dict[str, Any]:
    about = terms.requirements[name]
    return {"sentence": about.sentence, "level": about.level, "needs": list(about.needs)}


def _outcome(
    terms: Terms, report: pytest.TestReport, error: BaseException | None
) -> tuple[str, str]:
    """Return how a scenario ended, and who is to blame, nobody for a pass."""
    if report.passed:
        return ("informational pass" if terms.unknown else "passed"), ""
    if report.skipped and not hasattr(report, "wasxfail"):
        return "skipped", ""
    blame = blame_of(error, terms.system) if error else f"the {terms.system}"
    if report.skipped:
        return ("informational failure" if terms.unknown else "known failure"), blame
    return ("failed" if blame == f"the {terms.system}" else "not judged"), blame


def _reason(terms: Terms, report: pytest.TestReport, error: BaseException | None) -> str:
    """Return why a scenario did not pass, in one line."""
    if report.passed:
        return ""
    if isinstance(report.longrepr, tuple):
        return shortened(str(report.longrepr[2]).removeprefix("Skipped: "), LONGEST_REASON)
    words = error.words if isinstance(error, ViolationError) else error and message_of(error)
    first = (words or report.longreprtext).partition("\n")[0]
    return "; ".join(filter(None, [shortened(first, LONGEST_REASON), terms.note]))


def _steps(
    item: Scenario, scenario: Rendered, report: pytest.TestReport
) -> Iterator[dict[str, Any]]:
    for step, state in zip(scenario.steps, _states(item, scenario, report), strict=True):
        yield {
            "keyword": step.keyword,
            "text": legible(step.name),
            "line": step.line_number,
            "block": legible("\n".join(block_of(step))),
            "state": state,
        }


def _states(item: Scenario, scenario: Rendered, report: pytest.TestReport) -> Iterator[str]:
    """Yield the states of the steps: those before the one that failed have passed."""
    current = item.stash.get(STEP, None)
    done = 0 if current is None else _place(current, scenario)
    is_skip = report.skipped and not hasattr(report, "wasxfail")
    for place in range(len(scenario.steps)):
        if place == done and current is not None and not report.passed:
            yield "not run" if is_skip else "failed"
        elif current is not None and (place < done or report.passed):
            yield "passed"
        else:
            yield "not run"


def _place(step: Step, scenario: Rendered) -> int:
    return next(place for place, each in enumerate(scenario.steps) if each is step)


def _exchanges(item: Scenario) -> list[dict[str, Any]]:
    world = item.stash.get(WORLD, None)
    seen = world.seen if world else ()
    return [exchange(each, seen[0].started) for each in seen[-MOST_EXCHANGES:]]


def _log(item: Scenario) -> list[str]:
    world = item.stash.get(WORLD, None)
    return [shortened(line) for line in world.output()[-MOST_LINES:]] if world else []
