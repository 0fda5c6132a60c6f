# Our mock provider beside others, in one run on one machine, and where its own time goes.
#
#     python tests/benchmarks/provider.py            # in under five minutes
#     python tests/benchmarks/provider.py --quick    # in under 40 seconds, without uvloop
#
# The others are @copilotkit/aimock (npm, Node) and llmock (PyPI; FastAPI on uvicorn with uvloop and
# httptools). They and uvloop are installed below build/benchmarks/ by the first run; what cannot be
# is said to be absent. All answer with the same words, log nothing and keep their journals. The
# servers run on one core and the client on another, by turns. Of a load's rounds the best figure
# counts, so that a rare pause does not show. In brackets is how much better ours is: above 1x, or
# above 0 ms, it is ahead.
#
#   Load: answers, or chunks of streams without pauses, in each second and in each second of the
#   server's own processor time; and the time to the first token, which with many connections is
#   mostly the queue before a busy core. A * says that the server was not busy all the time although
#   it had many clients: the client, or other programs, were the limit; trust the processor time.
#   Times: by how much a wait is longer than was asked, before the answer or between two chunks.
#   Profile: which layer our processor time is spent in; the standard library, asyncio aside, counts
#   to the layer that calls it. `--functions` adds the functions that most of it is spent within.
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

if not __package__:  # run as a script, whose own folder is what can be imported from
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.provider_launch import LAYERS
from tests.benchmarks.provider_machine import Meter, cores
from tests.benchmarks.provider_measure import (
    KINDS,
    OURS,
    Kind,
    Plan,
    Profile,
    Row,
    fleet,
    loads,
    profile,
    times,
)
from tests.benchmarks.provider_servers import CONTENDERS, AbsentError, Contender

DEFAULT = Plan(rounds=5, load=0.8, times=2.0, profile=5.0)
QUICK = Plan(rounds=2, load=0.15, times=0.2, profile=1.0)

LEVEL: Mapping[Kind, tuple[float, float]] = {
    "rate": (1 / 1.1, 1.1),
    "time": (1 / 1.1, 1.1),
    "excess": (-0.5, 0.5),
}
"""What is called level, where below is behind and above is ahead: ratios, and ms."""


@click.command()
@click.option("--quick", is_flag=True, help="Measure in under 40 seconds.")
@click.option("--functions", default=0, metavar="N", help="List the N costliest functions, too.")
@click.option(
    "--part",
    "parts",
    type=click.Choice(["load", "times", "profile"]),
    multiple=True,
    default=("load", "times", "profile"),
    help="Measure only this; repeat it for more.",
)
def main(*, quick: bool, functions: int, parts: tuple[str, ...]) -> None:
    """Measure our mock provider beside others."""
    plan = QUICK if quick else DEFAULT
    folders = dict(_installed([each for each in CONTENDERS if not (quick and each.is_extra)]))
    names = [contender.name for contender in folders]
    click.echo("Servers on core {}, client on core {}.".format(*cores()))
    begun = Meter.read()
    measures = {"load": loads, "times": times}
    if {*parts} & {*measures}:
        with fleet(folders, click.echo) as servers:
            for part in filter(measures.__contains__, parts):
                _print_rows(part, list(measures[part](servers, plan, _say)), names)
    if "profile" in parts:
        _print_profiles(_profiles(folders, plan), functions)
    others = Meter.read().others(begun)
    click.echo(f"\nMeanwhile, other programs had {others:.0%} of all cores.")


def _installed(contenders: list[Contender]) -> Iterator[tuple[Contender, Path]]:
    for contender in contenders:
        try:
            yield contender, contender.install()
        except AbsentError as error:
            click.echo(f"{contender.name} is absent: {error}")


def _say(doing: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{doing}", err=True, nl=False)


def _print_rows(title: str, rows: list[Row], names: list[str]) -> None:
    click.echo(f"\n{title:<42}" + "".join(f"{name:>19}" for name in names))
    what = ""
    for row in rows:
        label, what = "" if row.what == what else row.what, row.what
        click.echo(f"{label:<20}{row.unit:<22}" + "".join(_cell(row, name) for name in names))
    for name in names:
        if name != OURS:
            _print_verdict(name, rows)


def _cell(row: Row, name: str) -> str:
    if name not in row.figures:
        return f"{'-':>19}"
    mark = "*" if name in row.marked else " "
    better = None if name == OURS else row.better(name)
    unit = "+.2f" if row.kind == "excess" else ".2f"
    sign = "" if row.kind == "excess" else "x"
    compared = "" if better is None else f"({better:{unit}}{sign})"
    return f"{_number(row.figures[name]):>9}{mark}{compared:>9}"


def _number(figure: float) -> str:
    return f"{figure:.0f}" if abs(figure) >= 1000 else f"{figure:.2f}"


def _print_verdict(name: str, rows: list[Row]) -> None:
    stands = Counter(_stand(row.kind, better) for row in rows if (better := row.better(name)))
    click.echo(
        f"Beside {name}, ours is ahead in {stands['ahead']}, level in {stands['level']}"
        f" and behind in {stands['behind']} of {stands.total()} figures."
    )


def _stand(kind: Kind, better: float) -> str:
    least, most = LEVEL[kind]
    return "behind" if better < least else "ahead" if better > most else "level"


def _profiles(folders: dict[Contender, Path], plan: Plan) -> dict[str, Profile]:
    found = {}
    for contender, folder in folders.items():
        if contender.is_ours:
            for kind, ask in KINDS.items():
                _say(f"profile of {contender.name}, {kind}")
                found[f"{contender.name}: {kind}"] = profile(contender, folder, ask, plan)
    return found


def _print_profiles(profiles: dict[str, Profile], functions: int) -> None:
    click.echo(f"\n{'profile':<36}" + "".join(f"{name:>24}" for name in profiles))
    for layer in (*LAYERS, "other"):
        shares = [each.layers.get(layer, 0.0) for each in profiles.values()]
        costs = [each.microseconds for each in profiles.values()]
        cells = (
            f"{share:>11.1%}{share * cost:>10.0f} us"
            for share, cost in zip(shares, costs, strict=True)
        )
        click.echo(f"{layer:<36}" + "".join(cells))
    total = (f"{each.microseconds:>21.0f} us" for each in profiles.values())
    click.echo(f"{'processor time an answer':<36}" + "".join(total))
    kernel = (f"{each.kernel:>11.1%}{'':>13}" for each in profiles.values())
    click.echo(f"{'of which in the kernel':<36}" + "".join(kernel))
    for name, each in profiles.items():
        _print_functions(name, each, functions)


def _costliest(found: Profile) -> list[tuple[str, float]]:
    return sorted(found.within.items(), key=lambda each: -each[1])


def _print_functions(name: str, found: Profile, functions: int) -> None:
    if functions:
        click.echo(f"\nwithin, {name}")
    for function, share in _costliest(found)[:functions]:
        click.echo(f"{share:>7.1%}{share * found.microseconds:>8.0f} us  {function}")


if __name__ == "__main__":
    main()
