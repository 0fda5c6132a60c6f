"""`sluicegate features`: say where the shipped features are."""

import click

from sluicegate import shipped


@click.command()
def features() -> None:
    """Print the folder of the shipped features.

    \b
    Run them from anywhere:
      pytest --rootdir=. "$(sluicegate features)"
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    click.echo(shipped.FEATURES)
