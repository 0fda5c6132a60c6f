import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sluicegate import shipped
from sluicegate.cli import main
from sluicegate.gherkin.expressions import OWN_KINDS
from sluicegate.scenario import profile

MADE = [
    ".gitignore",
    ".vscode/extensions.json",
    ".vscode/sentences.js",
    ".vscode/settings.json",
    "README.md",
    "features/slow_failure.feature",
    "provider.toml",
    "pytest.ini",
]
SENTENCES = Path(".vscode", "sentences.js")
FEATURE = Path("features", "slow_failure.feature")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    beside = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", beside, prepend=os.pathsep)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project once, for the tests that only read or change what is in it."""
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, "-m", "sluicegate", "init", folder], check=True)
    return folder


@pytest.fixture
def project(made: Path, elsewhere: None) -> None:  # noqa: ARG001 - it copies into the folder there
    shutil.copytree(made, ".", dirs_exist_ok=True)


def run(*command: str, folder: Path | str = ".") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def init(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["init", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["init", *arguments], catch_exceptions=False)
    assert done.exit_code != 0
    return done.output


def summary(folder: str) -> str:
    return run("pytest", folder=folder).stdout.splitlines()[-1]


def files(folder: str) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()
    )


def test_a_project_is_made_and_each_of_its_files_named() -> None:
    said = init("demo")
    assert files("demo") == MADE
    assert said.startswith("Made:\n" + "".join(f"  demo/{path}\n" for path in MADE))


def test_the_commands_that_are_named_next_work() -> None:
    named = init("my demo").partition("Next:\n")[2].splitlines()
    assert [line.split("  ")[1] for line in named[:-1]] == [
        "cd 'my demo'",
        "pytest",
        "sluicegate steps",
        "sluicegate lint",
    ]
    for line in named[1:-1]:
        command = shlex.split(line.split("  ")[1])
        done = run(*command, folder="my demo")
        assert done.returncode == 0, done


def test_a_pytest_that_is_not_on_the_path_is_named_by_its_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = run(sys.executable, "-m", "sluicegate", "init")
    assert f"\n  {sys.executable} -m pytest " in done.stdout


@pytest.mark.usefixtures("project")
def test_the_scenario_fails_where_the_readme_breaks_it() -> None:
    broken = FEATURE.read_text().replace("Then the status is 429", "Then the status is 503")
    FEATURE.write_text(broken)
    done = run("pytest")
    assert done.returncode == 1
    assert f"{FEATURE}:{broken[: broken.index('Then the')].count(chr(10)) + 1}: " in done.stdout


@pytest.mark.usefixtures("project")
def test_a_tag_of_ones_own_is_a_matter_of_two_signs() -> None:
    tagged = FEATURE.read_text().replace("  Scenario:", "  @billing\n  Scenario:")
    FEATURE.write_text(tagged)
    ini = Path("pytest.ini")
    ini.write_text(ini.read_text().replace("# markers", "markers").replace("#     b", "    b"))
    assert "1 passed" in run("pytest", "-m", "billing").stdout


def test_a_project_inside_another_one_is_on_its_own() -> None:
    Path("pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--no-such-option"\n')
    Path("conftest.py").write_text("raise RuntimeError('not for you')\n")
    init("demo")
    assert "1 passed" in summary("demo")


def test_what_is_there_already_is_kept_and_named() -> None:
    Path("README.md").write_text("Mine.\n")
    said = init()
    assert "Kept what was there already and says something else:\n  README.md\n" in said
    assert Path("README.md").read_text() == "Mine.\n"
    assert set(files(".")) == set(MADE)


def test_a_second_time_changes_nothing() -> None:
    init("demo")
    before = {path: Path("demo", path).read_bytes() for path in MADE}
    assert init("demo").startswith(f"Everything is there already in {Path.cwd()}/demo.\n")
    assert {path: Path("demo", path).read_bytes() for path in files("demo")} == before


@pytest.mark.usefixtures("project")
def test_the_sentences_of_an_earlier_version_are_renewed() -> None:
    fresh = SENTENCES.read_text()
    SENTENCES.write_text("// Written by `sluicegate init` 0.0.1 for your editor.\n")
    assert init("--editor").startswith(f"Renewed:\n  {SENTENCES}\n")
    assert SENTENCES.read_text() == fresh


def test_sentences_that_somebody_else_wrote_are_kept() -> None:
    SENTENCES.parent.mkdir()
    SENTENCES.write_text("// Mine.\n")
    assert f"  {SENTENCES}\n" in init("--editor").partition("Kept")[2]
    assert SENTENCES.read_text() == "// Mine.\n"


def test_the_editor_alone_gets_its_folder_alone() -> None:
    init("--editor", "demo")
    assert files("demo") == [path for path in MADE if path.startswith(".vscode/")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", "[tool.pytest.ini_options]\n"),
        ("pyproject.toml", "[tool.pytest]\n"),
        ("pytest.toml", "[pytest]\n"),
        ("tox.ini", "[pytest]\n"),
        ("setup.cfg", "[tool:pytest]\n"),
    ],
)
def test_a_project_that_configures_pytest_keeps_its_configuration(name: str, content: str) -> None:
    Path(name).write_text(content)
    assert "  pytest.ini\n" in init().partition("Left out")[2]
    assert not Path("pytest.ini").exists()


def test_a_pyproject_without_pytest_gets_the_configuration() -> None:
    Path("pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\n')
    init()
    assert Path("pytest.ini").exists()


@pytest.mark.parametrize(
    ("folder", "place", "reason"),
    [
        ("taken/demo", "taken/demo", "Not a directory"),
        ("here", "here/features", "File exists"),
        ("there", "there/pytest.ini", "Is a directory"),
    ],
)
def test_a_folder_that_cannot_be_filled_is_a_plain_error(
    folder: str, place: str, reason: str
) -> None:
    Path("taken").touch()
    Path("here").mkdir()
    Path("here", "features").touch()
    Path("there", "pytest.ini").mkdir(parents=True)
    assert refused(folder) == (
        f"Error: cannot write {place}: {reason}; choose another folder, or mend this one\n"
    )


def test_a_file_is_no_folder() -> None:
    Path("taken").touch()
    assert "'taken' is a file" in refused("taken")


@pytest.mark.usefixtures("project")
def test_the_profile_is_valid_with_and_without_its_comments() -> None:
    path = Path("provider.toml")
    assert profile.load(path).systems["provider"].urls == {"default": "http://127.0.0.1:8001"}
    path.write_text(re.sub(r"^# (?=\[|\w+ = )", "", path.read_text(), flags=re.MULTILINE))
    whole = profile.load(path)
    assert whole.systems["provider"].urls["unhealthy"] == "http://127.0.0.1:8002"
    assert whole.tolerance == 0.05


@pytest.mark.usefixtures("project")
def test_the_ways_to_run_in_the_readme_work() -> None:
    commands = re.findall(r"^    (pytest .*?) +#", Path("README.md").read_text(), re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        assert "1 passed" in run(*shlex.split(command)).stdout, command


@pytest.mark.usefixtures("project")
def test_the_commands_in_the_readme_exist() -> None:
    named = set(re.findall(r"sluicegate ([a-z]+) ", Path("README.md").read_text()))
    assert named >= {"init", "lint", "steps"}
    assert named <= set(main.commands)


@pytest.mark.usefixtures("project")
def test_the_links_in_the_readme_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", Path("README.md").read_text()):
        assert Path(link).exists(), link


@pytest.mark.usefixtures("project")
def test_the_own_sentence_in_the_readme_works() -> None:
    readme = Path("README.md").read_text()
    (module,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    (sentence,) = re.findall(r"```gherkin\n(.*?)```", readme, flags=re.DOTALL)
    Path("steps").mkdir()
    Path("steps", "billing.py").write_text(module)
    Path("features", "billing.feature").write_text(
        f"Feature: Bills\n  Scenario: One\n    When the client asks for a plain answer\n{sentence}"
    )
    assert "2 passed" in summary(".")


@pytest.mark.usefixtures("project")
def test_the_editor_is_told_every_sentence_once() -> None:
    told = re.findall(r'^(?:Given|When|Then)\("(.*)"\)$', SENTENCES.read_text(), flags=re.MULTILINE)
    trees = [ast.parse(path.read_text()) for path in shipped.STEPS.glob("[!_]*.py")]
    written = [
        ast.literal_eval(decorator.args[0])
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
    ]
    assert sorted(told) == sorted(written)


@pytest.mark.usefixtures("project")
def test_the_editor_is_told_every_kind_of_value() -> None:
    told = re.findall(
        r'^defineParameterType\(\{ name: "(\w+)"', SENTENCES.read_text(), re.MULTILINE
    )
    assert told == [kind.name for kind in OWN_KINDS]


@pytest.mark.usefixtures("project")
def test_the_editor_finds_what_its_settings_name() -> None:
    settings = json.loads(Path(".vscode", "settings.json").read_text())
    assert [path for glob in settings["cucumber.features"] for path in Path().glob(glob)] == [
        FEATURE
    ]
    assert [path for glob in settings["cucumber.glue"] for path in Path().glob(glob)] == [SENTENCES]


def test_the_lock_of_the_editor_check_names_no_registry() -> None:
    lock = json.loads(Path(__file__).with_name("editor").joinpath("package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
