"""Which .feature files are collected, and which are left to a project's own use of pytest-bdd."""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest
from pytest_bdd.feature import features

_TESTS: Final = pytest.StashKey[dict[Path, bool]]()
_LEFT: Final = pytest.StashKey[list[Path]]()


def is_collected(path: Path, config: pytest.Config) -> bool:
    """Tell whether a .feature file is ours to collect, and remember it if it is not.

    It is if an argument of pytest's (or an entry of `testpaths`) is the file itself, or a folder
    that holds it and no Python tests that use pytest-bdd. Where a project does so by itself, a
    feature is bound to a test module and its steps.
    """
    # pytest shows every file of a folder of which it was asked for one.
    above = [each for each in _arguments(config) if path.is_relative_to(each)]
    collected = any(not _holds_tests(each, config) for each in above)
    if above and not collected:
        config.stash.setdefault(_LEFT, []).append(path)
    return collected


def note(config: pytest.Config) -> str | None:
    """Return a line about the .feature files that nobody ran, if there are any."""
    left = [path for path in config.stash.get(_LEFT, []) if str(path) not in features]
    if not left:
        return None
    first = os.path.relpath(left[0], config.rootpath)
    return (
        f"sluicegate: {len(left)} .feature file(s) not run ({first} …), as Python tests beside"
        " them use pytest-bdd; name their folder on the command line or in `testpaths`"
    )


def _arguments(config: pytest.Config) -> Iterator[Path]:
    for argument in config.args:
        yield (config.invocation_params.dir / argument.partition("::")[0]).resolve()


def _holds_tests(folder: Path, config: pytest.Config) -> bool:
    known = config.stash.setdefault(_TESTS, {})
    if folder not in known:
        patterns: list[str] = config.getini("python_files")
        known[folder] = any(
            _is_like(path.name, patterns) and _uses_pytest_bdd(path)
            for path in _files(folder, config)
        )
    return known[folder]


def _uses_pytest_bdd(path: Path) -> bool:
    return "pytest_bdd" in path.read_text(encoding="utf-8", errors="replace")


def _files(folder: Path, config: pytest.Config) -> Iterator[Path]:
    passed_over: list[str] = config.getini("norecursedirs")
    for above, folders, files in os.walk(folder):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not _is_like(name, passed_over)]
        yield from (Path(above, name) for name in files if name != "conftest.py")


def _is_like(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
