"""`sluicegate init`: begin a project of feature files, and tell editors about the sentences."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import click

from sluicegate import __version__
from sluicegate.errors import SluicegateError

Outcome = Literal["made", "renewed", "unchanged", "kept", "left out"]

_TEMPLATE: Final = Path(__file__).resolve().parents[1] / "start"
_DOT: Final = "dot_"
"""What stands for the dot of a hidden file in the template, where it would be hidden, too."""

_EDITOR: Final = Path(".vscode")
_SENTENCES: Final = _EDITOR / "sentences.js"
_PYTEST: Final = Path("pytest.ini")
_README: Final = Path("README.md")
_OTHER_PYTEST: Final = {
    "pytest.toml": "",
    ".pytest.toml": "",
    ".pytest.ini": "",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}
"""Other files that configure pytest, and the text in them that tells that they do."""

_WORDS: Final[dict[Outcome, str]] = {
    "made": "Made",
    "renewed": "Renewed",
    "kept": "Kept what was there already and says something else",
    "left out": "Left out, as another file here configures pytest: add features to its testpaths",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the project, relative to its folder, and what became of it."""

    path: Path
    outcome: Outcome


@click.command()
@click.argument(
    "folder",
    default=".",
    type=click.Path(path_type=Path, file_okay=False),
)
@click.option("--editor", is_flag=True, help="Write only what editors need, in .vscode.")
def init(folder: Path, *, editor: bool) -> None:
    """Begin a project: a folder with a first scenario that passes.

    \b
      sluicegate init demo       makes the folder demo and fills it
      sluicegate init            fills the current folder
      sluicegate init --editor   writes .vscode alone: in a project that
                                 has its features already, and after an
                                 upgrade, for the new sentences

    \b
    What is made:
      features/                  a scenario to run, to change and to copy
      provider.toml              where a system of your own is, to judge it
      pytest.ini, .gitignore     so that a bare `pytest` runs the features
      .vscode/                   completion and checks of sentences, for the
                                 Cucumber extension of Visual Studio Code
      README.md                  one page on all of this

    A file that is there already is kept and named. Only .vscode/sentences.js, which Sluicegate
    itself wrote, is renewed.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    try:
        written = [_write(folder, path, text) for path, text in _files(editor_only=editor)]
    except SluicegateError as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(_report(folder, written)))
    click.echo("\n".join(_next(folder, written, editor_only=editor)))


def _files(*, editor_only: bool) -> Iterator[tuple[Path, str]]:
    # pytest-bdd is slow to import, and `--help` need not wait for it.
    from sluicegate.gherkin.editor import glue  # noqa: PLC0415 - see above

    files = {_SENTENCES: glue(__version__)}
    for source in filter(Path.is_file, _TEMPLATE.rglob("*")):
        files[_place(source)] = source.read_text(encoding="utf-8")
    for path, text in sorted(files.items()):
        if _EDITOR in path.parents or not editor_only:
            yield path, text


def _place(source: Path) -> Path:
    parts = source.relative_to(_TEMPLATE).parts
    return Path(*(f".{part.removeprefix(_DOT)}" if _DOT in part else part for part in parts))


def _write(folder: Path, path: Path, text: str) -> Written:
    try:
        return Written(path, _outcome(folder, path, text))
    except OSError as error:
        place = error.filename or folder / path
        raise SluicegateError(
            f"cannot write {place}: {error.strerror}; choose another folder, or mend this one"
        ) from error


def _outcome(folder: Path, path: Path, text: str) -> Outcome:
    target, content = folder / path, text.encode()
    if target.exists():
        return _meet(target, content, is_ours=path == _SENTENCES)
    if path == _PYTEST and _has_pytest(folder):
        return "left out"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        file.write(content)
    return "made"


def _meet(target: Path, content: bytes, *, is_ours: bool) -> Outcome:
    from sluicegate.gherkin.editor import MARK  # noqa: PLC0415 - see _files

    found = target.read_bytes()
    if found == content:
        return "unchanged"
    if is_ours and found.startswith(MARK.encode()):
        target.write_bytes(content)
        return "renewed"
    return "kept"


def _has_pytest(folder: Path) -> bool:
    return any(
        (folder / name).is_file() and sign.encode() in (folder / name).read_bytes()
        for name, sign in _OTHER_PYTEST.items()
    )


def _report(folder: Path, written: list[Written]) -> Iterator[str]:
    for outcome, words in _WORDS.items():
        paths = [each.path for each in written if each.outcome == outcome]
        if paths:
            yield f"{words}:"
            yield from (f"  {folder / path}" for path in paths)
    if all(each.outcome == "unchanged" for each in written):
        yield f"Everything is there already in {folder.resolve()}."
    if any(each.outcome == "kept" for each in written):
        yield "To see what Sluicegate would have written, run it for an empty folder."


def _next(folder: Path, written: list[Written], *, editor_only: bool) -> Iterator[str]:
    yield ""
    if editor_only:
        yield f"Next: open the folder {folder.resolve()} in Visual Studio Code,"
        yield "and accept the extension that it recommends."
        return
    yield "Next:"
    if folder.resolve() != Path.cwd():
        yield f"  cd {shlex.quote(str(folder))}"
    pytest = next(each for each in written if each.path == _PYTEST)
    is_theirs = pytest.outcome in ("left out", "kept")
    command = f"{_pytest()} features/" if is_theirs else _pytest()
    yield f"  {command:<18} run the scenarios in features/"
    yield f"  {'sluicegate steps':<18} see the sentences that you can use"
    yield f"  {'sluicegate lint':<18} check feature files without running them"
    if Written(_README, "made") in written:
        yield "README.md there says more."


def _pytest() -> str:
    """Return the command that runs the pytest which sees this installation."""
    beside = Path(sys.executable).with_name("pytest")
    found = shutil.which("pytest")
    if found and Path(found).absolute() == beside.absolute():
        return "pytest"
    return f"{shlex.quote(sys.executable)} -m pytest"
