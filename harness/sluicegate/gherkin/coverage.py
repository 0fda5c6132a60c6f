"""Which scenarios cover which requirement, and how they ended last; nothing runs."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sluicegate import shipped

from . import register
from .collection import Scenario
from .judging import rendered
from .register import Requirement
from .results import Outcome, Result, kept, key_of
from .survey import Survey, survey
from .tags import REQUIREMENT

SYSTEMS: Final = ("provider", "proxy", "gateway")
"""The systems that requirements are about: a folder of features for each."""

State = Literal["failed", "missing", "planned", "never run", "skipped", "passed"]

_NEVER: Final = "never run"
_WORST_FIRST: Final[tuple[Outcome | Literal["never run"], ...]] = (
    "failed",
    _NEVER,
    "skipped",
    "passed",
)
# Whatever the project's options choose from, the contract has all scenarios.
_ALL: Final = ("-m", "", "-k", "")


@dataclass(frozen=True, slots=True)
class Cover:
    """A scenario, or a row of its Examples, that covers a requirement, and its last result.

    `scenario` is its name without the row's values, `title` with them; `line` is the scenario's;
    `system` is that whose folder it lies in.
    """

    name: str
    scenario: str
    title: str
    path: Path
    line: int
    system: str | None
    result: Result | None

    @property
    def outcome(self) -> Outcome | Literal["never run"]:
        """Return how it ended last."""
        return self.result.outcome if self.result else _NEVER

    @property
    def place(self) -> str:
        """Return its file and line, as a reader knows the file."""
        return f"{_shown(self.path)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """A requirement, what covers it, in the order of collection, and the systems it is about."""

    requirement: Requirement
    covers: tuple[Cover, ...]
    systems: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """Return the worst of its scenarios' results, as all of them must pass."""
        if not self.covers:
            return "planned" if self.requirement.planned else "missing"
        return min((cover.outcome for cover in self.covers), key=_WORST_FIRST.index)


@dataclass(frozen=True, slots=True)
class Contract:
    """All requirements, in the order of their registers; `troubles` says what is not counted."""

    coverages: tuple[Coverage, ...]
    troubles: tuple[str, ...]


def contract(folders: Sequence[str]) -> Contract:
    """Return what the feature files below the folders cover, and how they ended last.

    Without folders these are the shipped features, and the folder `features` here if there is one.
    Raises SluicegateError where pytest or a register refuses to be used.
    """
    runs = [_look(folders)] if folders else list(_usual())
    covers: dict[str, list[Cover]] = {}
    for run in runs:
        for item in _items(run.survey):
            for name in _required(item):
                covers.setdefault(name, []).append(_cover(item, run.results))
    known = _known(runs, covers)
    troubles = [trouble for run in runs for trouble in _troubles(run.survey)]
    return Contract(tuple(_coverages(known, covers)), tuple(dict.fromkeys(troubles)))


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run of pytest would collect, and what the runs before it have kept."""

    survey: Survey
    results: Mapping[str, Result]
    folders: tuple[Path, ...]


def _usual() -> Iterator[_Run]:
    own, root = Path("features"), Path.cwd()
    if own.is_dir():
        yield (run := _look([str(own)]))
        root = run.survey.root
    if not own.is_dir() or own.resolve() != shipped.FEATURES:
        # As a project runs them, so that their results lie beside its own.
        yield _look([str(shipped.FEATURES)], f"--rootdir={root}")


def _look(folders: Sequence[str], *options: str) -> _Run:
    arguments = [*options, *folders]
    seen = survey([*_ALL, *arguments])
    return _Run(seen, kept(arguments), tuple(Path(each).resolve() for each in folders))


def _items(seen: Survey) -> Iterator[Scenario]:
    items = seen.features[0].session.items if seen.features else []
    return (item for item in items if isinstance(item, Scenario))


def _required(item: Scenario) -> list[str]:
    # pytest-bdd gives tags in an order that differs between processes.
    marks = sorted({mark.name for mark in item.iter_markers()})
    return [name.removeprefix(REQUIREMENT) for name in marks if name.startswith(REQUIREMENT)]


def _cover(item: Scenario, results: Mapping[str, Result]) -> Cover:
    return Cover(
        name=item.name,
        scenario=item.template.name,
        title=rendered(item).name,
        path=item.path,
        line=item.template.line_number,
        system=_system(Path(item.location[0])),
        result=results.get(key_of(item)),
    )


def _system(path: Path) -> str | None:
    return next((each.name for each in path.parents if each.name in SYSTEMS), None)


def _known(runs: Iterable[_Run], covered: Iterable[str]) -> dict[str, Requirement]:
    """Return the requirements of all registers; shipped ones only where they are looked at."""
    everything = dict(register.requirements())
    ours, own = set(everything), set[str]()
    for run in runs:
        for each in _read(run):
            everything |= each
            own |= each.keys() - ours
    has_ours = any(_holds_ours(run) for run in runs)
    wanted = own.union(covered, ours if has_ours else ())
    return {name: entry for name, entry in everything.items() if name in wanted}


def _read(run: _Run) -> Iterator[Mapping[str, Requirement]]:
    yield from map(register.requirements, _registers(run.folders))
    yield from (feature.tags.requirements for feature in run.survey.features if feature.tags)


def _registers(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the registers in the folders, which may have no feature file yet."""
    paths = (folder / register.FILE for folder in folders)
    return (path for path in paths if path.is_file() and path.parent != shipped.FEATURES)


def _holds_ours(run: _Run) -> bool:
    return any(shipped.FEATURES.is_relative_to(folder) for folder in run.folders)


def _coverages(
    known: Mapping[str, Requirement], covers: Mapping[str, list[Cover]]
) -> Iterator[Coverage]:
    folders: dict[str, set[str | None]] = {}
    for name, found in covers.items():
        folders.setdefault(_kind(name), set()).update(cover.system for cover in found)
    for name, requirement in known.items():
        about = {_kind(name)}.intersection(SYSTEMS) or folders.get(_kind(name), set())
        systems = tuple(each for each in SYSTEMS if each in about)
        yield Coverage(requirement, tuple(covers.get(name, ())), systems)


def _kind(name: str) -> str:
    """Return the kind of a requirement: all of one kind are about the same system."""
    return name.rpartition("-")[0].lower()


def _troubles(seen: Survey) -> Iterator[str]:
    """Yield what keeps scenarios from being counted, each once."""
    yield from {trouble.partition(": ")[2]: trouble for trouble in seen.troubles}.values()
    for feature in seen.features:
        for problem in feature.problems:
            yield f"{_shown(feature.path)}:{problem.line}: {problem.message}"


def _shown(path: Path) -> str:
    """Return a path as a reader knows it; the shipped files lie deep in an installation."""
    if path.is_relative_to(Path.cwd()) or not path.is_relative_to(shipped.FEATURES):
        return os.path.relpath(path)
    return str(Path("sluicegate", "features", path.relative_to(shipped.FEATURES)))
