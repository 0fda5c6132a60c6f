"""The private parts of pytest that the collection of features leans on, each with a test."""
# ruff: noqa: SLF001 - this is the one module for them

import dataclasses
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
import pytest_bdd
from _pytest._code.code import Traceback, TracebackEntry, filter_traceback
from _pytest.fixtures import FixtureManager
from pytest_bdd import compat

_PYTEST_BDD = Path(pytest_bdd.__file__).parent
_OURS = Path(__file__).parent
T = TypeVar("T", bound=pytest.Function)


def fixture_manager(session: pytest.Session) -> FixtureManager:
    """Return the session's registry of fixtures."""
    return session._fixturemanager


def fixture_names(manager: FixtureManager) -> list[str]:
    """Return the names of all fixtures, wherever they are visible."""
    if hasattr(compat, "get_fixture_names"):
        return compat.get_fixture_names(manager)
    # pytest-bdd 9.0.0 lacks the function, and works with pytest before 9.2 only.
    return list(cast("Any", manager)._arg2fixturedefs)


def register_fixtures(manager: FixtureManager, holder: object, node: pytest.Collector) -> None:
    """Make the fixtures of a module known to a node and all below it."""
    if "holder" in inspect.signature(manager.parsefactories).parameters:
        manager.parsefactories(holder=holder, node=node)
    else:
        # Before pytest 9.1, which knew nodes by their ids only.
        cast("Any", manager).parsefactories(holder, node.nodeid)


class _MarkName(str):
    """A line of the option `markers` that is a name from end to end.

    pytest ends the name in such a line at the first colon, and tags look like
    `req:PROVIDER-010`.
    """

    __slots__ = ()

    def split(self, *_: object) -> list[str]:
        return [self]


def register_marks(config: pytest.Config, names: Iterable[str]) -> None:
    """Make marks known, for `--strict-markers` and for `-m`."""
    for name in sorted(set(names) - set(config.getini("markers"))):
        config.addinivalue_line("markers", _MarkName(name))


def rebuilt(
    plain: pytest.Function,
    kind: type[T],
    function: Callable[..., object],
    readable: Callable[[str], str],
) -> T:
    """Return an item of another class with a plain one's fixtures, and ids made readable."""
    callspec: Any = getattr(plain, "callspec", None)
    if callspec is None:
        name, keywords = plain.originalname, None
    else:
        ids = type(callspec._idlist)(map(readable, callspec._idlist))
        callspec = dataclasses.replace(callspec, _idlist=ids)
        name, keywords = f"{plain.originalname}[{callspec.id}]", {callspec.id: True}
    return kind.from_parent(
        plain.parent,
        name=name,
        callspec=callspec,
        callobj=function,
        keywords=keywords,
        fixtureinfo=plain._fixtureinfo,
        originalname=plain.originalname,
    )


def without_machinery(traceback: Traceback) -> Traceback:
    """Return a traceback without the frames that run any scenario, if others remain."""
    return traceback.filter(_is_of_the_project) or traceback


def _is_of_the_project(entry: TracebackEntry) -> bool:
    return filter_traceback(entry) and not {_PYTEST_BDD, _OURS} & {*Path(entry.path).parents}
