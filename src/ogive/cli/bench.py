"""``ogive bench``: the functions against the fastest libraries there are, as ratios."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.console import console
from ogive.cli.group import mistake
from ogive.cli.parsing import names, wholes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from ogive.bench.results import Measurement

_MOST_THREADS = 256
# Argument, gradient, ones, output, scratch for the formulas, and JAX's copies of the first three.
_ARRAYS_AT_ONCE = 10
# Argument, output, torch's result and gradient, JAX's argument and result, and what it has between.
_ARRAYS_AT_ONCE_OF_ROWS = 7
_MOST_ELEMENTS = 10**9


def _whole(text: str) -> int:
    """Return a positive whole number, which may be written 1e5; 0 for anything else."""
    try:
        number = float(text)
    except ValueError:
        return 0
    return int(number) if 1 <= number <= _MOST_ELEMENTS and number == int(number) else 0


def _sizes(
    context: click.Context, option: click.Parameter, text: str
) -> tuple[tuple[int, int | None], ...]:
    """Return numbers of elements, with the length of rows where one is given: '1e3,1e5x1000'."""
    sizes: list[tuple[int, int | None]] = []
    for part in text.split(","):
        numbers = [_whole(number) for number in part.lower().split("x")]
        count = prod(numbers)
        if not (len(numbers) <= 2 and 1 <= count <= _MOST_ELEMENTS):
            raise click.BadParameter(
                f"{part.strip()!r} is neither a number of elements from 1 to 1e9 nor of rows and"
                " their length, as 1e5x1000",
                context,
                option,
            )
        sizes.append((count, numbers[1] if len(numbers) == 2 else None))
    return tuple(dict.fromkeys(sizes))


def _threads(context: click.Context, option: click.Parameter, text: str) -> tuple[int, ...]:
    """Return numbers of threads: '1,2'."""
    numbers = wholes(context, option, text)
    for number in numbers:
        if number > _MOST_THREADS:
            raise click.BadParameter(
                f"{number} is more than {_MOST_THREADS} threads", context, option
            )
    return numbers


@click.command("bench")
@click.option("--functions", callback=names, help="Names between commas; all by default.")
@click.option(
    "--kind",
    type=click.Choice(["value", "grad", "backward", "with_grad", "all"]),
    default="value",
    show_default=True,
    help="What to measure; with_grad: a loss and its gradient.",
)
@click.option(
    "--sizes",
    default="1e3,1e5,1e7",
    callback=_sizes,
    show_default=True,
    help="Numbers of elements; 1e5x1000: of rows, and their length.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64", "both"]),
    default="float32",
    show_default=True,
    help="The type of the numbers.",
)
@click.option(
    "--threads",
    default="1",
    callback=_threads,
    show_default=True,
    help="For every library; several between commas are measured one after the other.",
)
@click.option(
    "--peers",
    callback=names,
    help="numpy, scipy, torch, jax, numexpr, numba; by default all that are installed.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.001, 600),
    default=0.3,
    show_default=True,
    help="For each line of the table.",
)
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the figures here.")
def command(
    functions: tuple[str, ...] | None,
    kind: str,
    sizes: tuple[tuple[int, int | None], ...],
    dtype: str,
    threads: tuple[int, ...],
    peers: tuple[str, ...] | None,
    seconds: float,
    file: Path | None,
) -> None:
    """Time every function next to NumPy, SciPy, PyTorch, JAX, numexpr and numba; print ratios.

    A ratio above 1 says that the peer took so many times longer than Ogive; losses are shown like
    wins.  Best and median of all readings stand next to each other.  A peer that loses more than
    three bits of accuracy somewhere in the ordinary range is marked with a ~.
    """
    from ogive.bench import machine, timing
    from ogive.bench.results import Bench
    from ogive.bench.run import WorkerError, run_bench
    from ogive.bench.work import KINDS
    from ogive.cli.output import writable_file, write_whole

    if file is not None:
        writable_file(file)
    dtypes = ("float32", "float64") if dtype == "both" else (dtype,)
    _check_memory(sizes, dtypes)
    kinds = KINDS if kind == "all" else (kind,)
    request = timing.Request(
        functions=_chosen_functions(functions, kinds, sizes),
        kinds=kinds,
        sizes=sizes,
        dtypes=dtypes,
        peers=_chosen_peers(peers),
        seconds=seconds,
        threads=1,
    )
    out = console()
    results: list[Measurement] = []
    asked = tuple(dict.fromkeys(threads))
    total = len(request) * len(asked)
    with console(stderr=True).status("measuring") as status:
        try:
            for number in asked:
                for row in run_bench(replace(request, threads=number)):
                    results.append(row)
                    status.update(
                        f"measuring: {row.kind} of {row.function}, {len(results)} of {total} done"
                    )
        except WorkerError as error:
            raise mistake(error) from None
    out.print(bench_table(results))
    out.print(
        "Ratios are peer's time / Ogive's, best (median); copy: the faster of NumPy's and torch's."
        " ~: loses more than three bits somewhere.",
        style="dim",
    )
    if file is not None:
        write_whole(file, Bench(machine.machine(), machine.versions(), results).to_json())
        out.print(f"Figures: {file}")


def _chosen_functions(
    functions: tuple[str, ...] | None,
    kinds: Sequence[str],
    sizes: Sequence[tuple[int, int | None]],
) -> tuple[str, ...]:
    from ogive.bench.work import names as measurable

    lengths = {length for _, length in sizes}
    known = tuple(
        dict.fromkeys(
            name for kind in kinds for length in lengths for name in measurable(kind, length)
        )
    )
    for name in functions or ():
        if name not in known:
            where = "" if None in lengths else " of rows"
            raise click.BadParameter(
                f"{name!r} cannot be measured as {' or '.join(kinds)}{where}{_hint(name, known)}"
            )
    return known if functions is None else tuple(dict.fromkeys(functions))


def _chosen_peers(peers: tuple[str, ...] | None) -> tuple[str, ...]:
    from ogive.bench.peers import PEERS, available

    installed = available()
    for name in peers or ():
        if name not in PEERS:
            raise click.BadParameter(
                f"{name!r} is not one of the peers {', '.join(PEERS)}{_hint(name, PEERS)}"
            )
        if name not in installed:
            raise click.BadParameter(f"{name} is not installed")
    return installed if peers is None else tuple(dict.fromkeys(peers))


def _hint(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known), 3)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _check_memory(sizes: Sequence[tuple[int, int | None]], dtypes: Sequence[str]) -> None:
    """Say beforehand that the arrays of a size will not fit, rather than be killed half-way."""
    from ogive.bench.machine import memory

    for count, length in sizes:
        arrays = _ARRAYS_AT_ONCE if length is None else _ARRAYS_AT_ONCE_OF_ROWS
        needed = arrays * count * (8 if "float64" in dtypes else 4)
        if needed > memory():
            raise mistake(
                f"{count:.0e} elements need about {needed / 2**30:.0f} GiB of memory;"
                f" this machine has {memory() / 2**30:.0f}"
            )


def bench_table(results: Sequence[Measurement]) -> Table:
    """Return the measurements as a table for the terminal; a loss is set in red."""
    from rich.table import Table
    from rich.text import Text

    from ogive.bench.peers import PEERS

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    left = ("function", "kind", "dtype")
    for heading in (*left, "elements", "threads", "ns each", *PEERS, "copy"):
        table.add_column(heading, justify="left" if heading in left else "right")
    for result in results:
        cells = [
            Text(result.function, style="bold"),
            Text(result.kind),
            Text(result.dtype),
            Text(result.size),
            Text(str(result.threads)),
            Text(f"{result.best['ogive']:.3g}"),
        ]
        for peer in (*PEERS, "copy"):
            best, middle = result.ratio(peer), result.ratio(peer, "median")
            if best is None or middle is None:
                cells.append(Text("–"))
                continue
            lost = best < 1 and peer != "copy"
            doubtful = peer in result.error and peer not in result.accurate
            text = f"{'~' * doubtful}{best:.2f} ({middle:.2f})"
            cells.append(Text(text, style="red" if lost else ""))
        table.add_row(*cells)
    return table
