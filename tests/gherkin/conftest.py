import sys

import pytest

# Each run in this process would load what it is the first to need, and forget it again: then a
# later run could meet two classes of one name.
import sluicegate.gherkin.selection
import sluicegate.gherkin.session
import sluicegate.gherkin.survey
import sluicegate.steps

from .project import KITCHEN, PLAIN, Project


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini(
        "[pytest]\n"
        "addopts = --strict-markers --strict-config -p no:hypothesispytest -p no:anyio\n"
        "filterwarnings = error\n"
    )
    vocabulary = pytester.path / "vocabulary"
    vocabulary.mkdir()
    monkeypatch.setattr(sluicegate.steps, "__path__", [str(vocabulary)])
    # The run that these tests are part of may have imported the shipped ones.
    for name in [name for name in sys.modules if name.startswith("sluicegate.steps.")]:
        monkeypatch.delitem(sys.modules, name)
    project = Project(pytester, vocabulary)
    project.steps("kitchen", KITCHEN)
    project.write("features/plain.feature", PLAIN)
    return project
