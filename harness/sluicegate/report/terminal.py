"""The report as a terminal shows it: what failed, who is to blame, and where to look."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from . import digest, files
from .evidence import Cause, Failure, place
from .lanes import legible

WIDTH: Final = 100
"""Columns that a line takes at most, but for words that are longer."""

MOST_PLACES: Final = 3
"""Scenarios that are named for one reason."""

_COLOURS: Final = {"conformant": "green", "not conformant": "red", "not judged": "yellow"}


def short(document: Mapping[str, Any], folder: Path | None) -> list[str]:
    """Return the verdict, and where the report is, if it was written into a folder."""
    return [*_wrapped(document["verdict"]["sentence"]), *_where(folder)]


def summary(
    document: Mapping[str, Any], folder: Path | None = None, *, coloured: bool = False
) -> str:
    """Return all that a person acts on, in lines of `WIDTH` columns.

    `folder` is that of the report's files, if they were written.
    """
    verdict = document["verdict"]
    sections = (
        [_styled(_wrapped(verdict["sentence"]), _COLOURS[verdict["outcome"]])],
        list(map(_failure, digest.failures(document))),
        _titled("Not judged", map(_cause, digest.unjudged(document))),
        _titled("The run", _listed(digest.troubles(document))),
        _titled("Known failures", _listed(digest.known(document))),
        _titled("For information only", _listed(digest.findings(document))),
        _titled("Not claimed", _listed(digest.unclaimed(document))),
        [[digest.tally(document), *_where(folder)]],
    )
    blocks = ["\n".join(block) for section in sections for block in section if block]
    text = "\n\n".join(blocks)
    return text if coloured else click.unstyle(text)


def _failure(failure: Failure) -> list[str]:
    return [
        *(click.style(line, bold=True) for line in _title(failure)),
        *_wrapped(failure.sentence, "  "),
        *(line for cause in failure.causes for line in _cause(cause, "  ")),
    ]


def _title(failure: Failure) -> list[str]:
    count = f"  {failure.level}, {failure.count}"
    title = legible(f"{failure.requirements}{count}")
    return [title] if len(title) <= WIDTH else [*_wrapped(failure.requirements), count]


def _cause(cause: Cause, indent: str = "  ") -> list[str]:
    shown, more = cause.scenarios[:MOST_PLACES], len(cause.scenarios) - MOST_PLACES
    return [
        *_styled(_wrapped(cause.reason, indent), "red"),
        *_wrapped(f"to blame: {cause.blame}", indent),
        *(f"{indent}  {legible(place(each))}: {legible(each['name'])}" for each in shown),
        *([f"{indent}  and {more} more"] if more > 0 else []),
    ]


def _listed(lines: Iterable[str]) -> Iterator[list[str]]:
    return (_wrapped(line, "  ") for line in lines)


def _titled(title: str, parts: Iterable[list[str]]) -> list[list[str]]:
    lines = [line for part in parts for line in part]
    return [[click.style(title, bold=True), *lines]] if lines else []


def _where(folder: Path | None) -> Iterator[str]:
    if folder is not None:
        others = f"{files.DOCUMENT}, {files.JUNIT}, {files.SUMMARY}"
        yield from _wrapped(f"the report: {folder / files.PAGE} (beside it: {others})")


def _styled(lines: Iterable[str], colour: str) -> list[str]:
    return [click.style(line, fg=colour) for line in lines]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        legible(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
