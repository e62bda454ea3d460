"""The page on initialisation: its table is what the generator writes, its picture can be read."""

from __future__ import annotations

import re
from math import inf
from pathlib import Path
from xml.etree import ElementTree

import gain_tables
import pytest
from test_init_gains import by_mpmath
from torch import nn

from ogive.catalog import CATALOG

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "initialisation.md").read_text(encoding="utf-8")


def cells(name: str) -> list[str]:
    """What the page says of a function."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_the_table_is_what_the_generator_writes() -> None:
    assert gain_tables.written(PAGE) == PAGE, "docs/initialisation.md is stale: run `make docs`"
    assert [cells(name)[0] for name in CATALOG] == [f"`{name}`" for name in CATALOG]
    with pytest.raises(ValueError, match="no marks"):
        gain_tables.written("# A page without a table")


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "hardshrink", "selu", "silu", "gelu"])
def test_the_table_says_what_mpmath_says(name: str) -> None:
    _, torchs, catalogue, signal, gradient, slope, chi, word = cells(name)
    second, growth = by_mpmath(name, "value", tuple(CATALOG[name].defaults().values()))
    derivative, _ = by_mpmath(name, "grad", tuple(CATALOG[name].defaults().values()))
    assert signal == f"{float(second**-0.5):.4f}"
    assert gradient == f"{float(derivative**-0.5):.4f}"
    assert slope == f"{float(growth / second):.4f}"
    assert chi == f"{float(derivative / second):.4f}"
    assert catalogue == f"{CATALOG[name].gain:.4f}"
    known = ("sigmoid", "tanh", "relu", "leaky_relu", "selu")
    assert torchs == (f"{nn.init.calculate_gain(name):.4f}" if name in known else "")
    assert word == {"sigmoid": "die out", "tanh": "die out", "selu": "die out", "relu": "stay"}.get(
        name, "grow"
    )


def test_functions_without_moments_are_told() -> None:
    for name, record in CATALOG.items():
        outside = record.domain != (-inf, inf)
        assert (cells(name)[-1] == "not defined on the whole line") == outside


def test_the_differences_that_the_page_counts() -> None:
    differing = [name for name in CATALOG if cells(name)[2] != cells(name)[3]]
    assert sorted(differing) == sorted(
        ["sigmoid", "hard_sigmoid", "tanh", "logit", "odds", "log_sigmoid", "log1mexp"]
    )
    assert "for seven functions" in PAGE


def test_links_and_headings() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert target.removeprefix("#") in headings or (DOCS / target).exists(), target


def test_the_picture() -> None:
    root = ElementTree.parse(DOCS / "initialisation.svg").getroot()
    style = [path.get("style", "") for path in root.iter("{http://www.w3.org/2000/svg}path")]
    # An opaque ground, so that it is read on a dark page too; and a colour for each way.
    assert "fill: #ffffff" in style[0]
    for colour in ("#d55e00", "#0072b2", "#009e73"):
        assert sum(f"stroke: {colour}" in each for each in style) >= 18
