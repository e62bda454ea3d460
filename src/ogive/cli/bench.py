"""``ogive bench``: the functions against NumPy, SciPy and PyTorch, as ratios."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.console import console
from ogive.cli.parsing import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from ogive.bench.timing import Measurement


def _counts(context: click.Context, option: click.Parameter, text: str) -> tuple[int, ...]:
    """Return numbers of elements: '1e3,1e5'."""
    counts = []
    for part in text.split(","):
        try:
            count = float(part)
        except ValueError:
            count = 0.0
        if not (1 <= count <= 1e9 and count == int(count)):
            raise click.BadParameter(
                f"{part.strip()!r} is not a number of elements from 1 to 1e9", context, option
            )
        counts.append(int(count))
    return tuple(counts)


@click.command("bench")
@click.option("--functions", callback=names, help="Names between commas; all by default.")
@click.option(
    "--kind",
    type=click.Choice(["value", "grad", "backward", "all"]),
    default="value",
    show_default=True,
    help="What to measure.",
)
@click.option("--sizes", "counts", default="1e3,1e5,1e7", callback=_counts, show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64", "both"]),
    default="float32",
    show_default=True,
)
@click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True)
@click.option(
    "--seconds",
    type=click.FloatRange(0.01, 600),
    default=0.3,
    show_default=True,
    help="For each line of the table.",
)
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the figures here.")
def command(
    functions: tuple[str, ...] | None,
    kind: str,
    counts: tuple[int, ...],
    dtype: str,
    threads: int,
    seconds: float,
    file: Path | None,
) -> None:
    """Time every function next to NumPy, SciPy and PyTorch, in turns, and print ratios.

    A ratio above 1 says that the peer took so many times longer than Ogive; losses are shown like
    wins.  Best and median of all readings stand next to each other.
    """
    from ogive.bench import peers, timing
    from ogive.cli.output import writable_file, write_whole

    if file is not None:
        writable_file(file)
    kinds = peers.KINDS if kind == "all" else (kind,)
    known = {name for one in kinds for name in peers.names(one)}
    chosen = tuple(name for one in kinds for name in peers.names(one)) if not functions else ()
    for name in functions or ():
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, sorted(known), 3)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise click.BadParameter(f"{name!r} cannot be measured as {kind}{hint}")
        chosen += (name,)
    dtypes = ("float32", "float64") if dtype == "both" else (dtype,)

    out = console()
    results = []
    with out.status("measuring") as status:
        for result in timing.run_bench(
            tuple(dict.fromkeys(chosen)), kinds, counts, dtypes, threads, seconds
        ):
            results.append(result)
            status.update(f"measuring: {result.kind} of {result.function}, {len(results)} done")
    out.print(bench_table(results))
    out.print(
        f"{threads} thread{'s' * (threads > 1)}; ratios are peer's time / Ogive's, best (median); "
        "copy: NumPy's copy of the same array.",
        style="dim",
    )
    if file is not None:
        import json

        write_whole(file, json.dumps([asdict(result) for result in results], indent=1) + "\n")
        out.print(f"Figures: {file}")


def bench_table(results: Sequence[Measurement]) -> Table:
    """Return the measurements as a table for the terminal; a loss is set in red."""
    from rich.table import Table
    from rich.text import Text

    from ogive.bench.peers import PEERS

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("function", "kind", "dtype", "elements", "ns each", *PEERS, "copy"):
        left = heading in ("function", "kind", "dtype")
        table.add_column(heading, justify="left" if left else "right")
    for result in results:
        cells = [
            Text(result.function, style="bold"),
            Text(result.kind),
            Text(result.dtype),
            Text(f"{result.count:.0e}".replace("e+0", "e")),
            Text(f"{result.best['ogive']:.3g}"),
        ]
        for peer in (*PEERS, "copy"):
            best, middle = result.ratio(peer), result.ratio(peer, "median")
            if best is None or middle is None:
                cells.append(Text("–"))
                continue
            lost = best < 1 and peer != "copy"
            cells.append(Text(f"{best:.2f} ({middle:.2f})", style="red" if lost else ""))
        table.add_row(*cells)
    return table
