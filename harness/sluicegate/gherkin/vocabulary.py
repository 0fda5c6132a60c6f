"""The modules of steps: the shipped ones, and those in the `steps` folders of a project."""

import hashlib
import importlib
import itertools
import re
import sys
import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from sluicegate import shipped
from sluicegate.errors import SluicegateError

from .internals import fixture_manager, register_fixtures
from .steps import shown

SHIPPED: Final = "sluicegate.steps"
"""The package of the shipped steps."""

FOLDER: Final = "steps"
"""The name of a folder whose modules define steps, for the features beside and below it."""

_LOADED: Final = pytest.StashKey[dict[str, str]]()
_IMPORTS_US: Final = re.compile(r"^\s*(?:from|import)\s+(?:sluicegate|pytest_bdd)\b", re.MULTILINE)


def load(node: pytest.Collector) -> None:
    """Import the modules of steps that a feature file sees, unless they are loaded already.

    Raises SluicegateError with everything that is wrong in them.
    """
    mistakes = [*_load_package(shipped_package(), node.session)]
    for folder in _own_folders(node):
        mistakes += _load_package(_own_package(folder), _owner(node, folder.parent))
    if mistakes:
        raise SluicegateError("\n".join(mistakes))


def shipped_package() -> ModuleType:
    """Return the package of the shipped steps."""
    return importlib.import_module(SHIPPED)


def _own_folders(node: pytest.Collector) -> Iterator[Path]:
    """Yield the project's `steps` folders beside the feature file and above it."""
    root = node.config.rootpath
    for above in node.path.parents:
        if not above.is_relative_to(root):
            break
        folder = above / FOLDER
        if folder.is_dir() and folder.resolve() != shipped.STEPS:
            yield folder


def _own_package(folder: Path) -> ModuleType:
    # Any other name could clash with a package of the project, most of all `steps` itself.
    name = f"sluicegate_steps_{hashlib.sha256(bytes(folder)).hexdigest()[:12]}"
    if name not in sys.modules:
        package = sys.modules[name] = ModuleType(name, f"The steps in {folder}.")
        package.__path__ = [str(folder)]
    return sys.modules[name]


def _owner(node: pytest.Collector, folder: Path) -> pytest.Collector:
    """Return the collector of a folder, or the session's for the root, as pytest does."""
    found = (each for each in node.listchain() if each.path == folder)
    if folder == node.config.rootpath:
        return node.session
    return next((each for each in found if isinstance(each, pytest.Collector)), node.session)


def _load_package(package: ModuleType, owner: pytest.Collector) -> Iterator[str]:
    """Load the modules of a package; yield what is wrong with them, the whole of it once."""
    loaded = owner.config.stash.setdefault(_LOADED, {})
    for path, name in _modules(package):
        mistake = loaded.get(name)
        if mistake is None:
            mistake = _load_module(path, name, owner)
            loaded[name] = mistake and f"{shown(path)}: see the error above"
        if mistake:
            yield mistake


def _modules(package: ModuleType) -> Iterator[tuple[Path, str]]:
    for folder in map(Path, package.__path__):
        for path in sorted(folder.rglob("*.py")):
            if path.stem != "__init__" and (package.__name__ == SHIPPED or _defines_steps(path)):
                parts = path.relative_to(folder).with_suffix("").parts
                yield path, ".".join([package.__name__, *parts])


def _defines_steps(path: Path) -> bool:
    # A project may have a folder of this name for other purposes: that code is not run.
    return bool(_IMPORTS_US.search(path.read_text(encoding="utf-8", errors="replace")))


def _load_module(path: Path, name: str, owner: pytest.Collector) -> str:
    """Import a module and make its fixtures known; return what is wrong with it, or ""."""
    if name not in sys.modules:
        pytest.register_assert_rewrite(name)
    try:
        module = importlib.import_module(name)
    except SluicegateError as mistake:
        return str(mistake)
    except (Exception, pytest.skip.Exception) as error:  # noqa: BLE001 - whatever it is, it is told
        return _told(path, error)
    register_fixtures(fixture_manager(owner.session), module, owner)
    return ""


def _told(path: Path, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = itertools.dropwhile(lambda frame: frame.filename != str(path), frames)
    lines = [*traceback.format_list(list(own)), *traceback.format_exception_only(error)]
    return f"{shown(path)}: could not be loaded\n{textwrap.indent(''.join(lines), '  ').rstrip()}"
