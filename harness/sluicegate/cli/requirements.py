"""`sluicegate requirements`: what covers each requirement, and how it ended last."""

import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from sluicegate.errors import SluicegateError

if TYPE_CHECKING:
    from sluicegate.gherkin.coverage import Contract, Cover, Coverage

WIDEST: Final = 100
"""Columns that a line takes at most, as longer ones are hard to read."""

SYSTEMS: Final = ("provider", "proxy", "gateway")
"""What `--system` accepts; as in gherkin/coverage.py, which is slow to import."""

_COLOURS: Final = {
    "failed": "red",
    "missing": "red",
    "planned": "cyan",
    "never run": "yellow",
    "skipped": "yellow",
    "passed": "green",
}
"""The states of a requirement, the ones that need attention first."""

_LABELLED: Final = "      {:<6}"
_INDENT: Final = " " * 12
_RESULT: Final = ("outcome", "reason", "when", "clock", "profile")


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--missing", is_flag=True, help="Only what no scenario covers, planned or not.")
@click.option("--failed", is_flag=True, help="Only what failed last.")
@click.option("--system", type=click.Choice(SYSTEMS), help="Only what is about this system.")
@click.option(
    "--features",
    "folders",
    multiple=True,
    type=click.Path(exists=True),
    metavar="FOLDER",
    help="Look for scenarios here, and nowhere else; can be repeated.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write them: for people, or as JSON.",
)
@click.option("--check", is_flag=True, help="Fail if a scenario is missing, or failed last.")
@click.option("-v", "--verbose", is_flag=True, help="List every scenario.")
def requirements(  # noqa: PLR0913 - one for each option
    ids: tuple[str, ...],
    folders: tuple[str, ...],
    system: str | None,
    form: str,
    *,
    missing: bool,
    failed: bool,
    check: bool,
    verbose: bool,
) -> None:
    """Print the requirements, the scenarios that cover them, and how these ended last.

    IDs choose requirements, such as PROVIDER-010; without any it is all of them, of the shipped
    features and of the folder `features` here. Nothing is run: each run of pytest keeps the
    results of its scenarios in pytest's cache, on this machine.

    \b
    Try it:
      sluicegate requirements --system proxy
      sluicegate requirements PROVIDER-010 -v
      sluicegate requirements --missing
      sluicegate requirements --failed

    The state of a requirement is the worst of its scenarios': failed, never run, skipped, or
    passed. Without scenarios it is planned, if the register says so, or missing.

    \b
    In CI, after the features have run:
      sluicegate requirements --check --missing --failed

    The exit code is 0. With --check it is 1 if a requirement that is not planned has no scenario,
    if one failed last, or if a feature file could not be read.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    # pytest is slow to import, and `--help` need not wait for it.
    from sluicegate.gherkin.coverage import contract  # noqa: PLC0415 - see above

    try:
        found = contract(folders)
    except SluicegateError as error:
        raise click.ClickException(str(error)) from error
    chosen = [each for each in _chosen(found, ids) if not system or system in each.systems]
    shown = [each for each in chosen if _is_wanted(each, missing=missing, failed=failed)]
    for trouble in found.troubles:
        _complain(f"Warning: {trouble}")
    lines = _json(shown) if form == "json" else _text(shown, chosen, verbose=verbose)
    click.echo(_printable("\n".join(lines), sys.stdout.encoding))
    if check:
        _check(chosen, has_troubles=bool(found.troubles))


def _chosen(found: "Contract", ids: Sequence[str]) -> "list[Coverage]":
    known = {each.requirement.id: each for each in found.coverages}
    for name in ids:
        if name not in known:
            raise click.BadParameter(_unknown(name, list(known)), param_hint="ID")
    return [known[name] for name in dict.fromkeys(ids or known)]


def _unknown(name: str, known: list[str]) -> str:
    from sluicegate.gherkin.wording import nearest  # noqa: PLC0415 - as slow as pytest

    guess = nearest(name, known)
    meant = f"did you mean {guess}?" if guess else "`sluicegate requirements` lists all"
    return f"no requirement {name} is known; {meant}"


def _is_wanted(coverage: "Coverage", *, missing: bool, failed: bool) -> bool:
    wanted = {"missing", "planned"} if missing else set[str]()
    wanted |= {"failed"} if failed else set()
    return not wanted or coverage.state in wanted


def _check(chosen: "Iterable[Coverage]", *, has_troubles: bool) -> None:
    """Say what is wrong, on stderr, and exit; return if nothing is."""
    by_state: dict[str, list[str]] = {}
    for each in chosen:
        by_state.setdefault(each.state, []).append(each.requirement.id)
    wrong = [state for state in _TODO if state in by_state]
    for state in wrong:
        names = by_state[state]
        _complain(f"Error: {state}: {', '.join(names)}; {_TODO[state].format(names[0])}")
    if wrong or has_troubles:
        raise SystemExit(1)


_TODO: Final = {
    "missing": "write a scenario with the tag @req:{}, or mark the requirement as planned",
    "failed": 'run it again by `pytest features/ -m "req:{}"`',
}


def _complain(text: str) -> None:
    click.echo(_printable(text, sys.stderr.encoding), err=True)


def _printable(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _text(
    shown: "Sequence[Coverage]", chosen: "Sequence[Coverage]", *, verbose: bool
) -> Iterator[str]:
    for coverage in shown:
        yield from _entry(coverage, verbose=verbose)
        yield ""
    states = Counter[str](each.state for each in chosen)
    tally = ", ".join(f"{states[state]} {state}" for state in _COLOURS if states[state])
    yield f"{_count(len(chosen), 'requirement')}: {tally or 'none fits'}."
    covers = [cover for each in chosen for cover in each.covers]
    if covers and not any(cover.result for cover in covers):
        yield "No scenario has been run here yet: `pytest features/` does it."


def _entry(coverage: "Coverage", *, verbose: bool) -> Iterator[str]:
    about = coverage.requirement
    state = click.style(coverage.state, fg=_COLOURS[coverage.state])
    yield f"{click.style(about.id, bold=True)}  {about.level}, {state}"
    yield from _wrapped(about.sentence, "  ", "  ")
    if not coverage.covers:
        return
    yield from _labelled("by", _where(coverage.covers, listed=verbose))
    if verbose:
        for group in _by_scenario(coverage.covers):
            yield from _scenario(group)
    else:
        yield from _labelled("last", _ended(coverage.covers))
        yield from _reasons(coverage.covers, _INDENT + " " * 2, placed=True)


def _where(covers: "Sequence[Cover]", *, listed: bool) -> str:
    number = len(_by_scenario(covers))
    rows = f", {len(covers)} with their rows" if len(covers) > number else ""
    count = f"{_count(number, 'scenario')}{rows}"
    if listed:
        return f"{count}:"
    return f"{count}{', first in' if number > 1 else ' in'} {covers[0].place}"


def _scenario(covers: "Sequence[Cover]") -> Iterator[str]:
    """Yield a scenario, and what its rows came to, if it has any."""
    first, *others = covers
    rows = f" ({len(covers)} rows)" if others else ""
    yield from _wrapped(f"{first.place} {first.scenario}{rows}", _INDENT + " " * 2)
    yield from _wrapped(_ended(covers), _INDENT + " " * 4)
    yield from _reasons(covers, _INDENT + " " * 4)


def _ended(covers: "Iterable[Cover]") -> str:
    """Return how scenarios ended, when the last of them did, and what judged them."""
    found = tuple(covers)
    tally = Counter[str](cover.outcome for cover in found)
    counts = [
        f"{tally[each]} {each}" if len(found) > 1 else each for each in _COLOURS if tally[each]
    ]
    results = [cover.result for cover in found if cover.result]
    if not results:
        return ", ".join(counts)
    judges = " and ".join(dict.fromkeys(result.judge for result in results))
    return f"{', '.join(counts)}, {_local(max(each.when for each in results))} {judges}"


def _local(when: str) -> str:
    return f"{datetime.fromisoformat(when).astimezone():%Y-%m-%d %H:%M}"


def _reasons(covers: "Iterable[Cover]", indent: str, *, placed: bool = False) -> Iterator[str]:
    """Yield what failed, each with its reason, and each reason for which any was skipped."""
    skips = Counter[str]()
    for cover in covers:
        if cover.result and cover.outcome == "failed":
            name = f"{cover.place} {cover.name}" if placed else cover.name
            yield from _coloured(f"failed: {name}: {cover.result.reason}", indent, "failed")
        elif cover.result and cover.outcome == "skipped":
            skips[cover.result.reason] += 1
    for reason, number in skips.items():
        times = f" ({number} times)" if number > 1 else ""
        yield from _coloured(f"skipped: {reason}{times}", indent, "skipped")


def _by_scenario(covers: "Iterable[Cover]") -> "list[list[Cover]]":
    found: dict[tuple[object, int], list[Cover]] = {}
    for cover in covers:
        found.setdefault((cover.path, cover.line), []).append(cover)
    return list(found.values())


def _json(shown: "Iterable[Coverage]") -> Iterator[str]:
    yield json.dumps([_document(each) for each in shown], indent=2, ensure_ascii=False)


def _document(coverage: "Coverage") -> dict[str, Any]:
    return {
        **asdict(coverage.requirement),
        "state": coverage.state,
        "systems": coverage.systems,
        "scenarios": [_cover(cover) for cover in coverage.covers],
    }


def _cover(cover: "Cover") -> dict[str, Any]:
    file, _, line = cover.place.rpartition(":")
    result = asdict(cover.result) if cover.result else dict.fromkeys(_RESULT)
    about = {"name": cover.name, "file": file, "line": int(line)}
    return about | result | {"outcome": cover.outcome}


def _labelled(label: str, text: str) -> Iterator[str]:
    return _wrapped(text, _LABELLED.format(label), _INDENT)


def _coloured(text: str, indent: str, state: str) -> Iterator[str]:
    return (click.style(line, fg=_COLOURS[state]) for line in _wrapped(text, indent))


def _wrapped(text: str, first: str, rest: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        _width(),
        initial_indent=first,
        subsequent_indent=rest or first + " " * 2,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _width() -> int:
    return min(shutil.get_terminal_size().columns, WIDEST)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
