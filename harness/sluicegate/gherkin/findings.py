"""What a survey found, in the form that editors and CI systems want: each at a line of a file."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from .collection import FeatureFile
from .document import Problem
from .lint.style import review
from .survey import Survey

Severity = Literal["error", "warning"]

_PLACE: Final = re.compile(r"(?P<file>\S[^:\n]*\.\w+)(?::(?P<line>\d+))?: ")
_NEXT: Final = re.compile(r"\n(?=\S[^:\n]*\.\w+(?::\d+)?: )")
_FRAME: Final = re.compile(r"^(?P<file>\S+\.py):(?P<line>\d+): ", re.MULTILINE)
_REASON: Final = re.compile(r"^E\s+(.+)", re.MULTILINE)
_REPEATED: Final = "see the error above"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One problem at one place; `file` is relative to the working directory."""

    file: str
    line: int
    severity: Severity
    rule: str
    message: str


def findings(seen: Survey) -> list[Finding]:
    """Return everything that is wrong in the surveyed files or could be better, sorted."""
    found = {finding for feature in seen.features for finding in _in_feature(feature)}
    for trouble in seen.troubles:
        found.update(_in_other_files(trouble, seen.root))
    return sorted(found)


def _in_feature(feature: FeatureFile) -> Iterator[Finding]:
    yield from (_finding(feature, "error", problem) for problem in feature.problems)
    if feature.document and feature.known and feature.tags:
        problems = review(feature.document, feature.known, feature.tags)
        yield from (_finding(feature, "warning", problem) for problem in problems)


def _finding(feature: FeatureFile, severity: Severity, problem: Problem) -> Finding:
    file = os.path.relpath(feature.path)
    return Finding(file, problem.line, severity, problem.rule, problem.message)


def _in_other_files(trouble: str, root: Path) -> Iterator[Finding]:
    owner, _, said = trouble.partition(": ")
    file = os.path.relpath(root / owner)
    if owner.endswith(".feature"):
        yield from _mistakes_in_steps(file, said)
    else:
        yield _unloadable(file, said)


def _mistakes_in_steps(feature: str, said: str) -> Iterator[Finding]:
    for part in _NEXT.split(said):
        place = _PLACE.match(part)
        file, line = (place["file"], place["line"] or 1) if place else (feature, 1)
        message = part[place.end() :] if place else part
        # Each feature file names what the first one said in full.
        if not message.startswith(_REPEATED):
            yield Finding(os.path.relpath(file), int(line), "error", "collection", message)


def _unloadable(file: str, said: str) -> Finding:
    """Return a failed import at the line of the project that failed."""
    own = [frame for frame in _FRAME.finditer(said) if not frame["file"].startswith("..")]
    file, line = (own[-1]["file"], int(own[-1]["line"])) if own else (file, 1)
    reason = (_REASON.findall(said) or [said])[-1]
    return Finding(file, line, "error", "collection", f"cannot be loaded: {reason}")
