"""The command line: `sluicegate` and its commands."""

import click

from sluicegate import __version__

from .check import check
from .features import features
from .gateway import gateway
from .init import init
from .lint import lint
from .profile import profile
from .provider import provider
from .proxy import proxy
from .requirements import requirements
from .steps import steps

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sluicegate", message="%(prog)s %(version)s")
def main() -> None:
    """Gate LLM gateways: play the provider, drive the gateway, judge the wire."""


_COMMANDS = (
    check,
    features,
    gateway,
    init,
    lint,
    profile,
    provider,
    proxy,
    requirements,
    steps,
)

for command in _COMMANDS:
    main.add_command(command)
