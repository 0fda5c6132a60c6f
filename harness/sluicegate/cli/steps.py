"""`sluicegate steps`: the catalogue of sentences, as text and as a page."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sluicegate import shipped
from sluicegate.errors import SluicegateError

if TYPE_CHECKING:
    from sluicegate.gherkin.catalogue import Catalogue, Entry, Subject, Use, Value
    from sluicegate.gherkin.survey import Survey

WIDEST: Final = 100
"""Columns that a line takes at most, as longer ones are hard to read."""

_FIRST: Final = "  "
_LABELLED: Final = "      {:<6}"
_INDENT: Final = " " * 12


def _page_name(
    _context: click.Context, _option: click.Parameter, value: Path | None
) -> Path | None:
    # The next word may be a feature file that is meant to be read, and must not be overwritten.
    if value is not None and value.suffix.lower() not in {".html", ".htm"}:
        raise click.BadParameter(
            f"expected the name of a page to write, such as steps.html, got {str(value)!r}"
        )
    return value


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--search", "words", metavar="WORDS", help="Only the sentences that fit, best first.")
@click.option(
    "--uses",
    is_flag=True,
    help="List every scenario that uses a sentence, and where it is defined.",
)
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_page_name,
    metavar="FILE",
    help="Write a page to search in a browser instead, such as steps.html.",
)
def steps(paths: tuple[str, ...], words: str | None, page: Path | None, *, uses: bool) -> None:
    """Print the sentences that feature files can use.

    Each comes with an example and the scenarios that use it. What stands in braces is a value;
    the end of the list says what each kind of value accepts. Of entry/entries either word will
    do, and what stands in parentheses, as in event(s), may be left out.

    \b
    What there is:
      sluicegate steps                             all sentences
      sluicegate steps --search "stream"           those with the word, or about streams
      sluicegate steps --search duration           those that take a duration
      sluicegate steps --search "the status is 429"
                                                   the one that a line of a feature means
      sluicegate steps --search schema --uses      with every scenario that uses them
      sluicegate steps --html steps.html           a page to browse, in one file

    PATHS are feature files or folders of them. The sentences are those that they see, so those of
    your own steps are listed, too. Without PATHS they are the shipped features, and the folder
    `features` here if there is one. Nothing is run.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    # pytest is slow to import, and `--help` need not wait for it.
    from sluicegate.gherkin.catalogue import catalogue, search  # noqa: PLC0415 - see above
    from sluicegate.gherkin.survey import survey  # noqa: PLC0415

    try:
        # Each collected for itself, as the shipped features may lie below another configuration.
        surveys = [survey(each) for each in ([paths] if paths else _default_paths())]
    except SluicegateError as error:
        raise click.ClickException(str(error)) from error
    troubles = [trouble for surveyed in surveys for trouble in _troubles(surveyed)]
    found = catalogue(feature for surveyed in surveys for feature in surveyed.features)
    if not found.entries:
        raise click.ClickException("\n".join(troubles) or _nothing(paths))
    for trouble in troubles:
        click.echo(_printable(f"Warning: {trouble}", sys.stderr.encoding), err=True)
    shown = search(found, words) if words else found
    if not shown.entries:
        raise click.ClickException(
            f"no sentence fits {words!r}; try fewer words, or `sluicegate steps` for all"
        )
    if page:
        _write(page, shown)
    else:
        click.echo(_printable("\n".join(_text(shown, uses=uses)), sys.stdout.encoding))
    if troubles:
        raise SystemExit(1)


def _default_paths() -> list[list[str]]:
    own = Path("features")
    is_another = own.is_dir() and own.resolve() != shipped.FEATURES
    return [[str(shipped.FEATURES)], *([[str(own)]] if is_another else [])]


def _troubles(surveyed: "Survey") -> Iterator[str]:
    """Yield what keeps sentences or their uses out of the catalogue."""
    # A module of steps that fails does so in every feature file.
    yield from {trouble.partition(": ")[2]: trouble for trouble in surveyed.troubles}.values()
    for feature in surveyed.features:
        if feature.document is None:
            where = os.path.relpath(feature.path, surveyed.root)
            yield from (f"{where}:{each.line}: {each.message}" for each in feature.problems)


def _nothing(paths: tuple[str, ...]) -> str:
    return (
        f"expected feature files in {', '.join(paths)}, found none; the sentences are those that"
        " feature files see, so name some, or leave the paths away for the shipped ones"
    )


def _printable(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _write(page: Path, shown: "Catalogue") -> None:
    from sluicegate.gherkin.catalogue import page_of  # noqa: PLC0415 - Jinja2 is for pages alone

    try:
        page.write_text(page_of(shown), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise click.ClickException(
            f"cannot write {page}: {error.strerror}; choose another file for --html"
        ) from error
    click.echo(f"Wrote {_count(len(shown.entries), 'sentence')} to {page}; open it in a browser:")
    click.echo(f"  {page.resolve().as_uri()}")


def _text(shown: "Catalogue", *, uses: bool) -> Iterator[str]:
    for subject in shown.subjects:
        yield from _subject(subject, uses=uses)
    if shown.values:
        yield click.style("Values", bold=True)
        yield ""
        for value in shown.values:
            yield from _value(value)
            yield ""
    sentences = _count(len(shown.entries), "sentence")
    yield f"{sentences} in {_count(len(shown.subjects), 'subject')}."


def _subject(subject: "Subject", *, uses: bool) -> Iterator[str]:
    yield click.style(subject.title, bold=True)
    yield from _wrapped(subject.description, "", "")
    yield ""
    for entry in subject.entries:
        yield from _entry(entry, uses=uses)
        yield ""


def _entry(entry: "Entry", *, uses: bool) -> Iterator[str]:
    sentence = f"{entry.keyword} {entry.text}"
    yield from _wrapped(sentence, _FIRST, _FIRST + " " * 4)
    if entry.block:
        yield from _labelled("with", f"a {entry.block} below it")
    if entry.example != sentence:
        first, *block = entry.example.splitlines()
        yield from _labelled("e.g.", first)
        yield from (_cut(f"{_INDENT}{line}") for line in block)
    yield from _uses(entry, listed=uses)
    if uses:
        yield from _labelled("from", entry.place)


def _uses(entry: "Entry", *, listed: bool) -> Iterator[str]:
    if not entry.uses:
        yield from _labelled("used", "by no scenario")
        return
    count = _count(len(entry.uses), "scenario")
    if not listed:
        comma = ", first in" if len(entry.uses) > 1 else " in"
        yield from _labelled("used", f"by {count}{comma} {_place(entry.uses[0])}")
        return
    yield from _labelled("used", f"by {count}:")
    for use in entry.uses:
        yield from _wrapped(f"{_place(use)} {use.scenario}", f"{_INDENT}  ", f"{_INDENT}    ")


def _place(use: "Use") -> str:
    return f"{use.file}:{use.line}"


def _value(value: "Value") -> Iterator[str]:
    yield from _wrapped(f"{{{value.name}}}", _FIRST, _FIRST)
    yield from _wrapped(value.accepts, " " * 6, " " * 6)


def _labelled(label: str, text: str) -> Iterator[str]:
    return _wrapped(text, _LABELLED.format(label), _INDENT)


def _wrapped(text: str, first: str, rest: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        _width(),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _cut(line: str) -> str:
    return line if len(line) <= _width() else f"{line[: _width() - 3]}..."


def _width() -> int:
    return min(shutil.get_terminal_size().columns, WIDEST)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
