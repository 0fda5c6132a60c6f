"""One instance of a system: a command that is started for it, with its port and its folder."""

import os
import shlex
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sluicegate import shipped
from sluicegate.errors import NotJudgedError, ViolationError
from sluicegate.scenario.checks.values import number
from sluicegate.scenario.profile import Readiness, Start

from .environment import environment
from .home import Home, home, last_lines, secrets_of
from .ports import lease
from .process import Process, end_listeners, running
from .ready import wait_until_ready
from .template import Names, render, render_argument


@dataclass(frozen=True, slots=True)
class Started:
    """An instance that runs: its address, its home and its process."""

    url: str
    home: Home
    process: Process

    @property
    def has_ended(self) -> bool:
        """Whether its process has, by itself."""
        return self.process.returncode is not None

    @property
    def ending(self) -> str:
        """How its process has ended, as in "ended with exit status 1"."""
        code = self.process.returncode
        if code is not None and code < 0:
            return f"was ended by signal {-code}"
        return f"ended with exit status {code}"


class EndedError(ViolationError):
    """The process of an instance has ended by itself; `ending` says whose, and how."""

    def __init__(self, ending: str, when: str, printed: str) -> None:
        super().__init__(f"{ending} {when}", printed)
        self.ending = ending


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an instance is started from, and what tells that it is ready.

    `agents` are the URLs of the agents by name, `headers` those of every client.
    """

    start: Start
    ready: Readiness
    variant: str
    agents: Mapping[str, str]
    headers: Mapping[str, str]


@asynccontextmanager
async def started(recipe: Recipe) -> AsyncIterator[Started]:
    """Start an instance, wait until it is ready, and stop it in the end.

    Raises NotJudgedError, which blames the profile, where it does not get ready.
    """
    with lease() as port, home() as place:
        names = names_of(recipe, port, place.folder)
        command, environ = rendered(recipe.start, names)
        _configure(recipe.start, names)
        try:
            async with running(command, environment(os.environ, environ), place) as process:
                found = Started(names["url"], place, process)
                await _until_ready(found, recipe, command)
                yield found
        finally:
            await end_listeners(port, place)


def names_of(recipe: Recipe, port: int, folder: Path) -> Names:
    """Return what the templates of an instance may name."""
    template = recipe.start.template
    configured = {"config": str(folder / template.name)} if template else {}
    return {
        **configured,
        "port": port,
        "url": f"http://127.0.0.1:{port}",
        "folder": str(folder),
        "profile": str(recipe.start.folder.resolve()),
        "features": str(shipped.FEATURES),
        "variant": recipe.variant,
        "agents": {
            agent: {"url": url, "port": urlsplit(url).port} for agent, url in recipe.agents.items()
        },
        "python": sys.executable,
    }


def rendered(start: Start, names: Names) -> tuple[list[str], dict[str, str]]:
    """Return the command and its own environment variables, with everything filled in.

    Raises NotJudgedError, which blames the profile, for a mistake in one of them.
    """
    command = [render_argument(each, names, "the profile's command") for each in start.command]
    environ = {
        name: render_argument(text, names, f"the profile's environment, {name}")
        for name, text in start.environment.items()
    }
    return command, environ


def configuration(start: Start, names: Names) -> str:
    """Return the text of the instance's configuration; "" where the profile has no template.

    Raises NotJudgedError, which blames the profile, for a mistake in the template.
    """
    if start.template is None:
        return ""
    try:
        text = start.template.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotJudgedError(
            f"the profile's template {start.template} cannot be read: {error}", blame="the profile"
        ) from None
    return render(text, names, f"the template {start.template.name}")


def _configure(start: Start, names: Names) -> None:
    if start.template is not None:
        Path(names["config"]).write_text(configuration(start, names), encoding="utf-8")


async def _until_ready(found: Started, recipe: Recipe, command: list[str]) -> None:
    ready = recipe.ready
    trouble = await wait_until_ready(found.url, ready, recipe.headers, lambda: found.has_ended)
    if not trouble and not found.has_ended:
        return
    program = Path(command[0]).name
    if found.has_ended:
        told = f"{program} {found.ending} before it was ready"
        advice = f"{_IN_FRONT}start it by hand: {shlex.join(command)}"
    else:
        told = f"{program} was not ready within {ready.within:g} s: {trouble}"
        advice = "correct its command or its ready.path, or give it longer by ready.within_seconds"
    raise NotJudgedError(
        f"{told}; {advice}\n{printed(found.home, recipe.headers)}", blame="the profile"
    )


def printed(place: Home, headers: Mapping[str, str]) -> str:
    """Return the last lines that an instance has printed, without the secrets in the headers."""
    lines = last_lines(place.output, most=_SHOWN, secrets=secrets_of(headers))
    if not lines:
        return "it printed nothing"
    indented = "".join(f"\n  {line}" for line in lines)
    return f"its last {number(len(lines), 'line')}:{indented}"


_SHOWN = 15
_IN_FRONT = "if it puts itself into the background, let it stay in front; "
