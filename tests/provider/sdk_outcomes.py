# What the official SDKs make of every fault of the provider, as a page of the documentation.
#
#     python tests/provider/sdk_outcomes.py                          # to stdout
#     python tests/provider/sdk_outcomes.py --write docs/faults.md
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import anthropic
import click
import openai

if not __package__:  # run as a script, whose own folder is what can be imported from
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.provider import sdk_readings as readings
from tests.provider.sdk_cases import Case, cases, parameters
from tests.provider.sdk_page import COLUMNS, Cell, Column, Outcome, Row, page
from tests.provider.sdk_readings import Query, Reading

from sluicegate.provider.app import create_app
from sluicegate.provider.transport import FaultyServer
from sluicegate.runtime.clock import Clock, SimulatedClock

PATIENCE: Final = 60.0
VERSIONS: Final = {"openai": openai.__version__, "anthropic": anthropic.__version__}

Ask = Callable[[Query, Reading], Awaitable[None]]

_OWN: Final = (openai.OpenAIError, anthropic.AnthropicError)
_REASONS: Final = {"openai": "finish_reason", "anthropic": "stop_reason"}


# The ways of asking for one column: as it comes and, in a stream, with the SDK's own helper.
@dataclass(frozen=True, slots=True)
class Inquiry:
    column: Column
    asks: tuple[Ask, ...]
    normals: dict[tuple[str, Ask], Reading] = field(default_factory=dict)

    async def cell(self, case: Case) -> Cell | None:
        if not case.concerns(self.column.sdk, stream=self.column.stream):
            return None
        direct, *helped = [await self._outcome(case, ask) for ask in self.asks]
        return Cell(direct, next((each for each in helped if each != direct), None))

    async def _outcome(self, case: Case, ask: Ask) -> Outcome:
        key = (case.normal, ask)
        if key not in self.normals:
            self.normals[key] = Reading()
            await ask(parameters(case.normal), self.normals[key])
        return _judged(await _read(ask, case.query), self.normals[key], self.column.sdk)


async def _read(ask: Ask, query: str) -> Reading:
    reading = Reading()
    try:
        await ask(parameters(query), reading)
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        reading.error = error
    return reading


def _judged(reading: Reading, normal: Reading, sdk: str) -> Outcome:
    if reading.error is not None:
        name = _named(reading.error)
        said = f"{_counted(reading, normal)}, then {name}" if reading.pieces else name
        return Outcome(said, "" if isinstance(reading.error, _OWN) else "foreign")
    differences = ", ".join(_differences(reading, normal, sdk))
    return Outcome(f"{differences}, no error", "unnoticed") if differences else Outcome("whole")


def _named(error: Exception) -> str:
    name, module = type(error).__name__, type(error).__module__.partition(".")[0]
    if isinstance(error, _OWN):
        status = getattr(error, "status_code", None)
        return f"{name} ({status})" if status else name
    return name if module == "builtins" else f"{module}.{name}"


def _differences(reading: Reading, normal: Reading, sdk: str) -> list[str]:
    if reading.instead:
        return [f"a {reading.instead}"]
    if normal.pieces and not reading.pieces:
        return ["no text"]
    differing = [
        (reading.pieces != normal.pieces, _counted(reading, normal)),
        (reading.tools != normal.tools, "other tool calls"),
        (reading.reason != normal.reason, f"{_REASONS[sdk]} {reading.reason}"),
    ]
    found = [words for is_different, words in differing if is_different]
    # What an answer cost is missing wherever its end is.
    return found or ["usage incomplete"] * (reading.usage != normal.usage)


def _counted(reading: Reading, normal: Reading) -> str:
    read, sent = len(reading.pieces), len(normal.pieces)
    return f"{read} words in place of {sent}" if read > sent else f"{read} of {sent} words"


@asynccontextmanager
async def _inquiries(url: str) -> AsyncIterator[tuple[Inquiry, ...]]:
    options: dict[str, Any] = {"api_key": "any", "max_retries": 0, "timeout": PATIENCE}
    async with (
        openai.AsyncOpenAI(
            base_url=f"{url}/v1",
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
            **options,
        ) as chat,
        anthropic.AsyncAnthropic(
            base_url=url,
            http_client=anthropic.DefaultAsyncHttpxClient(trust_env=False),
            **options,
        ) as messages,
    ):
        asks: tuple[tuple[Ask, ...], ...] = (
            (partial(readings.openai_plain, chat),),
            (partial(readings.openai_streamed, chat), partial(readings.openai_helped, chat)),
            (partial(readings.anthropic_plain, messages),),
            (
                partial(readings.anthropic_streamed, messages),
                partial(readings.anthropic_helped, messages),
            ),
        )
        yield tuple(map(Inquiry, COLUMNS, asks))


async def _rows(clock: Clock) -> list[Row]:
    app = create_app(unix=clock.unix, settle=clock.quiesce)
    async with FaultyServer(app) as server, _inquiries(server.url) as inquiries:
        return [Row(case, tuple([await each.cell(case) for each in inquiries])) for case in cases()]


def rows() -> list[Row]:
    with SimulatedClock() as clock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in a program: pydantic's, about what it finds
        return clock.run(_rows(clock))


@click.command()
@click.option("--write", "file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
def main(file: Path | None) -> None:
    """Ask the official SDKs for every fault, and write what becomes of it."""
    written = page(rows(), VERSIONS, PATIENCE)
    if file is None:
        click.echo(written, nl=False)
    else:
        file.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
