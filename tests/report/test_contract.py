from pathlib import Path

import pytest

from sluicegate.report.contract import contract, fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.txt").write_text("two")
    (tmp_path / "sub" / "a.txt").write_text("one")
    return tmp_path


def test_the_fingerprint_is_that_of_names_and_contents(folder: Path) -> None:
    # printf '5 b.txt 3 two\n9 sub/a.txt 3 one\n' | sha256sum
    assert fingerprint(folder) == "0f42666294a51e8378943e0ffee88da6812a1d39daaa0bf3beb9c63f057d32c0"


@pytest.mark.parametrize("name", ["__pycache__/x.pyc", ".cache/x", "__init__.py", "sub/.hidden"])
def test_what_python_and_installations_leave_does_not_count(folder: Path, name: str) -> None:
    before = fingerprint(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    assert fingerprint(folder) == before


def test_a_change_of_a_name_or_of_a_border_changes_it(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "b.txt").rename(folder / "c.txt")
    renamed = fingerprint(folder)
    (folder / "c.txt").write_text("twoo")
    assert len({before, renamed, fingerprint(folder)}) == 3


def test_the_contract_is_the_shipped_one() -> None:
    found = contract()
    assert found["sha256"].keys() == {"features", "steps", "schemas"}
    assert found == contract()
