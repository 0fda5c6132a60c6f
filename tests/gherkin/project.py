import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

KITCHEN = """
    from sluicegate.gherkin import given, when, then

    @given("a box with {int} apples", target_fixture="box")
    def _(count: int) -> list[int]:
        return list(range(count))

    @when("someone eats {count}")
    def _(box: list[int], times: int) -> None:
        del box[:times]

    @when("someone looks for apple {int}")
    def _(box: list[int], index: int) -> None:
        box[index]

    @then("{int} apples are left")
    def _(box: list[int], count: int) -> None:
        if len(box) != count:
            raise AssertionError(f"expected {count} apples, got {len(box)}\\nin the box {box}")
"""

PLAIN = """
    Feature: Boxes
      Scenario: Eating an apple
        Given a box with 3 apples
        When someone eats once
        Then 2 apples are left
"""


@dataclass(frozen=True)
class Project:
    """A project with features, in a folder of its own, and modules of steps."""

    pytester: pytest.Pytester
    vocabulary: Path

    def write(self, name: str, text: str) -> Path:
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def steps(self, name: str, text: str) -> Path:
        path = self.vocabulary / f"{name}.py"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(*arguments)

    def ids(self, *arguments: str) -> list[str]:
        lines = self.run("--collect-only", "-q", *arguments).outlines
        return [line for line in lines if "::" in line]
