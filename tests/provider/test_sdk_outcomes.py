import re
from pathlib import Path

from sluicegate.provider.parameters import FAULTY, PARAMETERS

from .sdk_cases import STATUSES, cases
from .sdk_outcomes import PATIENCE, rows
from .sdk_page import page
from .sdk_remarks import REMARKS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
VERSIONS = re.compile(r"with openai (\S+) and anthropic (\S+);")


def test_the_page_tells_what_the_sdks_make_of_each_fault() -> None:
    written = PAGE.read_text(encoding="utf-8")
    found = VERSIONS.search(written)
    assert found, "the page does not say which versions it was written with"
    # All versions that the project allows make the same of every fault.
    versions = {"openai": found[1], "anthropic": found[2]}
    now = page(rows(), versions, PATIENCE)
    for remark in REMARKS:
        assert remark.sentence in now, "this is no longer true"
    assert now == written, f"run `python tests/provider/sdk_outcomes.py --write {PAGE}`"


def test_each_fault_is_shown() -> None:
    shown = {(case.name, case.value) for case in cases()}
    faults = {name: each for name, each in PARAMETERS.items() if each.group in FAULTY}
    assert {name for name, _ in shown} == faults.keys()
    named = {(name, value) for name, each in faults.items() for value in each.values}
    assert named - shown == {("fail", "400 to 599")}
    assert {("fail", str(status)) for status in STATUSES} <= shown


def test_only_what_is_ordinary_concerns_no_sdk() -> None:
    ordinary = {
        case.query
        for case in cases()
        if not any(
            case.concerns(sdk, stream=stream)
            for sdk in ("openai", "anthropic")
            for stream in (False, True)
        )
    }
    assert ordinary == {
        "fail=none",
        "end=complete",
        "body=whole",
        "content_length=right",
        "encoding=identity",
        "line_end=lf",
        "cut=events",
    }
