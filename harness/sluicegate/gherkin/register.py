"""The register of requirements, and the requirements that a feature file's tags name."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sluicegate import shipped
from sluicegate.errors import SluicegateError
from sluicegate.wire.schema import Violation, violations

from .document import read

TAG = "@req:"
"""How a tag that names a requirement begins, as in @req:PROVIDER-010."""

FILE = "requirements.toml"
"""The name of a register, in the folder of its features or above them."""

_FORM = """\
  a requirement is written like this:
    [MINE-001]
    sentence = "What must hold"
    level = "core"               # or "extended"
    needs = ["streaming"]        # optional: the capabilities that it depends on
    source = "where it is said"  # optional"""


class RegisterError(SluicegateError):
    """A register that cannot be used; the message says where, and what is accepted."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One behaviour that the contract promises; `planned` while no feature covers it yet."""

    id: str
    sentence: str
    level: Literal["core", "extended"]
    needs: tuple[str, ...]
    source: str
    planned: bool = False


def requirements(path: Path = shipped.FEATURES / FILE) -> dict[str, Requirement]:
    """Read a register, by ID, in its own order; raises RegisterError with all that is wrong."""
    try:
        return dict(_read(path, path.read_text(encoding="utf-8")))
    except OSError as error:
        raise _refusal(path, [f"cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise _refusal(path, ["expected UTF-8; save the file as UTF-8"]) from None


@cache
def _read(path: Path, text: str) -> Mapping[str, Requirement]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(path, [f"expected TOML: {error}"]) from None
    if found := violations(document, "sluicegate/requirements"):
        raise _refusal(path, [_said(violation, text) for violation in found])
    return {name: _requirement(name, entry) for name, entry in document.items()}


def _requirement(name: str, entry: Mapping[str, Any]) -> Requirement:
    return Requirement(
        id=name,
        sentence=entry["sentence"],
        level=entry["level"],
        needs=tuple(entry.get("needs", ())),
        source=entry.get("source", ""),
        planned=entry.get("planned", False),
    )


def _said(violation: Violation, text: str) -> str:
    if not violation.path:
        return f"{violation.message}: an ID looks like MINE-001"
    name, *below = violation.path
    place = "".join(f" {key}" for key in below)
    return f"{_line_of(str(name), text)}[{name}]{place}: {violation.message}"


def _line_of(name: str, text: str) -> str:
    head = re.compile(rf"\[\s*({re.escape(name)}|{re.escape(json.dumps(name))})\s*[\].]")
    lines = (n for n, line in enumerate(text.splitlines(), 1) if head.match(line.strip()))
    return next((f"line {n}: " for n in lines), "")


def _refusal(path: Path, wrong: list[str]) -> RegisterError:
    shown = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else path
    lines = "".join(f"\n  {each}" for each in wrong)
    return RegisterError(
        f"{shown} cannot be used, so its requirements are unknown:{lines}\n{_FORM}"
    )


def tagged(feature: Path) -> set[str]:
    """Return the IDs that the tags of a feature file name; raises UnreadableError."""
    names = (tag.name for tag in read(feature).tags())
    return {name.removeprefix(TAG) for name in names if name.startswith(TAG)}
