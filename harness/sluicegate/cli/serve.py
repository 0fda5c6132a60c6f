"""Runs servers until a signal ends them: what every command that serves has in common."""

import asyncio
import gc
import logging
import resource
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from math import inf
from typing import TYPE_CHECKING, Any, Final

import click

from sluicegate.errors import SluicegateError

if TYPE_CHECKING:
    from sluicegate.runtime.connection import ClientLimits
    from sluicegate.runtime.server import Server

logger = logging.getLogger(__name__)

GRACE: Final = 1.0
"""Seconds that running exchanges get to end after Ctrl-C or SIGTERM; a default stream takes 0.6."""

_OWN: Final = 64
"""File descriptors that are kept for logs, certificates and the like."""

_FEW: Final = 16
_MANY: Final = 100_000

_RARELY: Final = 60.0
"""Seconds between two lines that say that connections cannot be accepted."""


@dataclass(frozen=True, slots=True)
class Service:
    """A server to run, and how its address is introduced: `Sluicegate provider on http://...`.

    `label` begins what is said about its port, where there are several to confuse. `lines` follow
    the introduction. `close` is called once no server runs any more.
    """

    title: str
    server: "Server"
    label: str = ""
    lines: Sequence[str] = ()
    close: Callable[[], Awaitable[None]] | None = None


def client_limits() -> "ClientLimits":
    """Return what a server allows its clients: as many as there are file descriptors for.

    Each may need a second one, for what is asked in turn.
    """
    from sluicegate.runtime.connection import ClientLimits  # noqa: PLC0415 - Hypercorn is slow

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MANY if most == resource.RLIM_INFINITY else min(most, _MANY)
    return ClientLimits(connections=max(_FEW, (most - _OWN) // 2))


def serve(services: Sequence[Service], begin: Callable[[], None]) -> None:
    """Run the servers until Ctrl-C or SIGTERM; `begin` is called once they all listen.

    Raises ClickException where one cannot listen.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(services, begin))


def log_to_stderr(*, requests: bool) -> None:
    """Write warnings, and one line for each request if asked for, to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("sluicegate")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if requests else logging.WARNING)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return factory


async def _serve(services: Sequence[Service], begin: Callable[[], None]) -> None:
    asyncio.get_running_loop().set_exception_handler(Reports())
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listening: list[Server] = []
    try:
        for service in services:
            with _plain_errors(service):
                listening.append(await service.server.__aenter__())
        _greet(services)
        begin()
        # What was imported and built is there to stay: a collector that goes through it all holds
        # up every answer for tens of milliseconds.
        gc.freeze()
        await stop.wait()
    finally:
        # At once: each would otherwise wait for the one before it.
        await asyncio.gather(*(server.__aexit__() for server in listening))
        for service in services:
            if service.close is not None:
                await service.close()


def _greet(services: Sequence[Service]) -> None:
    for service in services:
        click.echo(f"Sluicegate {service.title} on {service.server.url}")
        for line in service.lines:
            click.echo(f"  {line}")
    click.echo("Press Ctrl-C to stop.")


class Reports:
    """Reports mistakes that nobody awaits; what comes again and again for want of means, rarely."""

    def __init__(self) -> None:
        self._next = -inf

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Report one; asyncio tries to accept again after a second, and fails again."""
        if not isinstance(context.get("exception"), OSError) or "accept" not in context["message"]:
            loop.default_exception_handler(context)
        elif loop.time() >= self._next:
            self._next = loop.time() + _RARELY
            logger.warning("cannot accept connections: %s", context["exception"].strerror)


@contextmanager
def _plain_errors(service: Service) -> Iterator[None]:
    try:
        yield
    except SluicegateError as error:
        raise click.ClickException(f"{service.label}{error}") from error
    except (OSError, UnicodeError) as error:
        # UnicodeError: what is no host name, such as `a..b`.
        reason = getattr(error, "strerror", None) or error
        address = f"{service.server.host}:{service.server.port}"
        raise click.ClickException(
            f"{service.label}cannot listen on {address}: {reason}; choose another --host or port"
        ) from error
