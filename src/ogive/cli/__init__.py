"""The command line: words in, exit code out. One command a file.

Nothing heavy is imported until a command needs it, so that ``ogive --help`` is quick and
``ogive functions`` works where neither torch nor matplotlib is installed.
"""

from __future__ import annotations

import click

from ogive.cli import bench, check, data, functions, report, show, study, torch_extension
from ogive.cli.group import Group, version


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(version(), "--version", message="ogive %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Ogive: the sigmoid and everything built on it.

    Compute activation functions, look them up, and compare them: `ogive study` trains one network
    with each activation under the same conditions and writes a report.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for module in (study, report, check, show, functions, data, bench, torch_extension):
    main.add_command(module.command)
