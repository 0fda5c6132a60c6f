"""The plans that the agents of `sluicegate provider` start with, from files and options."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sluicegate.errors import SluicegateError

if TYPE_CHECKING:
    from sluicegate.provider.plan import Plan


def read_plans(
    agents: Iterable[str], files: Sequence[str], overruling: Mapping[str, Any]
) -> "dict[str, Plan]":
    """Read the plan of each agent.

    `files` are as given to `--plan`: a path for every agent, or `NAME=PATH` for one. Members of
    `overruling` take the place of those in the files. Raises ClickException for a file that cannot
    be read and for a plan that is none.
    """
    paths = _paths(list(agents), files)
    return {agent: _read(path, overruling) for agent, path in paths.items()}


def _paths(agents: list[str], files: Sequence[str]) -> dict[str, str | None]:
    paths: dict[str, str | None] = dict.fromkeys(agents)
    for each in files:
        concerned, path = _addressed(each, agents)
        for agent in concerned:
            if paths[agent] is not None:
                raise click.UsageError(f"--plan: {agent} has one already, {paths[agent]}")
            paths[agent] = path
    return paths


def _addressed(file: str, agents: list[str]) -> tuple[list[str], str]:
    name, sign, path = file.partition("=")
    if sign and name in agents:
        return [name], path
    if sign and not Path(file).exists():
        raise click.UsageError(f"--plan: there is no agent {name!r}; there are {', '.join(agents)}")
    return agents, file


def _read(path: str | None, overruling: Mapping[str, Any]) -> "Plan":
    from sluicegate.provider.plan import read_plan  # noqa: PLC0415 - jsonschema is slow to import

    document = {} if path is None else _document(path)
    try:
        return read_plan({**document, **overruling})
    except SluicegateError as error:
        raise click.ClickException(f"{path}: {error}" if path else str(error)) from error


def _document(path: str) -> dict[str, Any]:
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise click.ClickException(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise click.ClickException(
            f'{path}: expected an object such as {{"answers": [{{"fail": 429}}, {{}}]}}'
        )
    return document
