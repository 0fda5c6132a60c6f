# What a scenario costs beside plain pytest-bdd on the same files: processor time of 500 scenarios
# less that of one, best of several rounds; above 1x ours is cheaper.
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 7
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
  @core
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
        # What has nothing to do with features costs both the same, and hides the difference.
        options = "-q -p no:cacheprovider -p no:hypothesispytest -p no:xdist -p no:anyio"
        (project / "pytest.ini").write_text(f"[pytest]\naddopts = {options}\n")
    write_steps(ours / "conftest.py", "sluicegate.gherkin", "", ("int", "int"))
    write_steps(plain / "conftest.py", "pytest_bdd", "parsers.parse", ("n:d", "n:d"))
    (plain / "test_all.py").write_text("from pytest_bdd import scenarios\nscenarios('features')\n")
    (plain / "test_one.py").write_text(
        "from pytest_bdd import scenario\n"
        "@scenario('features/shelves_0.feature', 'Number 0')\n"
        "def test(): pass\n"
    )
    return {"ours": ours, "plain": plain}


ARGUMENTS = {
    "ours": (["features"], ["features/shelves_0.feature::Number 0"]),
    "plain": (["-p", "no:sluicegate", "test_all.py"], ["-p", "no:sluicegate", "test_one.py"]),
}


def seconds(project: Path, arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-W", "ignore", *arguments]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def milliseconds_each(projects: dict[str, Path], options: list[str]) -> dict[str, float]:
    """Return what a scenario costs in each project, measured by turns."""
    least: dict[tuple[str, int], float] = {}
    for _ in range(ROUNDS):
        for name, project in projects.items():
            for number, arguments in enumerate(ARGUMENTS[name]):
                took = seconds(project, [*arguments, *options])
                least[name, number] = min(took, least.get((name, number), took))
    more = FILES * SCENARIOS - 1
    return {name: 1000 * (least[name, 0] - least[name, 1]) / more for name in projects}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = projects(Path(folder))
        for what, options in (("collection alone", ["--collect-only"]), ("whole run", [])):
            each = milliseconds_each(made, options)
            print(  # noqa: T201 - a script
                f"{what:<16}  ours {each['ours']:.2f} ms a scenario"
                f"  pytest-bdd {each['plain']:.2f} ms  {each['plain'] / each['ours']:.2f}x"
            )


if __name__ == "__main__":
    main()
