"""The modules of steps: every module of `sluicegate.steps` is a plugin that all features see."""

import importlib
import pkgutil
import sys

import pytest

from sluicegate.errors import SluicegateError

_PACKAGE = "sluicegate.steps"


def load(config: pytest.Config) -> None:
    """Import the modules of steps and register them with pytest.

    Raises SluicegateError with every mistake in them; other exceptions of a module pass through.
    """
    if _PACKAGE not in sys.modules:
        pytest.register_assert_rewrite(_PACKAGE)
    package = importlib.import_module(_PACKAGE)
    mistakes: list[str] = []
    for info in pkgutil.iter_modules(package.__path__, f"{_PACKAGE}."):
        try:
            _register(config.pluginmanager, info.name)
        except SluicegateError as mistake:
            mistakes.append(str(mistake))
    if mistakes:
        raise SluicegateError("\n".join(mistakes))


def _register(plugins: pytest.PytestPluginManager, name: str) -> None:
    if not plugins.has_plugin(name):
        plugins.register(importlib.import_module(name), name)
