"""``ogive check``: a person's own training script, run under a check-up."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ogive.cli.console import console
from ogive.cli.group import INTERRUPTED, MISTAKE, mistake, require
from ogive.cli.output import make_folder, writable_file, write_whole

if TYPE_CHECKING:
    from ogive.health import Finding
    from ogive.health.script import Ran

PAGE = "checkup.html"
FIGURES = "checkup.json"
_COLOURS = {"error": "bold red", "warning": "yellow", "info": "dim"}


@click.command(
    "check", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.option(
    "-m", "module", is_flag=True, help="Run a module, as python -m does, instead of a script."
)
@click.option(
    "--first", type=click.IntRange(min=0), default=10, show_default=True,
    help="So many steps are looked at from the beginning on.",
)  # fmt: skip
@click.option(
    "--every", type=click.IntRange(min=1), default=50, show_default=True,
    help="From then on one step in so many.",
)  # fmt: skip
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, readable=False), default="ogive-check",
    show_default=True, help="Folder for the page and the figures.",
)  # fmt: skip
@click.option(
    "--picture",
    is_flag=True,
    help="Draw the network's output over a plane of inputs before its first step, too.",
)
@click.argument("target", metavar="SCRIPT")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]")
def command(
    module: bool,
    first: int,
    every: int,
    folder: Path,
    picture: bool,
    target: str,
    arguments: tuple[str, ...],
) -> None:
    """Run a PyTorch training script, unchanged, and say why its network does not learn.

    Give the script's own arguments after it. The exit code is 0 if nothing grave was found, 1 if
    there is an error among the findings, 2 if there was nothing to check.
    """
    require("torch", extra="torch")
    from ogive.health.script import run_script

    if not module and not Path(target).is_file():
        raise mistake(f"there is no script {target}")
    make_folder(folder)
    page, figures = folder / PAGE, folder / FIGURES
    for file in (page, figures):
        writable_file(file)
    given = arguments[1:] if arguments[:1] == ("--",) else arguments
    try:
        ran = run_script(target, given, module=module, first=first, every=every, picture=picture)
    except FileNotFoundError as error:
        raise mistake(error) from None
    context = click.get_current_context()
    if not ran.checkup.speaks:
        # One process of several: the first one tells what all of them saw.
        context.exit(MISTAKE if ran.crashed else 0)
    if not ran.checkup.history.steps:
        context.exit(_nothing(ran, target))
    _print(ran.checkup.findings, ran)
    write_whole(figures, json.dumps(_plain(ran.checkup.to_dict()), indent=1, allow_nan=False))
    _write_page(ran, page, target)
    if ran.interrupted:
        context.exit(INTERRUPTED)
    if ran.crashed:
        click.echo(f"ogive: {target} ended with {ran.crashed}", err=True)
        context.exit(MISTAKE)
    context.exit(1 if any(f.severity.word == "error" for f in ran.checkup.findings) else 0)


def _nothing(ran: Ran, target: str) -> int:
    """Say why there was nothing to check."""
    if ran.interrupted:
        click.echo(f"ogive: interrupted before {target} had made a step", err=True)
        return INTERRUPTED
    history = ran.checkup.history
    if ran.crashed:
        why = f"ended with {ran.crashed} before its first step"
    elif not history.networks and not history.losses:
        why = "trained nothing: no network with parameters was called, no backward pass made"
    elif not history.losses:
        why = "made no backward pass: the network was called, but not trained"
    else:
        why = "never made a step of an optimiser (torch.optim): the weights stayed as they were"
    click.echo(f"ogive: {target} {why}", err=True)
    return MISTAKE


def _print(findings: list[Finding], ran: Ran) -> None:
    """Print the findings as a table."""
    from rich.table import Table
    from rich.text import Text

    from ogive.health.page import headline
    from ogive.health.progress import progress_of

    out, history = console(), ran.checkup.history
    out.print()
    out.print(Text(headline(findings), style="bold"))
    looked = f"{history.steps} steps, {len(history.sampled)} of them looked at"
    if history.ranks > 1:
        looked += f" in {history.ranks} processes"
    out.print(Text(f"{looked}; {progress_of(history).words}", style="dim"))
    if findings:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for finding in findings:
            word = finding.severity.word
            text = Text(finding.title, style="bold" if word != "info" else "")
            for line in finding.evidence:
                text.append(f"\n{line}", style="not bold")
            text.append(f"\nRemedy: {finding.remedy}", style="not bold")
            for consequence in finding.consequences:
                text.append(f"\nIt explains: {consequence.title}", style="not bold dim")
            table.add_row(Text(word, style=_COLOURS[word]), text)
        out.print()
        out.print(table)
    for note in history.notes:
        out.print(Text(note, style="dim"))


def _write_page(ran: Ran, page: Path, target: str) -> None:
    from ogive.health.page import build_page

    try:
        html = build_page(ran.checkup.history, ran.checkup.findings, Path(target).name)
    except ModuleNotFoundError as error:
        click.echo(f"ogive: no page was written: {error}", err=True)
        return
    write_whole(page, html)
    click.echo(f"page: {page}")


def _plain(value: Any) -> Any:
    """Return what JSON can hold: numbers that are not finite become their names."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
