"""What `sluicegate check` does: look first, then judge, then say what was found."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

import click

from sluicegate import profiles, shipped
from sluicegate.errors import SluicegateError
from sluicegate.report import signals
from sluicegate.report.lasting import Lasting

from . import judging
from .first_look import FirstLook, profile_text

if TYPE_CHECKING:
    from sluicegate.scenario.profile import Profile

NOT_JUDGED: Final = 2
"""The exit code where nothing can be said about the gateway."""

_WRITTEN: Final = ("conformance.json", "report.html", "junit.xml", "summary.md")


@dataclass(frozen=True, slots=True)
class Manner:
    """How to judge: which features, how many at once, and what to print meanwhile."""

    paths: tuple[str, ...] = ()
    keyword: str = ""
    marks: str = ""
    workers: int | None = None
    stops_early: bool = False
    quiet: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class _Made:
    """A report, and those of its files that could not be written, with the reasons."""

    document: Mapping[str, Any]
    lacking: Mapping[str, str]


class UnjudgedError(click.ClickException):
    """Nothing can be judged; the message says what to do."""

    exit_code = NOT_JUDGED


def profile_file(name: str) -> Path:
    """Return the file of a profile: one by its path, or a shipped one by its name."""
    if Path(name).is_file():
        return Path(name)
    if name in profiles.names():
        return profiles.path(name)
    raise UnjudgedError(_no_profile(name))


def _no_profile(name: str) -> str:
    if Path(name).is_dir():
        return f"{name} is a directory: name the profile in it"
    if "/" in name or name.endswith(".toml"):
        return f"there is no file {name}; `sluicegate profile new {name}` writes one"
    from sluicegate.gherkin.wording import nearest  # noqa: PLC0415 - as slow as pytest

    guess = nearest(name, profiles.names())
    meant = f"did you mean {guess}?" if guess else "`sluicegate profile list` names those that ship"
    return f"there is no file {name}, and no profile of that name ships; {meant}"


def first_look(look: FirstLook, folder: Path) -> Path:
    """Write the profile of a first look into the folder of the reports."""
    from sluicegate.report.files import save  # noqa: PLC0415 - as slow as pytest

    file = _folder(folder) / "first-look.toml"
    with _writing(file.name, folder):
        save(file, profile_text(look, capabilities()))
    return file


def capabilities() -> tuple[str, ...]:
    """Return the capabilities that a profile can claim."""
    schema = json.loads((shipped.SCHEMAS / "sluicegate" / "profile.json").read_bytes())
    return tuple(schema["$defs"]["capability"]["enum"])


def _folder(folder: Path) -> Path:
    """Make the folder of the reports, without those of an earlier run."""
    with _writing("reports", folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in _WRITTEN:
            (folder / name).unlink(missing_ok=True)
    return folder


@contextmanager
def _writing(what: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnjudgedError(
            f"cannot write {what} into {folder}: {error.strerror}; choose another --report"
        ) from None


def gate(file: Path, folder: Path, manner: Manner) -> int:
    """Judge, write the reports, print the summary; return the exit code."""
    profile = loaded(file)
    request = judging.Request(
        profile=file,
        report=_folder(folder),
        paths=_paths(manner.paths) or judging.usual_paths(profile),
        workers=manner.workers or judging.usual_workers(profile),
        keyword=manner.keyword,
        marks=manner.marks,
        stops_early=manner.stops_early,
    )
    _refuse_selection(request)
    begun = datetime.now(UTC)
    trouble = _look(profile, manner)
    made = _unjudged(profile, request, begun, trouble) if trouble else _judged(request, manner)
    where = None if made.lacking else folder
    _say(_told(profile, trouble, where) if trouble else _summary(made.document, where))
    return _complete(made, folder)


def _complete(made: _Made, folder: Path) -> int:
    """Return the exit code; say what of the report is lacking."""
    from sluicegate.report import files  # noqa: PLC0415 - as slow as pytest

    code = int(made.document["verdict"]["exit_code"])
    if not made.lacking:
        return code
    _say(f"Error: {files.trouble(made.lacking, folder, code)}", err=True)
    return code or files.UNWRITTEN


def _say(text: str, *, err: bool = False) -> None:
    """Print a text, if anybody is left to read it."""
    click.echo(text, file=cast("TextIO", Lasting(sys.stderr if err else sys.stdout)))


def _summary(document: Mapping[str, Any], folder: Path | None) -> str:
    from sluicegate.report import terminal  # noqa: PLC0415 - as slow as pytest

    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return terminal.summary(document, folder, coloured=coloured)


def _told(profile: "Profile", trouble: str, folder: Path | None) -> str:
    """Return what is wrong with the set-up, line by line: a system's own output is among them."""
    from sluicegate.report.files import PAGE  # noqa: PLC0415 - as slow as pytest
    from sluicegate.report.lanes import legible  # noqa: PLC0415

    from .profile_check import item  # noqa: PLC0415

    head = f"{legible(_names(profile))} was not judged:"
    told = item(f"{legible(trouble)}\nto blame: the profile")
    return "\n".join([head, told, *(["", f"the report: {folder / PAGE}"] if folder else [])])


def _refuse_selection(request: judging.Request) -> None:
    """Raise UnjudgedError where nothing can be judged by what the options select."""
    from .selecting import trouble  # noqa: PLC0415 - as slow as pytest

    if found := trouble(request, capabilities()):
        raise UnjudgedError(found)


def loaded(file: Path) -> "Profile":
    """Read a profile; raises UnjudgedError with everything that is wrong with it."""
    # jsonschema is slow to import, and `--help` need not wait for it.
    from sluicegate.scenario.profile import load  # noqa: PLC0415 - see above
    from sluicegate.scenario.target import Targets  # noqa: PLC0415

    try:
        profile = load(file)
        Targets.check(profile)
    except SluicegateError as error:
        raise UnjudgedError(f"the profile {file} {_verb(str(error))}") from None
    return profile


def _verb(error: str) -> str:
    """Let a message that names a thing first begin with a verb, too."""
    return f"is not right: {error}" if error.startswith("the ") else error


def _names(profile: "Profile") -> str:
    return " and ".join(system.name for system in profile.systems.values())


def _paths(given: Sequence[str]) -> tuple[Path, ...]:
    return tuple(map(_path, given))


def _path(given: str) -> Path:
    """Return a path as it was given, or else that of a shipped feature with this name."""
    file, colon, line = given.partition(".feature:")
    path = Path(f"{file}.feature" if colon else file)
    if not path.exists():
        path = shipped.FEATURES.parent / path
    if not path.exists():
        raise UnjudgedError(
            f"there is no {given} here, and none ships; `sluicegate features` prints the folder of"
            " the features that do"
        )
    return Path(f"{path}:{line}") if colon else path


def _look(profile: "Profile", manner: Manner) -> str:
    """Ask once before the run; return what is wrong, in a sentence, "" when nothing is."""
    if not manner.quiet:
        _say(f"Looking at {_names(profile)} ...", err=True)
    from .looking import trouble  # noqa: PLC0415 - as slow as pytest
    from .ports import taken  # noqa: PLC0415

    return "\n".join(taken(profile)) or trouble(profile)


def _unjudged(profile: "Profile", request: judging.Request, begun: datetime, trouble: str) -> _Made:
    """Write the reports of a run in which nothing ran."""
    from sluicegate.report import files  # noqa: PLC0415 - as slow as pytest
    from sluicegate.report.document import Gathered, Run, document  # noqa: PLC0415

    gathered = Gathered()
    gathered.trouble("the profile", trouble)
    seconds = (datetime.now(UTC) - begun).total_seconds()
    run = Run(profile, request.profile, begun, seconds, "wall", request.workers)
    made = document(run, gathered)
    return _Made(made, files.write_unjudged(made, request.report))


def _judged(request: judging.Request, manner: Manner) -> _Made:
    """Return the report of a run."""
    from sluicegate.report.progress import Progress  # noqa: PLC0415 - as slow as pytest
    from sluicegate.report.screen import screen  # noqa: PLC0415

    shown = screen(sys.stderr, os.environ, quiet=manner.quiet)
    progress = Progress(shown, workers=request.workers, verbose=manner.verbose)
    try:
        ran = judging.judge(request, progress)
    finally:
        shown.close()
    signals.ignored()  # What was judged is told.
    troubles = "\n".join(progress.troubles)
    if ran.document is None:
        if progress.interrupted:
            raise KeyboardInterrupt
        wrong = troubles or ran.said.strip()
        raise UnjudgedError(wrong or f"pytest ended with {ran.code}, and said nothing")
    if troubles:
        _say(troubles, err=True)
    if progress.interrupted and ran.document["verdict"]["exit_code"] == NOT_JUDGED:
        _say("Interrupted: the reports have what ran until then.", err=True)
    return _Made(ran.document, ran.lacking)
