from pathlib import Path
from typing import Any

import click
import pytest

from sluicegate.report import markdown, terminal

from .example import counted, document, scenario

LONG = "the client was told nothing of the failure, and " * 4
FAILED = [
    scenario(f"The agent resets {n}", "failed", requirements=["PARTIAL-001", "PARTIAL-002"])
    for n in range(5)
]
OTHERS = [
    scenario("A long reason", "failed", requirements=["STREAM-004"], reason=LONG),
    scenario("It passes", requirements=["STREAM-004"]),
    scenario("Late", "not judged", blame="the harness", reason="too late to judge"),
    scenario("Half", "informational failure", needs=["half_open"]),
    scenario("Log", "skipped", reason="not claimed: logs: no JSON", blame="", message=""),
    scenario("Logs", "skipped", reason="not claimed: logs: no JSON", blame="", message=""),
]


def made(scenarios: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    needing = [each for each in scenarios if "half_open" in each["needs"]]
    half = {"name": "half_open", "claim": "unknown", "reason": "", "counts": counted(needing)}
    return document(scenarios, capabilities=[half], **changes)


DOCUMENT = made(FAILED + OTHERS)
SUMMARY = """\
LiteLLM 1.102.4 is not conformant: 7 of 212 scenarios failed.

STREAM-004  core, 1 of 4 scenarios failed
  No chunk waits for another one
  the client was told nothing of the failure, and the client was told nothing of the failure, and
    the client was told nothing of the failure, and the client was told nothing of the failure, and
  to blame: the gateway
    features/gateway/streaming.feature:12: A long reason

PARTIAL-001, PARTIAL-002  core, 5 of 5 scenarios failed
  No chunk waits for another one
  the first chunk waited for the last one
  to blame: the gateway
    features/gateway/streaming.feature:12: The agent resets 0
    features/gateway/streaming.feature:12: The agent resets 1
    features/gateway/streaming.feature:12: The agent resets 2
    and 2 more

Not judged
  too late to judge
  to blame: the harness
    features/gateway/streaming.feature:12: Late

Known failures
  PARTIAL-003 fails as known until 2027-06-30: sends its error event without a type

For information only
  found: half_open is not there: 1 of 1 scenario failed

Not claimed
  logs: no JSON (2 scenarios)

1 passed, 6 failed, 1 informational failure, 2 skipped, 1 not judged in 91.2 s, 8 side by side
the report: made/report.html (beside it: conformance.json, junit.xml, summary.md)"""


def test_the_summary_says_what_a_person_acts_on() -> None:
    assert terminal.summary(DOCUMENT, Path("made")) == SUMMARY


def test_a_flood_of_one_reason_begins_with_all_that_fail_for_it() -> None:
    failed = [scenario(f"{n}", "failed", requirements=[f"A-{n:03}"]) for n in range(30)]
    text = terminal.summary(made([*failed, *OTHERS]))
    first, *lines = text.split("\n\n")[2].splitlines()
    assert len(first) <= terminal.WIDTH
    assert lines[2:6] == [
        "  core, 30 of 30 scenarios failed",
        "  No chunk waits for another one",
        "  the first chunk waited for the last one",
        "  to blame: the gateway",
    ]
    assert lines[-1] == "    and 27 more"


def test_colours_are_for_terminals() -> None:
    coloured = terminal.summary(DOCUMENT, Path("made"), coloured=True)
    assert coloured != SUMMARY
    assert click.unstyle(coloured) == SUMMARY


def test_a_pass_is_two_lines() -> None:
    verdict = DOCUMENT["verdict"] | {"outcome": "conformant", "sentence": "X is conformant."}
    text = terminal.summary(made([scenario("It passes")], verdict=verdict, known_failures=[]))
    assert text == "X is conformant.\n\n1 passed in 91.2 s, 8 side by side"


def test_what_kept_the_run_from_judging_is_told_where_nothing_ran() -> None:
    troubles = [{"blame": "the profile", "sentence": "nothing listens there"}]
    text = terminal.summary(made([], troubles=troubles, known_failures=[]))
    assert text.splitlines()[1:] == [
        "",
        "The run",
        "  nothing listens there (to blame: the profile)",
        "",
        "nothing ran in 91.2 s, 8 side by side",
    ]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("holds", "fails as known until 2027-06-30"),
        ("expired", "was a known failure until 2027-06-30, and counts now"),
        ("passes", "did not fail: remove the known failure from the profile"),
        ("not run", "is a known failure, and not all of its scenarios were tried"),
    ],
)
def test_a_known_failure_has_a_line(state: str, said: str) -> None:
    known = [each | {"state": state} for each in DOCUMENT["known_failures"]]
    assert f"\n  PARTIAL-003 {said}: sends" in terminal.summary(made([], known_failures=known))


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["failure", "failure"], "is not there: 2 of 2 scenarios failed"),
        (["pass", "failure"], "is there in part: 1 of 2 scenarios failed"),
        (["pass"], "is there: 1 of 1 scenario passed"),
    ],
)
def test_what_was_found_of_an_unknown_capability_is_told(outcomes: list[str], said: str) -> None:
    ended = [scenario("A", f"informational {each}", needs=["half_open"]) for each in outcomes]
    assert f"\n  found: half_open {said}\n" in terminal.summary(made(ended))


def test_what_was_not_judged_is_not_found() -> None:
    late = scenario(
        "A", "informational failure", needs=["half_open"], blame="the harness", reason="too late"
    )
    text = terminal.summary(made([late, scenario("B", "informational pass", needs=["half_open"])]))
    assert "\n  found: half_open was not judged: 1 of 2 scenarios were not: too late\n" in text


def test_a_capability_that_is_claimed_is_not_found() -> None:
    both = scenario("A", "informational failure", needs=["half_open", "streaming"])
    claimed = {"name": "streaming", "claim": True, "reason": "", "counts": counted([both])}
    assert "found" not in terminal.summary(document([both], capabilities=[claimed]))


def test_nothing_in_a_report_steers_the_terminal() -> None:
    hostile = scenario("\x1b[2J\r", "failed", reason="\x1b]0;x\x07", rule="\x9b2J")
    text = terminal.summary(made([hostile]))
    assert not {"\x1b", "\x07", "\x9b", "\r"} & {*text}


def test_the_short_form_is_the_verdict_and_where_the_report_is() -> None:
    assert terminal.short(DOCUMENT, Path("made")) == [
        SUMMARY.splitlines()[0],
        SUMMARY.splitlines()[-1],
    ]
    assert terminal.short(DOCUMENT, None) == [SUMMARY.splitlines()[0]]


MARKDOWN = """\
## ❌ LiteLLM 1.102.4 is not conformant: 7 of 212 scenarios failed.

LiteLLM 1.102.4 at http://127.0.0.1:4000, by the contract of Sluicegate 0.4.0

### Why

- STREAM-004 (the gateway): the first chunk waited for the last one

### PARTIAL-001, PARTIAL-002 (core, 5 of 5 scenarios failed)

No chunk waits for another one

- the first chunk waited for the last one (to blame: the gateway)
  - features/gateway/streaming.feature:12: The agent resets 0
  - features/gateway/streaming.feature:12: The agent resets 1
  - features/gateway/streaming.feature:12: The agent resets 2
  - and 2 more

### Not judged

- too late to judge (to blame: the harness)
  - features/gateway/streaming.feature:12: Late

### Known failures

- PARTIAL-003 fails as known until 2027-06-30: sends its error event without a type

### Not claimed

- logs: no JSON (1 scenario)

5 failed, 1 skipped, 1 not judged in 91.2 s, 8 side by side
"""


def test_the_markdown_says_the_same() -> None:
    system = DOCUMENT["system"] | {"where": "at http://127.0.0.1:4000"}
    ended = [*FAILED, OTHERS[2], OTHERS[4]]
    assert markdown.summary(made(ended, system=system)) == MARKDOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>", "&lt;script&gt;"),
        ("a | b", "a \\| b"),
        ("`code` *bold* _low_", "\\`code\\` \\*bold\\* \\_low\\_"),
        ("[x](http://a.b)", "\\[x\\](http://a.b)"),
        ("- a-b", "\\- a-b"),
        ("@team #1", "\\@team \\#1"),
        ("&lt;", "&amp;lt;"),
        ("two\nlines", "two lines"),
        ("\x1b[0m\u202e", "\\\\x1b\\[0m\\\\u202e"),
    ],
)
def test_a_text_means_nothing_to_markdown(text: str, expected: str) -> None:
    assert markdown.escaped(text) == expected


def test_a_report_of_many_failures_stays_small() -> None:
    failed = [
        scenario("A", "failed", requirements=[f"A-{n}"], reason=f"text {n} is missing")
        for n in range(1000)
    ]
    text = markdown.summary(made(failed))
    assert "and 950 more, which the report lists" in text
    assert len(text) < 30_000
