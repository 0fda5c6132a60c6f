import subprocess
import sys

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.gherkin.survey import survey

from .project import Project


@pytest.mark.usefixtures("project")
def test_a_survey_holds_the_scenarios_and_the_steps_of_each_file() -> None:
    (feature,) = survey(["features"]).features
    assert feature.document is not None
    assert [scenario.name for scenario in feature.document.scenarios()] == ["Eating an apple"]
    assert feature.known is not None
    assert "someone eats {count}" in {each.sentence for each in feature.known.definitions}


def test_a_survey_holds_the_problems_and_the_steps_of_a_refused_file(project: Project) -> None:
    project.write("features/empty.feature", "")
    found = survey(["features"])
    problems = {feature.path.name: feature.problems for feature in found.features}
    assert problems["plain.feature"] == ()
    (problem,) = problems["empty.feature"]
    assert problem.line == 1
    assert found.troubles == ()
    assert all(feature.known is not None for feature in found.features)


def test_a_survey_runs_nothing(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.write("conftest.py", "def pytest_bdd_before_scenario():\n    raise SystemExit(9)\n")
    assert len(survey(["features"]).features) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("project")
def test_what_pytest_refuses_is_said_in_its_own_words() -> None:
    with pytest.raises(SluicegateError, match=r"^file or directory not found: nowhere$"):
        survey(["nowhere"])


def test_an_interrupt_is_one(project: Project) -> None:
    project.write("conftest.py", "def pytest_collection(session):\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        survey(["features"])


def test_a_step_that_does_not_import_is_a_trouble(project: Project) -> None:
    project.steps("broken", "import nothing_of_this_name\n")
    (trouble,) = survey(["features"]).troubles
    assert trouble.startswith("features/plain.feature: ")
    assert "nothing_of_this_name" in trouble


def test_a_survey_heeds_the_options_of_the_project(project: Project) -> None:
    project.pytester.makeini("[pytest]\naddopts = -n 2 -q\nfilterwarnings = error\n")
    code = "from sluicegate.gherkin.survey import survey; print(len(survey(['features']).features))"
    project.write("conftest.py", "")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.pytester.path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_project_may_have_a_cache_of_its_own_and_strict_settings(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\naddopts = --strict-config\ncache_dir = .elsewhere\n")
    assert survey(["features"]).troubles == ()
    assert not (project.pytester.path / ".elsewhere").exists()
