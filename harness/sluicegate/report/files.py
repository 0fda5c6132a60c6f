"""The files of a report, in a folder of their own: each is there as a whole, or not at all."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from . import html, junit, markdown
from .verdict import EXIT_CODES

DOCUMENT: Final = "conformance.json"
PAGE: Final = "report.html"
SUMMARY: Final = "summary.md"
JUNIT: Final = "junit.xml"
"""Where anything ran, pytest's own plugin writes this one."""

UNWRITTEN: Final = EXIT_CODES["not judged"]
"""The exit code of a run without a failure whose report is not there, or not all of it."""

Lacking = dict[str, str]
"""The files that could not be written, by their names, and why."""


def write(document: Mapping[str, Any], folder: Path) -> Lacking:
    """Write a report's files, but for JUnit's, into a folder that may not be there yet."""
    return _write(_WRITTEN, document, folder)


def write_unjudged(document: Mapping[str, Any], folder: Path) -> Lacking:
    """Write all files of a report of which nothing ran."""
    return _write({**_WRITTEN, JUNIT: junit.unjudged}, document, folder)


def save(file: Path, text: str) -> None:
    """Write a file, and make its folder; raises OSError, and then there is no such file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Let a file be written under another name until all of it is there.

    Where that fails, an older file is gone, too: nobody takes it for this run's.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        yield part
        part.replace(file)
    except BaseException:
        for each in (part, file):
            with suppress(OSError):
                each.unlink()
        raise


def why(error: OSError) -> str:
    """Return the system's words for an error."""
    return error.strerror or str(error)


def trouble(lacking: Mapping[str, str], folder: Path, code: int) -> str:
    """Say what could not be written, "" if nothing; `code` is the exit code of what was judged."""
    if not lacking:
        return ""
    told = f"cannot write {_listed(lacking)} into {folder}: {_listed(set(lacking.values()))}"
    hint = "make room there, or choose another folder"
    ends = "" if code else f"; the exit code is {UNWRITTEN}, as the report is not complete"
    return f"{told}; {hint}{ends}"


def _listed(names: Iterable[str]) -> str:
    *others, last = sorted(names)
    return f"{', '.join(others)} and {last}" if others else last


_Writer = Callable[[Mapping[str, Any]], str]


def _write(writers: Mapping[str, _Writer], document: Mapping[str, Any], folder: Path) -> Lacking:
    lacking = {}
    for name, written in writers.items():
        try:
            save(folder / name, written(document))
        except OSError as error:
            lacking[name] = why(error)
    return lacking


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


_WRITTEN: Final[Mapping[str, _Writer]] = {
    DOCUMENT: _json,
    SUMMARY: markdown.summary,
    PAGE: html.render,
}
