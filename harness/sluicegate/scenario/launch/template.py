"""Templates: what a profile says of a command, rendered for one instance of it."""

import re
import traceback
from collections.abc import Mapping
from typing import Any, Final

import jinja2
import jinja2.meta
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing

from sluicegate.errors import NotJudgedError
from sluicegate.scenario.checks.values import meant, quoted

Names = Mapping[str, Any]
"""What templates may name; a mapping's members are named with a dot, as `agents.droid.port`."""

KNOWN: Final = (
    "agents",
    "config",
    "features",
    "folder",
    "port",
    "profile",
    "python",
    "url",
    "variant",
)
"""The names in templates."""

_RENDERED: Final = "<template>"
"""What Jinja2 calls the file of a template that is none."""


class _Unknown(jinja2.StrictUndefined):
    """A name that nothing has: whatever is done with it is an error that names those there are."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,  # noqa: ANN401 - Jinja2's
        name: str | None = None,
        exc: type[jinja2.TemplateRuntimeError] = jinja2.UndefinedError,
    ) -> None:
        super().__init__(hint or _unknown(obj, name or ""), obj, name, exc)


def _unknown(holder: object, name: str) -> str:
    if holder is missing and name == "config":
        return "there is no config without a `template` in the profile"
    if holder is missing:
        return f"nothing is called {quoted(name)}; {meant(name, KNOWN)}"
    if holder == {}:
        return f"there is no {quoted(name)}: the harness serves no agents beside [provider]"
    if isinstance(holder, Mapping):
        return f"there is no {quoted(name)} among them; {meant(name, map(str, holder))}"
    return f"{holder!r} has no {quoted(name)}"


_ENVIRONMENT: Final = SandboxedEnvironment(
    undefined=_Unknown, keep_trailing_newline=True, autoescape=False
)


def render(text: str, names: Names, where: str) -> str:
    """Return the text of a template with everything filled in.

    Raises NotJudgedError, which blames the profile, with the place of the mistake in `where`.
    """
    try:
        return _ENVIRONMENT.from_string(text).render(names)
    except jinja2.TemplateSyntaxError as error:
        raise _mistake(where, error.lineno, error) from None
    except Exception as error:  # noqa: BLE001 - a template can do anything, such as divide by zero
        raise _mistake(where, _line(error), error) from None


def named(text: str) -> frozenset[str]:
    """Return the names that a template has; raises TemplateSyntaxError of Jinja2's."""
    return frozenset(jinja2.meta.find_undeclared_variables(_ENVIRONMENT.parse(text)))


def render_argument(text: str, names: Names, where: str) -> str:
    """Return an argument of a command, which names nothing in single braces.

    Raises NotJudgedError as `render` does.
    """
    if single := _SINGLE.search(text):
        raise NotJudgedError(
            f"{where}: {single[0]} is filled in by nobody: write {{{{ {single[1]} }}}}",
            blame="the profile",
        )
    return render(text, names, where)


_SINGLE: Final = re.compile(rf"(?<![{{$])\{{ *((?:{'|'.join(KNOWN)})(?:\.\w+)*) *\}}(?!\}})")


def _line(error: Exception) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == _RENDERED]
    return (lines[-1] if lines else None) or 1


def _mistake(where: str, line: int, error: Exception) -> NotJudgedError:
    return NotJudgedError(f"{where}, line {line}: {error}", blame="the profile")
