import pytest

from sluicegate.gherkin.expressions import Sentence
from sluicegate.gherkin.kinds import OWN_KINDS
from sluicegate.gherkin.named import NAMES, Name
from sluicegate.scenario.checks.status import Status
from sluicegate.scenario.claims import DEFAULTS


def under(kind: str, text: str, **values: object) -> object:
    sentence = Sentence(f"it is {{{kind}}} now")
    sentence.parameters = ("value",)
    arguments = sentence.parse_arguments(f"it is {text} now", values)
    assert arguments is not None
    return arguments["value"]


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_every_name_is_read_with_the_default_that_it_is_written_with(name: Name) -> None:
    assert under(name.kind, str(name)) == under(name.kind, str(name), **DEFAULTS)
    kind = next(each for each in OWN_KINDS if each.name == name.kind)
    assert isinstance(under(name.kind, str(name)), kind.value)
    assert f"`{name}`" in kind.accepts


def test_every_value_of_a_profile_has_a_name() -> None:
    for key, default in DEFAULTS.items():
        other = {"last": "first"}[default] if isinstance(default, str) else default + 2
        assert any(name.differs({**DEFAULTS, key: other}) for name in NAMES), key


@pytest.mark.parametrize(
    ("kind", "text", "values", "expected"),
    [
        ("status", "the timeout status (504)", {"timeout_status": 408}, 408),
        ("status", "504", {"timeout_status": 408}, 504),
        ("count", "as often as opens the circuit (5 times)", {"failures_to_open": 3}, 3),
        ("count", "once less than opens the circuit (4 times)", {"failures_to_open": 3}, 2),
        ("duration", "half the open time (15 seconds)", {"open_seconds": 5}, 2.5),
        ("duration", "100 ms plus the gap limit (20 seconds)", {"gap_seconds": 5}, 5.1),
        (
            "duration",
            "the first-content limit (20 seconds) plus the plain limit (15 seconds)",
            {"first_content_seconds": 7, "plain_seconds": 3},
            10.0,
        ),
        ("duration", "the limits of all plain attempts (30 seconds)", {"attempts_plain": 1}, 15.0),
        ("duration", "the limits of all streamed attempts (60 seconds)", {}, 60.0),
        (
            "duration",
            "the limits of all streamed attempts (60 seconds)",
            {"attempts_streamed": 2, "plain_seconds": 30},
            60.0,
        ),
        ("provider", 'the agent whose error counts ("droid")', {}, 'the agent "droid"'),
        (
            "provider",
            'the agent whose error counts ("droid")',
            {"error_when_both_fail": "first"},
            'the agent "ccrouter"',
        ),
    ],
)
def test_a_name_stands_for_the_value_of_the_gateway(
    kind: str, text: str, values: dict[str, object], expected: object
) -> None:
    assert under(kind, text, **values) == expected


def test_a_status_may_be_any_of_several() -> None:
    got = under("status", "the final-error status (500)", final_error_status=(502, 500))
    assert isinstance(got, Status)
    assert (got, got.name, got.allowed) == (502, "final-error status", (502, 500))


def test_what_a_profile_changes_is_told_in_words() -> None:
    sentence = Sentence("it ends after {duration}")
    (named,) = sentence.named("it ends after 1 second plus the gap limit (20 seconds)")
    assert list(named.differences({"gap_seconds": 20, "plain_seconds": 1})) == []
    assert list(named.differences({"gap_seconds": 45})) == [
        "the gap limit: 45 seconds, by the profile (20 seconds by default)"
    ]
    assert sentence.named("it ends after 1 second") == []
