"""What `sluicegate check` does: look first, then judge, then say what was found."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sluicegate import profiles, shipped
from sluicegate.errors import SluicegateError

from . import judging
from .first_look import FirstLook, profile_text

if TYPE_CHECKING:
    from sluicegate.scenario.profile import Profile

NOT_JUDGED: Final = 2
"""The exit code where nothing can be said about the gateway."""

DOCUMENT: Final = "conformance.json"
"""The report that the summary is made of."""

_WRITTEN: Final = (DOCUMENT, "report.html", "junit.xml", "summary.md")


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
    if "/" in name or name.endswith(".toml"):
        return f"there is no file {name}; `sluicegate profile new {name}` writes one"
    from sluicegate.gherkin.wording import nearest  # noqa: PLC0415 - as slow as pytest

    guess = nearest(name, profiles.names())
    meant = f"did you mean {guess}?" if guess else "`sluicegate profile list` names those that ship"
    return f"there is no file {name}, and no profile of that name ships; {meant}"


def first_look(look: FirstLook, folder: Path) -> Path:
    """Write the profile of a first look into the folder of the reports."""
    file = _folder(folder) / "first-look.toml"
    file.write_text(profile_text(look, capabilities()), encoding="utf-8")
    return file


def capabilities() -> tuple[str, ...]:
    """Return the capabilities that a profile can claim."""
    schema = json.loads((shipped.SCHEMAS / "sluicegate" / "profile.json").read_bytes())
    return tuple(schema["$defs"]["capability"]["enum"])


def _folder(folder: Path) -> Path:
    """Make the folder of the reports, without those of an earlier run."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _WRITTEN:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UnjudgedError(
            f"cannot write reports into {folder}: {error.strerror}; choose another --report"
        ) from None
    return folder


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
    begun = datetime.now(UTC)
    trouble = _look(profile, manner)
    if trouble:
        document, code = _unjudged(profile, request, begun, trouble), NOT_JUDGED
    else:
        document, code = _judged(request, manner)
    from sluicegate.report import terminal  # noqa: PLC0415 - as slow as pytest

    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    click.echo(terminal.summary(document, folder, coloured=coloured))
    return code


def loaded(file: Path) -> "Profile":
    """Read a profile; raises UnjudgedError with everything that is wrong with it."""
    # jsonschema is slow to import, and `--help` need not wait for it.
    from sluicegate.scenario.profile import load  # noqa: PLC0415 - see above
    from sluicegate.scenario.target import Targets  # noqa: PLC0415

    try:
        profile = load(file)
        Targets.check(profile)
    except SluicegateError as error:
        raise UnjudgedError(f"the profile {file} {error}") from None
    return profile


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
        names = " and ".join(system.name for system in profile.systems.values())
        click.echo(f"Looking at {names} ...", err=True)
    from .looking import trouble  # noqa: PLC0415 - as slow as pytest

    return trouble(profile)


def _unjudged(
    profile: "Profile", request: judging.Request, begun: datetime, trouble: str
) -> Mapping[str, Any]:
    """Write the reports of a run in which nothing ran."""
    from sluicegate.report import files  # noqa: PLC0415 - as slow as pytest
    from sluicegate.report.document import Gathered, Run, document  # noqa: PLC0415

    gathered = Gathered()
    gathered.trouble("the profile", trouble)
    seconds = (datetime.now(UTC) - begun).total_seconds()
    run = Run(profile, request.profile, begun, seconds, "wall", request.workers)
    made = document(run, gathered)
    files.write(made, request.report)
    return made


def _judged(request: judging.Request, manner: Manner) -> tuple[Mapping[str, Any], int]:
    """Return the report of a run, and the exit code."""
    from sluicegate.report.progress import Progress  # noqa: PLC0415 - as slow as pytest
    from sluicegate.report.screen import screen  # noqa: PLC0415

    shown = screen(sys.stderr, os.environ, quiet=manner.quiet)
    progress = Progress(shown, workers=request.workers, verbose=manner.verbose)
    try:
        ran = judging.judge(request, progress)
    finally:
        shown.close()
    troubles = "\n".join(progress.troubles)
    try:
        document = _read(request.report / DOCUMENT)
    except OSError:
        wrong = troubles or ran.said.strip()
        raise UnjudgedError(wrong or f"pytest ended with {ran.code}, and said nothing") from None
    if troubles:
        click.echo(troubles, err=True)
    if progress.interrupted and not request.stops_early:
        click.echo("Interrupted: the reports have what ran until then.", err=True)
        return document, NOT_JUDGED
    return document, int(document["verdict"]["exit_code"])


def _read(file: Path) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(file.read_bytes())
    return document
