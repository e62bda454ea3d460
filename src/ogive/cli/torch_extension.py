"""``ogive torch-extension``: compile the quick way from PyTorch into the native loops."""

from __future__ import annotations

import click

from ogive.cli.group import mistake, require


@click.command("torch-extension")
@click.option("--remove", is_flag=True, help="Remove it instead; the way through Python serves.")
def command(remove: bool) -> None:
    """Compile what makes calls of ogive.torch as quick as torch's own.

    Takes half a minute and a C++ compiler, once for every version of torch. Without it ogive.torch
    computes the same, at the cost of a Python function a call.
    """
    require("torch", extra="torch")
    from ogive.torch import extension

    file = extension.location()
    if remove:
        present = file.exists()
        file.unlink(missing_ok=True)
        click.echo(f"removed {file}" if present else f"there is none at {file}")
        return
    try:
        click.echo(f"compiled {extension.build()}")
    except extension.CannotBuildError as error:
        raise mistake(error) from None
