# Our collection of features beside plain pytest-bdd's on the same files, best of several rounds;
# above 1x ours is faster.
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
FILES = 25
SCENARIOS = 20

STEPS = """
import sluicegate.steps
sluicegate.steps.__path__[:] = []  # the shipped steps cost their own import
import pytest
from {module} import given, then, when{parsers}

@pytest.fixture
def box(): return []

{definitions}
"""
STEP = """
@given({parser}("shelf {number} holds {{{first}}} apples"))
@when({parser}("{{{first}}} apples are put on shelf {number}"))
@then({parser}("shelf {number} has {{{second}}} apples"))
def _(box, n): assert n >= 0
"""
SCENARIO = """
  @req:BENCH-{number:03}
  Scenario: Number {number}
    Given shelf {shelf} holds {number} apples
    And shelf {next} holds 1 apples
    When 2 apples are put on shelf {shelf}
    Then shelf {shelf} has 3 apples
    And shelf {next} has 1 apples
"""


def write_features(folder: Path) -> None:
    for file in range(FILES):
        path = folder / "features" / f"shelves_{file}.feature"
        path.parent.mkdir(exist_ok=True)
        scenarios = (
            SCENARIO.format(number=number, shelf=number % SCENARIOS, next=(number + 1) % SCENARIOS)
            for number in range(file * SCENARIOS, (file + 1) * SCENARIOS)
        )
        path.write_text(f"Feature: Shelves {file}\n" + "".join(scenarios))


def write_steps(path: Path, module: str, parser: str, kinds: tuple[str, str]) -> None:
    definitions = "".join(
        STEP.format(parser=parser, number=number, first=kinds[0], second=kinds[1])
        for number in range(SCENARIOS)
    )
    parsers = ", parsers" if parser else ""
    path.write_text(STEPS.format(module=module, parsers=parsers, definitions=definitions))


def projects(folder: Path) -> dict[str, Path]:
    ours, plain = folder / "ours", folder / "plain"
    for project in (ours, plain):
        project.mkdir()
        write_features(project)
        (project / "pytest.ini").write_text("[pytest]\naddopts = -q -p no:cacheprovider\n")
    write_steps(ours / "conftest.py", "sluicegate.gherkin", "", ("int", "int"))
    write_steps(plain / "conftest.py", "pytest_bdd", "parsers.parse", ("n:d", "n:d"))
    (plain / "test_all.py").write_text(
        "from pytest_bdd import scenarios\nscenarios('features')\n",
    )
    return {"ours": ours, "plain": plain}


def seconds(project: Path, *arguments: str) -> float:
    command = [sys.executable, "-m", "pytest", "-W", "ignore", *arguments]
    started = time.perf_counter()
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    return time.perf_counter() - started


def best(project: Path, *arguments: str) -> float:
    return min(seconds(project, *arguments) for _ in range(ROUNDS))


def main() -> None:
    count = FILES * SCENARIOS
    with tempfile.TemporaryDirectory() as folder:
        made = projects(Path(folder))
        arguments = {"ours": ["features"], "plain": ["-p", "no:sluicegate"]}
        for what, option in (("collection", ["--collect-only"]), ("whole run", [])):
            took = {
                name: best(project, *arguments[name], *option) for name, project in made.items()
            }
            each = {name: f"{1000 * time_ / count:.2f} ms" for name, time_ in took.items()}
            ratio = took["plain"] / took["ours"]
            print(  # noqa: T201 - a script
                f"{what:<10}  {count} scenarios  ours {took['ours']:.2f} s ({each['ours']} each)"
                f"  pytest-bdd {took['plain']:.2f} s ({each['plain']} each)  {ratio:.2f}x"
            )


if __name__ == "__main__":
    main()
