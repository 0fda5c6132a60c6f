"""What the options of all commands that serve have in common."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from sluicegate.runtime.server import Certificate

LAST_PORT: Final = 65535

PORT: Final = click.IntRange(0, LAST_PORT)
FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def address(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty address: the socket would take it for all addresses of the machine."""
    if value is not None and not value.strip():
        raise click.BadParameter("expected an address or a host name, got none")
    return value


def certificate(certfile: Path | None, keyfile: Path | None) -> "Certificate | None":
    """Return what `--certfile` and `--keyfile` say; raises UsageError for one without the other."""
    from sluicegate.runtime.server import Certificate  # noqa: PLC0415 - Hypercorn is slow to import

    if (certfile is None) != (keyfile is None):
        raise click.UsageError("TLS needs both, --certfile and --keyfile")
    return None if certfile is None or keyfile is None else Certificate(certfile, keyfile)
