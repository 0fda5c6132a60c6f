"""`sluicegate requirements`: what covers each requirement, and how it ended last."""

import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from sluicegate.errors import SluicegateError

if TYPE_CHECKING:
    from sluicegate.gherkin.coverage import Contract, Cover, Coverage

WIDEST: Final = 100
"""Columns that a line takes at most, as longer ones are hard to read."""

_SYSTEMS: Final = ("provider", "proxy", "gateway")
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


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--missing", is_flag=True, help="Only what no scenario covers, planned or not.")
@click.option("--failed", is_flag=True, help="Only what failed last.")
@click.option("--system", type=click.Choice(_SYSTEMS), help="Only what is about this system.")
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
    for state, todo in _TODO.items():
        if state in by_state:
            _complain(f"Error: {state}: {', '.join(by_state[state])}; {todo}")
    if has_troubles or _TODO.keys() & by_state.keys():
        raise SystemExit(1)


_TODO: Final = {
    "missing": "write a scenario with the tag @req:..., or mark the requirement as planned",
    "failed": "run the scenarios of one again by `pytest features/ -m req:...`",
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
    if chosen and not any(cover.result for each in chosen for cover in each.covers):
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
        yield from _reasons(coverage.covers)


def _where(covers: "Sequence[Cover]", *, listed: bool) -> str:
    number = len(_by_scenario(covers))
    rows = f" ({len(covers)} with the rows of Examples)" if len(covers) > number else ""
    count = f"{_count(number, 'scenario')}{rows}"
    if listed:
        return f"{count}:"
    return f"{count}{', first in' if number > 1 else ' in'} {covers[0].place}"


def _scenario(covers: "Sequence[Cover]") -> Iterator[str]:
    """Yield a scenario and its results; those of its rows are one line where they are alike."""
    first, *others = covers
    rows = f" ({len(covers)} rows)" if others else ""
    yield from _wrapped(f"{first.place} {first.scenario}{rows}", f"{_INDENT}  ", f"{_INDENT}    ")
    yield from _wrapped(_ended(covers), f"{_INDENT}    ", f"{_INDENT}    ")
    yield from _reasons(covers)


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


def _reasons(covers: "Iterable[Cover]") -> Iterator[str]:
    """Yield each scenario that failed with its reason, and each reason for which any was skipped."""
    skips = Counter[str]()
    for cover in covers:
        if cover.result and cover.outcome == "failed":
            said = f"failed: {cover.place} {cover.name}: {cover.result.reason}"
            yield from _wrapped(said, f"{_INDENT}    ", f"{_INDENT}      ", "red")
        elif cover.result and cover.outcome == "skipped":
            skips[cover.result.reason] += 1
    for reason, number in skips.items():
        times = f" ({number} times)" if number > 1 else ""
        said = f"skipped: {reason}{times}"
        yield from _wrapped(said, f"{_INDENT}    ", f"{_INDENT}      ", "yellow")


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
    result = asdict(cover.result) if cover.result else {}
    return {"name": cover.name, "file": file, "line": int(line), "outcome": cover.outcome} | result


def _labelled(label: str, text: str) -> Iterator[str]:
    return _wrapped(text, _LABELLED.format(label), _INDENT)


def _wrapped(text: str, first: str, rest: str, colour: str | None = None) -> Iterator[str]:
    lines = textwrap.wrap(
        text,
        _width(),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return (click.style(line, fg=colour) if colour else line for line in lines)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, WIDEST)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
