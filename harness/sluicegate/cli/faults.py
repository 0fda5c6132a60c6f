"""The list of parameters that `sluicegate provider --faults` prints."""

import shutil
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from sluicegate.provider.parameters import Parameter

WIDEST: Final = 100
"""Columns that a line takes at most, as longer ones are hard to read."""

_NAME: Final = 20
"""Columns that a parameter's name gets."""

_INTRODUCTION: Final = """\
Parameters say what the mock provider answers. They stand in the query of a request, in its header
{header}, or after the name of its model; the query counts before the header, and the header before
the model. What a plan says comes before them all."""

_EXAMPLES: Final = """\
  POST /v1/chat/completions?fail=429&delay=100
  {header}: fail=429&delay=100
  {{"model": "gpt-4?fail=429&delay=100", ...}}
  {{"answers": [{{"fail": 429, "delay": 100}}, {{}}]}}
"""


def faults_text(width: int | None = None) -> str:
    """Describe every parameter, by groups, in lines of at most `width` columns."""
    # jsonschema comes with them, and `--help` need not wait for that.
    from sluicegate.provider.parameters import PARAMETERS  # noqa: PLC0415 - see above
    from sluicegate.provider.selection import HEADER  # noqa: PLC0415

    columns = width or min(shutil.get_terminal_size().columns, WIDEST)
    return "\n".join(
        [
            *_wrapped(_INTRODUCTION.format(header=HEADER), "", columns),
            "",
            _EXAMPLES.format(header=HEADER),
            *_groups(PARAMETERS, columns),
        ]
    ).rstrip()


def _groups(parameters: "Mapping[str, Parameter]", columns: int) -> Iterator[str]:
    for group in dict.fromkeys(each.group for each in parameters.values()):
        yield click.style(group.capitalize(), bold=True)
        for name, parameter in parameters.items():
            if parameter.group == group:
                yield from _parameter(name, parameter, columns)
        yield ""


def _parameter(name: str, parameter: "Parameter", columns: int) -> Iterator[str]:
    yield from _wrapped(parameter.meaning, f"  {name:{_NAME}}", columns)
    if not parameter.values:
        yield from _wrapped(parameter.accepts, " " * 6, columns)
    longest = max(map(len, parameter.values), default=0)
    for value, meaning in parameter.values.items():
        yield from _wrapped(meaning, f"{'':6}{value:{longest}}  ", columns)


def _wrapped(text: str, first: str, columns: int) -> list[str]:
    return textwrap.wrap(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
