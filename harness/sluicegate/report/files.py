"""The files of a report, in a folder of their own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from . import html, markdown

DOCUMENT: Final = "conformance.json"
PAGE: Final = "report.html"
SUMMARY: Final = "summary.md"
JUNIT: Final = "junit.xml"
"""pytest itself writes this one."""


def write(document: Mapping[str, Any], folder: Path) -> None:
    """Write a report's files, but for that of pytest's, into a folder that may not be there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, written in _WRITTEN.items():
        (folder / name).write_text(written(document), encoding="utf-8", errors="backslashreplace")


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


_WRITTEN: Final = {DOCUMENT: _json, SUMMARY: markdown.summary, PAGE: html.render}
