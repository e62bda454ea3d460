"""Write a page on speed from what `ogive bench --json` measured.

python benchmarks/table.py small.json medium.json large.json > docs/speed.md
python benchmarks/table.py rows.json losses.json > docs/speed_rows.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

from ogive.bench.accuracy import ACCURATE_ULP
from ogive.bench.peers import PEERS
from ogive.bench.results import Bench, Measurement
from ogive.bench.targets import Outcome, evaluate
from ogive.bench.work import KINDS, LOSSES, ROWS
from ogive.catalog import CATALOG

NAMES = {
    "numpy": "NumPy",
    "scipy": "SciPy",
    "torch": "torch",
    "jax": "JAX",
    "numexpr": "numexpr",
    "numba": "numba",
}
MOST_MISSES_NAMED = 12

LEGEND = f"""Ratios: the peer's time divided by Ogive's in the same process, in turns; best of all
readings, the median in brackets. Above 1 Ogive is faster; **losses are bold**. `ns` is Ogive's
best time for an element. `copy` is the faster of NumPy's and torch's copy of the same array (a
part a thread where there are two): a yardstick, not a peer.

`~` marks a peer that is not accurate: it is more than {ACCURATE_ULP:.0f} ulp off somewhere in the
ordinary range. `†` marks a backward that is handed for nothing what its forward has saved (torch:
the sigmoid, the tanh, exp(-|x|) of log_sigmoid); Ogive's starts from the argument. A derivative
alone is, in torch, its backward of a gradient of ones.

NumPy and numexpr compute the line that people write, NumPy by ufuncs into buffers made beforehand;
JAX its own function, compiled, into a donated buffer where that is faster, and the derivative as a
vector-Jacobian product. NumPy and SciPy use one thread always, JAX for elementwise work too."""


MEMORY = """The largest amount of memory that a call had beside the logits and the targets, in bytes
for each logit. The gradient is in it where it is made anew, as torch does, and `ogive without out`;
`ogive`, NumPy and numba write it into an array that is given, JAX into its last result."""

KIND_NAMES = {"with_grad": "value and gradient"}


def threads(number: int) -> str:
    """Write a number of threads."""
    return f"{number} thread{'s' * (number > 1)}"


def ratio(row: Measurement, contender: str) -> str:
    """One cell: best and median ratio, marked and, where it is a peer's win, bold."""
    best, middle = row.ratio(contender), row.ratio(contender, "median")
    if best is None or middle is None:
        return "–"
    doubtful = contender in row.error and contender not in row.accurate
    text = f"{'~' * doubtful}{best:.2f} ({middle:.2f}){'†' * (contender in row.saved)}"
    return f"**{text}**" if best < 1 and contender != "copy" else text


def fastest(row: Measurement, *, accurate: bool) -> str:
    """One cell: who is fastest of the peers, or of the accurate ones, and the ratio."""
    peer = row.fastest(PEERS, accurate=accurate)
    return "–" if peer is None else f"{NAMES[peer]} {ratio(row, peer)}"


def table(rows: Sequence[Measurement]) -> Iterator[str]:
    """Lines of one table: the same kind, dtype, size and threads."""
    peers = [peer for peer in PEERS if any(peer in row.best for row in rows)]
    heads = ["function", "ns", *(NAMES[peer] for peer in peers), "copy"]
    yield f"| {' | '.join(heads)} | fastest accurate |"
    yield "| --- |" + " ---: |" * (len(heads) - 1) + " --- |"
    for row in rows:
        cells = [row.function, f"{row.best['ogive']:.2f}"]
        cells += [ratio(row, peer) for peer in (*peers, "copy")]
        cells.append(fastest(row, accurate=True) if row.error else "–")
        yield f"| {' | '.join(cells)} |"


def groups(rows: Sequence[Measurement]) -> Iterator[tuple[str, list[Measurement]]]:
    """Heading and rows of every table, in order."""
    order = [*CATALOG, *ROWS, *LOSSES]

    def place(row: Measurement) -> tuple[bool, int, int, int, str, int]:
        in_rows = row.length is not None
        return in_rows, KINDS.index(row.kind), row.length or 0, row.count, row.dtype, row.threads

    for key in sorted({place(row) for row in rows}):
        same = [row for row in rows if place(row) == key]
        first = same[0]
        same.sort(
            key=lambda row: (
                order.index(row.function) if row.function in order else len(order),
                row.function,
            )
        )
        yield (
            f"{KIND_NAMES.get(first.kind, first.kind)}, {_elements(first)}, {first.dtype},"
            f" {threads(first.threads)}",
            same,
        )


def _elements(row: Measurement) -> str:
    return f"{row.size} {'elements' if row.length is None else '(rows x length)'}"


def memory(rows: Sequence[Measurement]) -> Iterator[str]:
    """Lines of the table of peak memory: of the losses of large arrays."""
    measured = [row for row in rows if row.peak]
    who = list(dict.fromkeys(name for row in measured for name in row.peak))
    names = [NAMES.get(name, name) for name in who]
    yield f"| loss | logits | dtype | threads | {' | '.join(names)} |"
    yield "| --- | --- | --- | ---: |" + " ---: |" * len(who)
    for row in measured:
        told = [f"{row.peak[name]:.2f}" if name in row.peak else "–" for name in who]
        kind = KIND_NAMES.get(row.kind, row.kind)
        head = (f"{kind} of {row.function}", _elements(row), row.dtype, str(row.threads))
        yield f"| {' | '.join((*head, *told))} |"


def miss(entry: tuple[Measurement, str, float], least: float) -> str:
    """One shortfall: which row, the ratio, and by how much it falls short."""
    row, opponent, got = entry
    kind = "" if row.kind == "value" else f"{KIND_NAMES.get(row.kind, row.kind)} of "
    where = "" if row.length is None else f" {row.size}"
    number = f", {threads(row.threads)}" if row.count >= 10**7 else ""
    short = f"{100 * (1 - got / least):.0f} %"
    what = f"{kind}{row.function}{where} {row.dtype}{number}"
    return f"{what} {got:.2f} against {opponent}, {short} short"


def summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Lines of the summary: every target that any row is for, whether met, and what missed it."""
    yield "| | target | least ratio | | rows met | worst: best (median) |"
    yield "| ---: | --- | ---: | --- | ---: | --- |"
    measured = [
        (number, outcome)
        for number, outcome in enumerate(outcomes, 1)
        if outcome.met or outcome.missed or outcome.unopposed
    ]
    for number, outcome in measured:
        judged = len(outcome.met) + len(outcome.missed)
        worst = (*outcome.missed, *outcome.met)[:1]
        named = "".join(
            f"{row.function} {row.kind} {row.dtype}, {threads(row.threads)}:"
            f" {got:.2f} ({row.ratio(opponent, 'median') or 0:.2f})"
            for row, opponent, got in worst
        )
        verdict = outcome.verdict if outcome.verdict == "met" else f"**{outcome.verdict}**"
        yield (
            f"| {number} | {outcome.target.says} | {outcome.target.least:.2f} | {verdict}"
            f" | {len(outcome.met)} of {judged} | {named or '–'} |"
        )
    for number, outcome in measured:
        yield from shortfalls(number, outcome)


def shortfalls(number: int, outcome: Outcome) -> Iterator[str]:
    """What missed a target, what had no opponent and what was not measured: a line each."""
    if outcome.missed:
        named = [miss(entry, outcome.target.least) for entry in outcome.missed]
        more = len(named) - MOST_MISSES_NAMED
        rest = f"; and {more} more" if more > 0 else ""
        yield f"\n{number}, missed: {'; '.join(named[:MOST_MISSES_NAMED])}{rest}."
    if outcome.unopposed:
        names = [f"{row.kind} of {row.function} {row.dtype}" for row in outcome.unopposed]
        yield f"\n{number}, nobody to compare with: {'; '.join(names)}."
    if outcome.absent:
        yield f"\n{number}, not measured: {len(outcome.absent)} rows, {outcome.absent[0]} first."


def losses(rows: Sequence[Measurement]) -> str:
    """One sentence on how many rows some peer wins."""
    opposed = [row for row in rows if row.fastest(PEERS) is not None]
    lost = [row for row in opposed if (row.ratio(row.fastest(PEERS) or "") or 0) < 1]
    return (
        f"In {len(lost)} of {len(opposed)} rows some peer, accurate or not, is faster than Ogive."
    )


def page(bench: Bench) -> str:
    """The whole page."""
    machine, versions = bench.machine, bench.versions
    known = ", ".join(f"{NAMES.get(name, name)} {number}" for name, number in versions.items())
    elementwise = any(row.function in CATALOG for row in bench.rows)
    lines = [
        "# Speed" if elementwise else "# Speed of rows and losses",
        "",
        "Written by `make bench` (`benchmarks/table.py`); pictures by `benchmarks/picture.py`.",
        "",
        f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['caches']},"
        f" {machine['system']}, level {machine['level']}. Versions: {known}.",
        "",
        *(["![Speed beside the peers](speed.svg)", ""] if elementwise else []),
        "## The targets",
        "",
        *summary(evaluate(bench.rows, tuple(CATALOG))),
        "",
        losses(bench.rows),
        "",
        "[kernels.md](kernels.md) says why.",
        "",
        "## How to read the tables",
        "",
        LEGEND,
    ]
    for heading, rows in groups(bench.rows):
        lines += ["", f"### {heading}", "", *table(rows)]
    if any(row.peak for row in bench.rows):
        lines += ["", "## Memory", "", MEMORY, "", *memory(bench.rows)]
    return "\n".join(lines) + "\n"


def read(files: Sequence[str]) -> Bench:
    """Return what several files hold as one benchmark."""
    benches = [Bench.from_json(Path(file).read_text(encoding="utf-8")) for file in files]
    return reduce(Bench.joined, benches)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("table.py: give it the files that ogive bench --json wrote")
    try:
        bench = read(sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"table.py: {error}")
    sys.stdout.write(page(bench))


if __name__ == "__main__":
    main()
