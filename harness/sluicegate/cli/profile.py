"""`sluicegate profile`: write a gateway's profile, and find out what is wrong with it."""

import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import click

from sluicegate import profiles

from .checking import UnjudgedError, profile_file

_USUAL: Final = "my-gateway.toml"
_WIDEST: Final = 80


@click.group()
def profile() -> None:
    """Write and check profiles: what a gateway is, how it is started and what it claims.

    \b
      sluicegate profile new my-gateway.toml
      sluicegate profile check my-gateway.toml
      sluicegate check --profile my-gateway.toml
    """  # noqa: D301 - \b is click's mark for lines that stay as they are


@profile.command("list")
def list_() -> None:
    """List the profiles that ship.

    \b
      sluicegate check --profile NAME           judge with one
      sluicegate profile new --from NAME FILE   begin with a copy of it
    """  # noqa: D301 - see above
    for name in profiles.names():
        click.echo(f"{name:<16}  {_about(profiles.path(name))}")


def _about(path: Path) -> str:
    """Return the first sentence of the comment at the head of a profile."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = takewhile(lambda line: line.startswith("# "), lines)
    sentence = " ".join(line.removeprefix("# ").strip() for line in head).partition(". ")[0]
    return textwrap.shorten(sentence.rstrip("."), _WIDEST, placeholder=" ...")


@profile.command()
@click.argument(
    "file", default=_USUAL, type=click.Path(dir_okay=False, path_type=Path), metavar="[FILE]"
)
@click.option("--from", "name", metavar="NAME", help="Begin with a copy of a profile that ships.")
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
def new(file: Path, name: str | None, *, force: bool) -> None:
    """Write a profile that teaches: every key, with comments.

    \b
      sluicegate profile new my-gateway.toml
      sluicegate profile new my-litellm.toml --from litellm

    With --from, the templates that the profile names are copied beside it, too. Without FILE it is
    my-gateway.toml.
    """  # noqa: D301 - see above
    source = profiles.NEW if name is None else _shipped(name)
    copies = {file: source}
    copies |= {file.parent / each: source.parent / each for each in _templates(source)}
    if not force and (there := [str(each) for each in copies if each.exists()]):
        raise click.ClickException(
            f"{' and '.join(there)} {'is' if len(there) == 1 else 'are'} there already; choose"
            " another FILE, or overwrite by --force"
        )
    try:
        _write(copies)
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from None
    click.echo("\n".join(_said(file, copies)))


def _shipped(name: str) -> Path:
    if name not in profiles.names():
        raise click.BadParameter(
            f"no profile {name} ships; there are {', '.join(profiles.names())}", param_hint="--from"
        )
    return profiles.path(name)


def _templates(source: Path) -> list[str]:
    """Return the templates that a profile names, wherever in it."""
    document = tomllib.loads(source.read_text(encoding="utf-8"))
    return sorted({*_values(document, "template")})


def _values(table: Mapping[str, Any], name: str) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _values(value, name)
        elif key == name:
            yield value


def _write(copies: Mapping[Path, Path]) -> None:
    for target, source in copies.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())


def _said(file: Path, copies: Mapping[Path, Path]) -> Iterator[str]:
    yield "Made:"
    yield from (f"  {path}" for path in copies)
    yield ""
    yield "Next:"
    yield f"  sluicegate profile check {file}    say whether it is right, and ask the gateway once"
    yield f"  sluicegate check --profile {file}  judge the gateway"


@profile.command()
@click.argument("file", metavar="FILE|NAME")
def check(file: str) -> None:
    """Say what is wrong with a profile; then ask its gateway once, plain and streamed.

    \b
      sluicegate profile check my-gateway.toml

    First everything that can be told without starting anything, all at once: keys, names of
    capabilities, requirements and variants, days that have passed, templates, commands and ports.
    Then what one plain and one streamed request show, and what that means for the profile.

    The exit code is 0, or 2 if something is wrong.
    """  # noqa: D301 - see above
    from .profile_check import checked  # noqa: PLC0415 - it imports pytest, which is slow

    path = profile_file(file)
    wrong = False
    for line in checked(path):
        wrong = wrong or line.is_wrong
        click.echo(line.text)
    if wrong:
        raise SystemExit(UnjudgedError.exit_code)
    click.echo(f"\nNext:\n  sluicegate check --profile {file}")
