# The page of the documentation that says what the official SDKs make of every fault.
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from sluicegate.provider.parameters import PARAMETERS

from .sdk_cases import TOOLS, Case
from .sdk_remarks import REMARKS

Mark = Literal["", "unnoticed", "foreign"]

_MARKS: Final[Mapping[Mark, str]] = {"": "{}", "unnoticed": "**{}**", "foreign": "*{}*"}


@dataclass(frozen=True, slots=True)
class Column:
    sdk: str
    stream: bool

    def __str__(self) -> str:
        return f"{self.sdk}, {'streamed' if self.stream else 'plain'}"


COLUMNS: Final = tuple(
    Column(sdk, stream) for sdk in ("openai", "anthropic") for stream in (False, True)
)


@dataclass(frozen=True, slots=True)
class Outcome:
    words: str
    mark: Mark = ""

    def __str__(self) -> str:
        return _MARKS[self.mark].format(self.words)


# `helped` is what the stream helper makes of it, where that is something else.
@dataclass(frozen=True, slots=True)
class Cell:
    direct: Outcome
    helped: Outcome | None = None

    def __str__(self) -> str:
        return f"{self.direct}; helper: {self.helped}" if self.helped else str(self.direct)


@dataclass(frozen=True, slots=True)
class Row:
    case: Case
    cells: tuple[Cell | None, ...]

    @property
    def section(self) -> str:
        return "calls of tools" if self.case.is_of_tools else PARAMETERS[self.case.name].group

    @property
    def fault(self) -> str:
        return f"`{self.case.fault if self.case.is_of_tools else self.case.query}`"

    def is_marked(self, place: int, mark: Mark) -> bool:
        cell = self.cells[place]
        return cell is not None and cell.direct.mark == mark


_HEAD: Final = """\
# What the official SDKs make of each fault

The mock provider can be told to fail in many ways. This page says what a program gets to see of
each that uses the official Python SDKs of OpenAI and Anthropic. It is written by

    python tests/provider/sdk_outcomes.py --write docs/faults.md

with {versions}; a test keeps it true. The parameters stand in the
query of a request, in its header `X-Sluicegate-Faults`, after the name of its model
(`gpt-4?fail=429`) or in a plan; `sluicegate provider --faults` lists them all.

The clients are the asynchronous ones, do not retry, and wait for {patience:g} seconds. They ask for
a plain answer with `create()` and for a stream with `create(stream=True)`; where the SDK's stream
helper, `stream()`, makes something else of it, that stands behind "helper".

- whole: the program gets what it gets without the fault, and no error.
- **Bold**: it gets something else, and no error. The SDK notices nothing.
- *Italic*: it gets an error that is none of the SDK's own, so that `except openai.OpenAIError` or
  `except anthropic.AnthropicError` does not catch it.
- Empty: the fault changes nothing there, or is none of that format.

Without a fault, a stream brings six words. Pieces of tool calls are joined by their index.
"""
_INTRODUCTIONS: Final[Mapping[str, str]] = {
    "calls of tools": f"Each of these quirks stands beside\n`{TOOLS}`.\n\n"
}


def page(rows: Sequence[Row], versions: Mapping[str, str], patience: float) -> str:
    shown = [row for row in rows if any(row.cells)]
    made_with = " and ".join(f"{sdk} {version}" for sdk, version in versions.items())
    head = _HEAD.format(versions=made_with, patience=patience)
    sections = dict.fromkeys(row.section for row in shown)
    tables = (_section(name, [row for row in shown if row.section == name]) for name in sections)
    return "\n".join([head, _striking(shown), *tables])


def _striking(rows: Sequence[Row]) -> str:
    outcomes = {
        (row.case.fault, str(column)): str(cell)
        for row in rows
        for column, cell in zip(COLUMNS, row.cells, strict=True)
    }
    remarks = (f"- {each.sentence}\n" for each in REMARKS if each.seen.items() <= outcomes.items())
    return (
        f"## What is striking\n\n{''.join(remarks)}\n"
        "Helpers aside, the program gets something else than without the fault, and no error:\n\n"
        f"{_marked(rows, 'unnoticed')}\n"
        "It gets an error that is none of the SDK's own:\n\n"
        f"{_marked(rows, 'foreign')}"
    )


def _marked(rows: Sequence[Row], mark: Mark) -> str:
    found = ([row.fault for row in rows if row.is_marked(p, mark)] for p in range(len(COLUMNS)))
    return "".join(
        f"- {column}: {', '.join(faults)}\n"
        for column, faults in zip(COLUMNS, found, strict=True)
        if faults
    )


def _section(name: str, rows: Sequence[Row]) -> str:
    title = f"## {name[0].upper()}{name[1:]}\n\n{_INTRODUCTIONS.get(name, '')}"
    rule = "|".join("---" for _ in range(len(COLUMNS) + 2))
    return "".join(
        [
            title,
            _line("parameter", "what the provider does", *map(str, COLUMNS)),
            f"|{rule}|\n",
            *_lines(rows),
        ]
    )


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    for name, group in groupby(rows, lambda row: row.case.name):
        if PARAMETERS[name].values:
            yield _line(f"**`{name}`**", PARAMETERS[name].meaning, *[""] * len(COLUMNS))
        for row in group:
            cells = ("" if cell is None else str(cell) for cell in row.cells)
            yield _line(row.fault, row.case.meaning, *cells)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n".replace("  ", " ")
