"""`sluicegate lint`: say what is wrong with feature files, without running them."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sluicegate.errors import SluicegateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluicegate.gherkin.findings import Finding

DEFAULT: Final = "features"
"""The folder that is looked at unless the command line names others."""


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github", "json"]),
    default="text",
    show_default=True,
    help="How to write the problems: for people and editors, as GitHub's annotations, or as JSON.",
)
@click.option("--strict", is_flag=True, help="Fail for warnings, too.")
@click.option("--rules", is_flag=True, help="List the rules, and exit.")
@click.pass_context
def lint(
    context: click.Context, paths: tuple[str, ...], form: str, *, strict: bool, rules: bool
) -> None:
    """Check feature files without running them.

    Errors are what pytest would refuse before it runs anything: mistyped keywords, tags, columns
    and sentences, and scenarios that check nothing. Warnings are about style. PATHS are feature
    files, or folders of them; without any it is the folder `features`.

    \b
    Try it:
      sluicegate lint
      sluicegate lint features/provider/stream.feature
      sluicegate lint --strict
      sluicegate lint --rules

    \b
    Each problem is a line of its file, with the rule's name in brackets; indented lines below
    it say more:
      features/boxes.feature:7: error: scenario 'Boxes' has no Then, so it checks ... [no-then]

    \b
    In a workflow on GitHub, problems show up beside the changed lines with
      sluicegate lint --format github

    The exit code is 0 if there are no errors (with --strict: no warnings either), 1 if there are
    some, and 2 if there was nothing to check, or it could not be checked.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if rules:
        click.echo(_catalogue())
        return
    found, count = _look(paths or _default())
    if written := _FORMS[form](found):
        click.echo(written)
    tally = Counter[str](finding.severity for finding in found)
    click.echo(_summary(count, tally), err=True)
    context.exit(1 if tally["error"] or (strict and tally["warning"]) else 0)


def _default() -> tuple[str, ...]:
    if not Path(DEFAULT).is_dir():
        raise _UnusableError(
            f"there is no folder '{DEFAULT}' here; name feature files, or a folder of them"
        )
    return (DEFAULT,)


def _look(paths: tuple[str, ...]) -> "tuple[list[Finding], int]":
    """Return what was found, and the number of feature files that were looked at."""
    # pytest is slow to import, and `--help` need not wait for it.
    from sluicegate.gherkin.findings import findings  # noqa: PLC0415 - see above
    from sluicegate.gherkin.survey import survey  # noqa: PLC0415

    if other := next((path for path in paths if _is_no_feature(path)), None):
        raise _UnusableError(f"{other} is not a .feature file")
    try:
        seen = survey(paths)
    except SluicegateError as error:
        raise _UnusableError(str(error)) from None
    count = len({feature.path for feature in seen.features})
    if not count and not seen.troubles:
        raise _UnusableError(
            f"no feature file found in {', '.join(paths)}; name a folder of .feature files, or the"
            " files themselves where there are Python tests beside them"
        )
    return findings(seen), count


def _is_no_feature(path: str) -> bool:
    return Path(path).is_file() and not path.endswith(".feature")


class _UnusableError(click.ClickException):
    """Nothing could be checked."""

    exit_code = 2


def _summary(count: int, tally: "Counter[str]") -> str:
    numbers = [(count, "file"), (tally["error"], "error"), (tally["warning"], "warning")]
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in numbers)


def _catalogue() -> str:
    from sluicegate.gherkin.lint.rules import ERRORS, WARNINGS  # noqa: PLC0415 - see _look

    width = max(map(len, [*ERRORS, *WARNINGS]))
    lines: list[str] = []
    for title, rules in (("errors", ERRORS), ("warnings", WARNINGS)):
        lines += [title, *(f"  {name:{width}}  {about}" for name, about in rules.items())]
    return "\n".join(lines)


def _text(found: "list[Finding]") -> str:
    return "\n".join(map(_as_compilers_do, found))


def _as_compilers_do(finding: "Finding") -> str:
    first, *more = finding.message.split("\n")
    line = f"{finding.file}:{finding.line}: {finding.severity}: {first} [{finding.rule}]"
    return "\n".join(
        [line, *(each if each[:1].isspace() else f"  {each}" for each in more if each)]
    )


def _github(found: "list[Finding]") -> str:
    return "\n".join(
        f"::{finding.severity} file={_property(finding.file)},line={finding.line}"
        f",title={_property(finding.rule)}::{_data(finding.message)}"
        for finding in found
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _json(found: "list[Finding]") -> str:
    return json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False)


_FORMS: "Final[dict[str, Callable[[list[Finding]], str]]]" = {
    "text": _text,
    "github": _github,
    "json": _json,
}
