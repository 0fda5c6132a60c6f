"""`sluicegate check`: judge a gateway against its contract, and say what was found."""

import os
import re
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from sluicegate.report import signals
from sluicegate.scenario.headers import key_trouble
from sluicegate.scenario.urls import api_trouble, url_trouble

from .checking import Manner, UnjudgedError, first_look, gate, profile_file
from .first_look import KEY, NOT_SLOW, SLOW_TOO, FirstLook, agents, by_url, models

_ADDRESS: Final = re.compile(r"[\w.-]+:\d+(/\S*)?")


@click.command()
@click.argument("what", nargs=-1, metavar="[URL] [FEATURES]...")
@click.option(
    "--profile",
    "profile",
    metavar="FILE|NAME",
    help="What is judged: a TOML file, or the name of a profile that ships.",
)
@click.option(
    "--agent",
    "ports",
    multiple=True,
    callback=agents,
    metavar="NAME=PORT",
    help="With a URL: where the gateway expects an agent; can be repeated.",
)
@click.option(
    "--api-key",
    envvar=KEY,
    show_envvar=True,
    metavar="KEY",
    help="With a URL: what clients show. Others on this machine see options, not variables.",
)
@click.option(
    "--model",
    "names",
    multiple=True,
    callback=models,
    metavar="[NAME=]MODEL",
    help="With a URL: what it calls gpt-4, or another model of the features; can be repeated.",
)
@click.option(
    "--reset",
    default="",
    metavar="PATH",
    help="With a URL: what is posted to before each scenario, so that circuits and caches forget.",
)
@click.option("-k", "keyword", default="", metavar="WORDS", help="Only scenarios with these words.")
@click.option(
    "-m",
    "marks",
    metavar="TAGS",
    help='Only these, such as "not slow", which is what a first look does by default.',
)
@click.option("--workers", type=click.IntRange(1, 64), help="How many scenarios run side by side.")
@click.option(
    "--report",
    "report",
    type=click.Path(file_okay=False, path_type=Path),
    default="sluicegate-report",
    show_default=True,
    help="The folder for the reports.",
)
@click.option("-x", "--fail-fast", is_flag=True, help="Stop at the first failure.")
@click.option("-q", "--quiet", is_flag=True, help="Print the summary alone.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line for each scenario.")
def check(  # noqa: PLR0913 - click passes each option by its name
    *,
    what: tuple[str, ...],
    profile: str | None,
    ports: Mapping[str, int],
    api_key: str | None,
    names: Mapping[str, str],
    reset: str,
    keyword: str,
    marks: str | None,
    workers: int | None,
    report: Path,
    fail_fast: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Judge a gateway: play its agents and its clients, and compare what crosses the wire.

    \b
    A first look at a gateway that runs already, and that asks its agents
    on these ports, where Sluicegate then answers:
      sluicegate check http://127.0.0.1:4000 --agent ccrouter=9101 --agent droid=9102
    It takes some two minutes, as it leaves slow scenarios out; with -m "", which
    runs them, too, about fifteen.

    \b
    With a profile, which says how a gateway is started and what it claims:
      sluicegate profile new my-gateway.toml
      sluicegate profile check my-gateway.toml
      sluicegate check --profile my-gateway.toml

    \b
    Some gateways' profiles ship; `sluicegate profile list` names them:
      sluicegate check --profile reference
      sluicegate check --profile reference -m "core and not slow"
      sluicegate check --profile reference -k "breaker or honesty" --workers 2
      sluicegate check --profile reference features/gateway/streaming.feature

    FEATURES are feature files, or folders of them: your own, or those that ship; by default the
    contract of what is judged.

    \b
    The folder of the reports gets
      report.html         every scenario, with pictures of its streams
      conformance.json    the same for programs
      junit.xml           for CI
      summary.md          a page to publish

    \b
    The exit code is
      0  conformant       no failure that counts
      1  not conformant   at least one
      2  not judged       it is not there, the profile is wrong, nothing ran, the
                          report could not be written, ...
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    url, paths = _told(what)
    if (url is None) == (profile is None):
        raise click.UsageError(_WHICH)
    if url is None and (ports or names or reset):
        raise click.UsageError(
            "--agent, --model and --reset go with a URL; a profile has them in itself"
        )
    marks = (NOT_SLOW if url else "") if marks is None else marks
    manner = Manner(paths, keyword, marks, workers, fail_fast, quiet, verbose)
    if url is None:
        raise SystemExit(_guarded(profile_file(profile or ""), report, manner))
    if not ports:
        raise click.UsageError(_WHERE)
    _refuse_key(api_key or "")
    os.environ[KEY] = api_key or ""
    file = first_look(FirstLook(url, ports, names, has_key=bool(api_key), reset=reset), report)
    raise SystemExit(_looked(file, report, manner))


def _looked(file: Path, report: Path, manner: Manner) -> int:
    left_out = f"In this first look {SLOW_TOO}." if manner.marks == NOT_SLOW else ""
    if left_out and not manner.quiet:
        click.echo(left_out, err=True)
    with by_url():
        code = _guarded(file, report, manner)
    if code != UnjudgedError.exit_code:
        click.echo(_GO_ON.format(file, left_out=left_out and f"\n{left_out}"))
    return code


def _refuse_key(key: str) -> None:
    if key and (trouble := key_trouble(key)):
        raise click.BadParameter(trouble, param_hint=f"--api-key (or {KEY})")


def _guarded(file: Path, report: Path, manner: Manner) -> int:
    """Judge; whatever happens, the exit code says "not conformant" only where that was found."""
    restore = signals.handled(signals.Interrupts())
    try:
        return gate(file, report, manner)
    except KeyboardInterrupt:
        raise UnjudgedError("interrupted before anything was judged") from None
    except click.ClickException:
        raise
    except Exception:  # noqa: BLE001 - Python's own exit code says "not conformant" here
        click.echo(traceback.format_exc(), err=True)
        raise UnjudgedError("Sluicegate itself failed, so nothing was judged: see above") from None
    finally:
        restore()


_WHICH: Final = (
    "say what to judge: a URL for a first look, or --profile with a file or a name"
    " (`sluicegate profile list`), and not both"
)


_WHERE: Final = (
    "say where the gateway expects its agents, such as --agent ccrouter=9101: Sluicegate plays them"
)
_GO_ON: Final = """{left_out}
This was a first look: nothing but streaming was claimed, so what else the gateway lacks did not
count, and any usual status was right. All scenarios asked the same gateway: where it remembers
failures, as a circuit breaker does, others failed for that; --reset says how it forgets, and a
profile can start a fresh one for each. To go on, keep the profile of this look, or begin with one
that teaches; say there what the gateway claims, and judge it:
  cp {} my-gateway.toml
  sluicegate profile new my-gateway.toml
  sluicegate check --profile my-gateway.toml"""


def _told(what: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Tell the URL from the paths."""
    if bare := next(filter(_is_address, what), None):
        raise click.UsageError(f"{bare} lacks its http://; say http://{bare}")
    urls = [each for each in what if "://" in each]
    if len(urls) > 1:
        raise click.UsageError(f"expected one URL, got {len(urls)}")
    for url in urls:
        if trouble := url_trouble(url) or api_trouble(url):
            raise click.UsageError(trouble)
    return (urls[0] if urls else None), tuple(each for each in what if each not in urls)


def _is_address(text: str) -> bool:
    return bool(_ADDRESS.fullmatch(text)) and ".feature:" not in text
