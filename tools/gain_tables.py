"""Write the table of gains into docs/initialisation.md, computed from the catalogue.

Run it from the root of the repository, with the package and torch installed:

    python tools/gain_tables.py docs/initialisation.md

A test holds the table in the repository against what this writes, and the numbers against mpmath.
"""

from __future__ import annotations

import sys
from math import inf
from pathlib import Path

from torch import nn

from ogive.catalog import CATALOG, Function
from ogive.torch import init

BEGIN = "<!-- Written by tools/gain_tables.py from the catalogue: `make docs` writes it anew. -->"
END = "<!-- End of the table. -->"
HEADING = (
    "function",
    "torch",
    "catalogue",
    "signal",
    "gradient",
    "slope",
    "χ₁",
    "deviations",
)


def table() -> str:
    """Return a row for every function: the gains, and how its variance map behaves."""
    lines = [
        f"| {' | '.join(HEADING)} |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [f"| {' | '.join(row(record))} |" for record in CATALOG.values()]
    return "\n".join(lines)


def row(record: Function) -> list[str]:
    """Return the cells of one function, at its default parameters."""
    first = [f"`{record.name}`", torchs_gain(record.name), digits(record.gain)]
    if record.domain != (-inf, inf):
        return [*first, "", "", "", "", "not defined on the whole line"]
    field = init.mean_field(record)
    word = {"stable": "die out", "neutral": "stay", "unstable": "grow"}[field.stability]
    return [
        *first,
        digits(field.gain),
        digits(init.calculate_gain(record, mode="gradient")),
        digits(field.variance_slope),
        digits(field.gradient),
        word,
    ]


def torchs_gain(name: str) -> str:
    """Return what torch says of a function, if anything."""
    try:
        return digits(nn.init.calculate_gain(name))
    except ValueError:
        return ""


def digits(number: float) -> str:
    """Return a number to four decimals."""
    return f"{number:.4f}"


def written(page: str) -> str:
    """Return the page with the table anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise ValueError("the page has no marks between which the table could go")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main() -> None:
    """Rewrite the page that is named."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    page = Path(sys.argv[1])
    page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
