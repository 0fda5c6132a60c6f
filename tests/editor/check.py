"""What an editor makes of a fresh project: the official Cucumber language server is asked.

It needs node and npm, so pytest does not collect it by itself: `pytest tests/editor/check.py`.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sluicegate import shipped
from sluicegate.gherkin.expressions import OWN_KINDS

from .conversation import Conversation

HERE = Path(__file__).parent
SERVER = "node_modules/@cucumber/language-server/bin/cucumber-language-server.cjs"
SHIPPED = sorted(path.relative_to(shipped.FEATURES) for path in shipped.FEATURES.rglob("*.feature"))
TYPED = """\
Feature: What somebody types
  Scenario: Right, wrong and unfinished
    When the client asks for a plain answer
    Then the answer begins after 600 msec
    And the answer costs 25 tokens
    And the answer ends aft
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("server")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    subprocess.run([program("npm"), "ci"], cwd=folder, check=True)
    return [program("node"), str(folder / SERVER), "--stdio"]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / "my scenarios"
    subprocess.run([sys.executable, "-m", "sluicegate", "init", str(folder)], check=True)
    shutil.copytree(shipped.FEATURES, folder / "features" / "shipped")
    (folder / "steps").mkdir()
    (folder / "steps" / "billing.py").write_text(own_steps(folder / "README.md"))
    (folder / "features" / "typed.feature").write_text(TYPED)
    return folder


@pytest.fixture(scope="session")
def editor(server: list[str], project: Path) -> Iterator[Conversation]:
    written = json.loads((project / ".vscode" / "settings.json").read_text())
    settings = {name.removeprefix("cucumber."): value for name, value in written.items()}
    with Conversation(server, project, settings) as editor:
        editor.open_folder(project)
        editor.open_file(project / "features" / "typed.feature")
        yield editor


def program(name: str) -> str:
    path = shutil.which(name)
    assert path, f"expected {name} on the PATH, found none: on Debian, `apt install nodejs npm`"
    return path


def own_steps(readme: Path) -> str:
    """Return the module of steps that the project's README shows."""
    return readme.read_text().partition("```python\n")[2].partition("```")[0]


def sentences(module: str) -> list[str]:
    """Return the sentences in a module of steps, read without running it."""
    return [
        ast.literal_eval(decorator.args[0])
        for node in ast.parse(module).body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
    ]


def found(editor: Conversation, what: str) -> int:
    (count,) = re.findall(rf"Found (\d+) {what} in those glue files", "\n".join(editor.log))
    return int(count)


def test_every_sentence_is_found(editor: Conversation, project: Path) -> None:
    modules = [*shipped.STEPS.glob("[!_]*.py"), project / "steps" / "billing.py"]
    written = [sentence for path in modules for sentence in sentences(path.read_text())]
    assert len(written) > 40
    assert found(editor, "step definitions") == len(written)


def test_every_kind_of_value_is_found(editor: Conversation) -> None:
    assert found(editor, "parameter types") == len(OWN_KINDS)


def test_no_sentence_is_refused(editor: Conversation) -> None:
    # The kinds of values are listed there, too, and one of them names a schema of errors.
    told = [line for line in editor.log if not line.lstrip().startswith("* {")]
    assert not [line for line in told if "error" in line.lower()]


@pytest.mark.parametrize("path", SHIPPED, ids=str)
def test_a_shipped_feature_has_no_undefined_step(
    editor: Conversation, project: Path, path: Path
) -> None:
    assert editor.open_file(project / "features" / "shipped" / path) == []


def test_the_first_feature_has_no_undefined_step(editor: Conversation, project: Path) -> None:
    assert editor.open_file(project / "features" / "slow_failure.feature") == []


def test_a_wrong_unit_is_underlined(editor: Conversation, project: Path) -> None:
    wrong = editor.diagnostics[(project / "features" / "typed.feature").as_uri()]
    assert [(each["range"]["start"]["line"], each["message"]) for each in wrong] == [
        (3, "Undefined step: the answer begins after 600 msec"),
        (5, "Undefined step: the answer ends aft"),
    ]


def test_what_is_begun_is_completed(editor: Conversation, project: Path) -> None:
    typed = project / "features" / "typed.feature"
    offered = editor.ask_at("textDocument/completion", typed, "ends aft")
    text = {each["label"]: each["textEdit"]["newText"] for each in offered}
    assert "the answer ends after {duration}" in text
    assert "100 ms" in text["the answer ends after {duration}"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("asks for a plain", ".vscode/sentences.js"),
        ("the answer costs", "steps/billing.py"),
    ],
)
def test_a_sentence_leads_to_its_definition(
    editor: Conversation, project: Path, text: str, place: str
) -> None:
    typed = project / "features" / "typed.feature"
    (definition,) = editor.ask_at("textDocument/definition", typed, text)
    assert definition["targetUri"] == (project / place).as_uri()
