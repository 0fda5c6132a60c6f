"""`sluicegate provider`: run the mock provider."""

import asyncio
import ipaddress
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from sluicegate.errors import SluicegateError

if TYPE_CHECKING:
    from quart import Quart

GRACE = 1.0
"""Seconds that running exchanges get to end after Ctrl-C or SIGTERM; a default stream takes 0.6."""


def _address(_context: click.Context, _option: click.Parameter, value: str) -> str:
    # The socket would take an empty one for all addresses of the machine.
    if not value.strip():
        raise click.BadParameter("expected an address or a host name, got none")
    return value


@click.command()
@click.option(
    "--host",
    callback=_address,
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8001,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="A model that GET /v1/models lists; repeat it for more.  [default: gpt-4]",
)
@click.option("--unhealthy", is_flag=True, help="Answer GET /health with 503.")
@click.option("--quiet", is_flag=True, help="Log no requests.")
def provider(
    host: str, port: int, models: tuple[str, ...], *, unhealthy: bool, quiet: bool
) -> None:
    """Run a mock LLM provider that fails on demand.

    It speaks the OpenAI chat completions format, needs no key, and always gives the same answer.
    Query parameters make a request fail:

    \b
      delay=MS         wait MS milliseconds (at most a day) before anything is answered
      fail=STATUS      answer with an error: any status from 400 to 599
      fail=timeout     stay silent for 30 seconds, then answer 504
      stream=true      stream, whatever the body says; false: do not
      fail_chunk=N     when streaming, send a broken event in place of chunk N, then end

    delay comes first, then fail, then streaming; fail does not look at what the body says. A bad
    value gets 400, with the parameter's name in error.param. Parameters of other names are
    ignored, unless they look like one of these misspelt.

    \b
    Try it:
      curl -X POST http://localhost:8001/v1/chat/completions \\
        -H "Content-Type: application/json" \\
        -d '{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}'
      curl -N -X POST "http://localhost:8001/v1/chat/completions?stream=true&fail_chunk=3" \\
        -H "Content-Type: application/json" \\
        -d '{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}'
      curl http://localhost:8001/v1/models
      curl http://localhost:8001/health

    Each request is logged in one line on stderr. Ctrl-C and SIGTERM stop the provider: running
    answers get one second to end, the rest is cut off.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    # Quart is slow to import, and `--help` and `--version` need not wait for it.
    from sluicegate.provider.app import create_app  # noqa: PLC0415 - see above
    from sluicegate.provider.journal import Journal  # noqa: PLC0415
    from sluicegate.provider.log import log_exchange  # noqa: PLC0415
    from sluicegate.provider.plan import DEFAULT_MODELS, Plan  # noqa: PLC0415

    _set_up_logging(quiet=quiet)
    with _plain_errors(host, port):
        plan = Plan(models=models or DEFAULT_MODELS, healthy=not unhealthy)
        app = create_app(plan, journal=Journal(on_end=log_exchange))
        asyncio.run(_serve("provider", app, host, port))


async def _serve(name: str, app: "Quart", host: str, port: int) -> None:
    from sluicegate.runtime.server import Server  # noqa: PLC0415 - Hypercorn is heavy, too

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Server(app, host=host, port=port, grace=GRACE) as server:
        click.echo(f"Sluicegate {name} on {server.url}")
        click.echo("Press Ctrl-C to stop.")
        _warn_if_reachable(host)
        await stop.wait()


def _set_up_logging(*, quiet: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("sluicegate")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING if quiet else logging.INFO)


@contextmanager
def _plain_errors(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except SluicegateError as error:
        raise click.ClickException(str(error)) from error
    except (OSError, UnicodeError) as error:
        # UnicodeError: what is no host name, such as `a..b`.
        reason = getattr(error, "strerror", None) or error
        raise click.ClickException(
            f"cannot listen on {host}:{port}: {reason}; choose another --host or --port"
        ) from error


def _warn_if_reachable(host: str) -> None:
    if not _is_loopback(host):
        click.echo(
            f"Warning: other machines may reach {host}, and nobody is asked for a key.", err=True
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
